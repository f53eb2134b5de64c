"""A full-text index of the rows of one table: any order of the words, any accent, the start of a word is enough.

The folded words of each row are in an FTS5 table on SQLite, in a tsvector on PostgreSQL; its owner writes them in the
transaction that writes the row.

    PEOPLE = WordIndex("person_words")
    PEOPLE.put([(person.id, "dupont camille brie")])
    Person.select().where(Person.id.in_(PEOPLE.found([["camille"], ["brie"]])))
"""

import re
from collections.abc import Iterable

from peewee import SQL, NodeList
from peewee import Table as PlainTable

from .db import db, extra_schema, is_sqlite
from .text import fold

LONGEST_WORD, MOST_WORDS, SHORTEST = 60, 8, 2
ROWS_AT_ONCE = 400
_WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    """Return the folded words of a text: what is kept and what is asked."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(fold(text))]


def asked(q: str) -> list[str]:
    """Return the words of a query that can be searched; a letter alone is left until another is typed."""
    return [word for word in words_of(q[:300]) if len(word) >= SHORTEST][:MOST_WORDS]


class WordIndex:
    """The index named `table`; `prefixes` are the lengths of the starts that it finds at once."""

    def __init__(self, table: str, prefixes: str = "2 3"):
        self.table, self.prefixes = table, prefixes
        extra_schema.append(self.create)

    def create(self, database):
        if is_sqlite():
            database.execute_sql(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {self.table} "
                f"USING fts5(words, prefix='{self.prefixes}', tokenize='ascii')"
            )
            database.execute_sql(f"INSERT INTO {self.table}({self.table}, rank) VALUES('secure-delete', 1)")
            return
        database.execute_sql(
            f"CREATE TABLE IF NOT EXISTS {self.table} (rowid BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)"
        )
        database.execute_sql(f"CREATE INDEX IF NOT EXISTS {self.table}_gin ON {self.table} USING GIN (words)")

    def put(self, rows: Iterable[tuple[int, str]], *, new: bool = False) -> None:
        """Write the words of rows, (id, words joined by spaces), in the place of those they had."""
        rows = list(rows)
        if is_sqlite():
            if not new:
                self.drop(id for id, _ in rows)
            end, value = "", "(?, ?)"
        else:
            end, value = " ON CONFLICT (rowid) DO UPDATE SET words = excluded.words", "(%s, to_tsvector('simple', %s))"
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = rows[start : start + ROWS_AT_ONCE]
            sql = f"INSERT INTO {self.table}(rowid, words) VALUES " + ", ".join([value] * len(part)) + end  # noqa: S608
            db.execute_sql(sql, [each for row in part for each in row])

    def drop(self, ids: Iterable[int]) -> None:
        ids = list(ids)
        for start in range(0, len(ids), ROWS_AT_ONCE):
            part = ids[start : start + ROWS_AT_ONCE]
            marks = ", ".join([db.obj.param] * len(part))
            db.execute_sql(f"DELETE FROM {self.table} WHERE rowid IN ({marks})", part)  # noqa: S608

    def clear(self) -> None:
        db.execute_sql(f"DELETE FROM {self.table}")  # noqa: S608

    def found(self, asked: Iterable[Iterable[str]]) -> NodeList:
        """Return the sub-query of the ids of the rows that have, for each group asked, a word that starts as one of it.

        The words come from `words_of`: letters and digits alone.
        """
        return self.within(self.match(asked))

    def match(self, asked: Iterable[Iterable[str]]) -> str:
        """Return what each of the two engines calls « a word that starts so, of each group »."""
        either, both, word_mark = (" OR ", " AND ", '"{}" *') if is_sqlite() else (" | ", " & ", "{}:*")
        return both.join("(" + either.join(word_mark.format(word) for word in group) + ")" for group in asked)

    def within(self, match) -> NodeList:
        """Return the sub-query of the ids of the rows that answer a `match`, or what will be put in its place."""
        before, after = self._statement()
        return NodeList((SQL(f"({before}"), match, SQL(f"{after})")), glue="")

    def first(self, asked: Iterable[Iterable[str]], limit: int) -> list[int]:
        """Return the ids of `limit` of these rows, of all when they are fewer."""
        before, after = self._statement()
        sql = f"{before}{db.obj.param}{after} LIMIT {int(limit)}"
        return [id for (id,) in db.execute_sql(sql, [self.match(asked)]).fetchall()]

    def leading(self, asked: Iterable[Iterable[str]]) -> tuple[PlainTable, NodeList]:
        """Return the index as a table and the condition that keeps these rows of it, for a query that starts there.

        What is joined to its `rowid` is then looked up for the rows found alone, however long the list.
        """
        index = PlainTable(self.table)
        column, operator = (index.c[self.table], "MATCH ?") if is_sqlite() else (index.c.words, "@@ %s::tsquery")
        return index, NodeList((column, SQL(operator, [self.match(asked)])))

    def _statement(self) -> tuple[str, str]:
        """Return the text of a search, before what is asked and after it."""
        start = f"SELECT rowid FROM {self.table} WHERE "  # noqa: S608
        return (f"{start}{self.table} MATCH ", "") if is_sqlite() else (f"{start}words @@ ", "::tsquery")
