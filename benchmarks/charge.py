"""A busy day in one minute: two hundred people at once on the site of an association of 10,000 members.

Seventy in a hundred of their acts read (half as visitors, half in gestion), twenty search for a member as one types,
ten write: a registration for an event, or a member's record opened, changed and saved. Each thinks for a second or two
between two acts. Beside it, in the same run, the same people with the same pauses on a bare Flask « hello ».
CHARGE_PEOPLE, CHARGE_SECONDS and CHARGE_MEMBERS choose.
"""

import http.client
import os
import random
import statistics
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import urlencode

from benchmarks.adherents import GIVEN, instance, login, words
from benchmarks.common import cpu_seconds, folder, memory_mb, served
from benchmarks.evenements import A_PERSON_TYPES_SECONDS, KEY
from benchmarks.writing import Table, number
from cptsapp.blueprints.association.models import Association
from cptsapp.blueprints.event import rules as events
from cptsapp.kernel.db import connection, db, now, revision

PEOPLE = int(os.environ.get("CHARGE_PEOPLE", "200"))
SECONDS = float(os.environ.get("CHARGE_SECONDS", "60"))
MEMBERS = int(os.environ.get("CHARGE_MEMBERS", "10000"))
THINKS_SECONDS = (1.0, 2.0)
READS, SEARCHES = 0.7, 0.9  # below the first a person reads, below the second searches, above writes
FLOOR_SECONDS = 15


class Fields(HTMLParser):
    """The fields of the page's form that is sent by POST, with what is in them."""

    def __init__(self, page: str):
        super().__init__()
        self.values, self._inside, self._select, self._area = {}, False, None, None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        name = given.get("name")
        if tag == "form":
            self._inside = given.get("method", "get").lower() == "post" and "modifier" in (
                given.get("action") or "modifier"
            )
        elif not self._inside:
            return
        elif tag == "input" and name and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            self.values[name] = given.get("value") or ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.values):
            self.values[self._select] = given.get("value") or ""
        elif tag == "textarea":
            self._area, self.values[name] = name, ""

    def handle_data(self, data):
        if self._area:
            self.values[self._area] += data

    def handle_endtag(self, tag):
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None


class Person:
    """One person at a browser: a kept connection, an address of their own, pauses, and how long each answer took."""

    def __init__(self, crowd, rank: int):
        self.crowd, self.rank, self.random = crowd, rank, random.Random(rank)
        self.link = http.client.HTTPConnection("127.0.0.1", crowd.port, timeout=60)

    def run(self):
        time.sleep(self.random.uniform(0, THINKS_SECONDS[1]))
        while time.monotonic() < self.crowd.ends_at:
            try:
                self.crowd.act(self)
            except (OSError, http.client.HTTPException) as error:
                self.crowd.errors.append(repr(error))
                self.link.close()
            time.sleep(self.random.uniform(*THINKS_SECONDS))
        self.link.close()

    def ask(self, kind, method, path, data=None, *, logged=False, expected=200, **headers) -> str:
        headers |= {
            "Sec-Fetch-Site": "same-origin",
            "X-Forwarded-For": f"10.0.{self.rank // 250}.{self.rank % 250 + 1}",
        }
        if logged:
            headers["Cookie"] = self.crowd.cookie
        if data is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        self.link.request(method, path, urlencode(data) if data is not None else None, headers)
        answer = self.link.getresponse()
        text = answer.read().decode()
        self.crowd.times[kind].append((time.perf_counter() - began) * 1000)
        if answer.status != expected:
            self.crowd.errors.append(f"{method} {path}: {answer.status}")
        return text


