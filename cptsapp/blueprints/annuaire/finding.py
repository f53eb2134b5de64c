"""Who is found in the directory by words: by what every reader sees of a person, and by nothing that one may hide.

The words of each person are in an index of their own, written with those by which the coordination finds them.
"""

from collections.abc import Iterable

from cptsapp.blueprints.person import finding
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.db import renewed_schema
from cptsapp.kernel.wordindex import ROWS_AT_ONCE, WordIndex

from . import cards

_INDEX = WordIndex("annuaire_words")


@finding.written.connect
def _put(persons, new):
    _write([each.id for each in persons], new=new)


@finding.dropped.connect
def _drop(ids):
    _INDEX.drop(ids)


def _write(ids: Iterable[int], *, new: bool):
    _INDEX.put(((card.id, " ".join(card.words)) for card in cards.plain(ids)), new=new)


def _fill(database):
    """Write the words of everybody in an index that a migration has just made."""
    if database.execute_sql("SELECT 1 FROM annuaire_words LIMIT 1").fetchone():
        return
    ids = [id for (id,) in Person.select(Person.id).tuples()]
    for start in range(0, len(ids), ROWS_AT_ONCE):
        _write(ids[start : start + ROWS_AT_ONCE], new=True)


renewed_schema.append(_fill)


def found(words: list[str]):
    """Return the sub-query of the ids of the persons who have every one of `words`, or a word that starts so."""
    return _INDEX.found([word] for word in words)


def leading(words: list[str]):
    """Return the index and the condition of the same persons, for a query that starts from them by `rowid`."""
    return _INDEX.leading([word] for word in words)
