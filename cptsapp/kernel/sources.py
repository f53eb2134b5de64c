"""What a list reads from, narrowed step by step: a peewee query, where SQL does all the work, or rows in memory."""

from functools import reduce
from operator import or_

from peewee import JOIN, Asc, Desc, Join, Query, fn

from .db import db, is_sqlite
from .filters import getter
from .kept import keep
from .text import fold


def source_of(rows, key: str):
    """Return `rows` ready to be searched, filtered, sorted and cut; `key` names what tells one row from another."""
    if isinstance(rows, QueryRows):
        return rows  # a feature's own way to search and count
    return QueryRows(rows, key) if isinstance(rows, Query) else MemoryRows(rows, key)


class QueryRows:
    """A peewee query, narrowed step by step; every answer comes from SQL.

    `most`: `count` counts no further, for lists too long to be counted at each page; `count_all` does.
    """

    most = None

    def __init__(self, query: Query, key: str):
        self.query, self.key = query, getattr(query.model, key)

    def where(self, condition):
        self.query = self.query.where(condition)

    def search(self, columns, words):
        for word in words:
            self.where(reduce(or_, (has(column, word) for column in columns)))

    def order(self, column, last_first: bool):
        nodes = column.sort if isinstance(column.sort, tuple) else (column.sort,)
        way = Desc if last_first else Asc  # a query that counts has no method of its own for it
        ways = [way(node) for node in nodes]
        self.query = self.query.order_by(*ways, self.key)

    def count(self) -> int:
        return counted(self.query.select(fn.COUNT(1)).order_by())

    def count_all(self) -> int:
        return self.count()

    def part(self, start: int, size: int) -> list:
        return list(self.query.limit(size).offset(start))

    def keys(self) -> list:
        return [key for (key,) in self.query.select(self.key).order_by().tuples()]

    def __iter__(self):
        return self.query.iterator()


def has(column, text):
    """Return the condition that a column has a text in it: half the cost of LIKE, and no wildcard to escape."""
    place_of = fn.INSTR if is_sqlite() else fn.STRPOS
    return place_of(column, text) > 0


def read_in_turn(tables) -> Join:
    """Return the tables joined, linked by the conditions of the query: SQLite reads them in this order.

    Its planner guesses; who writes the query knows which table keeps the fewest rows. Elsewhere it is a join like
    another.
    """
    return reduce(lambda joined, table: Join(joined, table, JOIN.CROSS), tables)


def counted(query) -> int:
    """Return what a query that counts gives: kept by its words and values, until something is written."""
    text, values = query.sql()
    return keep((text, tuple(values)), lambda: db.execute_sql(text, values).fetchone()[0])


class MemoryRows:
    """The same steps on rows already in memory."""

    most = None

    def __init__(self, rows, key: str):
        self.rows, self.key = list(rows), getter(key)

    def where(self, condition):
        self.rows = [row for row in self.rows if condition(row)]

    def search(self, columns, words):
        def matches(row):
            text = fold(" ".join(str(getter(column)(row) or "") for column in columns))
            return all(word in text for word in words)

        self.where(matches)

    def order(self, column, last_first: bool):
        value = getter(column.value if column.sort is True else column.sort)

        def place(row):
            found = value(row)
            return (found is None, fold(found) if isinstance(found, str) else found or 0)

        self.rows = sorted(self.rows, key=place, reverse=last_first)

    def count(self) -> int:
        return len(self.rows)

    count_all = count

    def part(self, start: int, size: int) -> list:
        return self.rows[start : start + size]

    def keys(self) -> list:
        return [self.key(row) for row in self.rows]

    def __iter__(self):
        return iter(self.rows)
