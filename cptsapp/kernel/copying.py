"""The whole database carried from one engine to the other, and compared row by row.

Tables are found in the database itself, those of features that are switched off included; what a migration makes, this
copies, the word indexes of `wordindex` too. Those of the search have another form on each side: `search.refill` makes
them again.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice, zip_longest
from pathlib import Path

from peewee import DatabaseError, PeeweeException, SqliteDatabase, sqlite3
from playhouse.db_url import connect as connect_url
from playhouse.migrations import Runner

from .db import MIGRATIONS, db, is_sqlite
from .errors import RuleError
from .settings import settings

HISTORY = "schema_migration"
AT_ONCE = 500
UNTOUCHED = "Rien n’a été copié."
TYPED = {
    "boolean": bool,
    "timestamp without time zone": lambda value: (
        value if isinstance(value, datetime) else datetime.fromisoformat(value)
    ),
    "date": lambda value: value if isinstance(value, date) else date.fromisoformat(value[:10]),
    "time without time zone": lambda value: value if isinstance(value, time) else time.fromisoformat(value),
    "bytea": bytes,
    "numeric": lambda value: Decimal(str(value)).normalize(),
    "double precision": float,
    "real": float,
    "text": str,
    "character varying": str,
}
"""What PostgreSQL says of a column -> what a value of either side is in Python; whole numbers are what they are."""


# What a SQLite file holds


@contextmanager
def _file(path: Path):
    base = sqlite3.connect(path)
    try:
        yield base
    finally:
        base.close()


def _tables(base) -> list[str]:
    """Return the ordinary tables of a SQLite connection, without those that a full-text index is made of."""
    listed = base.execute("SELECT name, type FROM pragma_table_list WHERE schema = 'main'").fetchall()
    return sorted(name for name, kind in listed if kind == "table" and not name.startswith("sqlite_"))


def open_tables() -> list[str]:
    """Return the ordinary tables of the open database, whichever it is."""
    if is_sqlite():
        return _tables(db.connection())
    indexes = "SELECT table_name FROM information_schema.columns WHERE udt_name = 'tsvector'"
    of_words = {name for (name,) in db.execute_sql(indexes)}
    return [name for name in _tables_there(db.obj) if name not in of_words]


def _word_indexes(base) -> list[str]:
    """Return the full-text tables of a SQLite connection that hold words and nothing else."""
    listed = base.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'virtual'").fetchall()
    columns = "SELECT group_concat(name) FROM pragma_table_info(?)"
    return sorted(name for (name,) in listed if base.execute(columns, (name,)).fetchone()[0] == "words")


def migrations_of(path: Path) -> list[str]:
    """Return the names of the migrations that a SQLite file has had."""
    with _file(path) as base:
        if HISTORY not in _tables(base):
            return []
        return sorted(name for (name,) in base.execute(f"SELECT name FROM {HISTORY}"))  # noqa: S608 (a constant)


def known_migrations() -> set[str]:
    return {path.stem for path in MIGRATIONS.glob("[0-9]*.py")}


def rows_of(path: Path) -> dict[str, int]:
    """Return how many rows each table of a SQLite file holds."""
    with _file(path) as base:
        return {name: base.execute(f'SELECT COUNT(1) FROM "{name}"').fetchone()[0] for name in _tables(base)}  # noqa: S608


# From one to the other


def copy_instance(url: str) -> dict[str, int]:
    """Copy the SQLite base of the open instance into the empty PostgreSQL `url`; return the rows of each table."""
    if not settings.database_url.startswith("sqlite"):
        raise RuleError("Cette instance n’est pas sur SQLite : il n’y a rien à copier.")
    with tempfile.TemporaryDirectory(dir=settings.instance) as room:
        copy = Path(room) / "copie.db"
        db.execute_sql("VACUUM INTO ?", (str(copy),))
        return from_sqlite(copy, url)


def refuse_filled(url: str):
    """Raise RuleError unless `url` is a PostgreSQL database that answers and holds nothing."""
    if not url.startswith(("postgres://", "postgresql://")):
        raise RuleError("La base à remplir est une adresse postgresql://utilisateur:motdepasse@serveur/base.")
    with _postgresql(url) as target:
        if _tables_there(target):
            raise RuleError(f"La base PostgreSQL contient déjà des tables : donnez-en une vide. {UNTOUCHED}")


def from_sqlite(path: Path, url: str) -> dict[str, int]:
    """Fill the empty PostgreSQL `url` with the rows of a SQLite file that nobody uses; all of them, or nothing."""
    refuse_filled(url)
    source = SqliteDatabase(str(path))
    try:
        Runner(source, str(MIGRATIONS)).up()  # a copy of an older version is brought to this one first
        with _postgresql(url) as target, target.atomic():
            Runner(target, str(MIGRATIONS)).up()
            tables = _tables(source.connection())
            _refuse_unknown(tables, target)
            with _links_checked_last(target):
                for table in tables:
                    target.execute_sql(f'DELETE FROM "{table}"')  # noqa: S608 (what a migration put there)
                for table in tables:
                    _fill(table, _Rows(target, table), source, target)
            for index in _word_indexes(source.connection()):
                rows = source.execute_sql(f'SELECT rowid, words FROM "{index}"')  # noqa: S608
                _put_words(index, rows, target, "to_tsvector('simple', %s)")
            _count_on(target, tables)
            return {table: _compare(table, source, target) for table in tables}
    finally:
        source.close()


def to_sqlite(path: Path) -> dict[str, int]:
    """Write the rows of the open PostgreSQL database, as they stand at one moment, into a new SQLite file."""
    target = SqliteDatabase(str(path))
    try:
        with _postgresql(settings.database_url) as source, source.atomic():
            source.execute_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            Runner(target, str(MIGRATIONS)).up()
            tables = sorted(set(_tables(target.connection())) & set(_tables_there(source)))
            with target.atomic():
                for table in tables:
                    target.execute_sql(f'DELETE FROM "{table}"')  # noqa: S608 (what a migration put there)
                for table in tables:
                    _fill(table, _Rows(source, table), source, target)
                for index in _word_indexes(target.connection()):
                    sql = f"SELECT rowid, array_to_string(tsvector_to_array(words), ' ') FROM \"{index}\""  # noqa: S608
                    _put_words(index, source.execute_sql(sql), target, "?")
            return {table: _compare(table, target, source) for table in tables}
    finally:
        target.close()


@contextmanager
def _postgresql(url: str):
    """Open a PostgreSQL database apart from the application's own connections."""
    try:
        base = connect_url(url, unquote_password=True, unquote_user=True)
        base.connect()
    except (PeeweeException, ImportError, RuntimeError) as error:
        raise RuleError(f"La base PostgreSQL ne s’ouvre pas : {str(error).strip()}") from error
    try:
        yield base
    finally:
        base.close()


