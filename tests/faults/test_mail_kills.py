"""Real senders killed at random, against a real server that is down, slow, greylists, refuses, cuts and drops.

The server's own list is the truth: no mail is lost, none is doubled without its row saying so, none goes to another.
`CPTS_FAULTS=long` (`make faults`) makes the long run; FAULTS_KILLS, FAULTS_MAILS and FAULTS_SEED choose.
"""

import os
import random

import pytest

from cptsapp.kernel import mail
from cptsapp.kernel.db import db
from cptsapp.kernel.mail import Kind
from tests.faults.storm import CONNECTIONS, HERE, LONG, Senders, Server, finish, storm, verdict

KILLS = int(os.environ.get("FAULTS_KILLS", "1000" if LONG else "10"))
MAILS = int(os.environ.get("FAULTS_MAILS", "10000" if LONG else "240"))


@pytest.fixture
def chance():
    seed = int(os.environ.get("FAULTS_SEED", random.randrange(10**6)))
    print(f"FAULTS_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def mails(app):
    """Half personal, half collective, each to an address of its own."""
    app.jinja_loader.searchpath.append(str(HERE / "templates"))
    with db.atomic():
        for index in range(MAILS):
            kind = Kind.COLLECTIVE if index % 2 else Kind.PERSONAL
            values = {"qui": f"p{index}", "lien": f"http://127.0.0.1/{index}"}
            mail.queue("essai/panne", to=f"p{index}@exemple.fr", values=values, kind=kind, secret=("lien",))


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


@pytest.mark.parametrize("server", [["slow", "greylist", "refuse", "cut", "drop"]], indirect=True)
def test_kills_lose_no_mail_and_double_none_in_silence(mails, server, senders, chance, capsys):
    killed = storm(senders, server, chance, kills=KILLS)
    finish(senders)
    lost, doubled, strayed, doubts = verdict(server)
    with capsys.disabled():
        print(f"\n  {MAILS} mails, {killed} kills of senders, {server.starts - 1} of the server:", end=" ")
        print(f"{lost} lost, {doubled} doubled in silence, {doubts} in doubt")
    assert (lost, doubled, strayed) == (0, 0, 0)


@pytest.mark.parametrize("server", [["stall"]], indirect=True)
def test_a_kill_leaves_at_most_one_doubt_for_each_connection(mails, server, senders, chance):
    killed = storm(senders, server, chance, kills=KILLS // 2 + 1, server_dies=False)
    finish(senders)
    lost, doubled, strayed, doubts = verdict(server)
    assert (lost, doubled, strayed) == (0, 0, 0)
    assert doubts <= (killed + 2) * CONNECTIONS


@pytest.mark.parametrize("server", [["stall"]], indirect=True)
@pytest.mark.parametrize("senders", [["naive"]], indirect=True)
def test_the_same_storm_finds_the_doubles_of_a_sender_that_marks_after_sending(mails, server, senders, chance):
    storm(senders, server, chance, kills=max(KILLS, 6), server_dies=False)
    finish(senders)
    assert verdict(server)[1] > 0
