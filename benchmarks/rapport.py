"""The report of a year: 12 actions, 10,000 members, 500 events held in the year, 20,000 attendances.

Drafted, drafted again, taken away as ODT, CSV and an archive of the evidence. Beside them, in the same run: who came to
each event, counted in raw sqlite3, which is the least that such a report has to read.
"""

import random
import sqlite3
import statistics
import time
from datetime import timedelta

from benchmarks.adherents import instance
from benchmarks.common import folder
from benchmarks.writing import Table, number
from cptsapp import create_app
from cptsapp.blueprints.contract import rules as contract_rules
from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.event.models import Event, EventKind, Session
from cptsapp.blueprints.event.people import Attendance, Registration
from cptsapp.blueprints.evidence import rules as evidence
from cptsapp.blueprints.evidence.suggesting import usual
from cptsapp.blueprints.project import importer
from cptsapp.blueprints.project import rules as project
from cptsapp.blueprints.project.models import Fiche, FicheState
from cptsapp.blueprints.report import archive, odt, rules
from cptsapp.blueprints.report.models import ReportKind, Section
from cptsapp.blueprints.territory import reference
from cptsapp.kernel import markdown
from cptsapp.kernel.dates import add_months, start_of, today
from cptsapp.kernel.db import connection, db, insert_rows

MEMBERS, EVENTS, ATTENDANCES, TIMES = 10_000, 500, 20_000, 5
FLOOR = """
SELECT e.id, COUNT(DISTINCT r.id) FROM event e JOIN event_session s ON s.event_id = e.id
JOIN attendance a ON a.session_id = s.id AND a.is_present JOIN registration r ON r.id = a.registration_id
WHERE e.status = 'held' GROUP BY e.id
"""


def fill():
    """Sign a contract in its second year, bring in a project, expect proofs, hold the events with who came."""
    missions = [each.code for each in reference.missions().values()]
    contract = contract_rules.sign(signed_on=add_months(today(), -23), size=3, years=5, missions=missions)
    importer.load((reference.DATA / "projets" / "senart.toml").read_bytes())
    for fiche in Fiche.select():
        project.move(fiche.id, FicheState.VALIDATED, is_bureau=True)
        wanted = [(each.label, each.kind) for each in usual()]
        evidence.expect_all(fiche.id, wanted, contract_id=contract.id, year=2)
    _hold(contract.bounds(2)[0], [code for (code,) in Fiche.select(Fiche.code).tuples()])


def _hold(first, codes: list[str]):
    chance, kinds, days = random.Random(1), [str(each) for each in EventKind], (today() - first).days
    names = ("slug", "uid", "title", "kind", "status", "action", "starts_at", "ends_at")
    rows = []
    for rank in range(EVENTS):
        start = start_of(first + timedelta(days=chance.randrange(days))) + timedelta(hours=10)
        told = (f"e{rank}", f"e{rank}", f"Événement {rank}", chance.choice(kinds), "held", chance.choice(codes))
        rows.append((*told, start, start + timedelta(hours=3)))
    events = insert_rows(Event, [getattr(Event, name) for name in names], rows, returning=True)
    sittings = [(id, row[6] + timedelta(hours=each), row[6] + timedelta(hours=each + 1))
                for id, row in zip(events, rows, strict=True) for each in (0, 2)]  # fmt: skip
    sessions = insert_rows(Session, (Session.event, Session.starts_at, Session.ends_at), sittings, returning=True)
    fields = (Registration.event, Registration.form_key, Registration.code, Registration.family_name,
              Registration.profession, Registration.is_professional)  # fmt: skip
    people = [(events[rank % EVENTS], f"k{rank}", f"c{rank}", f"Nom{rank}", "60", rank % 3 > 0)
              for rank in range(ATTENDANCES // 2)]  # fmt: skip
    entries = insert_rows(Registration, fields, people, returning=True)
    ticks = [(entry, sessions[2 * (rank % EVENTS) + each], True)
             for rank, entry in enumerate(entries) for each in (0, 1)]  # fmt: skip
    insert_rows(Attendance, (Attendance.registration, Attendance.session, Attendance.is_present), ticks)


def timed(act) -> float:
    """Return the median of a few runs, in seconds."""
    found = []
    for _ in range(TIMES):
        began = time.perf_counter()
        act()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def as_odt(report) -> bytes:
    return odt.document(report.title, [(each.title, str(markdown.render(each.text))) for each in Section.of(report)])


def main():
    with folder() as place:
        path = instance(place, MEMBERS)
        with connection():
            fill()
            db.execute_sql("ANALYZE")
            db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close_all()
        app = create_app(path)
        with app.app_context(), connection():
            contract = Contract.get()
            began = time.perf_counter()
            report = rules.create(ReportKind.DOSSIER, contract_id=contract.id, year=2)
            first = time.perf_counter() - began
            again = timed(lambda: rules.regenerate(report.id))
            document = timed(lambda: as_odt(report))
            proofs = timed(lambda: archive.concerned(report.starts_on, today()))
            found = archive.concerned(report.starts_on, today())
            began = time.perf_counter()
            sizes = [len(each) for each in archive.parts(found, with_names=True)]
            packed = time.perf_counter() - began
        db.close_all()
        base = sqlite3.connect(path / "cpts.db")
        floor = timed(lambda: base.execute(FLOOR).fetchall())
        base.close()
    yield f"{number(MEMBERS)} adhérents, {EVENTS} événements tenus, {number(ATTENDANCES)} présences, 12 actions."
    took = {
        "plancher : qui est venu à chaque événement, en SQL nu": floor,
        "dossier ACI, la première fois": first,
        "actualiser": again,
        "ODT": document,
        "état de toutes les preuves": proofs,
        f"archive des preuves, {len(sizes) - 1} pièces, {number(sum(sizes) / 1e6, 1)} Mo": packed,
    }
    yield Table(
        ("quoi", "secondes", "× le plancher"),
        [(name, number(each, 2), number(each / floor, 1)) for name, each in took.items()],
    )
    yield f"La plus grosse part de l’archive en mémoire : {number(max(sizes) / 1e3)} ko."
