"""The server of `deploy/` under load: reloaded, a worker killed, the same address always answering.

`CPTS_FAULTS=long` (`make faults`) reloads it a hundred times.
"""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cptsapp import create_app
from cptsapp.kernel.db import db
from tests.conftest import SECRET
from tests.faults.test_serve import free_port, wait_for_answer
from tests.postgresql import sqlite_only

ROOT = Path(__file__).parents[2]
ROUNDS = 100 if os.environ.get("CPTS_FAULTS") == "long" else 1
CLIENTS = 3


@pytest.fixture
def served(instance):
    """The site as systemd starts it: its process, its port, its instance."""
    port = free_port()
    environment = os.environ | {"CPTS_INSTANCE": str(instance), "CPTS_SECRET_KEY": SECRET, "PORT": str(port)}
    environment["CPTS_BASE_URL"] = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "wsgi:app"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    wait_for_answer(process, f"http://127.0.0.1:{port}/robots.txt")
    yield process, port, instance
    process.terminate()
    said = process.communicate()[0]
    assert "Traceback" not in said, said


class Load:
    """Clients that ask without a pause, each time by a new connection; what failed is kept."""

    def __init__(self, port):
        self.port, self.stop, self.answered, self.failed = port, threading.Event(), 0, []
        self.threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def _ask(self):
        while not self.stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                connection.request("GET", "/robots.txt")
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.failed.append(answer.status)
                self.answered += 1
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
            finally:
                connection.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def workers(process) -> set[int]:
    return {int(each) for each in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()}


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


def metrics(port) -> int:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", "/metrics", headers={"Authorization": "Bearer jeton-de-mesure"})
        with connection.getresponse() as answer:
            return answer.status


def test_a_reload_under_load_loses_no_request_and_reads_the_settings_again(served):
    process, port, instance = served
    assert metrics(port) == 404
    with (instance / "cpts.toml").open("a", encoding="utf-8") as settings:
        settings.write('\nmetrics_token = "jeton-de-mesure"\n')
    with Load(port) as load:
        for _ in range(ROUNDS):
            before = workers(process)
            process.send_signal(signal.SIGHUP)
            wait_until(lambda before=before: len(workers(process) - before) >= 2 and not workers(process) & before)
        answered = load.answered
        wait_until(lambda: load.answered > answered)
    assert load.failed == []
    assert metrics(port) == 200


@sqlite_only  # it is asked for its own check
def test_workers_that_are_killed_under_load_cost_a_few_requests_and_no_row(served):
    process, port, instance = served
    with Load(port) as load:
        for _ in range(ROUNDS):
            killed = min(workers(process))
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda killed=killed: killed not in workers(process) and len(workers(process)) >= 2)
        answered = load.answered
        wait_until(lambda: load.answered > answered + 20)
    assert len(load.failed) <= ROUNDS * CLIENTS  # what the killed ones had in hand, and no more
    app = create_app(instance, secret_key=SECRET)
    with app.app_context():
        assert db.execute_sql("PRAGMA integrity_check").fetchone()[0] == "ok"
    db.close_all()
