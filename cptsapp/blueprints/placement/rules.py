"""Placements written, corrected, carried on to the next semester, taken away."""

from collections.abc import Iterable
from datetime import date

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, locked
from cptsapp.kernel.errors import RuleError

from .models import AUTUMN, SPRING, Level, Placement, next_semester, semester_of

MOST = 20
LONGEST_NOTE = 1000
for _action, _sentence in {
    "placement.saved": "Stage inscrit au registre",
    "placement.carried": "Stages reconduits au semestre suivant",
    "placement.deleted": "Stage retiré du registre",
}.items():
    journal.declare(_action, _sentence)


@db.atomic()
def save(
    placement_id: int | None = None, *, starts_on: date, host_id: int, level: str, number: int = 1, sites: str = ""
) -> Placement:
    """Write the placements of a host in a semester at a level, or correct them."""
    row = _get(placement_id) if placement_id else Placement()
    if starts_on.day != 1 or starts_on.month not in (SPRING, AUTUMN):
        raise RuleError("Choisissez le semestre dans la liste.", "starts_on")
    if not date(2000, 1, 1) <= starts_on <= next_semester(next_semester(semester_of(today()))):
        raise RuleError("Ce semestre est trop lointain.", "starts_on")
    if level not in set(Level):
        raise RuleError("Choisissez le niveau dans la liste.", "level")
    if not 1 <= number <= MOST:
        raise RuleError(f"Le nombre de stagiaires va de 1 à {MOST}.", "number")
    if not Person.select().where(Person.id == host_id, Person.deleted_at.is_null()).exists():
        raise RuleError("Choisissez le maître de stage dans la liste.", "host")
    same = (Placement.starts_on == starts_on) & (Placement.host == host_id) & (Placement.level == level)
    if Placement.select().where(same, Placement.id != (placement_id or 0)).exists():
        raise RuleError("Ce semestre y est déjà pour cette personne et ce niveau : corrigez le nombre.", "level")
    row.starts_on, row.host, row.level, row.number = starts_on, host_id, level, number
    row.sites = (sites or "").replace("\0", "").strip()[:LONGEST_NOTE]
    row.save()
    journal.write("placement.saved", "placement", row.id, number=number)
    return row


@db.atomic()
def carry_on(ids: Iterable[int]) -> int:
    """Write the same placements for the semester after; those already there stay. Return how many were written."""
    limit, made = next_semester(next_semester(semester_of(today()))), 0
    for row in Placement.select().where(Placement.id.in_(list(ids)), Placement.host.is_null(False)):
        start = next_semester(row.starts_on)
        if start > limit:
            continue
        values = {"starts_on": start, "host": row.host_id, "level": row.level}
        new = Placement.insert(**values, number=row.number, sites=row.sites).on_conflict_ignore()
        made += len(list(new.returning(Placement.id).tuples().execute()))
    if made:
        journal.write("placement.carried", "placement", "", number=made)
    return made


@db.atomic()
def delete(placement_id: int) -> None:
    row = _get(placement_id)
    row.delete_instance()
    journal.write("placement.deleted", "placement", row.id)


def _get(placement_id: int) -> Placement:
    row = locked(Placement.select().where(Placement.id == placement_id)).first()
    if row is None:
        raise RuleError("Cette ligne n’existe plus. Revenez au registre.")
    return row


@db.atomic()
def forget_person(person_id: int) -> None:
    """Take a host's name off; the figures stay."""
    Placement.update(host=None).where(Placement.host == person_id).execute()
