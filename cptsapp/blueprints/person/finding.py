"""Finding a person as one types: any order of the names, any accent, the start of a word, a phone, what they do.

The words of each person, folded, are in an FTS5 table on SQLite and in a tsvector on PostgreSQL. They are written
with the record: whoever saves a Person, or what a feature adds to it, leaves them right.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from peewee import SQL

from cptsapp.kernel.db import db, extra_schema, is_sqlite
from cptsapp.kernel.text import fold

from .models import Person, saved

LONGEST_WORD, MOST_WORDS, SHORTEST = 60, 8, 2
_WORD = re.compile(r"[^\W_]+")
more_words: list[Callable[[list[int]], dict[int, str]]] = []  # what features know of persons: {id: text}
_TABLE = "person_words"


def _create(database):
    if is_sqlite():
        database.execute_sql(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {_TABLE} USING fts5(words, prefix='2 3', tokenize='ascii')"
        )
        database.execute_sql(f"INSERT INTO {_TABLE}({_TABLE}, rank) VALUES('secure-delete', 1)")
    else:
        database.execute_sql(f"CREATE TABLE IF NOT EXISTS {_TABLE} (rowid BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
        database.execute_sql(f"CREATE INDEX IF NOT EXISTS {_TABLE}_gin ON {_TABLE} USING GIN (words)")


extra_schema.append(_create)


def also_found_by(function):
    """Register a function of a list of ids that gives {id: text} by which these persons are found as well."""
    more_words.append(function)
    return function


def words_of(text: str) -> list[str]:
    """Return the folded words of a text: what is kept and what is asked."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(fold(text))]


def _phone_words(phone: str) -> str:
    """A phone is found by its digits typed together or two by two."""
    return f"{phone} {''.join(char for char in phone if char.isdigit())}"


@lru_cache(maxsize=5_000)
def _usual_words(text: str) -> tuple[str, ...]:
    """Return the words of what many persons have in common: a profession and a commune."""
    return tuple(words_of(text))


def put(persons: Iterable, *, new: bool = False) -> None:
    """Write the words of these persons, in the transaction that wrote them; a few queries, whatever their number."""
    persons = list(persons)
    texts = {each.id: f"{each.folded} {_phone_words(each.phone)}" for each in persons}
    words = {id: words_of(text) for id, text in texts.items()}
    for function in more_words:
        for id, text in function(list(texts)).items():
            words[id].extend(_usual_words(text))
    rows = [(id, " ".join(dict.fromkeys(found))) for id, found in words.items()]
    if is_sqlite():
        if not new:
            drop(texts)
        sql, size = f"INSERT INTO {_TABLE}(rowid, words) VALUES ", 400  # noqa: S608
        end, value = "", "(?, ?)"
    else:
        sql, size = f"INSERT INTO {_TABLE}(rowid, words) VALUES ", 400  # noqa: S608
        end, value = " ON CONFLICT (rowid) DO UPDATE SET words = excluded.words", "(%s, to_tsvector('simple', %s))"
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        db.execute_sql(sql + ", ".join([value] * len(part)) + end, [each for row in part for each in row])


@saved.connect
def _put_one(person):
    put([person])


def refresh(ids: Iterable[int]) -> None:
    """Write again the words of these persons, after something that they are found by has changed."""
    put(Person.select().where(Person.id.in_(list(ids))))


def drop(ids: Iterable[int]) -> None:
    ids = list(ids)
    for start in range(0, len(ids), 400):
        part = ids[start : start + 400]
        marks = ", ".join([db.obj.param] * len(part))
        db.execute_sql(f"DELETE FROM {_TABLE} WHERE rowid IN ({marks})", part)  # noqa: S608


def rebuild() -> int:
    """Write the words of everybody again; return how many there are."""
    ids = [id for (id,) in Person.select(Person.id).tuples()]
    db.execute_sql(f"DELETE FROM {_TABLE}")  # noqa: S608
    for start in range(0, len(ids), 400):
        refresh(ids[start : start + 400])
    return len(ids)


def asked(q: str) -> list[str]:
    """Return the words of a query that can be searched; a letter alone is left until another is typed."""
    return [word for word in words_of(q[:300]) if len(word) >= SHORTEST][:MOST_WORDS]


def found(words: list[str]):
    """Return the sub-query of the ids of the persons who have every one of `words`, or a word that starts so."""
    if is_sqlite():
        query = " AND ".join(f'"{word}" *' for word in words)
        return SQL(f"(SELECT rowid FROM {_TABLE} WHERE {_TABLE} MATCH ?)", [query])  # noqa: S608
    query = " & ".join(f"{word}:*" for word in words)
    return SQL(f"(SELECT rowid FROM {_TABLE} WHERE words @@ %s::tsquery)", [query])  # noqa: S608
