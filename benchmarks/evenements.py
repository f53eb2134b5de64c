"""Registering for an event over HTTP: fifty people racing for ten seats, a thousand seats filled, a month of events.

Each person asks for the form, waits as a person does, then sends it. Beside it, in the same run: as many bare inserts,
each in its own durable SQLite transaction (synchronous FULL), and a bare Flask « hello » for the month.
"""

import http.client
import re
import sqlite3
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.adherents import empty
from benchmarks.common import cpu_seconds, figures, folder, load, request_bytes, served
from benchmarks.writing import Table, number, times
from cptsapp.blueprints.association.models import Association
from cptsapp.blueprints.event import rules
from cptsapp.blueprints.event.models import Event
from cptsapp.blueprints.event.people import Place, Registration
from cptsapp.kernel.db import connection, db, now, revision

PEOPLE, SEATS, MANY, EVENTS = 50, 10, 1000, 500
A_PERSON_TYPES_SECONDS = 3.3
KEY = re.compile(r'name="form_key"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="form_key"')


def fill(path: Path) -> dict[str, str]:
    """Make the events of the benchmark in a new instance; return the addresses of the two that are registered for."""
    empty(path)
    with connection():
        Association.update(online_at=now()).execute()
        start = now().replace(minute=0, second=0, microsecond=0) + timedelta(days=20)
        found = {}
        for name, capacity in (("race", SEATS), ("many", MANY)):
            event = rules.create(
                title=f"Banc {name}", sessions=[(start, start + timedelta(hours=2), "")], capacity=capacity
            )
            found[name] = rules.publish(event.id).url
        for rank in range(EVENTS):
            moment = start + timedelta(hours=24 * (rank % 300) - 2400)
            Event.create(
                slug=f"e{rank}", uid=f"e{rank}", title=f"Événement {rank}", status="published", published_at=now(),
                starts_at=moment, ends_at=moment + timedelta(hours=1), place="Salle",
            )  # fmt: skip
        revision.bump()
        db.execute_sql("PRAGMA optimize")
    db.close_all()
    return found


def ask(port: int, who: int, method: str, path: str, data: dict | None = None) -> tuple[int, str]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {
        "Sec-Fetch-Site": "same-origin",
        "X-Forwarded-For": f"10.{who // 62500}.{who // 250 % 250}.{who % 250 + 1}",
    }
    if data:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    link.request(method, path, urlencode(data) if data else None, headers)
    answer = link.getresponse()
    found = answer.status, answer.read().decode()
    link.close()
    return found


def forms(port: int, path: str, people: range) -> dict[int, str]:
    """Ask for the form once a person; return their keys."""
    with ThreadPoolExecutor(8) as pool:
        pages = pool.map(lambda who: ask(port, who, "GET", f"{path}/inscription")[1], people)
        return {who: next(filter(None, KEY.search(page).groups())) for who, page in zip(people, pages, strict=True)}


def register(port: int, path: str, who: int, key: str) -> float:
    began = time.perf_counter()
    person = {"given_name": "Prénom", "family_name": f"Numéro{who}", "email": f"p{who}@exemple.fr", "profession": "60"}
    status, page = ask(port, who, "POST", f"{path}/inscription", person | {"form_key": key, "website": ""})
    if status != 303:
        raise AssertionError(f"answered {status}: {page[:300]}")
    return time.perf_counter() - began


def run(port, process, path, people: range) -> tuple[float, float, float, float]:
    """Register everybody, fifty at once; return (a second, last answer s, median s, CPU ms of form and sending)."""
    before = cpu_seconds(process.pid)
    keys = forms(port, path, people)
    time.sleep(A_PERSON_TYPES_SECONDS)
    gate, began = threading.Barrier(PEOPLE), []

    def one(who):
        if who < people.start + PEOPLE:
            gate.wait()
            began.append(time.perf_counter())
        return register(port, path, who, keys[who])

    with ThreadPoolExecutor(PEOPLE) as pool:
        times = list(pool.map(one, people))
    lasted = time.perf_counter() - min(began)
    cpu = (cpu_seconds(process.pid) - before) / len(people) * 1000
    return len(people) / lasted, lasted, statistics.median(times), cpu


def bare(path: Path, count: int) -> float:
    """Return how many inserts a second SQLite makes alone, each one durable."""
    base = sqlite3.connect(path, isolation_level=None)
    base.execute("PRAGMA journal_mode=wal")
    base.execute("PRAGMA synchronous=full")
    base.execute("CREATE TABLE registration (id INTEGER PRIMARY KEY, event, email, name)")
    began = time.perf_counter()
    for rank in range(count):
        base.execute("BEGIN IMMEDIATE")
        base.execute("INSERT INTO registration (event, email, name) VALUES (1, ?, ?)", (f"p{rank}@exemple.fr", "n"))
        base.execute("COMMIT")
    lasted = time.perf_counter() - began
    base.close()
    return count / lasted


def main():
    with folder() as place:
        path = place / "instance"
        addresses = fill(path)
        with served("wsgi:app", {"CPTS_INSTANCE": str(path), "CPTS_TRUSTED_PROXIES": "1"}) as (port, process):
            race = run(port, process, addresses["race"], range(PEOPLE))
            many = run(port, process, addresses["many"], range(1000, 1000 + MANY))
            month = load(
                port, process, lambda n: request_bytes(f"/evenements/mois/{now():%Y-%m}?type=webinar&q={n}", port)
            )
        with served("benchmarks.hello:app") as (port, process):
            hello = load(port, process, lambda n: request_bytes("/", port))
        floor = bare(place / "nu.db", MANY)
        with connection():
            exact = Registration.select().join(Event).where(
                Event.capacity == SEATS, Registration.state == Place.CONFIRMED
            ).count()  # fmt: skip
        db.close_all()
    asked = ((f"{PEOPLE} personnes pour {SEATS} places", race), (f"{MANY} places, {PEOPLE} à la fois", many))
    yield Table(
        ("quoi", "par seconde", "dernière réponse s", "médiane s", "CPU ms (formulaire et envoi)"),
        [(name, number(f[0]), number(f[1], 2), number(f[2], 2), number(f[3], 1)) for name, f in asked],
    )
    yield f"Places confirmées dans la course : {exact} sur {SEATS}."
    yield f"Insertions SQLite nues, durables : {number(floor)}/s ; {MANY} inscriptions : {times(many[0] / floor)}."
    yield figures([("F : « hello »", hello), (f"vue d’un mois, {EVENTS} événements, construite", month)], hello)
