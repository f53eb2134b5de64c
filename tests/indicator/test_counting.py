"""Each figure that a published project needs, recounted by SQL written apart; and the rows behind each add up to it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from benchmarks.projet import populate, project
from cptsapp.blueprints.directory.models import Entry
from cptsapp.blueprints.document.models import Document, DocumentVersion
from cptsapp.blueprints.indicator.models import MeasureTerm, Origin, Since
from cptsapp.blueprints.indicator.reading import readings
from cptsapp.blueprints.loan.models import Equipment, Loan, Pair
from cptsapp.blueprints.outreach import rules as outreach_rules
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.project.models import Fiche
from cptsapp.blueprints.tally.models import Tally, TallyKind
from cptsapp.kernel import registry
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, now
from tests.postgresql import sqlite_only

EVENTS = "event e WHERE e.status = 'held' AND e.deleted_at IS NULL AND e.starts_at >= ? AND e.starts_at < ?"
PRESENT = """
SELECT COALESCE(SUM(number), 0) FROM (
  SELECT CASE WHEN e.typed_participants IS NOT NULL THEN {typed}
    ELSE (SELECT COUNT(*) FROM registration r WHERE r.event_id = e.id AND r.state <> 'removed' {who}
            AND EXISTS (SELECT 1 FROM attendance a WHERE a.registration_id = r.id AND a.is_present))
       + (SELECT COALESCE(SUM(h.{heads}), 0) FROM head_count h JOIN event_session s ON s.id = h.session_id
            WHERE s.event_id = e.id) END AS number
  FROM event e WHERE e.status = 'held' AND e.deleted_at IS NULL AND e.starts_at >= ? AND e.starts_at < ? {which})
