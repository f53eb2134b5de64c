"""`cptsapp serve` starts everything, stops everything, and never leaves half of it running."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STARTS_WITHIN_SECONDS = 60
STOPS_WITHIN_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory):
    """The folder of an instance: the first service makes the demonstration there, the next ones find it."""
    return tmp_path_factory.mktemp("demonstration") / "instance"


@pytest.fixture
def served(demonstration):
    """A demonstration that answers: its main process and its address."""
    port = free_port()
    environment = os.environ | {"CPTS_INSTANCE": str(demonstration), "CPTS_MAIL_PORT": str(free_port())}
    command = [sys.executable, "-m", "cptsapp", "serve", "--demo", "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    wait_for_answer(process, f"http://127.0.0.1:{port}/robots.txt")
    yield process, f"http://127.0.0.1:{port}"
    process.kill()
    process.communicate()


def wait_for_answer(process, address):
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the site did not start")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_ends_well_and_leaves_nothing_running(served, signum):
    process, _ = served
    started = children(process.pid)
    assert len(started) == 3
    process.send_signal(signum)
    said, _ = process.communicate(timeout=STOPS_WITHIN_SECONDS)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]


def test_a_process_that_is_killed_ends_the_service_so_that_it_is_started_again_whole(served):
    process, _ = served
    started = children(process.pid)
    os.kill(next(pid for pid in started if not children(pid)), signal.SIGKILL)  # the web one has workers of its own
    said, _ = process.communicate(timeout=STOPS_WITHIN_SECONDS)
    assert process.returncode == 1
    assert "stopped because" in said
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]


def test_a_web_worker_that_is_killed_is_replaced_and_the_site_goes_on(served):
    process, address = served
    web = next(pid for pid in children(process.pid) if children(pid))
    for pid in children(web):
        os.kill(pid, signal.SIGKILL)
    wait_for_answer(process, address + "/")
    assert process.poll() is None
