"""The two ways to find words: an FTS5 table, or a tsvector with a GIN index. Both get words already folded and cut.

`put` and `drop` run in the caller's transaction; `query` makes the expression that the readings ask for. The number of
a row says which document it is and, in its last bits, of which kind: a search counts what it finds of each kind without
reading any document, and later rows are still later documents.
"""

import zlib
from dataclasses import dataclass

from .db import db, is_sqlite

TITLE_WEIGHT = 10
KIND_BITS = 20  # beside them, eight thousand billion documents
KIND_MASK = (1 << KIND_BITS) - 1


def code_of(kind: str) -> int:
    """Return the number of a kind, the same in every base; a test watches that no two kinds have the same."""
    return zlib.crc32(kind.encode()) & KIND_MASK


def row_of(id: int, kind: str) -> int:
    return id << KIND_BITS | code_of(kind)


@dataclass(frozen=True)
class Asked:
    """The same question three ways: anywhere, in titles, elsewhere than in titles."""

    anywhere: str
    in_titles: str
    elsewhere: str
    words: str


class _Engine:
    """What both have in common: the number of a row, the order of a wide search, titles first, then the latest."""

    matching = rank = ""

    def _ids(self, sql, *values) -> list[int]:
        return [row >> KIND_BITS for (row,) in self._rows(sql, *values)]

    @staticmethod
    def _rows(sql, *values) -> list[tuple]:
        return db.execute_sql(sql.replace("?", db.obj.param), values).fetchall()

    @staticmethod
    def drop(id: int, kind: str):
        db.execute_sql("DELETE FROM search_words WHERE rowid = ?".replace("?", db.obj.param), (row_of(id, kind),))

    def count(self, asked: Asked, most: int) -> int:
        """Return how many match, counting no further than `most`."""
        sql = f"SELECT COUNT(1) FROM (SELECT rowid FROM {self.matching} LIMIT ?) AS found"  # noqa: S608 (a constant)
        return self._rows(sql, asked.anywhere, most)[0][0]

    def counts(self, asked: Asked, kinds: list[str]) -> dict[str, int]:
        """Return how many match of each kind, those of which none does left out."""
        each = ", ".join([f"COUNT(1) FILTER (WHERE rowid & {KIND_MASK} = ?)"] * len(kinds))
        values = (*map(code_of, kinds), asked.anywhere)
        row = self._rows(f"SELECT {each} FROM {self.matching}", *values)[0]  # noqa: S608 (constants)
        return {kind: count for kind, count in zip(kinds, row, strict=True) if count}

    def latest(self, asked: Asked, limit: int, offset: int) -> list[int]:
        wanted, sql = limit + offset, f"SELECT rowid FROM {self.matching} ORDER BY rowid DESC LIMIT ?"  # noqa: S608
        found = self._ids(sql, asked.in_titles, wanted)
        if len(found) < wanted:
            found += self._ids(sql, asked.elsewhere, wanted - len(found))
        return found[offset:]

    def all(self, asked: Asked) -> list[int]:
        """Return what matches, in no order."""
        return self._ids(f"SELECT rowid FROM {self.matching}", asked.anywhere)  # noqa: S608 (a constant)

    def ranked(self, asked: Asked, limit: int, offset: int) -> list[int]:
        sql = f"SELECT rowid FROM {self.matching} ORDER BY {self.rank}, rowid DESC LIMIT ? OFFSET ?"  # noqa: S608
        return self._ids(sql, asked.anywhere, *self._weighed(asked), limit, offset)

    def ranked_by_kind(self, asked: Asked, limit: int) -> list[int]:
        """Return the best of each kind, `limit` of each at most, as `ranked` would order those of that kind."""
        sql = f"""
            WITH found AS MATERIALIZED (SELECT rowid AS id, {self.rank} AS score FROM {self.matching}),
            placed AS (
                SELECT id, ROW_NUMBER() OVER (PARTITION BY id & {KIND_MASK} ORDER BY score, id DESC) AS place FROM found
            )
            SELECT id FROM placed WHERE place <= ? ORDER BY place
        """  # noqa: S608 (constants)
        return self._ids(sql, *self._weighed(asked), asked.anywhere, limit)

    @staticmethod
    def _weighed(asked: Asked) -> tuple:
        """Return the values of `rank`."""
        return ()