"""
LISTED = "repertoire_entry WHERE status = 'listed' AND (expires_on IS NULL OR expires_on >= ?) AND directory = "


ENTRIES = {
    "medecins-volontaires": ("",),
    "ipa": ("", ""),
    "msu": ("identifie", "agree", "agree"),
    "protocoles": ("declare", "envisage", "declare"),
    "protocoles-volontaires": ("", "", ""),
}
"""The stage of each entry listed, by directory; one more, paused, is in no figure."""


def sql(text, *values):
    return db.execute_sql(text, values).fetchone()[0]


def moment(day) -> str:
    """Return the first moment of a day in Paris, as the base keeps it."""
    local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/Paris"))
    return local.astimezone(UTC).replace(tzinfo=None).isoformat(" ")


def held(bounds, *, kind="", action=""):
    which = f" AND e.kind = '{kind}'" * bool(kind) + f" AND e.action = '{action}'" * bool(action)
    return sql(f"SELECT COUNT(*) FROM {EVENTS}{which}", *bounds)


def present(bounds, *, professionals, kind, action):
    which = f"AND e.kind = '{kind}' AND e.action = '{action}'"
    if professionals:
        text = PRESENT.format(typed="COALESCE(e.typed_professionals, 0)", who="AND r.is_professional",
                              heads="professionals", which=which)  # fmt: skip
    else:
        text = PRESENT.format(typed="e.typed_participants", who="", heads="count", which=which)
    return sql(text, *bounds)


def expected(year, contract, start) -> dict[str, int]:
    """Return what SQL counts for each computed indicator of the project, by its code, the two periods being moments."""
    day = today().isoformat()
    meeting = {"professionals": True, "kind": "public_meeting"}
    documents = "SELECT COUNT(*) FROM document WHERE deleted_at IS NULL AND created_at >= ? AND created_at < ?"
    listed = lambda slug, more="": sql(f"SELECT COUNT(*) FROM {LISTED}'{slug}' {more}", day)  # noqa: E731
    pairs = "teleconsultation_pair WHERE active_on <= ? AND ended_on IS NULL"
    return {
        "SEN-ACC-1-a": sql(f"{documents} AND folded LIKE '%procedure%' AND folded LIKE '%accompagnement%'", *contract),
        "SEN-ACC-1-c": listed("medecins-volontaires"),
        "SEN-ACC-2-c": sql(
            "SELECT COUNT(*) FROM outreach o WHERE audience = 'public' AND starts_on >= ? AND starts_on <= ? AND EXISTS"
            " (SELECT 1 FROM outreach_action a JOIN fiche f ON f.id = a.fiche_id WHERE a.outreach_id = o.id"
            " AND f.code = 'SEN-ACC-2')",
            start.isoformat(), day,
        ),
        "SEN-ACC-3-a": listed("ipa"),
        "SEN-ACC-4-a": present(year, action="SEN-ACC-4", **meeting),
        "SEN-ACC-4-b": sql(
            f"SELECT COUNT(*) FROM (SELECT doctor_id FROM {pairs} UNION SELECT nurse_id FROM {pairs})", day, day
        ),
        "SEN-ACC-4-c": sql(
            "SELECT COUNT(DISTINCT holder_id) FROM loan WHERE out_on <= ? AND (returned_on IS NULL OR returned_on > ?)",
            day, day,
        ),
        "SEN-PRE-4-a": held(year, kind="workshop", action="SEN-PRE-4"),
        "SEN-PRE-4-b": held(contract, kind="screening", action="SEN-PRE-4"),
        "SEN-PRE-5-b": held(year, action="SEN-PRE-5"),
        "SEN-PRE-6-a": held(year, kind="workshop", action="SEN-PRE-6"),
        "SEN-PRE-6-b": present(year, professionals=False, kind="workshop", action="SEN-PRE-6"),
        "SEN-PRE-6-c": sql(f"{documents} AND kind = 'guide' AND folded LIKE '%chutes%'", *contract),
        "SEN-PAR-7-a": sql(
            "SELECT COALESCE(SUM(number), 0) FROM tally WHERE undone_at IS NULL AND counted_on >= ? AND counted_on <= ?"
            " AND kind_id IN (SELECT id FROM tally_kind WHERE key = 'epp')",
            start.isoformat(), day,
        ),
        "SEN-PAR-7-b": sql(f"{documents} AND folded LIKE '%frise%' AND folded LIKE '%grossesse%'", *contract),
        "SEN-PAR-8-a": listed("protocoles", "AND stage = 'declare'"),
        "SEN-PAR-8-b": sql(f"SELECT COUNT(DISTINCT person_id) FROM {LISTED}'protocoles-volontaires'", day),
        "SEN-PAR-9-b": present(year, action="SEN-PAR-9", **meeting),
        "SEN-PS-1-a": listed("msu"),
        "SEN-PS-1-b": listed("msu", "AND stage = 'agree'"),
        "SEN-PS-1-c": held(contract, action="SEN-PS-1"),
    }  # fmt: skip


def someone(rank):
    return person_rules.create(given_name="Prénom", family_name=f"Nom{rank}")


@pytest.fixture
def filled(app, request):
    """A project with events at random, entries in its lists, documents, tallies, pairs and loans."""
    contract = project()
    populate(60, 600, seed=request.param)
    people = [someone(rank) for rank in range(12)]
    for slug, stages in ENTRIES.items():
        _enter(slug, stages, people)
    for title, kind in (("Procédure d’accompagnement", "other"), ("Guide : éviter les chutes", "guide"),
                        ("Frise de la grossesse", "guide"), ("Statuts", "statutes")):  # fmt: skip
        made = Document.create(slug=title, title=title, kind=kind)
        DocumentVersion.create(document=made, number=1, label="1", dated_on=today(), text="Texte")
    Document.update(deleted_at=now()).where(Document.title.contains("Frise")).execute()
    kind = TallyKind.create(key="epp", label="EPP")
    start = contract.bounds(2)[0]
    for rank, day in enumerate((start, today(), start - timedelta(days=1), today())):
        Tally.create(kind=kind, on=day, key=str(rank), undone_at=now() if rank == 3 else None)
    for rank in range(3):
        Pair.create(doctor=people[0].id, nurse=people[rank + 1].id, protocol_on=start, active_on=start)
        tool = Equipment.create(label="Tablette", serial=str(rank))
        Loan.create(equipment=tool, holder=people[rank // 2].id, out_on=start)
    _tell(start)
    return contract


def _tell(start):
    """Campaigns of several channels: two of the action and the year, others of another public, action or year."""
    fiches = {each.code: each.id for each in Fiche.select()}
    for day, audience, codes in ((start, "public", ["SEN-ACC-2", "SEN-PRE-4"]), (today(), "public", ["SEN-ACC-2"]),
                                 (today(), "professionals", ["SEN-ACC-2"]), (today(), "public", ["SEN-PRE-4"]),
                                 (start - timedelta(days=1), "public", ["SEN-ACC-2"])):  # fmt: skip
        outreach_rules.save(title="Appelez d’abord", audience=audience, starts_on=day, channels=["poster", "radio"],
                            fiche_ids=[fiches[code] for code in codes])  # fmt: skip


def _enter(slug, stages, people):
    for rank, stage in enumerate(stages):
        Entry.create(
            directory=slug, person=people[rank % 2].id, slot=str(rank), status="expired" if rank == 9 else "listed",
            stage=stage, stage_on=today() if stage else None, consented_on=today(), consent_means="paper",
        )  # fmt: skip
    Entry.create(directory=slug, person=people[5].id, status="paused", consented_on=today(), consent_means="paper")


@sqlite_only  # what it compares with is written in the SQL of SQLite
@pytest.mark.parametrize("filled", [1, 2, 3], indirect=True)
def test_every_computed_indicator_is_what_sql_counts_apart_and_its_rows_add_up_to_it(app, filled):
    start, after = filled.bounds(2)[0], today() + timedelta(days=1)
    told = expected((moment(start), moment(after)), (moment(filled.signed_on), moment(after)), start)
    found = {each.measure.code: each for each in readings(filled, 2) if each.term.origin == Origin.COMPUTED}
    assert set(found) == set(told)
    counted = {code: each.count if each.term.kind == "yes_no" else each.value for code, each in found.items()}
    assert {code: int(number) for code, number in counted.items()} == told
    assert sum(map(bool, told.values())) > 10
    with app.test_request_context():
        assert {code: rows_of(each.term, filled, start) for code, each in found.items()} == told


def rows_of(term: MeasureTerm, contract, start) -> int:
    source = registry.row_sources[term.key]
    since = contract.signed_on if term.since == Since.CONTRACT else start
    return sum(row.number for row in source.rows(since, today(), **{k: v for k, v in term.parameters.items() if v}))
