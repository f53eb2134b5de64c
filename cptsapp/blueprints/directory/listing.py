"""A list as people read it: the rows of a page, how many there are, in a query each that is spelled once for its form.

What a reader is shown and what is asked are `finding`'s conditions; the text of a query depends on how they are written
alone. The ids of a page come from one index, read in the order of the list and no further than the page.
"""

from functools import lru_cache

from peewee import SQL, Select, fn

from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db
from cptsapp.kernel.kept import keep
from cptsapp.kernel.prepared import Prepared

from . import finding, viewing
from .definition import Definition
from .finding import Asked, Condition
from .models import Entry
from .viewing import Row, Viewer

FORMS = 300  # ways to write the query of a list: who reads, and how many filters of each sort


def rows(definition: Definition, viewer: Viewer, wanted: Asked, limit: int, offset: int = 0) -> list[Row]:
    """Return the rows of a part of what a reader finds, in the order of the list."""
    if not viewing.may_see_list(definition, viewer):
        return []
    query, values = _form(definition, viewer, wanted, _page)
    return [Row(*row) for row in query.rows(*values, limit, offset)]


def count(definition: Definition, viewer: Viewer, wanted: Asked, most: int) -> int:
    """Count what a reader finds, no further than `most`; read again once something has been written."""
    if not viewing.may_see_list(definition, viewer):
        return 0
    query, values = _form(definition, viewer, wanted, _count)
    return keep((query, *values, most), lambda: query.value(*values, most))


def _form(definition, viewer, wanted, kind) -> tuple[Prepared, list]:
    """Return the query of a kind that reads what is asked, and its values."""
    asked = finding.conditions(definition, viewer, wanted)
    query = _query(kind, finding.is_public(viewer), tuple((each.way, len(each.values)) for each in asked))
    return query, [definition.slug, today(), *(value for each in asked for value in each.values)]


@lru_cache(maxsize=FORMS)
def _query(kind, is_public: bool, ways: tuple) -> Prepared:
    """Return the query of a kind. Its values: list, day, those of each condition, then those of the kind itself."""

    def make(slug, day, *given):
        asked, given = [], list(given)
        for way, size in ways:
            way = finding.WHEN_COUNTED.get(way, way) if kind is _count else way
            asked.append(Condition(way, tuple(given[:size])))
            del given[:size]
        return kind(finding.in_order(asked, slug, day, is_public=is_public), *given)

    return Prepared(make, 2 + sum(size for _, size in ways) + kind.__code__.co_argcount - 1)


def _page(ids, limit, offset):
    part = ids.limit(limit).offset(offset)
    return viewing.rows_of(Entry.id.in_(part)).order_by(Entry.sort_name, Entry.id)


def _count(ids, most):
    few = ids.order_by().limit(most).alias("few")
    return Select([few], [fn.COUNT(SQL("1"))]).bind(db.obj)
