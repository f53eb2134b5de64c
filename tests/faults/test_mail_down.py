"""The mail server is down for an hour, while people go on writing: everything leaves when it is back, each mail once.

Real senders, and a real server that is not there yet; the same rules on a faster clock (`mail_worker.py`). An hour is
seven pauses, as the product makes them longer and longer: 1, 2, 4, 8, 15, 15 and 15 minutes.
"""

import time

import pytest

from cptsapp.kernel import mail
from cptsapp.kernel.db import db
from cptsapp.kernel.mail import Kind, OutgoingMail, State
from cptsapp.kernel.mail.models import MailSender
from tests.faults.storm import HERE, LONG, Senders, Server, finish, kill, verdict

MAILS = 2000 if LONG else 40
PAUSES_OF_AN_HOUR = 7


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path / "recus", [])
    yield made
    if made.process:
        made.kill()


@pytest.fixture
def senders(app, instance, server):
    made = Senders(app, instance, server.port)
    yield made
    made.close()


def write(first, count):
    with db.atomic():
        for index in range(first, first + count):
            kind = Kind.COLLECTIVE if index % 2 else Kind.PERSONAL
            values = {"qui": f"p{index}", "lien": f"http://127.0.0.1/{index}"}
            mail.queue("essai/panne", to=f"p{index}@exemple.fr", values=values, kind=kind, secret=("lien",))


def people_go_on_writing():
    """Write while the senders pause longer and longer, for an hour of theirs; no mail pays for the absence."""
    deadline, seen = time.monotonic() + 120, set()
    while MailSender.state().pauses < PAUSES_OF_AN_HOUR:
        if MailSender.state().pauses not in seen:  # people go on writing
            seen.add(MailSender.state().pauses)
            write(MAILS + 10 * len(seen), 10)
        assert time.monotonic() < deadline, "the senders gave up trying"
        time.sleep(0.02)
    assert MailSender.state().pause_words
    waits = OutgoingMail.state.in_((State.PENDING, State.CLAIMED)) & (OutgoingMail.attempts == 0)
    assert OutgoingMail.select().where(~waits).count() == 0, "a mail pays for the server's absence"


def test_a_server_down_for_an_hour_loses_and_doubles_nothing(app, server, senders):
    app.jinja_loader.searchpath.append(str(HERE / "templates"))
    write(0, MAILS)
    pids = [senders.start(), senders.start()]
    try:
        people_go_on_writing()
    finally:
        for pid in pids:
            kill(pid)
    server.start()
    finish(senders)
    assert verdict(server) == (0, 0, 0, 0)
    assert {state for (state,) in OutgoingMail.select(OutgoingMail.state).distinct().tuples()} == {State.SENT}
    assert MailSender.state().pauses == 0
