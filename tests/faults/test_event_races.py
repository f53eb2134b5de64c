"""The race to the seats: real processes, real HTTP, more people than seats. Never one too many, nobody lost.

`CPTS_FAULTS=long` (`make faults`) makes 200 rounds. With `CPTS_TEST_DATABASE_URL`, the race runs on PostgreSQL as well,
in a schema of its own that it drops.
"""

import contextlib
import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest

from cptsapp import create_app
from cptsapp.blueprints.event import booking, links
from cptsapp.blueprints.event.people import Place, Registration
from cptsapp.kernel import db as database
from cptsapp.kernel.db import db
from cptsapp.kernel.mail import OutgoingMail
from tests.conftest import SECRET
from tests.event.test_booking import make_event

ROOT = Path(__file__).parents[2]
LONG = os.environ.get("CPTS_FAULTS") == "long"
ROUNDS = int(os.environ.get("FAULTS_ROUNDS", 200 if LONG else 2))
CLIENTS, SEATS, WORKERS = 50, 10, 3
STARTS_WITHIN_SECONDS = 90
ANSWERS_WITHIN_SECONDS = 120
BUSY = 503
POSTGRESQL = os.environ.get("CPTS_TEST_DATABASE_URL", "")
SCHEMA = "cptsapp_event_race"
STORES = ["sqlite", "postgresql"] if POSTGRESQL else ["sqlite"]


@pytest.fixture(params=STORES)
def place(request, instance):
    """An empty instance in one of the two databases, opened by this process; its environment for the servers."""
    url = f"sqlite:///{instance / 'cpts.db'}"
    if request.param == "postgresql":
        url = f"{POSTGRESQL}{'&' if '?' in POSTGRESQL else '?'}options=-csearch_path%3D{SCHEMA}"
    settings = {"secret_key": SECRET, "database_url": url}
    app = create_app(instance, **settings)
    app.testing = True  # nothing wakes a worker
    with app.app_context(), database.connection():
        if request.param == "postgresql":
            db.execute_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
            db.execute_sql(f"CREATE SCHEMA {SCHEMA}")
            database.create_all()
        yield {"CPTS_INSTANCE": str(instance), "CPTS_SECRET_KEY": SECRET, "CPTS_DATABASE_URL": url}
        if request.param == "postgresql":
            db.execute_sql(f"DROP SCHEMA {SCHEMA} CASCADE")
    db.close_all()


@dataclass
class Server:
    process: subprocess.Popen
    port: int

    def workers(self) -> list[int]:
        pid = self.process.pid
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextlib.contextmanager
def served(place, mode="locked"):
    """Serve the instance from several processes; the port is the system's choice."""
    port = booked_port()
    environment = os.environ | place | {"CPTS_WEB_WORKERS": str(WORKERS), "CPTS_TRUSTED_PROXIES": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, str(ROOT / "tests/faults/event_server.py"), place["CPTS_INSTANCE"], str(port), mode]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    server = Server(process, port)
    try:
        wait_for_answer(server)
        yield server
    finally:
        process.terminate()
        said = process.communicate()[0].decode()
    assert "Traceback" not in said, said


