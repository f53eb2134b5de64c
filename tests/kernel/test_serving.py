"""Connections are shared out between the processes of the site."""

import errno
import logging
import os

import pytest
from gunicorn.config import Config

from cptsapp.kernel import serving


class TakenByAnother:
    """A listening socket whose connection another process has just taken."""

    @staticmethod
    def accept():
        raise BlockingIOError(errno.EAGAIN, "nobody is waiting")


@pytest.fixture
def workers(monkeypatch):
    """Two processes as gunicorn makes them, that have said what they hold; `waits` counts who left a connection."""
    for each in range(len(serving.board)):
        serving.board[each] = 0
    made = []
    for age in (7, 8):
        worker = serving.FairWorker(age, os.getpid(), [], None, 30, Config(), logging.getLogger("essai"))
        worker.tmp.notify()
        made.append(worker)
    waits = []
    monkeypatch.setattr(serving.time, "sleep", waits.append)

    def holding(*connections):
        for worker, held in zip(made, connections, strict=True):
            worker.nr_conns = held
            worker.notify()
        return made

    yield holding, waits
    for worker in made:
        worker.tmp.close()


@pytest.mark.parametrize(("held", "leaves"), [((3, 1), True), ((1, 3), False), ((2, 2), False), ((0, 0), False)])
def test_a_process_leaves_a_connection_to_one_that_holds_fewer(workers, held, leaves):
    holding, waits = workers
    first, _ = holding(*held)
    first.accept(TakenByAnother)
    assert bool(waits) is leaves


def test_a_process_that_is_gone_is_waited_for_no_more(workers):
    holding, waits = workers
    first, gone = holding(3, 1)
    serving.board[gone.place + 1] -= serving.FRESH_SECONDS
    first.accept(TakenByAnother)
    assert waits == []


def test_what_a_process_holds_is_known_as_soon_as_it_changes(workers):
    holding, _ = workers
    first, second = holding(3, 1)
    second.nr_conns = 4
    second.accept(TakenByAnother)
    assert first.fewest() == 3


def test_both_ways_to_serve_share_connections_out():
    text = serving.__file__.replace("cptsapp/kernel/serving.py", "deploy/gunicorn.conf.py")
    with open(text, encoding="utf-8") as file:
        assert f'worker_class = "cptsapp.kernel.serving.{serving.FairWorker.__name__}"' in file.read()
    assert issubclass(serving.Web(None, "127.0.0.1", 0).cfg.worker_class, serving.FairWorker)
