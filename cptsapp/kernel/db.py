"""The database: one proxy, one base class, one write transaction, one revision of what the public sees.

SQLite by default, PostgreSQL when `database_url` says so. Both are pooled: a connection is checked out with the
request or the job, and kept warm between two.
"""

import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from peewee import (
    OP,
    SQL,
    Database,
    DatabaseProxy,
    DeferredForeignKey,
    Expression,
    IntegerField,
    Model,
    NodeList,
    OperationalError,
    __exception_wrapper__,
    sqlite3,
)
from playhouse.db_url import parse as parse_url
from playhouse.migrations import Runner
from playhouse.pool import MaxConnectionsExceeded, PooledPostgresqlDatabase, PooledSqliteDatabase

from .spelling import QuickContext

MIGRATIONS = Path(__file__).parent.parent / "migrations"
BUSY_SECONDS = 5  # that a write waits for another one, in another process, to end
REACHED_WITHIN_SECONDS = 5  # a server that does not answer is said to be down
MAPPED_BYTES = 128 * 1024 * 1024  # of the file read in place, shared by the processes: a page is not copied to be read
MOST_VALUES = 15_000  # in one statement; SQLite takes 32,766
SNAPSHOT = "SELECT pg_current_snapshot()::text"  # which transactions are seen: the same ones, the same rows
SOUND_SQLITE = (3, 51, 3)  # older ones can lose commits in WAL mode (the WAL-reset bug)

db = DatabaseProxy()
extra_schema = []  # functions of a database that make what a model cannot declare, for instance a full-text table
renewed_schema = []  # those that make, again and again, what a table built anew by a migration has lost: triggers


class Table(Model):
    """The base of every table: named in snake case, in the one database."""

    class Meta:
        database = db
        legacy_table_names = False


class Revision(Table):
    """One row that counts the changes of what anonymous pages show; caches compare it."""

    number = IntegerField(default=0)


class revision:
    """The number of the last change that anonymous pages must show."""

    @staticmethod
    def bump():
        """Say, in the transaction of a write, that public pages have changed."""
        if not Revision.update(number=Revision.number + 1).where(Revision.id == 1).execute():
            first = Revision.insert(id=1, number=1)
            first.on_conflict(conflict_target=[Revision.id], update={Revision.number: Revision.number + 1}).execute()

    @staticmethod
    def read() -> int:
        row = db.execute_sql("SELECT number FROM revision WHERE id = 1").fetchone()
        return row[0] if row else 0


class UnsoundLibrary(RuntimeError):
    """The SQLite library found is too old to be trusted with data."""


def now() -> datetime:
    """Return this moment as a naive UTC datetime, the form in which all of them are stored."""
    return datetime.now(UTC).replace(tzinfo=None)


def is_sqlite() -> bool:
    return isinstance(db.obj, PooledSqliteDatabase)


def locked(query):
    """Make a rule's reading hold its rows until the end of the transaction (SQLite holds the whole file already)."""
    return query if is_sqlite() else query.for_update()


def alone(at_what: str):
    """Make others who are `at_what` wait for the end of this transaction (SQLite lets one write at a time already).

    For a rule that decides on rows that are not there yet, which no lock can hold.
    """
    if not is_sqlite():
        db.execute_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"cptsapp {at_what}",))


def among(column, ids):
    """Return the condition that a column of ids is in a JSON list of them: one text of SQL, however many there are."""
    listed = ("(SELECT value FROM json_each(", "))")
    if not is_sqlite():
        listed = ("(SELECT value::bigint FROM json_array_elements_text(", "::json))")
    return Expression(NodeList((column,)), OP.IN, NodeList((SQL(listed[0]), ids, SQL(listed[1])), glue=""))


def as_they_are(model, where: str, *values):
    """Return the rows of a model, all their columns read, without peewee spelling them out again for each request.

    For the few readings that everybody passes by; `where` is our own text, its values « ? », and may order and lock.
    """
    sql = f'SELECT * FROM "{model._meta.table_name}" WHERE {where}'.replace("?", db.obj.param)  # noqa: S608
    return model.raw(sql, *values)


