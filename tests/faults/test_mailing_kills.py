"""A sending to many, while everything that can die dies: nobody is forgotten, nobody gets it twice.

Unlike a personal mail, a letter in doubt is never sent again without a person's word: the server's own list must hold
each recipient once at most. `CPTS_FAULTS=long` makes the long run; FAULTS_RECIPIENTS, FAULTS_KILLS, FAULTS_SEED choose.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from cptsapp.blueprints.mailing import audience, rules, sources
from cptsapp.blueprints.mailing.letters import Letter
from cptsapp.blueprints.mailing.models import Mailing, MailingText
from cptsapp.blueprints.mailing.models import State as Phase
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.db import db, insert_rows
from cptsapp.kernel.mail import OutgoingMail, State
from tests.faults.storm import CONNECTIONS, HERE, LONG, Senders, Server, finish, kill, storm, waiting

KILLS = int(os.environ.get("FAULTS_KILLS", "20" if LONG else "4"))
RECIPIENTS = int(os.environ.get("FAULTS_RECIPIENTS", "2000" if LONG else "150"))
DONE = (State.SENT, State.REFUSED, State.UNCERTAIN)


@pytest.fixture
def chance():
    seed = int(os.environ.get("FAULTS_SEED", random.randrange(10**6)))
    print(f"FAULTS_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def mailing(app):
    """A sending to RECIPIENTS people, not started."""
    letter = Letter("La lettre", "", "<p>{bonjour}</p>" + "<p>Un paragraphe.</p>" * 50, "{bonjour}")
    sources.register(sources.LetterSource("essai", "Essai", lambda id: letter, lambda id: ""))
    fields = [Person.family_name, Person.given_name, Person.email, Person.email_normalised, Person.folded]
    rows = [(f"F{n}", f"P{n}", f"p{n}@exemple.fr", f"p{n}@exemple.fr", f"f{n:06}") for n in range(RECIPIENTS)]
    with db.atomic():
        ids = insert_rows(Person, fields, rows, returning=True)
    made = rules.open_for("essai", 1)
    yield rules.set_audience(made.id, audience.chosen(ids))
    sources._sources.pop("essai")


@pytest.fixture
def started(mailing):
    return rules.start(mailing.id)


@pytest.fixture
def server(tmp_path, request):
    made = Server(tmp_path / "recus", request.param)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def senders(app, instance, server, request):
    made = Senders(app, instance, server.port, *getattr(request, "param", []))
    yield made
    made.close()


def verdict(server) -> dict[str, int]:
    """Compare the rows with the server's own list."""
    taken = Counter(recipient for recipient, _, _ in server.accepted())
    rows = list(OutgoingMail.select())
    states = Counter(row.state for row in rows)
    assert len(rows) == RECIPIENTS
    assert sum(states[each] for each in DONE) == RECIPIENTS
    return {
        "sent": states[State.SENT],
        "in_doubt": states[State.UNCERTAIN],
        "refused": states[State.REFUSED],
        "doubled": sum(count > 1 for count in taken.values()),
        "lost": sum(row.state == State.SENT and not taken[row.to_address] for row in rows),
        "strayed": sum(recipient != to for recipient, to, _ in server.accepted()),
        "uncounted": sum(bool(taken[row.to_address]) for row in rows if row.state == State.REFUSED),
    }


def say(capsys, what, found):
    with capsys.disabled():
        figures = ", ".join(f"{name} {count}" for name, count in found.items())
        print(f"\n  {what}: {RECIPIENTS} recipients: {figures}")


def fine(found) -> bool:
    return not (found["doubled"] or found["lost"] or found["strayed"] or found["uncounted"])


@pytest.mark.parametrize("server", [["slow"]], indirect=True)
def test_killed_workers_forget_nobody_and_write_to_nobody_twice(started, server, senders, chance, capsys):
    killed = storm(senders, server, chance, kills=KILLS, server_dies=False)
    finish(senders)
    found = verdict(server)
    say(capsys, f"worker killed {killed} times, two at work", found)
    assert fine(found)
    assert found["in_doubt"] <= (killed + 2) * CONNECTIONS


@pytest.mark.parametrize("server", [["slow", "greylist", "refuse", "cut", "drop", "stall"]], indirect=True)
def test_a_server_that_sulks_dies_and_comes_back_doubles_nobody(started, server, senders, chance, capsys):
    killed = storm(senders, server, chance, kills=KILLS)
    finish(senders)
    found = verdict(server)
    say(capsys, f"worker killed {killed} times, server {server.starts - 1}, sulking", found)
    assert fine(found)


def has_ended(pid) -> bool:
    """Tell whether a sender has given up: its parent, which only forks, leaves it as a zombie."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


@pytest.mark.parametrize("server", [["slow"]], indirect=True)
@pytest.mark.parametrize("senders", [["full"]], indirect=True)
def test_a_full_disk_stops_the_sending_and_loses_nothing(app, instance, started, server, senders, chance, capsys):
    for _ in range(2):
        pid, deadline = senders.start(), time.monotonic() + 20
        while time.monotonic() < deadline and not has_ended(pid):
            time.sleep(0.05)
        assert has_ended(pid)
    assert waiting()
    healthy = Senders(app, instance, server.port)
    try:
        finish(healthy)
    finally:
        healthy.close()
    found = verdict(server)
    say(capsys, "disk full twice, then room again", found)
    assert fine(found)
    assert found["in_doubt"] <= 2 * CONNECTIONS


@pytest.mark.parametrize("server", [["slow"]], indirect=True)
@pytest.mark.parametrize("senders", [["naive"]], indirect=True)
def test_the_same_storm_finds_the_doubles_of_a_sender_that_marks_after_sending(started, server, senders, chance):
    storm(senders, server, chance, kills=max(KILLS, 8), server_dies=False)
    finish(senders)
    assert verdict(server)["doubled"] > 0


def test_a_start_that_is_killed_happened_whole_or_not_at_all(app, instance, mailing, chance):
    command = [sys.executable, str(HERE / "mailing_starter.py"), str(instance), app.secret_key, str(mailing.id)]
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1])}
    starter = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    killed = 0
    try:
        while Mailing.get_by_id(mailing.id).state == Phase.DRAFT and killed < 40:
            assert not OutgoingMail.select().exists()
            assert not MailingText.select().exists()
            starter.stdin.write(b"\n")
            starter.stdin.flush()
            pid = int(starter.stdout.readline())
            time.sleep(chance.uniform(0, 0.12 if killed < 20 else 3))
            kill(pid)
            killed += 1
            time.sleep(0.05)
    finally:
        starter.stdin.close()
        starter.stdout.close()
        starter.kill()
        starter.wait()
    assert OutgoingMail.select().count() == RECIPIENTS
    assert MailingText.select().count() == 1
