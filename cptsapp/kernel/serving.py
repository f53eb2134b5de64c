"""The processes of an installation, started and stopped together: web, worker, and the demonstration's mailbox.

They are forked from the process that has loaded the application: it is read once, and its memory is shared.
"""

import ctypes
import gc
import logging
import mmap
import multiprocessing
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from multiprocessing import connection
from urllib.parse import urlsplit

from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from . import jobs, logs, mailbox
from .errors import RuleError
from .settings import settings

log = logging.getLogger("cptsapp.serving")

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  (listening everywhere is asked for by --host)
STOP_WITHIN_SECONDS = 65  # a little more than the worker gives a mail that is being handed over
GREET_WITHIN_SECONDS = 30
PR_SET_PDEATHSIG = 1  # Linux: the signal that a process gets when its parent dies


PLACES = 64  # processes whose connections are counted at once
FRESH_SECONDS = 5  # a process says each second how many it holds; one that says nothing any more is gone
LEFT_FOR_SECONDS = 0.001  # the time another process needs to take a connection, when it has little else to do

board = memoryview(mmap.mmap(-1, PLACES * 16)).cast("d")
"""Shared by the processes forked from this one: of each, how many connections it holds, and when it said so."""


class FairWorker(ThreadWorker):
    """gunicorn's process of threads, which leaves a new connection to a process that holds fewer of them.

    Browsers and proxies keep their connections: a process that happens to take most of them would work alone, on one
    core, while the others wait. This is only courtesy: a connection that nobody takes in a moment is taken.
    """

    @property
    def place(self) -> int:
        return self.age % PLACES * 2

    def notify(self):
        """Say, at each round, that the process is alive and what it holds."""
        super().notify()
        board[self.place], board[self.place + 1] = self.nr_conns, time.monotonic()

    def accept(self, listener):
        if self.nr_conns > self.fewest():
            time.sleep(LEFT_FOR_SECONDS)
        super().accept(listener)
        board[self.place] = self.nr_conns

    def fewest(self) -> int:
        """Return how many connections the process that has fewest of them holds."""
        since = time.monotonic() - FRESH_SECONDS
        held = (board[each] for each in range(0, len(board), 2) if board[each + 1] > since)
        return min(held, default=self.nr_conns)


class Web(BaseApplication):
    """gunicorn around an application that is loaded already."""

    def __init__(self, app, host: str, port: int):
        self.app, self.bind = app, f"{host}:{port}"
        super().__init__()

    def load_config(self):
        options = {
            "bind": self.bind,
            "worker_class": FairWorker,
            "workers": settings.web_workers,
            "threads": settings.web_threads,
            "control_socket_disable": True,  # version 27 would open one under the home folder
            "graceful_timeout": 30,
            "keepalive": 75,  # longer than a proxy in front keeps its own
            "loglevel": "warning",
            "logger_class": logs.GunicornLogger,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self):
        return self.app


def run(app, host: str, port: int, *, with_mailbox: bool, welcome: Callable[[], str]) -> int:
    """Start every process, print `welcome()` once the site answers, and wait; return the exit code.

    One that ends by itself ends them all, with code 1: whoever watches the service starts it again whole.
    Raises RuleError when an address to listen on is taken.
    """
    refuse_taken(host, port, "--port")
    tasks = {"web": Web(app, host, port).run, "worker": partial(jobs.run_worker, app)}
    if with_mailbox:
        refuse_taken("127.0.0.1", settings.mail_port, "mail_port dans cpts.toml")
        tasks["mailbox"] = partial(mailbox.run, settings.mailbox, port=settings.mail_port)
    asked_to_stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: asked_to_stop.set())
    processes = _start(tasks)
    threading.Thread(target=_greet, args=(host, port, welcome), daemon=True).start()
    _wait(processes, asked_to_stop)
    ended = [process.name for process in processes if not process.is_alive()]
    _stop(processes)
    if not asked_to_stop.is_set():
        log.error("stopped because these ended: %s", ", ".join(ended))
    return 0 if asked_to_stop.is_set() else 1


def refuse_taken(host: str, port: int, way_out: str):
    """Say before anything starts that somebody else listens there: most often this very command, left running."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise RuleError(
                f"Impossible d’écouter sur {host}:{port} (déjà pris, ou interdit : {error.strerror}). Arrêtez ce qui "
                f"l’occupe, peut-être un autre « cptsapp serve », ou changez {way_out}."
            ) from error


def leave_what_is_loaded():
    """Let the garbage collector pass over all that is loaded now, which lives as long as the process.

    Each of its rounds is shorter; and a process forked from this one writes nothing in the memory that they share.
    """
    gc.collect()
    gc.freeze()


def _start(tasks: dict[str, Callable]) -> list:
    leave_what_is_loaded()
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=_alone, args=(task,), name=name) for name, task in tasks.items()]
    for process in processes:
        process.start()
    return processes


def _alone(task: Callable):
    """Run one task in its own process, which ends with its parent, even a parent that was killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_DFL)
    task()


def _wait(processes, asked_to_stop):
    sentinels = [process.sentinel for process in processes]
    while not asked_to_stop.is_set() and not connection.wait(sentinels, timeout=0.5):
        pass


def _stop(processes):
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + STOP_WITHIN_SECONDS
    for process in processes:
        process.join(max(0.1, deadline - time.monotonic()))
        if process.is_alive():
            process.kill()


def _greet(host, port, welcome):
    address = "127.0.0.1" if host in EVERYWHERE else host
    own_name = {"Host": urlsplit(settings.base_url).netloc}
    request = urllib.request.Request(f"http://{address}:{port}/robots.txt", headers=own_name)
    for _ in range(GREET_WITHIN_SECONDS * 20):
        time.sleep(0.05)
        try:
            urllib.request.urlopen(request, timeout=2).close()  # noqa: S310  (our own loopback address)
        except urllib.error.HTTPError:
            break
        except OSError:
            continue
        else:
            break
    print(welcome(), flush=True)
