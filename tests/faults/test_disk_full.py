"""A disk that fills up: a sentence, nothing corrupt, and everything goes on when there is room again.

The disk is a small file system in memory, which takes root to mount; elsewhere these tests are left out.
"""

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest

from cptsapp import create_app
from cptsapp.kernel import backup
from cptsapp.kernel import db as database
from cptsapp.kernel.backup.making import database_problems
from cptsapp.kernel.db import Revision, db
from cptsapp.kernel.errors import RuleError
from tests.conftest import SECRET, Browser

SIZE = "24m"


@pytest.fixture
def disk(instance, tmp_path):
    """The instance on a disk of its own, of 24 MB."""
    place = tmp_path / "disque"
    place.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", place]).returncode:
        pytest.skip("a small disk cannot be mounted here")
    shutil.copytree(instance, place / "instance")
    yield place
    db.close_all()
    subprocess.run(["umount", "-l", place], check=True)


@contextlib.contextmanager
def filled(disk):
    """Leave no byte on the disk; give the room back afterwards."""
    ballast = disk / "lest"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(64 * 1024))
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(512))
    try:
        yield
    finally:
        ballast.unlink()


def key_of(browser) -> str:
    return re.search(r'name="form_key"[^>]*value="([^"]+)"', browser.get("/contact").text)[1]


def test_a_full_disk_refuses_with_a_sentence_keeps_what_is_there_and_all_goes_on_with_room(disk):
    folder = disk / "instance"
    app = create_app(folder, secret_key=SECRET, second_factor_required=False)
    app.config["FORM_MINIMUM_SECONDS"] = 0
    app.test_client_class = Browser
    message = {"name": "Sacha Fictif", "email": "sacha@exemple.fr", "topic": "professional", "subject": "Bonjour"}
    with app.app_context(), database.connection():
        Revision.create(id=1, number=7)
        first = backup.save()
        browser = app.test_client()
        page = browser.get("/contact")
        with filled(disk):
            with pytest.raises(RuleError, match="plus de place"):
                backup.save()
            assert browser.get("/contact").status_code == page.status_code == 200  # reading goes on
            answers = {
                browser.post(
                    "/contact", data=message | {"body": f"{n} " * 900, "form_key": key_of(browser), "website": ""}
                ).status_code
                for n in range(1, 9)
            }
            assert 503 in answers, answers
            assert answers <= {303, 503}, answers
        assert Revision.get().number == 7
        assert (
            browser.post("/contact", data=message | {"body": "De nouveau.", "form_key": key_of(browser)}).status_code
            == 303
        )
        Revision.update(number=8).execute()
        again = backup.save()
        assert not list((folder / "backups").glob(".tmp-cptsapp*"))
    for archive in (first, again):
        assert backup.check(archive)["product"] == "cptsapp"
    db.close_all()
    assert database_problems(folder / "cpts.db") == []


def test_backups_taken_while_people_write_are_each_restored_to_a_whole_state(app, settings, tmp_path):
    """Each write is a pair of rows in one transaction: none may hold one half, or miss one."""
    script = (
        "import sys, time; from cptsapp import create_app; from cptsapp.kernel.db import db, connection\n"
        "create_app(sys.argv[1], secret_key=sys.argv[2])\n"
        "with connection():\n"
        "    for n in range(100000):\n"
        "        with db.atomic():\n"
        "            db.execute_sql('INSERT INTO paire (tour) VALUES (?)', (n,))\n"
        "            db.execute_sql('INSERT INTO paire (tour) VALUES (?)', (n,))\n"
    )
    db.execute_sql("CREATE TABLE paire (id INTEGER PRIMARY KEY, tour INTEGER)")
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    command = [sys.executable, "-c", script, str(settings.instance), SECRET]
    writer = subprocess.Popen(command, env=environment)
    try:
        seen, rounds = [], 20 if os.environ.get("CPTS_FAULTS") == "long" else 3
        while len(seen) < rounds:
            began = time.monotonic()
            if not db.execute_sql("SELECT COUNT(1) FROM paire").fetchone()[0]:
                assert writer.poll() is None
                continue
            archive = backup.save()
            pairs = pairs_restored(archive, tmp_path / f"remise-{len(seen)}")
            assert backup.check(archive)["database"]["rows"]["paire"] == 2 * pairs
            seen.append(pairs)
            if rounds > 3:
                time.sleep(max(0, 1 - (time.monotonic() - began)))
    finally:
        writer.kill()
        writer.wait()
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]


def pairs_restored(archive, folder) -> int:
    """Restore an archive beside the instance that is being written; return how many whole pairs it holds."""
    folder.mkdir()
    (folder / "cpts.toml").write_text(f'secret_key = "{SECRET}"\n', encoding="utf-8")
    backup.restore(archive, folder)
    assert database_problems(folder / "cpts.db") == []
    with contextlib.closing(sqlite3.connect(folder / "cpts.db")) as base:
        turns = base.execute("SELECT tour, COUNT(1) FROM paire GROUP BY tour ORDER BY tour").fetchall()
    assert turns == [(number, 2) for number in range(len(turns))]
    return len(turns)
