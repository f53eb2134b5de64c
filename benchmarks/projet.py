"""The dashboard of the project with 12 fiches, 29 indicators, 10,000 members, 500 events and 20,000 attendances.

Beside it, on the same server in the same run: a bare Flask « hello », and the counts of the events of the year alone,
in raw sqlite3.
"""

import random
import sqlite3
import statistics
import time
from datetime import timedelta

from benchmarks.adherents import instance, login
from benchmarks.common import figures, folder, load, request_bytes, served
from benchmarks.writing import number, times
from cptsapp.blueprints.contract import rules as contract_rules
from cptsapp.blueprints.event.models import Event, EventKind, HeadCount, Session
from cptsapp.blueprints.event.people import Attendance, Registration
from cptsapp.blueprints.indicator.models import Measure
from cptsapp.blueprints.project import importer
from cptsapp.blueprints.project.models import Fiche
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.db import connection, db, insert_rows, now

MEMBERS, EVENTS, ATTENDANCES, TIMES = 10_000, 500, 20_000, 30
STATUSES = ("held", "held", "held", "published", "cancelled")


def project():
    """Sign a contract, in its second year, and bring in a published project: 12 fiches, 29 indicators."""
    missions = [each.code for each in reference.missions().values()]
    contract = contract_rules.sign(signed_on=add_months(today(), -15), size=3, years=5, missions=missions)
    importer.load((reference.DATA / "projets" / "senart.toml").read_bytes())
    return contract


def populate(events: int, attendances: int, *, seed: int = 1, first: int = 0):
    """Make events over two years, some of an action, with who came; some where people were only counted."""
    chance = random.Random(seed)
    actions = ["", *(code for (code,) in Fiche.select(Fiche.code).tuples())]
    ids = _events(chance, range(first, first + events), actions)
    fields = (Session.event, Session.starts_at, Session.ends_at, Session.label)
    rows = [(id, at, at + timedelta(hours=1), "") for id, start in ids for at in (start, start + timedelta(hours=2))]
    sessions = insert_rows(Session, fields, rows, returning=True)
    of_event = {id: sessions[2 * rank : 2 * rank + 2] for rank, (id, _) in enumerate(ids)}
    heads = [(each, chance.randrange(30)) for each in sessions[:: max(3, events // 40)]]
    counted = [(each, "", number, chance.randrange(number + 1)) for each, number in heads]
    insert_rows(HeadCount, (HeadCount.session, HeadCount.band, HeadCount.count, HeadCount.professionals), counted)
    _people(chance, [id for id, _ in ids], of_event, range(first * 1000, first * 1000 + attendances // 2))


def _events(chance, ranks: range, actions: list[str]) -> list[tuple]:
    kinds = [str(each) for each in EventKind]
    names = "slug uid title kind status action mission starts_at ends_at cancelled_at typed_participants deleted_at"
    rows, missions = [], ["", *reference.missions()]
    for rank in ranks:
        start = now().replace(hour=10, minute=0, second=0, microsecond=0) - timedelta(days=chance.randrange(730))
        status = chance.choice(STATUSES)
        rows.append((
            f"e{rank}", f"e{rank}", f"Événement {rank}", chance.choice(kinds), status, chance.choice(actions),
            chance.choice(missions), start, start + timedelta(hours=3), now() if status == "cancelled" else None,
            chance.randrange(90) if not rank % 25 else None, now() if not rank % 40 else None,
        ))  # fmt: skip
    ids = insert_rows(Event, [getattr(Event, name) for name in names.split()], rows, returning=True)
    return [(id, row[7]) for id, row in zip(ids, rows, strict=True)]


def _people(chance, ids: list[int], of_event: dict, ranks: range):
    """Register people, each ticked at both sessions; one in six of the ticks says absent."""
    states = ("confirmed",) * 6 + ("walk_in", "removed", "cancelled")
    fields = (Registration.event, Registration.form_key, Registration.code, Registration.family_name)
    fields += (Registration.is_professional, Registration.state)
    people = [
        (chance.choice(ids), f"k{rank}", f"c{rank}", f"Nom{rank}", chance.random() < 0.6, chance.choice(states))
        for rank in ranks
    ]
    entries = insert_rows(Registration, fields, people, returning=True)
    ticks = [
        (entry, session, chance.random() > 0.16)
        for entry, row in zip(entries, people, strict=True)
        for session in of_event[row[0]]
    ]
    insert_rows(Attendance, (Attendance.registration, Attendance.session, Attendance.is_present), ticks)


FLOOR = """
SELECT e.kind, e.action, COUNT(DISTINCT e.id), COUNT(DISTINCT r.id) FROM event e
LEFT JOIN event_session s ON s.event_id = e.id
LEFT JOIN attendance a ON a.session_id = s.id AND a.is_present
LEFT JOIN registration r ON r.id = a.registration_id AND r.state <> 'removed'
WHERE e.status = 'held' AND e.deleted_at IS NULL GROUP BY e.kind, e.action
"""


def floor_ms(path) -> float:
    base = sqlite3.connect(path / "cpts.db")
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        base.execute(FLOOR).fetchall()
        times.append(time.perf_counter() - began)
    base.close()
    return statistics.median(times) * 1000


def main():
    with folder() as place:
        path = instance(place, MEMBERS)
        with connection():
            project()
            populate(EVENTS, ATTENDANCES)
            measures = Measure.select().count()
            db.execute_sql("PRAGMA optimize")
            db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close_all()
        with served("wsgi:app", {"CPTS_INSTANCE": str(path)}) as (port, process):
            headers = {"Cookie": login(port, path)}
            kept = load(port, process, lambda n: request_bytes("/gestion/projet", port, headers))
            listed = load(port, process, lambda n: request_bytes("/gestion/projet/indicateurs/", port, headers))
            db.close_all()
        with served("benchmarks.hello:app") as (port, process):
            hello = load(port, process, lambda n: request_bytes("/", port))
        floor, cold = floor_ms(path), cold_ms(path)
    yield f"{measures} indicateurs, {number(MEMBERS)} adhérents, {EVENTS} événements, {number(ATTENDANCES)} présences."
    yield figures([("F : « hello »", hello), ("tableau du projet", kept), ("liste des indicateurs", listed)], hello)
    yield (
        f"Lectures, après une écriture : {number(cold)} ms ; les présences seules, en SQL nu : {number(floor)} ms "
        f"({times(cold / floor)})."
    )


def cold_ms(path) -> float:
    """Return how long all the readings take after a write, when nothing is kept of before; the median of a few."""
    from cptsapp import create_app
    from cptsapp.blueprints.contract.models import Contract
    from cptsapp.blueprints.indicator.reading import readings
    from cptsapp.kernel import kept

    create_app(path)
    times = []
    with connection():
        contract = Contract.get()
        for _ in range(TIMES // 3):
            kept._results.clear()
            began = time.perf_counter()
            readings(contract, 2)
            times.append(time.perf_counter() - began)
    db.close_all()
    return statistics.median(times) * 1000
