"""A list as it stood on a past day, rebuilt from the history: its rows, and what has changed since."""

from dataclasses import dataclass
from datetime import date

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.dates import today

from . import history, values, viewing
from .definition import Definition, Kind
from .history import Past
from .models import Entry
from .values import Names

READER = viewing.COORDINATION


@dataclass
class Row:
    """An entry of a past day as the coordination reads it; `texts` by field key."""

    id: int
    label: str
    profession: str
    commune: str
    stage: str
    email: str
    phone: str
    confirmed_on: date
    texts: dict[str, str]
    is_gone: bool


def rows(definition: Definition, day: date) -> list[Row]:
    """Return the entries that were in the list at the end of `day`, by name; a few queries, whatever their number."""
    found = history.as_it_stood(definition.slug, day)
    now_there = {past.entry_id for past in found} & live(definition)
    names = _names(definition, found)
    return [_row(definition, past, names, past.entry_id not in now_there) for past in found]


def live(definition: Definition) -> set[int]:
    """Return the ids of the entries in the list today."""
    return {past.entry_id for past in history.as_it_stood(definition.slug, today())}


def _names(definition: Definition, found: list[Past]) -> Names:
    said = [past.state["values"] for past in found]
    persons = values.person_names(values.pointed(definition, said, Kind.PERSON))
    ids = list(values.pointed(definition, said, Kind.ENTRY))
    return Names(persons, {each.id: each.label for each in Entry.joined().where(Entry.id.in_(ids))} if ids else {})


def _row(definition: Definition, past: Past, names: Names, is_gone: bool) -> Row:
    state = past.state
    said = state["values"]
    shown = [field for field in definition.fields if viewing.may_see_field(field, READER)]
    known = reference.professions().get(state["profession"])
    stage = definition.stage(state["stage"])
    return Row(
        id=past.entry_id,
        label=past.label,
        profession=known.label if known else "",
        commune=past.commune,
        stage=stage.label if stage else "",
        email=state["email"],
        phone=state["phone"],
        confirmed_on=date.fromisoformat(state["confirmed_on"]),
        texts={field.key: values.text_of(field, said.get(field.key), names) for field in shown},
        is_gone=is_gone,
    )
