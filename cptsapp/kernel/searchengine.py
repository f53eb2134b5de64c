"""The two ways to find words: an FTS5 table, or a tsvector with a GIN index. Both get words already folded and cut.

`put` and `drop` run in the caller's transaction; `query` makes the expression that `count`, `ranked` and `latest` read.
"""

from dataclasses import dataclass

from .db import db, is_sqlite

TITLE_WEIGHT = 10


@dataclass(frozen=True)
class Asked:
    """The same question three ways: anywhere, in titles, elsewhere than in titles."""

    anywhere: str
    in_titles: str
    elsewhere: str
    words: str


class _Engine:
    """What both have in common: the order of a wide search, titles first, then the latest."""

    match = ids = ""

    def _ids(self, sql, *values) -> list[int]:
        return [id for (id,) in self._rows(sql, *values)]

    @staticmethod
    def _rows(sql, *values) -> list[tuple]:
        return db.execute_sql(sql.replace("?", db.obj.param), values).fetchall()

    def count(self, asked: Asked, most: int) -> int:
        """Return how many match, counting no further than `most`."""
        sql = f"SELECT COUNT(1) FROM ({self.match} LIMIT ?) AS found"  # noqa: S608 (a constant)
        return self._rows(sql, asked.anywhere, most)[0][0]

    def latest(self, asked: Asked, limit: int, offset: int) -> list[int]:
        wanted, order = limit + offset, f" ORDER BY {self.ids} DESC LIMIT ?"
        found = self._ids(self.match + order, asked.in_titles, wanted)
        if len(found) < wanted:
            found += self._ids(self.match + order, asked.elsewhere, wanted - len(found))
        return found[offset:]


class Fts5(_Engine):
    """Who may read and the kind are words of columns of their own."""

    match, ids = "SELECT rowid FROM search_words WHERE search_words MATCH ?", "rowid"

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
            (id, visibility, kind, " ".join(title), " ".join(body)),
        )

    def drop(self, id):
        db.execute_sql("DELETE FROM search_words WHERE rowid = ?", (id,))

    @staticmethod
    def query(words, readers, kinds) -> Asked:
        asked = " AND ".join(f'"{word}" *' for word in words)
        scope = "visibility : ({})".format(" OR ".join(map(_quoted, readers)))
        if kinds is not None:
            scope += " AND kind : ({})".format(" OR ".join(map(_quoted, kinds)))
        anywhere, title = f"({scope} AND {{title body}} : ({asked}))", f"title : ({asked})"
        return Asked(anywhere, f"({scope} AND {title})", f"{anywhere} NOT {title}", asked)

    def ranked(self, asked: Asked, limit, offset):
        order = f" ORDER BY bm25(search_words, 0, 0, {TITLE_WEIGHT}, 1), rowid DESC LIMIT ? OFFSET ?"
        return self._ids(self.match + order, asked.anywhere, limit, offset)


def _quoted(text: str) -> str:
    return '"{}"'.format(text.replace('"', '""'))


class Tsvector(_Engine):
    """One row per document; who may read and the kind are lexemes that no word equals: they start with a colon."""

    match, ids = "SELECT document_id FROM search_words WHERE vector @@ ?::tsquery", "document_id"

    @staticmethod
    def create(database):
        database.execute_sql(
            "CREATE TABLE IF NOT EXISTS search_words (document_id BIGINT PRIMARY KEY, vector TSVECTOR NOT NULL)"
        )
        database.execute_sql("CREATE INDEX IF NOT EXISTS search_words_vector ON search_words USING GIN (vector)")

    def put(self, id, kind, visibility, title, body):
        entries = [_lexeme(f":v:{visibility}"), _lexeme(f":k:{kind}")]
        entries += [f"{_lexeme(word)}:{place}A" for place, word in enumerate(title, 1)]
        entries += [f"{_lexeme(word)}:{place}" for place, word in enumerate(body, len(title) + 1)]
        sql = (
            "INSERT INTO search_words (document_id, vector) VALUES (?, ?::tsvector) "
            "ON CONFLICT (document_id) DO UPDATE SET vector = excluded.vector"
        )
        db.execute_sql(sql.replace("?", db.obj.param), (id, " ".join(entries)))

    def drop(self, id):
        db.execute_sql("DELETE FROM search_words WHERE document_id = ?".replace("?", db.obj.param), (id,))

    @staticmethod
    def query(words, readers, kinds) -> Asked:
        scope = "({})".format(" | ".join(_lexeme(f":v:{each}") for each in readers))
        if kinds is not None:
            scope += " & ({})".format(" | ".join(_lexeme(f":k:{each}") for each in kinds))
        asked = " & ".join(f"{_lexeme(word)}:*" for word in words)
        title = " & ".join(f"{_lexeme(word)}:*A" for word in words)
        return Asked(f"{scope} & {asked}", f"{scope} & {title}", f"{scope} & {asked} & !({title})", asked)

    def ranked(self, asked: Asked, limit, offset):
        order = " ORDER BY ts_rank('{0.1, 0.2, 0.4, 1.0}', vector, ?::tsquery) DESC, document_id DESC LIMIT ? OFFSET ?"
        return self._ids(self.match + order, asked.anywhere, asked.words, limit, offset)


def _lexeme(text: str) -> str:
    return "'{}'".format(text.replace("\\", "\\\\").replace("'", "''"))


def engine() -> _Engine:
    return Fts5() if is_sqlite() else Tsvector()