class Fts5(_Engine):
    """Who may read and the kind are words of columns of their own."""

    matching = "search_words WHERE search_words MATCH ?"
    rank = f"bm25(search_words, 0, 0, {TITLE_WEIGHT}, 1)"

    @staticmethod
    def create(database):
        database.execute_sql(
            "CREATE VIRTUAL TABLE IF NOT EXISTS search_words USING fts5(visibility, kind, title, body, "
            "prefix='2 3', tokenize='ascii')"
        )
        # What is erased leaves the file at once, not at the next merge. (A contentless table cannot do that.)
        database.execute_sql("INSERT INTO search_words(search_words, rank) VALUES('secure-delete', 1)")

    def put(self, id, kind, visibility, title, body):
        db.execute_sql(
            "INSERT OR REPLACE INTO search_words(rowid, visibility, kind, title, body) VALUES (?, ?, ?, ?, ?)",
            (row_of(id, kind), visibility, kind, " ".join(title), " ".join(body)),
        )

    @staticmethod
    def query(words, readers, kinds) -> Asked:
        asked = " AND ".join(f'"{word}" *' for word in words)
        scope = "visibility : ({})".format(" OR ".join(map(_quoted, readers)))
        if kinds is not None:
            scope += " AND kind : ({})".format(" OR ".join(map(_quoted, kinds)))
        anywhere, title = f"({scope} AND {{title body}} : ({asked}))", f"title : ({asked})"
        return Asked(anywhere, f"({scope} AND {title})", f"{anywhere} NOT {title}", asked)


def _quoted(text: str) -> str:
    return '"{}"'.format(text.replace('"', '""'))


class Tsvector(_Engine):
    """One row per document; who may read and the kind are lexemes that no word equals: they start with a colon."""

    matching = "search_words WHERE vector @@ ?::tsquery"
    rank = "-ts_rank('{0.1, 0.2, 0.4, 1.0}', vector, ?::tsquery)"

    @staticmethod
    def create(database):
        database.execute_sql(
            "CREATE TABLE IF NOT EXISTS search_words (rowid BIGINT PRIMARY KEY, vector TSVECTOR NOT NULL)"
        )
        database.execute_sql("CREATE INDEX IF NOT EXISTS search_words_vector ON search_words USING GIN (vector)")

    def put(self, id, kind, visibility, title, body):
        entries = [_lexeme(f":v:{visibility}"), _lexeme(f":k:{kind}")]
        entries += [f"{_lexeme(word)}:{place}A" for place, word in enumerate(title, 1)]
        entries += [f"{_lexeme(word)}:{place}" for place, word in enumerate(body, len(title) + 1)]
        sql = (
            "INSERT INTO search_words (rowid, vector) VALUES (?, ?::tsvector) "
            "ON CONFLICT (rowid) DO UPDATE SET vector = excluded.vector"
        )
        db.execute_sql(sql.replace("?", db.obj.param), (row_of(id, kind), " ".join(entries)))

    @staticmethod
    def query(words, readers, kinds) -> Asked:
        scope = "({})".format(" | ".join(_lexeme(f":v:{each}") for each in readers))
        if kinds is not None:
            scope += " & ({})".format(" | ".join(_lexeme(f":k:{each}") for each in kinds))
        asked = " & ".join(f"{_lexeme(word)}:*" for word in words)
        title = " & ".join(f"{_lexeme(word)}:*A" for word in words)
        return Asked(f"{scope} & {asked}", f"{scope} & {title}", f"{scope} & {asked} & !({title})", asked)

    @staticmethod
    def _weighed(asked):
        return (asked.words,)


def _lexeme(text: str) -> str:
    return "'{}'".format(text.replace("\\", "\\\\").replace("'", "''"))


def engine() -> _Engine:
    return Fts5() if is_sqlite() else Tsvector()
