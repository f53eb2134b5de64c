"""Queries that every page asks: written once with peewee, spelled once, then run with other values.

    @prepared
    def _of_person(person):
        return Membership.select().where(Membership.person == person).order_by(Membership.id.desc())

    _of_person.first(12)    # a Membership, or None
    _of_person.all(12)      # a list of them
    _of_person.value(12)    # the first column of the first row

peewee takes longer to compose a SELECT than SQLite to answer it. The function is called once for each kind of database,
with places for its values: whatever may change from one call to the next (a day, a setting) is a parameter of it.
"""

from inspect import signature

from peewee import SQL, Node, fn

from .db import db
from .kept import keep


class Place(Node):
    """Where a value goes in a query that is spelled before it is known."""

    def __init__(self, rank: int, convert=None):
        self.rank, self.convert = rank, convert

    def __sql__(self, ctx):
        ctx._values.append(Place(self.rank, ctx.state.converter))  # the column compared with says how it is stored
        return ctx.literal(ctx.state.param or "?")

    def fill(self, values):
        value = values[self.rank]
        return self.convert(value) if self.convert else value


class Spelled:
    """The text of a query, where its values go, and how its rows are read."""

    def __init__(self, query):
        self.query = query
        self.text, self.values = query.sql()
        self.places = [(index, each) for index, each in enumerate(self.values) if isinstance(each, Place)]
        self._read = None

    def run(self, values):
        given = list(self.values)
        for index, place in self.places:
            given[index] = place.fill(values)
        return db.execute_sql(self.text, given)

    def reader(self, cursor):
        """Return the function that makes of a row what peewee would."""
        if self._read is None:
            wrapper = self.query._get_cursor_wrapper(cursor)
            wrapper.initialize()
            wrapper.cursor = None
            self._read = wrapper.process_row
        return self._read


class Prepared:
    """A query kept ready; see the top of this module."""

    def __init__(self, make, arity: int | None = None):
        """`arity`: how many values a function of any number of them gets."""
        self._make, self._arity, self._kept = make, arity or len(signature(make).parameters), {}
        self.__doc__, self.__name__ = make.__doc__, make.__name__

    def _spelled(self, limit) -> Spelled:
        key = (type(db.obj), limit)
        if key not in self._kept:
            query = self._make(*map(Place, range(self._arity)))
            self._kept[key] = Spelled(query.limit(limit) if limit else query)
        return self._kept[key]

    def counting(self) -> Spelled:
        """Return the query that counts the rows of this one, which has no parameter."""
        return Spelled(self._make().select(fn.COUNT(SQL("1"))).order_by())

    def all(self, *values) -> list:
        kept = self._spelled(None)
        cursor = kept.run(values)
        rows = cursor.fetchall()
        return list(map(kept.reader(cursor), rows)) if rows else []

    def first(self, *values):
        kept = self._spelled(1)
        cursor = kept.run(values)
        row = cursor.fetchone()
        found = None if row is None else kept.reader(cursor)(row)  # psycopg forgets the columns of a closed cursor
        cursor.close()
        return found

    def rows(self, *values) -> list[tuple]:
        """Return the rows as the database gives them."""
        return self._spelled(None).run(values).fetchall()

    def ids(self, *values) -> list:
        """Return the first column of the rows."""
        return [row[0] for row in self.rows(*values)]

    def row(self, *values) -> tuple | None:
        """Return the first row as the database gives it."""
        cursor = self._spelled(1).run(values)
        row = cursor.fetchone()
        cursor.close()
        return row

    def value(self, *values):
        row = self.row(*values)
        return row and row[0]


prepared = Prepared


class Counted:
    """How many rows some queries hold, together: called, it counts; `count` counts several of them in one query.

    waiting = Counted(lambda: Application.select().where(Application.is_waiting()))
    """

    def __init__(self, *makes):
        self.parts = [Prepared(make) for make in makes]

    def __call__(self) -> int:
        return count(self)[0]


_sums: dict[tuple, tuple[str, list]] = {}


def count(*counted: Counted) -> tuple[int, ...]:
    """Return how many rows each holds now: all read at once, and again once something has been written."""
    key = (type(db.obj), counted)
    if key not in _sums:
        _sums[key] = _sum(counted)
    return keep(key, lambda: db.execute_sql(*_sums[key]).fetchone())


def _sum(counted) -> tuple[str, list]:
    columns, values = [], []
    for each in counted:
        spelled = [part.counting() for part in each.parts]
        columns.append(" + ".join(f"({one.text})" for one in spelled))
        values += [value for one in spelled for value in one.values]
    return "SELECT " + ", ".join(columns), values
