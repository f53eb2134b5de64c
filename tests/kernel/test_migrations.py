"""The migrations make what the models declare, and bring an old database forward without losing a row."""

import importlib
import re
from contextlib import suppress
from datetime import datetime

import pytest
from peewee import IntegrityError
from playhouse.migrate import PostgresqlMigrator, SqliteMigrator
from playhouse.schema_diff import diff_models

from cptsapp import create_app
from cptsapp.blueprints.association.models import Association
from cptsapp.kernel import db as database
from cptsapp.kernel import instance as installation
from cptsapp.kernel import search
from cptsapp.kernel.db import Revision, db, revision
from cptsapp.kernel.mail import OutgoingMail
from cptsapp.kernel.mail.models import FrozenMail
from cptsapp.kernel.settings import settings
from tests import postgresql

AT = datetime(2026, 11, 28, 8, 30)
SECRET = "une-cle-de-test-assez-longue-pour-convenir"


@pytest.fixture
def migrated(tmp_path):
    """The application of a new folder whose tables come from the migrations."""
    app = create_app(tmp_path, secret_key=SECRET)
    with app.app_context(), database.connection():
        installation.upgrade()
        yield app
    db.close_all()


def checks() -> dict[str, set[str]]:
    """Return the CHECK clauses of each table of the open database, blanks and quotes left out."""
    found = {}
    for name, sql in db.execute_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'"):
        clauses = re.findall(r"CHECK\s*(\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\))", sql or "")
        found[name] = {re.sub(r"[\s\"]", "", clause) for clause in clauses}
    return found


def indexes() -> set[str]:
    rows = db.execute_sql("SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    return {re.sub(r"IF NOT EXISTS |[\s\"]", "", sql) for table, sql in rows if table != "schema_migration"}