def insert_rows(model, fields, rows, *, returning: bool = False) -> list[int]:
    """Insert many rows at once, defaults included, without building a query of each value; return their ids if asked.

    Both databases number a VALUES list in the order written: the ids come in the order of the rows.
    """
    given = {field.name for field in fields}
    blanks = [field for field in model._meta.defaults if field.name not in given]
    columns = [*fields, *blanks]
    defaults = [field.default() if callable(field.default) else field.default for field in blanks]
    names = ", ".join(f'"{field.column_name}"' for field in columns)
    line = "(" + ", ".join([db.obj.param] * len(columns)) + ")"
    spelled = [field.db_value for field in columns]
    ids, size = [], max(1, MOST_VALUES // len(columns))
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        values = [spell(value) for row in part for spell, value in zip(spelled, (*row, *defaults), strict=True)]
        sql = f'INSERT INTO "{model._meta.table_name}" ({names}) VALUES ' + ", ".join([line] * len(part))  # noqa: S608
        cursor = db.execute_sql(sql + (" RETURNING id" if returning else ""), values)
        if returning:
            ids += sorted(id for (id,) in cursor.fetchall())
    return ids


class Numbered(sqlite3.Connection):
    """A connection that has a number of its own: another may be given the same place in memory."""

    _numbers = count()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.number = next(self._numbers)


def stamp(told: dict | None = None) -> tuple:
    """Return (connection, state): a state that it has seen again means that nobody has written in the base since.

    A connection of SQLite counts its own writes and is told of those of the others, of this process or not. `told`, of
    somebody who only reads, remembers the latter: they are asked for once, and what is read is as of then or later.
    """
    link, told = db.connection(), {} if told is None else told
    if not is_sqlite():
        written = db.obj.written()
        if told.get("written") != written:
            with __exception_wrapper__:
                told.update(written=written, seen=link.execute(SNAPSHOT).fetchone()[0])
        return db.obj.database, told["seen"]
    if link.number not in told:
        told[link.number] = link.execute("PRAGMA data_version").fetchone()[0]
    return link.number, (link.total_changes, told[link.number])


class Shared:
    """A pool that nobody gives a connection back to in time is a busy database, like one whose lock lasts."""

    def connect(self, reuse_if_open=False):
        try:
            return super().connect(reuse_if_open)
        except MaxConnectionsExceeded as error:
            raise OperationalError("busy: every connection is taken") from error


class OneWriter(Shared, PooledSqliteDatabase):
    """A pool whose threads write one after another: SQLite lets one in at a time, and makes the others poll.

    Polling is not fair: under fifty writers somebody would wait out the busy timeout. Here they queue on a lock, which
    is only courtesy: whoever has waited as long as SQLite would goes on without it, and SQLite decides.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._turn, self._mine = threading.Lock(), threading.local()

    def begin(self, lock_type=None):
        self._mine.held = self._turn.acquire(timeout=BUSY_SECONDS)
        try:
            super().begin(lock_type)
        except BaseException:
            self._pass_on()
            raise

    def commit(self):
        super().commit()
        self._pass_on()

    def rollback(self):
        try:
            super().rollback()
        finally:
            self._pass_on()

    def _pass_on(self):
        if getattr(self._mine, "held", False):
            self._mine.held = False
            self._turn.release()


class Postgresql(Shared, PooledPostgresqlDatabase):
    """A pool of connections to a server that answers as SQLite does: no lock is waited for long, any text goes."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._mine = threading.local()

    def written(self) -> int:
        """Return a number that changes whenever this thread may have written."""
        return getattr(self._mine, "written", 0)

    def execute_sql(self, sql, params=None, *args, **kwargs):
        if not sql.startswith("SELECT"):
            self._mine.written = self.written() + 1
        if params:  # a NUL, which no keyboard types, is a refusal here: nothing is equal to what has this in its place
            params = [_without_nul(each) for each in params]
        return super().execute_sql(sql, params, *args, **kwargs)


def _without_nul(value):
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) and "\0" in value else value


