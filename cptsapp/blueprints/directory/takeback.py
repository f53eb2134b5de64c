"""What an import of entries did, and how it is taken back."""

import hashlib
from collections import defaultdict
from datetime import date

from peewee import fn

from cptsapp.blueprints.adherent.models import Membership
from cptsapp.blueprints.person import rules as persons
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.importing import Effect, Import, runs
from cptsapp.kernel.importing.models import ImportEffect
from cptsapp.kernel.registry import personal_eraser

from . import writing
from .models import Act, Entry, EntryChange, EntryNote, EntryUse

FACTS = ("title", "slot", "profession", "commune", "email", "phone", "show_email", "show_phone", "is_public",
         "is_shared", "is_speaker", "values_json", "confirmed_on", "stage", "stage_on", "status")  # fmt: skip
DAYS = ("confirmed_on", "stage_on")


def kept(entry_id: int) -> dict:
    """Return what a change may replace of an entry."""
    entry = Entry.get_by_id(entry_id)
    found = {name: entry.__data__[name] for name in FACTS}
    return found | {name: found[name] and found[name].isoformat() for name in DAYS}


def created(entry_id: int, person_id: int | None) -> Effect:
    return Effect(entry_id, True, {"person": person_id})


def changed(entry_id: int, before: dict) -> Effect:
    return Effect(entry_id, False, before)


def fingerprints(ids: list[int]) -> dict[int, str]:
    """Return {entry: a text that changes with whatever is done to it}."""
    parts = defaultdict(list)
    for row in Entry.select().where(Entry.id.in_(ids)).tuples():
        parts[row[0]].append(row)
    for model in (EntryChange, EntryNote, EntryUse):
        query = model.select(model.entry, fn.COUNT(model.id), fn.MAX(model.id)).where(model.entry.in_(ids))
        for id, count, last in query.group_by(model.entry).tuples():
            parts[id].append((count, last))
    return {id: hashlib.blake2b(repr(found).encode(), digest_size=16).hexdigest() for id, found in parts.items()}


def undo(effects: list[Effect]) -> None:
    """Erase the entries that an import made, give back to the others what it changed."""
    made = [each for each in effects if each.created]
    writing.forget(list(Entry.select().where(Entry.id.in_([each.subject for each in made]))))
    for each in made:
        if person := each.before.get("person"):
            _bin(person)
    for each in effects:
        if not each.created:
            _give_back(each.subject, each.before)


def _bin(person_id: int):
    """Put in the bin a person whom the import made, unless they are something else here by now."""
    person = Person.get_or_none(Person.id == person_id, Person.deleted_at.is_null())
    is_used = Membership.select().where(Membership.person == person_id).exists()
    if person and not is_used and not Entry.select().where(Entry.person == person_id).exists():
        persons.delete(person_id)


def _give_back(entry_id: int, before: dict):
    definition, entry = writing.held(entry_id)
    for name in filter(before.__contains__, FACTS):
        value = before[name]
        setattr(entry, name, date.fromisoformat(value) if name in DAYS and value else value)
    writing.write(definition, entry, Act.CHANGED, note="Import annulé")


@personal_eraser(order=40)
def erase(person_id: int) -> None:
    """Forget the files that named a person, before their entries go."""
    mine = Entry.select(Entry.id).where(Entry.person == person_id)
    touched = ImportEffect.select(ImportEffect.run).where(ImportEffect.subject.in_(mine))
    for run in Import.select().where(Import.id.in_(touched), Import.kind.startswith("repertoire:")):
        runs.forget_rows(run)
