"""Two acts at the same time, each on a connection of its own: one is held in its middle while the other is made."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from cptsapp.kernel.db import connection, is_sqlite
from tests.postgresql import elsewhere

HELD_SECONDS = 20  # at most: a test that goes wrong must end
QUEUED_SECONDS = 0.3  # after which a writer of SQLite is known to wait: nothing tells it otherwise
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def overtaken(app, monkeypatch, first, at, second) -> tuple:
    """Make `first` until it calls `at`, (owner, name); then `second`, until it ends or waits for the first to end.

    Return what both gave, or how they failed.
    """
    owner, name = at
    act, reached, go, mine = getattr(owner, name), threading.Event(), threading.Event(), threading.local()

    def held(*args, **kwargs):
        if getattr(mine, "is_first", False) and not reached.is_set():
            reached.set()
            go.wait(HELD_SECONDS)
        return act(*args, **kwargs)

    def make(rule, is_first=False):
        mine.is_first = is_first
        with app.app_context(), connection():
            return rule()

    monkeypatch.setattr(owner, name, held)
    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(make, first, is_first=True)
        assert reached.wait(HELD_SECONDS), one.exception()
        two = threads.submit(make, second)
        _end_or_wait(two)
        go.set()
    return _outcome(one), _outcome(two)


def _end_or_wait(act: Future):
    since = time.monotonic()
    while not act.done() and time.monotonic() < since + HELD_SECONDS:
        if is_sqlite() and time.monotonic() > since + QUEUED_SECONDS:
            return
        if not is_sqlite():
            with elsewhere() as run:
                if run(WAITING).fetchone()[0]:
                    return
        time.sleep(0.02)


def _outcome(act: Future):
    return act.exception() or act.result()
