"""The database keeps what it acknowledged, and tells the public pages when they have changed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from peewee import OperationalError

from cptsapp import create_app
from cptsapp.kernel import db as database
from cptsapp.kernel.db import db, revision
from tests.postgresql import sqlite_only


def pragma(name):
    return db.execute_sql(f"PRAGMA {name}").fetchone()[0]


@sqlite_only  # the pragmas are its own
def test_a_connection_is_opened_with_what_durability_asks(instance):
    create_app(instance, secret_key="k" * 40)
    with database.connection():
        assert pragma("journal_mode") == "wal"
        assert pragma("synchronous") == 2  # FULL
        assert pragma("foreign_keys") == 1
        assert pragma("secure_delete") == 1
        assert pragma("busy_timeout") == 5000
    db.close_all()


def test_an_old_sqlite_is_refused(monkeypatch):
    monkeypatch.setattr(database, "SOUND_SQLITE", (99, 0, 0))
    with pytest.raises(database.UnsoundLibrary, match="pysqlite3"):
        database.open_database("sqlite:////tmp/jamais.db")


def test_a_refused_act_leaves_the_revision_as_it_was(app):
    before = revision.read()
    with pytest.raises(ZeroDivisionError), db.atomic():
        revision.bump()
        raise ZeroDivisionError
    assert revision.read() == before
    revision.bump()
    assert revision.read() == before + 1


def test_what_follows_a_commit_does_not_run_after_a_rollback(app):
    told = []
    with pytest.raises(ZeroDivisionError), db.atomic():
        db.after_commit(lambda: told.append("perdu"))
        raise ZeroDivisionError
    with db.atomic():
        db.after_commit(lambda: told.append("écrit"))
        assert told == []
    assert told == ["écrit"]


def test_a_thread_that_met_a_base_away_keeps_no_connection_when_it_has_come_back(app, monkeypatch):
    """One kept by the page of error would be that thread's for ever, dead as soon as the server restarts."""
    connect, away = db.obj._connect, [OperationalError("timeout")]

    def come_back():
        if away:
            raise away.pop()
        return connect()

    monkeypatch.setattr(db.obj, "_connect", come_back)

    def visit():
        return app.test_client().get("/").status_code, db.is_closed()

    with ThreadPoolExecutor(1) as another:
        assert another.submit(visit).result() == (503, True)


@pytest.mark.parametrize("path", ["/", "/contact", "/healthz"])
def test_a_visitor_for_whom_no_connection_is_left_is_asked_to_come_back(app, monkeypatch, path):
    app.testing = app.config["PROPAGATE_EXCEPTIONS"] = False
    db.obj.close_idle()
    monkeypatch.setattr(db.obj, "_max_connections", 1)  # which is the test's own
    monkeypatch.setattr(db.obj, "_wait_timeout", 0.05)
    with ThreadPoolExecutor(1) as another:
        answer = another.submit(lambda: app.test_client().get(path)).result()
    assert answer.status_code == 503
    assert path == "/healthz" or "Le site est occupé" in answer.text
