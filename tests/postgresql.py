"""The suite on PostgreSQL, when CPTS_TEST_DATABASE_URL names a server where its user may make databases.

Each process of tests has a database of its own, made when it starts, emptied before each test, dropped at the end.
"""

import os
from contextlib import contextmanager
from importlib.util import find_spec
from urllib.parse import urlsplit

import pytest
from peewee import sqlite3

from cptsapp.kernel.db import is_sqlite
from cptsapp.kernel.settings import settings

SERVER = os.environ.get("CPTS_TEST_DATABASE_URL", "")
sqlite_only = pytest.mark.sqlite_only  # with the reason beside it
# On PostgreSQL what is kept is read again after a write of anybody in the server, in whatever database.
counts_what_is_kept = sqlite_only
needs_postgresql = pytest.mark.skipif(
    not SERVER or find_spec("psycopg") is None,
    reason="PostgreSQL is tried when CPTS_TEST_DATABASE_URL names a server and psycopg is installed",
)

# Links are not checked meanwhile: their tables are emptied too. A DELETE costs less than a TRUNCATE of a few rows.
EMPTYING = """
CREATE SCHEMA essai;
CREATE TABLE essai.known AS SELECT tablename FROM pg_tables WHERE schemaname = 'public';
CREATE FUNCTION empty_again() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text;
    filled boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO filled;
        IF NOT EXISTS (SELECT 1 FROM essai.known WHERE tablename = name) THEN
            EXECUTE format('DROP TABLE %I', name);
        ELSIF filled THEN
            EXECUTE format('DELETE FROM %I', name);
        END IF;
    END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
        FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""


def at(database: str) -> str:
    """Return the address of another database of the server; what survives a power cut is not what the suite tries."""
    parts = urlsplit(SERVER)
    return parts._replace(path=f"/{database}", query="options=-csynchronous_commit%3Doff").geturl()


@contextmanager
def speaking(address: str):
    """Open a connection that has nothing to do with the application's own."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as link:
        yield link


@contextmanager
def elsewhere():
    """Open the database of the test as another program would; give what runs a statement, committed at once."""
    if is_sqlite():
        link = sqlite3.connect(settings.instance / "cpts.db", isolation_level=None)
        yield link.execute
        link.close()
    else:
        with speaking(settings.database_url) as link:
            yield link.execute


@contextmanager
def database(use="suite"):
    """Make an empty database for this process and this use; give its address, then drop it whoever is still there."""
    name = f"cptsapp_{use}_{os.getpid()}"
    with speaking(SERVER) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    try:
        yield at(name)
    finally:
        with speaking(SERVER) as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
