"""The filters of a list: how each reads the address, and what it asks of a query or of rows in memory.

A filter has `names` (its keys in the address), `read(args)` (the valid values, the default for anything else) and
`condition(values)`: a peewee expression when it speaks of columns, a function of a row otherwise, None for no limit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter

from peewee import DateTimeField, Node

from .dates import start_of, to_paris


def getter(value) -> Callable:
    """Return a function of a row; a text names its attribute, « author.name » goes through the join."""
    return attrgetter(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class OneOf:
    """A filter on one value among `choices`; `blank` names the choice of all of them."""

    key: str
    label: str
    of: object
    choices: object
    default: str = ""
    blank: str = ""

    widget = "choice"

    @property
    def names(self):
        return (self.key,)

    def options(self) -> list[tuple[str, str]]:
        choices = self.choices() if callable(self.choices) and not isinstance(self.choices, type) else self.choices
        if isinstance(choices, type):
            return [(each.value, each.label) for each in choices]
        return [(str(value), label) for value, label in choices]

    def read(self, args) -> dict[str, str]:
        value = args.get(self.key, self.default)
        known = value in ("", self.default) or value in dict(self.options())
        return {self.key: value if known else self.default}

    def condition(self, values):
        value = values[self.key]
        if not value:
            return None
        return self.of == value if isinstance(self.of, Node) else lambda row: str(getter(self.of)(row)) == value


@dataclass(frozen=True)
class Cases:
    """A filter whose choices are conditions: `{"ouverts": ("Ouverts", Ticket.closed_at.is_null())}`."""

    key: str
    label: str
    cases: dict[str, tuple[str, object]]
    default: str = ""
    blank: str = ""

    widget = "choice"
    names = OneOf.names
    read = OneOf.read

    def options(self):
        return [(value, label) for value, (label, _) in self.cases.items()]

    def condition(self, values):
        return self.cases[values[self.key]][1] if values[self.key] else None


@dataclass(frozen=True)
class Period:
    """A filter on days, both included, Paris time; `of` is a date or a naive UTC datetime."""

    key: str
    label: str
    of: object

    widget = "period"

    @property
    def names(self):
        return (f"{self.key}_du", f"{self.key}_au")

    def read(self, args):
        return {name: day.isoformat() if (day := _day(args.get(name))) else "" for name in self.names}

    def condition(self, values):
        start, end = (_day(values[name]) for name in self.names)
        if not start and not end:
            return None
        if not isinstance(self.of, Node):
            return lambda row: _within(getter(self.of)(row), start, end)
        moment = start_of if isinstance(self.of, DateTimeField) else lambda day: day
        after = self.of >= moment(start) if start else None
        before = self.of < moment(end + timedelta(days=1)) if end else None
        return after & before if start and end else after or before


def _day(text) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if 1950 <= day.year <= 2200 else None


def _within(value, start, end) -> bool:
    day = to_paris(value).date() if isinstance(value, datetime) else value
    return day is not None and (not start or day >= start) and (not end or day <= end)
