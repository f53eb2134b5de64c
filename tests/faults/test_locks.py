"""Another program holds the database for long: readers go on, writers wait, then read a sentence and try again.

`CPTS_FAULTS=long` waits as long as the product does in service (5 seconds), and as many times as a busy day would.
"""

import os
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from cptsapp.blueprints.contact.models import ContactMessage
from cptsapp.kernel import backup
from cptsapp.kernel.db import BUSY_SECONDS, db, is_sqlite
from cptsapp.kernel.settings import settings

HERE = Path(__file__).parent
LONG = os.environ.get("CPTS_FAULTS") == "long"
PATIENCE_SECONDS = BUSY_SECONDS if LONG else 1
TYPED = {"name": "Sacha Fictif", "email": "sacha@exemple.fr", "topic": "professional", "subject": "Bonjour"}


@pytest.fixture
def patience(app):
    """The product waits for a lock as long as it says."""
    if is_sqlite():
        db.pragma("busy_timeout", PATIENCE_SECONDS * 1000, permanent=True)
    else:
        db.execute_sql(f"SET lock_timeout = '{PATIENCE_SECONDS}s'")
    return PATIENCE_SECONDS


@contextmanager
def held(how: str):
    """Let another program hold the database while the block lasts; the block may let it go earlier."""
    command = [sys.executable, str(HERE / "lock_holder.py"), settings.database_url, how]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    try:
        yield holder.stdin.close  # and no more: who reads what it prints would race with the end of the block
    finally:
        holder.kill()
        holder.wait()
        holder.stdin.close()
        holder.stdout.close()


def message(client) -> dict:
    form = client.get("/contact")
    assert form.status_code == 200
    key = re.search(r'name="form_key"[^>]*value="([^"]+)"', form.text)[1]
    return TYPED | {"body": "Un message qui attend.", "website": "", "form_key": key}


def test_a_writer_waits_for_another_and_then_writes(client, patience):
    with held("write") as let_go:
        typed = message(client)
        began = time.monotonic()
        threading.Timer(patience * 0.5, let_go).start()
        answer = client.post("/contact", data=typed)
        waited = time.monotonic() - began
    assert answer.status_code == 303
    assert waited >= patience * 0.4
    assert ContactMessage.select().count() == 1


def test_a_writer_that_waits_too_long_reads_a_sentence_and_sends_the_same_again(client, patience):
    with held("write"):
        typed = message(client)  # reading goes on
        for headers in ({}, {"HX-Request": "true"}):
            began = time.monotonic()
            answer = client.post("/contact", data=typed, headers=headers)
            assert time.monotonic() - began >= patience * 0.8
            assert answer.status_code == 503
            assert "Le site est occupé" in answer.text
            assert "rien de ce qui était enregistré n’est perdu" in answer.text
    assert ContactMessage.select().count() == 0
    assert client.post("/contact", data=typed).status_code == 303
    assert ContactMessage.select().count() == 1


def test_a_reader_that_stays_stops_neither_writers_nor_a_backup(client, patience):
    with held("read"):
        for _ in range(200 if LONG else 5):
            began = time.monotonic()
            assert client.post("/contact", data=message(client)).status_code in (303, 429)
            assert time.monotonic() - began < patience
        made = backup.save()
    assert backup.check(made)["database"]["rows"]["contact_message"] == ContactMessage.select().count() >= 5