def _tables_there(postgresql) -> list[str]:
    found = postgresql.execute_sql(
        "SELECT table_name FROM information_schema.tables "
        "WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
    )
    return sorted(name for (name,) in found)


class _Rows:
    """The columns of a table, as PostgreSQL knows them, and the reading of its rows on either side."""

    def __init__(self, postgresql, table: str):
        found = postgresql.execute_sql(
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND table_name = %s ORDER BY column_name",
            (table,),
        ).fetchall()
        self.table, self.names = table, [name for name, _ in found]
        self.typed = [TYPED.get(kind, int) for _, kind in found]

    def read(self, base) -> Iterator[tuple]:
        """Yield the rows, typed, in the order of their ids."""
        columns = ", ".join(f'"{name}"' for name in self.names)
        order = ' ORDER BY "id"' if "id" in self.names else ""
        for row in base.execute_sql(f'SELECT {columns} FROM "{self.table}"{order}'):  # noqa: S608
            yield tuple(None if value is None else kind(value) for kind, value in zip(self.typed, row, strict=True))

    def in_order(self, base):
        return self.read(base) if "id" in self.names else sorted(self.read(base), key=repr)


def _fill(table: str, rows: _Rows, source, target):
    columns = ", ".join(f'"{name}"' for name in rows.names)
    marks = ", ".join([target.param] * len(rows.names))
    sql = f'INSERT INTO "{table}" ({columns}) VALUES ({marks})'  # noqa: S608
    plain = isinstance(target, SqliteDatabase)
    cursor, waiting = target.connection().cursor(), []
    try:
        for row in rows.read(source):
            waiting.append(tuple(map(_as_text, row)) if plain else row)
            if len(waiting) == AT_ONCE:
                cursor.executemany(sql, waiting)
                waiting = []
        if waiting:
            cursor.executemany(sql, waiting)
    except (ValueError, TypeError, *_refusals(target)) as error:
        raise RuleError(f"La table « {table} » n’a pas pu être copiée : {str(error).strip()}. {UNTOUCHED}") from error


def _put_words(index: str, rows, target, value: str):
    sql = f'INSERT INTO "{index}" (rowid, words) VALUES ({target.param}, {value})'  # noqa: S608
    cursor, rows = target.connection().cursor(), iter(rows)
    while waiting := list(islice(rows, AT_ONCE)):
        cursor.executemany(sql, waiting)


def _as_text(value):
    """Return a value as peewee keeps it in SQLite."""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _refusals(target) -> tuple:
    """Return what the driver of a database raises when it refuses rows."""
    driver = sqlite3 if isinstance(target, SqliteDatabase) else sys.modules["psycopg"]
    return (driver.Error, DatabaseError)


def _refuse_unknown(tables, target):
    unknown = sorted(set(tables) - set(_tables_there(target)))
    if unknown:
        raise RuleError(f"La table « {unknown[0]} » n’est pas de cette version de cptsapp. {UNTOUCHED}")


@contextmanager
def _links_checked_last(postgresql):
    """Let rows come in any order; every link is checked before the block is left."""
    found = postgresql.execute_sql(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint "
        "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
    ).fetchall()
    for table, name in found:
        postgresql.execute_sql(f'ALTER TABLE {table} ALTER CONSTRAINT "{name}" DEFERRABLE INITIALLY DEFERRED')
    yield
    try:
        postgresql.execute_sql("SET CONSTRAINTS ALL IMMEDIATE")
    except DatabaseError as error:
        raise RuleError(f"Un lien entre deux tables est rompu : {str(error).strip()}. {UNTOUCHED}") from error
    for table, name in found:
        postgresql.execute_sql(f'ALTER TABLE {table} ALTER CONSTRAINT "{name}" NOT DEFERRABLE')


def _count_on(postgresql, tables):
    """Let new rows be numbered after those that came."""
    for table in tables:
        if "id" in _Rows(postgresql, table).names:
            postgresql.execute_sql(
                f'SELECT setval(pg_get_serial_sequence(\'"{table}"\', \'id\'), MAX("id")) FROM "{table}" '  # noqa: S608
                'HAVING MAX("id") IS NOT NULL'
            )


def _compare(table: str, sqlite, postgresql) -> int:
    """Compare the rows of a table on both sides; return their number. RuleError at the first that differs."""
    rows, count = _Rows(postgresql, table), 0
    for mine, theirs in zip_longest(rows.in_order(sqlite), rows.in_order(postgresql)):
        if mine != theirs:
            raise RuleError(f"La table « {table} » diffère après la copie, à la ligne {count + 1}. {UNTOUCHED}")
        count += 1
    return count
