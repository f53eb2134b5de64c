"""PostgreSQL and Redis stopped and started again under load: clean refusals, no lost row, no program to start again.

They are servers of our own (`private_servers.py`). `CPTS_FAULTS=long` makes twenty rounds.
"""

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import pytest
from itsdangerous import URLSafeSerializer

from cptsapp import create_app
from cptsapp.blueprints.association.models import Association
from cptsapp.blueprints.association.rules import default_identity
from cptsapp.blueprints.contact.models import ContactMessage
from cptsapp.kernel import db as database
from cptsapp.kernel.db import db, now
from cptsapp.kernel.limits import Tries
from cptsapp.kernel.mail import OutgoingMail, State
from tests.conftest import SECRET
from tests.faults.private_servers import Postgresql, Redis, free_port, needs_own_postgresql, needs_own_redis
from tests.faults.test_reload import wait_until, workers
from tests.faults.test_serve import wait_for_answer
from tests.sink import Sink, SinkServer

ROOT = Path(__file__).parents[2]
ROUNDS = 20 if os.environ.get("CPTS_FAULTS") == "long" else 1
CLIENTS = 3
AWAY_SECONDS = 0.5
BACK_WITHIN_SECONDS = 30
CLEAN = {200, 303, 429, 503}


class Site:
    """The site as it is served, and people who read and write without a pause; their messages that were accepted."""

    def __init__(self, folder, **settings):
        self.port, self.answers, self.failed, self.accepted = free_port(), Counter(), [], []
        self.environment = os.environ | {
            "CPTS_INSTANCE": str(folder),
            "CPTS_SECRET_KEY": SECRET,
            "PORT": str(self.port),
        }
        self.environment |= {"CPTS_BASE_URL": f"http://127.0.0.1:{self.port}", "CPTS_TRUSTED_PROXIES": "1", **settings}
        command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "wsgi:app"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, **quiet)
        wait_for_answer(self.process, f"http://127.0.0.1:{self.port}/robots.txt")
        self._ranks, self._stop = count(1), threading.Event()
        self._threads = [threading.Thread(target=self._live) for _ in range(CLIENTS)]

    def ask(self, method, path, data=None, who=1) -> int:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {
            "Sec-Fetch-Site": "same-origin",
            "X-Forwarded-For": f"10.{who // 62500}.{who // 250 % 250}.{who % 250}",
        }
        if data:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            link.request(method, path, urlencode(data) if data else None, headers)
            answer = link.getresponse()
            answer.read()
            return answer.status
        finally:
            link.close()

    def write(self) -> int:
        who = next(self._ranks)
        key = URLSafeSerializer(SECRET, salt="form-key").dumps([f"cle-{who}", int(time.time()) - 60])
        typed = {"name": "Sacha Fictif", "email": f"p{who}@exemple.fr", "topic": "professional", "subject": f"n{who}"}
        status = self.ask("POST", "/contact", typed | {"body": "Un message.", "website": "", "form_key": key}, who)
        if status == 303:
            self.accepted.append(f"n{who}")
        return status

    def _live(self):
        while not self._stop.is_set():
            try:
                self.answers[self.ask("GET", "/contact")] += 1
                self.answers[self.write()] += 1
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        wait_until(lambda: len(self.accepted) > CLIENTS)
        return self

    def __exit__(self, *error):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def more_are_accepted(self):
        """Wait until more messages are in, as if an hour had passed: the form takes a hundred in one."""
        with database.connection():
            Tries.delete().execute()
        accepted = len(self.accepted)
        wait_until(lambda: len(self.accepted) > accepted + CLIENTS, BACK_WITHIN_SECONDS)

    def close(self):
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def postgresql():
    with tempfile.TemporaryDirectory(prefix="cptsapp-pg-") as folder:  # pytest's own are closed to who runs it
        made = Postgresql(Path(folder))
        made.start()
        yield made
        made.stop("immediate")


@pytest.fixture
def redis():
    made = Redis()
    made.start()
    yield made
    made.stop()


@needs_own_postgresql
@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_postgresql_that_restarts_costs_clean_refusals_and_no_row(postgresql, tmp_path, mode):
    folder = tmp_path / "instance"
    folder.mkdir()
    app = create_app(folder, secret_key=SECRET, database_url=postgresql.url)
    with app.app_context(), database.connection():
        database.create_all()
    db.close_all()
    site = Site(folder, CPTS_DATABASE_URL=postgresql.url)
    try:
        wait_until(lambda: len(workers(site.process)) == 2)  # the first answers before the second is there
        first = workers(site.process)
        with site:
            for _ in range(ROUNDS):
                postgresql.stop(mode)
                time.sleep(AWAY_SECONDS)
                postgresql.start()
                site.more_are_accepted()
                db.close_all()
        assert workers(site.process) == first, "a process had to be started again"
    finally:
        site.close()
    assert site.failed == []
    assert set(site.answers) <= CLEAN, site.answers
    assert site.answers[503]
    create_app(folder, secret_key=SECRET, database_url=postgresql.url)
    with database.connection():
        kept = {subject for (subject,) in ContactMessage.select(ContactMessage.subject).tuples()}
    db.close_all()
    assert set(site.accepted) <= kept


@needs_own_redis
def test_redis_that_restarts_costs_nothing_and_its_worker_goes_on(app, instance, redis):
    default_identity(name="CPTS d’essai", email="contact@exemple.fr", communes=[])  # who is written to
    Association.update(online_at=now()).execute()
    server = SinkServer(Sink())
    server.start()
    mails = {"CPTS_REDIS_URL": redis.url, "CPTS_MAIL_PORT": str(server.port)}
    site = Site(instance, **mails)
    worker = subprocess.Popen(
        [sys.executable, "-m", "cptsapp", "worker"], cwd=ROOT, env=site.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with site:
            for _ in range(ROUNDS):
                redis.stop()
                time.sleep(AWAY_SECONDS)
                site.more_are_accepted()
                redis.start()
        assert worker.poll() is None
        sent = OutgoingMail.select().where(OutgoingMail.state == State.SENT)
        site.write()  # which wakes the worker
        assert OutgoingMail.select().count() > 0
        wait_until(lambda: OutgoingMail.select().count() == sent.count(), 90)
    finally:
        site.close()
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=60)
        server.stop()
    assert site.failed == []
    assert set(site.answers) <= {200, 303, 429}, site.answers
    assert {subject for (subject,) in ContactMessage.select(ContactMessage.subject).tuples()} == set(site.accepted)