def _open_postgresql(url: str, connections: int) -> Postgresql:
    asked = parse_qs(urlsplit(url).query).get("options", [])
    given = parse_url(url, unquote_password=True, unquote_user=True) | {
        "options": " ".join([*asked, f"-c lock_timeout={BUSY_SECONDS}s"])
    }
    given.setdefault("connect_timeout", REACHED_WITHIN_SECONDS)
    return Postgresql(**given, max_connections=connections, timeout=5)


def open_database(url: str, *, threads: int = 8) -> Database:
    """Bind the proxy to `url` with the pool and the pragmas that the product relies on.

    Connections to the former one are closed: none may be open when the server forks.
    """
    if db.obj is not None:
        db.close_all()
    scheme, rest = url.split("://", 1)
    if scheme.startswith("sqlite"):
        if sqlite3.sqlite_version_info < SOUND_SQLITE:
            raise UnsoundLibrary(
                f"SQLite {sqlite3.sqlite_version} peut perdre des écritures : installez pysqlite3 (3.51.3 ou mieux)."
            )
        database = OneWriter(
            rest[1:],  # sqlite:///relative.db, sqlite:////absolute.db
            pragmas={
                "busy_timeout": BUSY_SECONDS * 1000,
                "journal_mode": "wal",
                "synchronous": "full",
                "foreign_keys": 1,
                "secure_delete": 1,
                "temp_store": "memory",
                "mmap_size": MAPPED_BYTES,
                "cache_size": -500,  # kibibytes, for each thread: pages are read in place, and few are written at once
            },
            lock_type="IMMEDIATE",
            check_same_thread=False,
            factory=Numbered,
            cached_statements=512,  # pages ask some hundreds of different ones: SQLite parses each once
            max_connections=threads + 2,
            timeout=5,
        )
    else:
        database = _open_postgresql(url, threads + 2)
    database.context_class = QuickContext
    db.initialize(database)
    return database


@contextmanager
def connection():
    """Check out a connection for a job, a command or a thread; reuse the one that is open already."""
    opened = db.connect(reuse_if_open=True)
    try:
        yield db
    finally:
        if opened:
            db.close()


def tables() -> list[type[Table]]:
    """Return every declared table, the ones in features included once their modules are imported."""
    found, queue = [], [Table]
    while queue:
        for each in queue.pop().__subclasses__():
            queue.append(each)
            if not getattr(each._meta, "abstract", False):
                found.append(each)
    return found


def link_tables():
    """Resolve the links that name a table of an upper floor, in whatever order the modules were imported."""
    for model in tables():
        DeferredForeignKey.resolve(model)


def create_all():
    """Make every table at once: for tests; an instance goes through `migrate`."""
    for model in tables():
        for link in model._meta.refs:
            link.deferred = False  # named before its table was declared; known by now, so the link can be made with it
    db.create_tables(tables())
    for make in (*extra_schema, *renewed_schema):
        make(db.obj)


def runner() -> Runner:
    return Runner(db.obj, str(MIGRATIONS))


def pending() -> list[str]:
    """Return the names of the migrations that this database has not had yet."""
    return [step.name for step in runner().status() if step.path and not step.applied]


_migrating = threading.Lock()
MIGRATING = "hashtext('cptsapp migrations')"


def migrate() -> list[str]:
    """Run the pending migrations, each in its transaction; return their names."""
    with _migrating, connection(), _other_processes_waiting():
        done = runner().up()
        with db.atomic():
            for make in renewed_schema:
                make(db.obj)
        return done


@contextmanager
def _other_processes_waiting():
    """Let the site and its worker, started together on PostgreSQL, migrate one after the other, however long."""
    if is_sqlite():
        yield
        return
    db.execute_sql("SET lock_timeout = 0")
    db.execute_sql(f"SELECT pg_advisory_lock({MIGRATING})")
    try:
        yield
    finally:
        db.execute_sql(f"SELECT pg_advisory_unlock({MIGRATING})")
        db.execute_sql("RESET lock_timeout")
