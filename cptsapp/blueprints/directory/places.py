"""The capacity of an entry: its places are counted, never stored, while its row is held; they are never exceeded."""

from collections.abc import Iterable
from datetime import date

from peewee import fn

from cptsapp.kernel import journal
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, locked, revision
from cptsapp.kernel.errors import RuleError

from . import catalogue
from .definition import Definition, Per
from .models import Entry, EntryUse

TAKEN = journal.declare("directory.place_taken", "Place prise chez un volontaire")
GIVEN_BACK = journal.declare("directory.place_back", "Place rendue chez un volontaire")


def _since(definition: Definition, day: date) -> date | None:
    return day.replace(day=1) if definition.capacity.per == Per.MONTH else None


def taken(definition: Definition, ids: Iterable[int], day: date | None = None) -> dict[int, int]:
    """Return how many places of each entry are taken: those of the month of `day` (today), or all of them."""
    ids = list(ids)
    if definition.capacity is None or not ids:
        return {}
    day = day or today()
    query = EntryUse.select(EntryUse.entry, fn.COUNT(EntryUse.id)).where(EntryUse.entry.in_(ids))
    if since := _since(definition, day):
        query = query.where(EntryUse.used_on >= since, EntryUse.used_on <= day)
    return dict(query.group_by(EntryUse.entry).tuples())


@db.atomic()
def take(entry_id: int, *, on: date | None = None, by: int | None = None) -> EntryUse:
    """Take one place of an entry; of two at once for the last, one has it. Raises RuleError when it is full."""
    entry = locked(Entry.select().where(Entry.id == entry_id)).first()
    definition = entry and catalogue.of(entry)
    if definition is None or definition.capacity is None:
        raise RuleError("Cette fiche ne compte pas de places.")
    if not entry.is_live:
        raise RuleError("Cette fiche n’est plus dans la liste. Rechargez la page.")
    on = on or today()
    most = entry.values.get(definition.capacity.field)
    if most is None:
        raise RuleError("Cette fiche ne dit pas combien de places elle offre.")
    if taken(definition, [entry_id], on).get(entry_id, 0) >= most:
        when = " ce mois-ci" if definition.capacity.per == Per.MONTH else ""
        raise RuleError(f"C’est complet{when} : toutes les places sont prises.")
    use = EntryUse.create(entry=entry_id, used_on=on, by=by)
    journal.write(TAKEN, "repertoire_entry", entry_id, use=use.id)
    if definition.is_public:
        revision.bump()
    return use


@db.atomic()
def give_back(use_id: int) -> None:
    """Undo one place taken; a second time changes nothing."""
    use = EntryUse.get_or_none(EntryUse.id == use_id)
    if use is None:
        return
    use.delete_instance()
    journal.write(GIVEN_BACK, "repertoire_entry", use.entry_id, use=use_id)
    revision.bump()
