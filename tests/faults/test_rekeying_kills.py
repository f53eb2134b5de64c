"""The change of the secret key, killed in the middle by `kill -9`: the instance works, and the change can be finished.

`CPTS_FAULTS=long` (`make faults`) kills it fifty times.
"""

import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from cptsapp.kernel import crypto, rekeying
from cptsapp.kernel.db import db
from cptsapp.kernel.lasting import LastingKey
from tests.conftest import SECRET
from tests.postgresql import sqlite_only

ROOT = Path(__file__).parents[2]
ROUNDS = 50 if os.environ.get("CPTS_FAULTS") == "long" else 2
TEXTS = 3000


def keys_of(instance) -> dict:
    return tomllib.loads((instance / "cpts.toml").read_text(encoding="utf-8"))


def kill_in_the_middle(instance, key: str, delay: float) -> None:
    """Start the change, and kill it `delay` seconds after the new key is written."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CPTS_")}
    environment["CPTS_INSTANCE"] = str(instance)
    command = [sys.executable, "-m", "cptsapp", "key", "change", "--yes"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while keys_of(instance)["secret_key"] == key:
        assert process.poll() is None, "it ended without a new key"
        time.sleep(0.002)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()


@sqlite_only
def test_a_change_of_key_that_is_killed_loses_nothing_and_is_finished(app, instance, settings):
    (instance / "cpts.toml").write_text(f'secret_key = "{SECRET}"\n', encoding="utf-8")
    names = [f"essai {number}" for number in range(TEXTS)]
    with db.atomic():
        for name in names:
            LastingKey.create(name=name, encrypted=crypto.encrypt(name, f"lasting_key.{name}"))
    cut = 0
    for turn in range(ROUNDS):
        kill_in_the_middle(instance, settings.secret_key, 0.5 * turn / ROUNDS)
        found = keys_of(instance)
        settings.secret_key, settings.old_secret_keys = found["secret_key"], found["old_secret_keys"]
        rows = {row.name: row.encrypted for row in LastingKey}
        assert all(crypto.decrypt(rows[name], f"lasting_key.{name}") == name for name in names)
        waiting = sum(not crypto.is_current(text) for text in rows.values())
        cut += waiting > 0
        saved, done = rekeying.change()
        assert (saved is None and done == waiting) or not waiting
        assert all(crypto.is_current(row.encrypted) for row in LastingKey)
    assert cut, "it was never killed in the middle"
    assert db.execute_sql("PRAGMA integrity_check").fetchone()[0] == "ok"
    settings.secret_key, settings.old_secret_keys = SECRET, ""
