"""What only one may have, and what has so many places, asked of several real processes at the same moment.

One référent of a protocol and the entries that a list takes are asked through the site by members who are logged in;
one holder of a thing, by the coordination in many windows; places of a volunteer, by processes that call the rule.
`CPTS_FAULTS=long` (`make faults`) makes 100 rounds.
"""

import contextlib
import http.client
import json
import os
import secrets
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from itsdangerous import URLSafeTimedSerializer

from cptsapp.blueprints.adherent import rules as adherents
from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.directory import catalogue
from cptsapp.blueprints.directory.models import HOLDING, Entry, EntryHold, EntryUse
from cptsapp.blueprints.loan import rules as loans
from cptsapp.blueprints.loan.models import Loan
from cptsapp.kernel import sessions
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import now
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.sessions import Session, cookie_name
from tests.conftest import SECRET, open_account
from tests.directory.conftest import declared, practitioner
from tests.faults.test_event_races import ANSWERS_WITHIN_SECONDS, BUSY, LONG, ROOT, place, served

__all__ = ["place"]
ROUNDS = int(os.environ.get("FAULTS_ROUNDS", 100 if LONG else 1))
MEMBERS, LIMIT, PLACES = 12, 5, 7
TAKERS, TRIES = 3, 5
SIGNER = URLSafeTimedSerializer(SECRET, salt="wtf-csrf-token")  # as Flask-WTF signs what a form carries
SMALL = {
    "name": "Petite liste", "purpose": "Essayer.", "theme": "acces", "subject": "person", "readers": "adherents",
    "limit": LIMIT, "consent": {"version": "1", "text": "J’accepte."}, "fields": [],
}  # fmt: skip


class Window:
    """A browser in which an account is logged in."""

    def __init__(self, account):
        self.key, self.csrf = secrets.token_urlsafe(32), secrets.token_hex(20)
        data = {"_user_id": str(account.get_id()), "_fresh": True, "csrf_token": self.csrf}
        Session.create(
            id_hash=sessions._hash(self.key),
            account=account.id,
            data_json=json.dumps(data),
            expires_at=now() + timedelta(days=1),
        )

    def post(self, server, path, data) -> int:
        """Send a form as a browser does, again when the site says that it is busy; return the status."""
        headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
        headers["Cookie"] = f"{cookie_name()}={self.key}"
        body = urlencode(data | {"csrf_token": SIGNER.dumps(self.csrf)})
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ANSWERS_WITHIN_SECONDS)
            with contextlib.closing(connection):
                connection.request("POST", path, body, headers)
                status = connection.getresponse().status
            if status != BUSY:
                return status


def together(windows, send) -> list[int]:
    """Have every window send at the same moment; return the statuses."""
    gate = threading.Barrier(len(windows))

    def one(pair):
        gate.wait(ANSWERS_WITHIN_SECONDS)
        return send(*pair)

    with ThreadPoolExecutor(len(windows)) as pool:
        return list(pool.map(one, enumerate(windows)))


@pytest.fixture
def members(place):
    """The windows of members who are health professionals."""
    return [Window(_member(rank)) for rank in range(MEMBERS)]


def _member(rank):
    account = open_account(f"membre{rank}@exemple.fr", f"Membre{rank} Fictif")
    adherents.admit(account.person_id)
    Practice.create(person=account.person_id, profession="60")
    return account


@pytest.fixture
def desk(place):
    """As many windows of the coordination."""
    account = open_account("coordinatrice@exemple.fr", "Camille Exemple", "coordination")
    return [Window(account) for _ in range(MEMBERS)]


def test_of_many_windows_at_once_one_has_what_only_one_may_have(place, members, desk):
    holders = [practitioner("60").id for _ in range(MEMBERS)]
    with served(place | {"CPTS_SECOND_FACTOR_REQUIRED": "false"}) as server:
        for rank in range(ROUNDS):
            one_is_the_referent(server, members, rank)
            a_list_takes_no_more_than_it_says(server, members, rank)
            one_lends_a_thing(server, desk, rank, holders)


def one_is_the_referent(server, windows, rank):
    protocol = declared("protocoles", title=f"Protocole {rank}", keyed=True)
    said = {"consent": "y", "consent_version": catalogue.find("protocoles-volontaires").consent.version}
    said |= {"protocole": protocol.id, "role": "delegue", "referent": "oui"}
    path = "/espace/repertoires/protocoles-volontaires/rejoindre"
    statuses = together(windows, lambda _, window: window.post(server, path, said))
    assert sorted(statuses) == [303, *[422] * (MEMBERS - 1)]
    assert EntryHold.select().count() == rank + 1
    assert Entry.select().where(Entry.directory == "protocoles-volontaires").count() == rank + 1


def a_list_takes_no_more_than_it_says(server, windows, rank):
    slug = f"petite-liste-{rank}"
    catalogue.write(SMALL, slug)
    path, said = f"/espace/repertoires/{slug}/rejoindre", {"consent": "y", "consent_version": "1"}
    statuses = together(windows, lambda _, window: window.post(server, path, said))
    assert sorted(statuses) == [*[303] * LIMIT, *[422] * (MEMBERS - LIMIT)]
    assert Entry.select().where(Entry.directory == slug, Entry.status.in_(HOLDING)).count() == LIMIT


def one_lends_a_thing(server, windows, rank, holders):
    case = loans.save_equipment(label="Mallette", serial=f"TLC-{rank}")
    path, day = f"/gestion/teleconsultation/materiel/{case.id}/preter", str(today())
    statuses = together(windows, lambda n, window: window.post(server, path, {"holder": holders[n], "out_on": day}))
    assert set(statuses) <= {303, 422}  # whoever comes second is led back to what became of it
    assert Loan.select().where(Loan.equipment == case, Loan.returned_on.is_null()).count() == 1
    told = JournalEntry.select().where(JournalEntry.action == "loan.lent", JournalEntry.subject_id == str(case.id))
    assert told.count() == 1


def test_of_many_processes_at_once_as_many_places_are_taken_as_there_are(place):
    """Without the lock the same race takes too many: were it unable to, it would prove nothing."""
    with takers(place) as race:
        for _ in range(ROUNDS):
            assert race("locked") == PLACES
        assert race("unlocked") > PLACES


@contextlib.contextmanager
def takers(place):
    """Start processes; give the function that lets them all take places of a new entry, and counts those taken."""
    environment = os.environ | place
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, str(ROOT / "tests/faults/place_taker.py"), place["CPTS_INSTANCE"], str(TRIES)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started = [subprocess.Popen(command, cwd=ROOT, env=environment, **pipes) for _ in range(TAKERS)]

    def race(mode) -> int:
        entry = declared("medecins-volontaires", practitioner(), par_mois=PLACES)
        for each in started:
            each.stdin.write(f"{mode} {entry.id}\n")
            each.stdin.flush()
        had = sum(int(each.stdout.readline()) for each in started)
        assert EntryUse.select().where(EntryUse.entry == entry.id).count() == had
        return had

    try:
        assert [each.stdout.readline() for each in started] == ["ready\n"] * TAKERS
        yield race
    finally:
        for each in started:
            each.communicate(timeout=ANSWERS_WITHIN_SECONDS)
        assert [each.returncode for each in started] == [0] * TAKERS
