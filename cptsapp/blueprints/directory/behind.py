"""What is behind the figures of the lists: the entries that each counts, as they stood at the end of the period."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from flask import url_for

from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.registry import Behind, rows_behind

from . import catalogue, history
from .definition import Figure
from .models import Entry
from .values import has_value

READERS = ("coordination",)


@dataclass(frozen=True)
class Listed:
    """An entry that was in a list on a day, with what it said then."""

    id: int
    slug: str
    person_id: int | None
    label: str
    since: date
    state: dict

    @property
    def row(self) -> Behind:
        return Behind(self.label, self.since, url_for("directory_gestion.entry", slug=self.slug, id=self.id))


def listed(slug: str, day: date) -> list[Listed]:
    """Return the entries of a list on a day, today or past."""
    if day < today():
        past = history.as_it_stood(slug, day)
        return [Listed(x.entry_id, slug, x.person_id, x.label, _confirmed(x.state), x.state) for x in past]
    return [_today(each) for each in Entry.joined().where(Entry.directory == slug, Entry.live())]


def _today(entry: Entry) -> Listed:
    state = history.state_of(entry)
    label = entry.title or (entry.person.list_label if entry.person_id else "")
    return Listed(entry.id, entry.directory, entry.person_id, label, entry.confirmed_on, state)


def _confirmed(state: dict) -> date:
    return date.fromisoformat(state["confirmed_on"])


def _rows(found: list[Listed]) -> Iterator[Behind]:
    return (each.row for each in sorted(found, key=lambda each: (each.label.casefold(), each.id)))


def people(day: date, slug: str = "") -> dict[int, Listed]:
    """Return {person id: one of their entries} of a list, or of all of them."""
    slugs = [slug] if slug else list(catalogue.everything())
    return {each.person_id: each for one in slugs for each in listed(one, day) if each.person_id}


@rows_behind("directory.people", access=READERS)
def different_people(start: date, end: date, directory: str = "") -> Iterator[Behind]:
    return _rows(list(people(end, directory).values()))


@rows_behind("directory.entries", access=READERS)
def every_entry(start: date, end: date, directory: str = "") -> Iterator[Behind]:
    slugs = [directory] if directory else list(catalogue.everything())
    return _rows([each for slug in slugs for each in listed(slug, end)])


def declare_list(slug: str) -> None:
    """Register the rows of a shipped list: its entries, and those confirmed within a year."""

    @rows_behind(f"directory.{slug}", access=READERS)
    def entries(start: date, end: date) -> Iterator[Behind]:
        return _rows(listed(slug, end))

    @rows_behind(f"directory.{slug}.confirmed", access=READERS)
    def confirmed(start: date, end: date) -> Iterator[Behind]:
        since = add_months(min(end, today()), -12)
        return _rows([each for each in listed(slug, end) if each.since >= since])


def declare_figure(slug: str, each: Figure) -> None:
    """Register the rows of a figure that a shipped list feeds."""

    @rows_behind(f"directory.{slug}.{each.key}", access=READERS)
    def counted(start: date, end: date) -> Iterator[Behind]:
        weigh = _weight(slug, each)
        for one in sorted(listed(slug, end), key=lambda one: (one.label.casefold(), one.id)):
            if number := weigh(one):
                row = one.row
                yield Behind(row.words, row.on, row.url, number)


def _weight(slug: str, each: Figure) -> Callable[[Listed], int]:
    """Return the function that tells how much an entry counts for in a figure."""
    if each.stage:
        return lambda one: int(one.state["stage"] == each.stage)
    if each.sum:
        return lambda one: int(one.state["values"].get(each.sum) or 0)
    field = catalogue.find(slug).field(each.field)
    return lambda one: int(has_value(field, one.state["values"].get(each.field), each.value))
