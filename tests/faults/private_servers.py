"""PostgreSQL and Redis of our own, to be stopped and started at will; those of the machine are left alone."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

POSTGRESQL = next(
    (path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), reverse=True)), None
)
REDIS = shutil.which("redis-server")
needs_own_postgresql = pytest.mark.skipif(
    POSTGRESQL is None or find_spec("psycopg") is None, reason="the programs of PostgreSQL, or psycopg, are not here"
)
needs_own_redis = pytest.mark.skipif(
    REDIS is None or find_spec("redis") is None, reason="redis-server, or its library, is not installed here"
)
# PostgreSQL refuses to run as root.
OWNER = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postgresql:
    """A cluster in a folder of its own."""

    def __init__(self, folder: Path):
        self.data, self.port = folder / "grappe", free_port()
        if OWNER:
            shutil.chown(folder, **OWNER)
        self._run("initdb", "-D", self.data, "-A", "trust", "-U", "essai", "--no-sync", "-E", "UTF8")
        self.options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        self.url = f"postgresql://essai@127.0.0.1:{self.port}/postgres"

    def _run(self, program, *arguments):
        subprocess.run(
            [POSTGRESQL / program, *map(str, arguments)],
            check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **OWNER,
        )  # fmt: skip

    def start(self):
        self._run("pg_ctl", "-D", self.data, "-w", "-o", self.options, "-l", self.data / "journal", "start")

    def stop(self, mode="fast"):
        """Stop it: « fast » says goodbye to its clients, « immediate » falls as in a power cut."""
        self._run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")


class Redis:
    """A queue of nothing but memory."""

    def __init__(self):
        self.port, self.process = free_port(), None
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        command = [REDIS, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)
        raise AssertionError("redis-server did not start")

    def stop(self):
        self.process.kill()
        self.process.wait()