class Crowd:
    """Everybody together for a while."""

    def __init__(self, port, process, *, cookie="", event="", plain=False):
        self.port, self.process, self.cookie, self.event, self.plain = port, process, cookie, event, plain
        self.times, self.errors = defaultdict(list), []

    def live(self, seconds: float) -> "Crowd":
        self.ends_at = time.monotonic() + seconds
        before, began = cpu_seconds(self.process.pid), time.monotonic()
        people = [Person(self, rank) for rank in range(PEOPLE)]
        with ThreadPoolExecutor(PEOPLE) as pool:
            list(pool.map(Person.run, people))  # what stops a person stops the benchmark
        self.lasted, self.cpu = time.monotonic() - began, cpu_seconds(self.process.pid) - before
        return self

    def act(self, person: Person):
        if self.plain:
            person.ask("hello", "GET", "/")
            return
        dice = person.random.random()
        if dice < READS:
            self.read(person)
        elif dice < SEARCHES:
            path = f"/gestion/adherents/?q={words(person.random.randrange(10_000))}"
            person.ask("chercher", "GET", path, logged=True, **{"HX-Request": "true"})
        elif dice < (1 + SEARCHES) / 2:
            self.register(person)
        else:
            self.edit(person)

    def read(self, person):
        if person.random.random() < 0.5:
            person.ask("lire", "GET", person.random.choice(["/", "/actualites/", "/evenements/", self.event]))
        else:
            record = f"/gestion/personnes/{person.random.randrange(2, MEMBERS)}"
            person.ask("lire", "GET", person.random.choice([record, "/gestion/adherents/"]), logged=True)

    def register(self, person):
        path, name = f"{self.event}/inscription", f"{person.rank}x{person.random.randrange(10**9)}"
        key = next(filter(None, KEY.search(person.ask("lire", "GET", path)).groups()))
        time.sleep(A_PERSON_TYPES_SECONDS)
        typed = {"given_name": person.random.choice(GIVEN), "family_name": f"Numéro{name}", "profession": "60"}
        typed |= {"email": f"p{name}@exemple.fr", "form_key": key, "website": ""}
        person.ask("écrire", "POST", path, typed, expected=303)

    def edit(self, person):
        path = f"/gestion/personnes/{person.random.randrange(2, MEMBERS)}/modifier"
        values = Fields(person.ask("lire", "GET", path, logged=True)).values
        time.sleep(A_PERSON_TYPES_SECONDS)
        values["phone"] = f"01 99 00 {person.random.randrange(100):02} {person.random.randrange(100):02}"
        person.ask("écrire", "POST", path, values, logged=True, expected=303)


def rows(crowd: Crowd) -> list[tuple]:
    """Return (what, number, a second, median ms, p95 ms) for each kind of act."""
    found = []
    for kind, times in sorted(crowd.times.items()):
        late = statistics.quantiles(times, n=20)[18] if len(times) > 1 else times[0]
        found.append((kind, len(times), len(times) / crowd.lasted, statistics.median(times), late))
    return found


def open_event(path) -> str:
    """Put the site online with an event that has room for everybody; return its address."""
    with connection():
        Association.insert(id=1, name="Banc d’essai").on_conflict_ignore().execute()
        Association.update(online_at=now()).execute()
        start = now().replace(minute=0, second=0, microsecond=0) + timedelta(days=20)
        event = events.create(title="Banc", sessions=[(start, start + timedelta(hours=2), "")], capacity=100_000)
        address = events.publish(event.id).url
        revision.bump()
    db.close_all()
    return address


def main():
    with served("benchmarks.hello:app") as (port, process):
        floor = Crowd(port, process, plain=True).live(min(SECONDS, FLOOR_SECONDS))
    with folder() as place:
        path = instance(place, MEMBERS)
        event = open_event(path)
        with served("wsgi:app", {"CPTS_INSTANCE": str(path), "CPTS_TRUSTED_PROXIES": "1"}) as (port, process):
            crowd = Crowd(port, process, cookie=login(port, path), event=event).live(SECONDS)
            memory = memory_mb(process.pid)
        db.close_all()
    yield f"{PEOPLE} personnes, {number(MEMBERS)} adhérents, {SECONDS:.0f} s, 2 processus de 4 fils."
    base = rows(floor)[0]
    yield Table(
        ("quoi", "demandes", "par seconde", "médiane ms", "p95 ms", "p95 × F"),
        [
            (kind, number(count), number(rate), number(median, 1), number(late, 1), number(late / base[-1]))
            for kind, count, rate, median, late in [("F : « hello », même rythme", *base[1:]), *rows(crowd)]
        ],
    )
    busy = crowd.cpu / crowd.lasted
    yield f"Erreurs : {len(crowd.errors)}. Le web occupe {number(busy, 1)} cœur et {memory:.0f} Mo."
    yield from crowd.errors[:5]
