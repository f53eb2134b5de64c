"""What storms are made of: senders to kill, a server that dies or sulks, and its own list, which is the truth."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path

from cptsapp.kernel.mail import Kind, OutgoingMail, State

HERE = Path(__file__).parent
LONG = os.environ.get("CPTS_FAULTS") == "long"
CONNECTIONS = 3


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """The mail server's process; `log` outlives it."""

    def __init__(self, log: Path, modes: list[str]):
        self.port, self.log, self.modes, self.starts = free_port(), log, modes, 0
        self.process = None

    def start(self):
        self.starts += 1
        command = [
            sys.executable,
            str(HERE / "mail_sink.py"),
            str(self.port),
            str(self.log),
            str(self.starts),
            *self.modes,
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout.readline()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def accepted(self) -> list[list[str]]:
        """Return [envelope recipient, To, Message-ID] of each mail taken, in order."""
        return [line.split() for line in self.log.read_text().splitlines()] if self.log.exists() else []


class Senders:
    """The process that forks senders."""

    def __init__(self, app, instance, port, *options):
        command = [
            sys.executable,
            str(HERE / "mail_worker.py"),
            str(instance),
            app.secret_key,
            str(port),
            str(CONNECTIONS),
        ]
        environment = os.environ | {"PYTHONPATH": str(HERE.parents[1])}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        self.process = subprocess.Popen([*command, *options], env=environment, **pipes)

    def start(self) -> int:
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.kill()
        self.process.wait()


def kill(pid):
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def waiting() -> int:
    states = (State.PENDING, State.CLAIMED, State.IN_DOUBT)
    return OutgoingMail.select().where(OutgoingMail.state.in_(states)).count()


def finish(senders):
    """Let one sender end the work undisturbed."""
    pid, deadline = senders.start(), time.monotonic() + 30 + waiting() / 20
    while waiting() and time.monotonic() < deadline:
        time.sleep(0.05)
    kill(pid)
    assert not waiting()


def storm(senders, server, chance, *, kills, server_dies=True):
    """Kill senders, two at work at any time, and now and then the server, as long as there is work."""
    pids, killed = [senders.start(), senders.start()], 0
    while killed < kills and waiting():
        wait_for_a_receipt(server)  # on a busy machine a sender takes a while to start: kill it at work
        time.sleep(chance.uniform(0, 0.1))
        kill(pids.pop(0))
        killed += 1
        pids.append(senders.start())
        if server_dies and chance.random() < 0.25:
            server.kill()
            time.sleep(chance.uniform(0, 0.3))
            server.start()
    for pid in pids:
        kill(pid)
    return killed


def wait_for_a_receipt(server, *, patience_seconds=20):
    """Wait until the server has written down one mail more; not for ever: the others may all wait for their hour."""
    size = server.log.stat().st_size if server.log.exists() else 0
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline and waiting():
        if server.log.exists() and server.log.stat().st_size > size:
            return
        time.sleep(0.005)


def verdict(server):
    """Return (lost, silently doubled, to another person, in doubt) from the server's list and the rows."""
    taken, ids, strayed = Counter(), defaultdict(set), 0
    for recipient, to, message_id in server.accepted():
        taken[recipient] += 1
        ids[recipient].add(message_id)
        strayed += recipient != to
    lost = doubled = doubts = 0
    for row in OutgoingMail.select():
        count = taken[row.to_address]
        doubts += row.doubts
        lost += row.state == State.SENT and count == 0
        doubled += count > 1 + (row.doubts if row.kind == Kind.PERSONAL else 0)
        strayed += bool(ids[row.to_address] - {row.message_id})
    return lost, doubled, strayed, doubts