def booked_port() -> int:
    with contextlib.closing(http.client.socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_answer(server):
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if ask(server, "GET", "/robots.txt")[0] == 200:
                return
        time.sleep(0.1)
    raise AssertionError("the site did not start")


def ask(server, method, path, data=None, who=0):
    """Make one request as a browser does, from an address of its own; return its status, its text, where it leads."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ANSWERS_WITHIN_SECONDS)
    headers = {
        "Sec-Fetch-Site": "same-origin",
        "X-Forwarded-For": f"10.{who // 62500}.{who // 250 % 250}.{who % 250 + 1}",
    }
    if data is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    with contextlib.closing(connection):
        connection.request(method, path, urlencode(data) if data is not None else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers.get("Location", "")


@dataclass
class Race:
    """Many people who register at once for the same event, some of whom change their minds at once."""

    server: Server
    event: object
    clients: int = CLIENTS
    leavers: int = 0
    survives: bool = False  # whether the server is killed meanwhile: what was not answered is sent again
    answered: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    odd: list = field(default_factory=list)

    def run(self):
        gate = threading.Barrier(self.clients)
        with ThreadPoolExecutor(self.clients) as pool:
            list(pool.map(lambda number: self._one(number, gate), range(self.clients)))
        assert self.odd == []
        return self

    def _one(self, number, gate):
        who = self.event.id * self.clients + number  # an address of one's own: a shared one takes a few an hour
        email = f"p{number}.e{self.event.id}@exemple.fr"
        url = f"{self.event.url}/inscription"
        page = self._ask("GET", url, None, who)
        key = re.search(r'name="form_key"[^>]*value="([^"]+)"', page[1])[1]
        gate.wait(ANSWERS_WITHIN_SECONDS)
        values = {"form_key": key, "given_name": f"P{number}", "family_name": "Fictif", "email": email}
        status, text, _ = self._ask("POST", url, values, who)
        if status != 303:
            self.odd.append((status, text[-2000:]))
            return
        self.answered.append(email)
        if number < self.leavers:
            self._leave(email, number)

    def _leave(self, email, number):
        with database.connection():
            mine = (Registration.event == self.event.id) & (Registration.email == email)
            entry = Registration.select().where(mine).get()
        status, text, _ = self._ask(
            "POST", f"/evenements/inscription/{links.personal_token(entry)}/annuler", {}, number
        )
        if status != 303:
            self.odd.append((status, text[-2000:]))
        self.left.append(email)

    def _ask(self, *request):
        """Ask as a person does: again when the site says that it is busy; after a kill, again when nobody answers."""
        deadline = time.monotonic() + ANSWERS_WITHIN_SECONDS
        while True:
            try:
                answer = ask(self.server, *request)
                if answer[0] != BUSY or time.monotonic() > deadline:
                    return answer
            except (OSError, http.client.HTTPException):
                if not self.survives or time.monotonic() > deadline:
                    raise
            time.sleep(0.05)


class Watcher(threading.Thread):
    """Counts the confirmed seats all along, from outside."""

    def __init__(self, event_id):
        super().__init__(daemon=True)
        self.event_id, self.most, self.over = event_id, 0, threading.Event()

    def run(self):
        with database.connection():
            while not self.over.wait(0.005):
                self.most = max(self.most, booking.seats_taken(self.event_id))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.over.set()
        self.join()


def check(race, seats=SEATS):
    """What must hold whatever the order in which people came and left."""
    rows = list(Registration.select().where(Registration.event == race.event.id).order_by(Registration.id))
    confirmed = [row.id for row in rows if row.place == Place.CONFIRMED]
    waiting = [row.id for row in rows if row.place == Place.WAITING]
    assert len(confirmed) <= seats, "oversold"
    assert len(confirmed) == min(seats, len(confirmed) + len(waiting)), "a seat is free while people wait"
    assert {row.email for row in rows} >= set(race.answered), "a registration was lost"
    assert len(rows) == len({row.email for row in rows}) == race.clients, "registered twice"
    assert not waiting or max(confirmed) < min(waiting), "the order was not kept"
    assert {row.email for row in rows if row.place == Place.CANCELLED} == set(race.left)
    keys = [
        key for (key,) in OutgoingMail.select(OutgoingMail.key).where(OutgoingMail.key.startswith(of(race))).tuples()
    ]
    for row in rows:  # each seat is told once: when it is given at once, or when it frees itself
        once, freed = f"{of(race)}confirmed-{row.id}", f"{of(race)}promoted-{row.id}-"
        told = [key for key in keys if key == once or key.startswith(freed)]
        assert len(told) == bool(row.confirmed_at), (row.id, told)


def of(race) -> str:
    """Return how the keys of an event's mails begin."""
    return f"event-{race.event.id}-"


@pytest.mark.parametrize("leavers", [0, 20])
def test_fifty_people_race_for_ten_seats(place, leavers):
    with served(place) as server:
        for _ in range(ROUNDS):
            event = make_event(capacity=SEATS)
            with Watcher(event.id) as watcher:
                race = Race(server, event, leavers=leavers).run()
            assert len(race.answered) == CLIENTS
            assert watcher.most <= SEATS
            check(race)


def test_the_same_person_at_every_door_is_registered_once(place):
    """The same address in fifty forms at once: one registration."""
    with served(place) as server:
        event = make_event(capacity=SEATS)
        url = f"{event.url}/inscription"
        gate = threading.Barrier(12)

        def knock(number):
            page = ask(server, "GET", url, None, number)[1]
            key = re.search(r'name="form_key"[^>]*value="([^"]+)"', page)[1]
            values = {"form_key": key, "given_name": "Ada", "family_name": "Fictif", "email": "ada@exemple.fr"}
            gate.wait(ANSWERS_WITHIN_SECONDS)
            return ask(server, "POST", url, values, number)[0]

        with ThreadPoolExecutor(12) as pool:
            statuses = list(pool.map(knock, range(12)))
        assert set(statuses) <= {303, 429}  # one mailbox takes a few mails a day, whoever asks
        assert 303 in statuses
        assert Registration.select().where(Registration.event == event.id).count() == 1


def test_without_the_lock_the_same_race_oversells(place):
    """The negative control: were the race unable to oversell, it would prove nothing."""
    seats = 2
    with served(place, "unlocked") as server:
        event = make_event(capacity=seats)
        race = Race(server, event, clients=24, survives=True)
        race.run()
        assert booking.seats_taken(event.id) > seats


def test_what_was_answered_before_a_kill_is_in_the_database(place):
    with served(place) as server:
        for _ in range(max(1, ROUNDS // 4)):
            event = make_event(capacity=SEATS)
            race = Race(server, event, leavers=10, survives=True)
            killer = threading.Thread(target=kill_when, args=(server, lambda race=race: len(race.answered) >= 5))
            killer.start()
            race.run()
            killer.join()
            check(race)


def kill_when(server, ready):
    """Kill every web process, without a word, once `ready()`."""
    deadline = time.monotonic() + ANSWERS_WITHIN_SECONDS
    while not ready() and time.monotonic() < deadline:
        time.sleep(0.005)
    for pid in server.workers():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
