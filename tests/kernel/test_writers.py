"""Writers of one process queue, each in turn, and none is turned away because others came."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cptsapp.kernel import db as database
from cptsapp.kernel.db import db, revision
from tests.postgresql import sqlite_only

WRITERS, WRITES = 12, 15


@pytest.fixture
def queue(app):
    """What the threads of a server share."""
    return db.obj


def test_every_one_of_many_writers_is_served(app, queue):
    before, gate = revision.read(), threading.Barrier(WRITERS)

    def write(_):
        gate.wait()
        for _ in range(WRITES):
            with database.connection(), db.atomic():
                revision.bump()

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    assert revision.read() == before + WRITERS * WRITES


@sqlite_only  # PostgreSQL lets writers queue by itself
@pytest.mark.parametrize("end", ["commit", "rollback", "refused commit"])
def test_a_writer_gives_its_turn_up_however_it_ends(app, queue, monkeypatch, end):
    if end == "refused commit":
        monkeypatch.setattr(database.PooledSqliteDatabase, "commit", lambda self: 1 / 0)
    if end == "commit":
        with db.atomic():
            revision.bump()
    else:
        with pytest.raises(ZeroDivisionError), db.atomic():
            revision.bump()
            if end == "rollback":
                raise ZeroDivisionError
    assert queue._turn.acquire(timeout=0)
    queue._turn.release()


@sqlite_only  # as above
def test_a_writer_that_waits_too_long_for_its_turn_goes_on_without_it(app, queue, monkeypatch):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.01)
    before = revision.read()
    queue._turn.acquire()
    with db.atomic():
        revision.bump()
    assert revision.read() == before + 1
    queue._turn.release()
