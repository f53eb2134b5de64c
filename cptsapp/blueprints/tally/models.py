"""The kinds of tallies, and what was counted of each: a day, a commune, a number. Nobody is named anywhere."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache

from peewee import JOIN, BooleanField, CharField, Check, DateField, DateTimeField, ForeignKeyField, IntegerField, fn

from cptsapp.blueprints.territory.models import Commune
from cptsapp.blueprints.territory.reference import DATA
from cptsapp.kernel.db import Table, now

ELSEWHERE = "Hors du territoire"


class TallyKind(Table):
    """What is counted. A closed kind keeps its figures and takes no more; `key` names one of the usual kinds, or ""."""

    key = CharField(max_length=40, default="")
    label = CharField(max_length=120)
    hint = CharField(max_length=200, default="")
    position = IntegerField(default=0)
    closed_at = DateTimeField(null=True)
    created_at = DateTimeField(default=now)

    class Meta:
        constraints = [Check("label <> ''")]

    @classmethod
    def ordered(cls):
        return cls.select().order_by(cls.closed_at.is_null(False), cls.position, cls.label, cls.id)

    @classmethod
    def open_ones(cls) -> list["TallyKind"]:
        return list(cls.ordered().where(cls.closed_at.is_null()))


TallyKind.add_index(
    TallyKind.index(TallyKind.label, unique=True, where=TallyKind.closed_at.is_null(), name="tally_kind_one_open_label")
)
TallyKind.add_index(TallyKind.index(TallyKind.key, unique=True, where=TallyKind.key != "", name="tally_kind_one_key"))


class Tally(Table):
    """One tap, or a correction of the coordination, which alone may take away or count several at once.

    `key` is the page and the button that were touched: the same tap received twice is one row. A tap that was undone
    keeps its row, so that a late copy of it counts nothing.
    """

    kind = ForeignKeyField(TallyKind, on_delete="RESTRICT", backref="tallies")
    on = DateField(column_name="counted_on")
    commune = ForeignKeyField(Commune, null=True, on_delete="RESTRICT")  # None: outside the territory
    number = IntegerField(default=1)
    is_correction = BooleanField(default=False)
    key = CharField(max_length=64, unique=True)
    at = DateTimeField(default=now)
    undone_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("kind", "on"), False), (("on", "kind", "commune", "number"), False))
        constraints = [Check("number <> 0"), Check("is_correction OR number = 1")]

    @classmethod
    def counted(cls, *columns):
        return cls.select(*columns).where(cls.undone_at.is_null())


@dataclass(frozen=True)
class Usual:
    key: str
    label: str
    hint: str


@cache
def usual_kinds() -> tuple[Usual, ...]:
    """Return the kinds that most associations count, shipped with the product."""
    found = tomllib.loads((DATA / "compteurs.toml").read_text(encoding="utf-8"))
    return tuple(Usual(**each) for each in found["compteur"])


@dataclass(frozen=True)
class Line:
    """What was counted of a kind in a month and a commune."""

    month: date
    kind: str
    commune: str
    number: int


def between(start: date, end: date, *, kind_id: int | None = None, insee: str | None = None):
    """Return the query of what was counted from `start` to `end`; `insee` "" is what lies outside the territory."""
    query = Tally.counted().where(Tally.on >= start, Tally.on <= end)
    if kind_id:
        query = query.where(Tally.kind == kind_id)
    if insee is not None:
        query = query.where(Tally.commune.is_null() if insee == "" else Tally.commune == insee)
    return query


def total(start: date, end: date, **which) -> int:
    return between(start, end, **which).select(fn.COALESCE(fn.SUM(Tally.number), 0)).scalar()


def by_kind(start: date, end: date, **which) -> dict[int, int]:
    query = between(start, end, **which).select(Tally.kind, fn.SUM(Tally.number)).group_by(Tally.kind)
    return {id: number for id, number in query.tuples() if number}


def lines(start: date, end: date, **which) -> list[Line]:
    """Return the figures by month, kind and commune, the last month first; a sum of zero is left out."""
    year, month, number = Tally.on.year, Tally.on.month, fn.SUM(Tally.number)
    query = between(start, end, **which).select(year, month, TallyKind.label, Commune.name, number)
    query = query.join(TallyKind).switch(Tally).join(Commune, JOIN.LEFT_OUTER)
    query = query.group_by(year, month, TallyKind.label, Commune.name)
    found = [Line(date(int(y), int(m), 1), label, name or ELSEWHERE, n) for y, m, label, name, n in query.tuples() if n]
    return sorted(found, key=lambda each: (-each.month.toordinal(), each.kind, each.commune))
