"""The past of a list: the state of each entry after each change, hence the list as it stood on any day.

as_it_stood("ipa", date(2026, 6, 30))       the entries listed at the end of that day, as Past rows
changes_of(entry_id)                        every change of one entry, the last first, with what it changed
"""

import json
from dataclasses import dataclass
from datetime import date, timedelta

from peewee import JOIN, fn

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.dates import start_of, to_paris

from . import values
from .definition import Definition, Kind
from .models import Entry, EntryChange, Status
from .values import Names

FACTS = ("title", "profession", "email", "phone", "show_email", "show_phone", "is_public", "is_shared", "is_speaker")
LABELS = {
    "title": "Titre",
    "profession": "Profession",
    "commune": "Commune",
    "email": "Adresse e-mail",
    "phone": "Téléphone",
    "show_email": "Adresse montrée",
    "show_phone": "Téléphone montré",
    "is_public": "Sur la page publique",
    "is_shared": "Montrée aux partenaires",
    "is_speaker": "Prêt à témoigner",
    "status": "État",
    "stage": "Étape",
}


def state_of(entry: Entry) -> dict:
    """Return all that an entry says, as a change keeps it."""
    return {
        **{name: getattr(entry, name) for name in FACTS},
        "commune": entry.commune_id or "",
        "status": str(entry.status),
        "stage": entry.stage,
        "stage_on": entry.stage_on and entry.stage_on.isoformat(),
        "confirmed_on": entry.confirmed_on.isoformat(),
        "expires_on": entry.expires_on and entry.expires_on.isoformat(),
        "values": entry.values,
    }


@dataclass(frozen=True)
class Past:
    """An entry as it stood at the end of a day; `person` is as it is called today."""

    entry_id: int
    person_id: int | None
    label: str
    at: str
    state: dict

    @property
    def commune(self) -> str:
        place = reference.place(self.state["commune"]) if self.state["commune"] else None
        return place.name if place else ""


def as_it_stood(slug: str, day: date) -> list[Past]:
    """Return the entries that were listed at the end of `day` (Paris), by name."""
    before = start_of(day + timedelta(days=1))
    last = (
        EntryChange.select(fn.MAX(EntryChange.id))
        .where(EntryChange.directory == slug, EntryChange.at < before)
        .group_by(EntryChange.entry)
    )
    listed = EntryChange.select(EntryChange, Entry, Person).join(Entry).join(
        Person, JOIN.LEFT_OUTER, on=(Entry.person == Person.id)
    ).where(EntryChange.id.in_(last), EntryChange.status == Status.LISTED)  # fmt: skip
    found = []
    for change in listed:
        state = change.after
        if state["expires_on"] and date.fromisoformat(state["expires_on"]) < day:
            continue
        entry = change.entry
        if entry.person_id and entry.person.deleted_at and entry.person.deleted_at < before:
            continue
        label = state["title"] or (entry.person.list_label if entry.person_id else "")
        found.append(Past(entry.id, entry.person_id, label, change.at, state))
    return sorted(found, key=lambda past: (past.label.casefold(), past.entry_id))


def first_day(slug: str) -> date | None:
    """Return the first day of which the history of a list tells anything."""
    first = EntryChange.select(fn.MIN(EntryChange.at)).where(EntryChange.directory == slug).scalar()
    return to_paris(first).date() if first else None


@dataclass(frozen=True)
class Told:
    """One change as people read it: `differences` are (label, before, after)."""

    change: EntryChange
    by: str
    differences: tuple[tuple[str, str, str], ...]


def changes_of(definition: Definition, entry_id: int) -> list[Told]:
    """Return the changes of an entry, the last first, with what each changed."""
    query = (
        EntryChange.select(EntryChange, Account, Person).join(Account, JOIN.LEFT_OUTER).join(Person, JOIN.LEFT_OUTER)
    )
    rows = list(query.where(EntryChange.entry == entry_id).order_by(EntryChange.id))
    states = [json.loads(row.state_json) for row in rows]
    names = _names(definition, states)
    told = []
    for rank, row in enumerate(rows):
        before = states[rank - 1] if rank else None
        changed = _differences(definition, before, states[rank], names) if before else ()
        told.append(Told(row, row.by.label if row.by_id else "", changed))
    return told[::-1]


def _names(definition: Definition, states: list[dict]) -> Names:
    answers = [state["values"] for state in states]
    persons = values.person_names(values.pointed(definition, answers, Kind.PERSON))
    ids = values.pointed(definition, answers, Kind.ENTRY)
    entries = {each.id: each.label for each in Entry.joined().where(Entry.id.in_(list(ids)))} if ids else {}
    return Names(persons, entries)


def _differences(definition: Definition, before: dict, after: dict, names: Names) -> tuple:
    facts = ((key, label, before.get(key, False), after.get(key, False)) for key, label in LABELS.items())
    found = [
        (label, _fact(definition, key, old), _fact(definition, key, new))
        for key, label, old, new in facts
        if old != new
    ]
    for field in definition.fields:
        old, new = before["values"].get(field.key), after["values"].get(field.key)
        if old != new:
            found.append((field.label, values.text_of(field, old, names), values.text_of(field, new, names)))
    return tuple(found)


def _fact(definition: Definition, key: str, value) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    if key == "status":
        return Status(value).label
    if key == "stage":
        stage = definition.stage(value)
        return stage.label if stage else value
    if key == "commune":
        place = reference.place(value) if value else None
        return place.name if place else ""
    if key == "profession":
        known = reference.professions().get(value)
        return known.label if known else value
    return value