def columns() -> dict[str, list]:
    """Return (name, type, not null, primary key) of each column of each table."""
    names = [row[0] for row in db.execute_sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {
        name: sorted((row[1], row[2], row[3], row[5]) for row in db.execute_sql(f'PRAGMA table_info("{name}")'))
        for name in names
    }


def links() -> dict[str, list]:
    names = [row[0] for row in db.execute_sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: sorted(row[2:7] for row in db.execute_sql(f'PRAGMA foreign_key_list("{name}")')) for name in names}


def test_the_migrations_make_exactly_what_the_models_declare(migrated, tmp_path):
    assert not diff_models(db.obj, database.tables())
    made = [each() for each in (columns, checks, indexes, links)]
    db.close_all()
    other = tmp_path / "autre"
    other.mkdir()
    create_app(other, secret_key=SECRET)
    db.connect(reuse_if_open=True)
    database.create_all()
    declared = [each() for each in (columns, checks, indexes, links)]
    for migration, model in zip(made, declared, strict=True):
        if isinstance(migration, dict):
            migration.pop("schema_migration", None)
            migration.pop("sqlite_sequence", None)
            model.pop("sqlite_sequence", None)
        assert migration == model


SCHEMA_OF_POSTGRESQL = (
    "SELECT table_name, column_name, data_type, is_nullable, character_maximum_length, column_default "
    "FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace",
    "SELECT tablename, replace(indexdef, indexname, '') FROM pg_indexes WHERE schemaname = 'public'",
)


def schema_made_by(make, folder) -> list[set]:
    """Return the columns, constraints and indexes that `make` gives an empty PostgreSQL database."""
    folder.mkdir()
    with postgresql.database("schema") as address:
        create_app(folder, secret_key=SECRET, database_url=address)
        with database.connection():
            make()
            rows = [db.execute_sql(each).fetchall() for each in SCHEMA_OF_POSTGRESQL]
        db.close_all()
    return [{row for row in each if row[0] != "schema_migration"} for each in rows]


@postgresql.needs_postgresql
def test_on_postgresql_too_the_migrations_make_what_the_models_declare(tmp_path):
    migrated = schema_made_by(database.migrate, tmp_path / "a")
    declared = schema_made_by(database.create_all, tmp_path / "b")
    for migration, model in zip(migrated, declared, strict=True):
        assert migration - model == model - migration == set()


def test_a_copy_is_kept_before_tables_change(migrated, settings_of, monkeypatch):
    revision.bump()
    history = database.runner().History
    last = database.runner().status()[-1].name
    assert installation.upgrade() == []
    assert not list(settings_of.backups.glob("avant-migration-*"))
    monkeypatch.setattr(database, "migrate", lambda: [last])
    history.delete().where(history.name == last).execute()
    assert installation.upgrade() == [last]
    assert list(settings_of.backups.glob("avant-migration-*"))
    assert Revision.get_by_id(1).number >= 1


@pytest.fixture
def settings_of(migrated):
    return settings


def test_the_signature_that_the_association_kept_becomes_its_contract(migrated):
    Association.create(id=1)
    step = importlib.import_module("cptsapp.migrations.0012_contract")
    migrator = SqliteMigrator(db.obj)
    step.down(migrator, db.obj)
    known = "UPDATE association SET contract_signed_on = '2022-01-10', mission_codes = 'acces crise' WHERE id = 1"
    db.execute_sql("INSERT INTO territory (id, population, population_source, size_source) VALUES (1, 97247, '', '')")
    assert db.execute_sql(known).rowcount == 1
    step.up(migrator, db.obj)
    assert db.execute_sql("SELECT signed_on, size, population FROM contract").fetchall() == [("2022-01-10", 3, 97247)]
    assert [each for (each,) in db.execute_sql("SELECT mission FROM engagement ORDER BY id")] == ["acces", "crise"]


SEARCHED = [("page", "Soin", "public"), ("l’« été »", "Soins d’été", "public"), ("news", "Soin caché", "bureau")]


def refused_states() -> list[str]:
    """Try rows of the delivery table that must never be; return what the database did not refuse."""
    wrong = {
        "unknown": {"state": "perdu"},
        "sent without its hour": {"state": "sent", "message_id": "<1@exemple.fr>"},
        "waiting with an hour": {"state": "pending", "done_at": AT},
        "sent without a Message-ID": {"state": "sent", "done_at": AT},
        "in doubt without a Message-ID": {"state": "in_doubt", "claimed_by": "moi", "lease_until": AT},
    }
    taken = []
    for name, values in wrong.items():
        with suppress(IntegrityError), db.atomic():
            OutgoingMail.create(template="essai", to_address="zoe@exemple.fr", **values)
            taken.append(name)
    return taken


def mails_after_going_back_and_forth(migrator) -> list[str]:
    """Return the addresses of the mails, and of what hangs on them, once the step of the checks was taken back, then
    again; each time, wrong states are refused."""
    step = importlib.import_module("cptsapp.migrations.0049_mail_checks")
    row = OutgoingMail.create(template="essai", to_address="zoe@exemple.fr", state="sent", message_id="<1>", done_at=AT)
    FrozenMail.create(mail=row, content=b"x")
    for each in (step.down, step.up):
        with db.atomic():
            each(migrator, db.obj)
        assert refused_states() == []
    return [frozen.mail.to_address for frozen in FrozenMail.select()]


def test_the_states_of_a_mail_are_checked_the_same_however_the_check_is_written(migrated):
    written = checks()["outgoing_mail"]
    assert mails_after_going_back_and_forth(SqliteMigrator(db.obj)) == ["zoe@exemple.fr"]
    assert checks()["outgoing_mail"] == written
    assert db.execute_sql("PRAGMA integrity_check").fetchone() == ("ok",)


@postgresql.needs_postgresql
def test_on_postgresql_too_the_states_of_a_mail_are_checked_the_same(tmp_path):
    with postgresql.database("checks") as address:
        create_app(tmp_path, secret_key=SECRET, database_url=address)
        with database.connection():
            database.migrate()
            found = mails_after_going_back_and_forth(PostgresqlMigrator(db.obj))
        db.close_all()
    assert found == ["zoe@exemple.fr"]


def found_after_going_back_and_forth(migrator) -> list:
    """Index some documents, take the step of the numbers of the search back and again; return what is found before it,
    between and after: (kind, title) of each, the kinds together then the numbers of the rows."""
    step = importlib.import_module("cptsapp.migrations.0048_search_kinds")
    for kind, title, visibility in SEARCHED:
        search.index(kind, "x", title=title, body="corps", url="/x", visibility=visibility)

    def now():
        hits = search.search("soin corps", visibilities=["public"]).hits
        together = search.search_kinds("soin", [kind for kind, *_ in SEARCHED], visibilities=["public"], limit=2)
        return sorted(hit.title for hit in hits), sorted(together)

    before, rows = now(), db.execute_sql("SELECT rowid FROM search_words ORDER BY rowid").fetchall()
    step.down(migrator, db.obj)
    step.up(migrator, db.obj)
    assert db.execute_sql("SELECT rowid FROM search_words ORDER BY rowid").fetchall() == rows
    assert now() == before
    return before


def test_the_search_finds_the_same_once_its_rows_are_numbered_by_kind(migrated):
    assert found_after_going_back_and_forth(SqliteMigrator(db.obj)) == (["Soin", "Soins d’été"], ["l’« été »", "page"])
    search.forget("page", "x")
    assert db.execute_sql("SELECT COUNT(1) FROM search_words").fetchone() == (2,)


@postgresql.needs_postgresql
def test_on_postgresql_too_the_search_finds_the_same_once_its_rows_are_numbered_by_kind(tmp_path):
    with postgresql.database("search") as address:
        create_app(tmp_path, secret_key=SECRET, database_url=address)
        with database.connection():
            database.migrate()
            found = found_after_going_back_and_forth(PostgresqlMigrator(db.obj))
        db.close_all()
    assert found == (["Soin", "Soins d’été"], ["l’« été »", "page"])
