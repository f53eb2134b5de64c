"""A served instance, a load of several clients, and the CPU that it cost."""

import contextlib
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.writing import Table, number

ROOT = Path(__file__).parents[1]
CLIENTS = 8
SECONDS = float(os.environ.get("BENCH_SECONDS", "4"))
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Figure:
    """Requests per second, 95th percentile and median (ms), CPU of the server per request (ms), bytes of a body."""

    rate: float
    p95_ms: float
    cpu_ms: float
    size: int
    median_ms: float = 0


@contextlib.contextmanager
def folder():
    path = Path(tempfile.mkdtemp(prefix="cptsapp-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def served(module: str, environment: dict | None = None):
    """Serve `module:app` as the product is (2 processes of 4 threads); give its port and its process.

    The product itself is served by its own configuration, that of `deploy/`.
    """
    port, environment = free_port(), environment or {}
    command = [sys.executable, "-m", "gunicorn", module]
    if "CPTS_INSTANCE" in environment:
        command += ["--config", "deploy/gunicorn.conf.py"]
    else:
        command += ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment)
    try:
        _wait_for(port)
        yield port, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def _wait_for(port, patience_seconds=20):
    for _ in range(patience_seconds * 20):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("the server did not come up")


def family(pid: int) -> list[int]:
    """Return a process and all that it started."""
    found = [pid]
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += family(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    total = 0
    for each in family(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory_mb(pid: int) -> float:
    """Return the proportional memory of a process and all that it started, in megabytes."""
    kilobytes = 0
    for each in family(pid):
        lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


def request_bytes(path: str, port: int, headers: dict | None = None) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *(f"{k}: {v}" for k, v in (headers or {}).items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def exchange(connection, request: bytes) -> tuple[int, bytes]:
    """Send one request on a kept connection; return the status and the body."""
    connection.sendall(request)
    data = b""
    while b"\r\n\r\n" not in data:
        data += _received(connection)
    head, body = data.split(b"\r\n\r\n", 1)
    lower = head.lower()
    at = lower.find(b"content-length:")
    length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    while len(body) < length:
        body += _received(connection)
    return int(head[9:12]), body


def _received(connection) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("closed")
    return data


def load(port: int, process, make_request, *, expected=(200,), seconds=SECONDS, clients=CLIENTS) -> Figure:
    """Ask for `make_request(n)` from several kept connections during `seconds`; an error is raised at the end."""
    times, sizes, counter = [], [], iter(range(10**9))
    stop_at = [0.0]

    def client():
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while time.perf_counter() < stop_at[0]:
                request = make_request(next(counter))
                began = time.perf_counter()
                status, body = exchange(connection, request)
                times.append(time.perf_counter() - began)
                if status not in expected:
                    raise AssertionError(f"answered {status}: {body[:300]!r}")
                sizes.append(len(body))

    def run(length):
        stop_at[0] = time.perf_counter() + length
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(lambda _: client(), range(clients)))

    run(0.5)
    times.clear()
    before, began = cpu_seconds(process.pid), time.perf_counter()
    run(seconds)
    lasted, cpu = time.perf_counter() - began, cpu_seconds(process.pid) - before
    if not times:
        raise AssertionError("no answer was as expected")
    rank = statistics.quantiles(times, n=20)[18] if len(times) > 20 else max(times)
    size, median = sizes[-1] if sizes else 0, statistics.median(times)
    return Figure(len(times) / lasted, rank * 1000, cpu / len(times) * 1000, size, median * 1000)


def figures(rows: list[tuple[str, Figure]], floor: Figure) -> Table:
    """Return the table of what was measured, beside F, the floor."""
    return Table(
        ("quoi", "requêtes/s", "F ×", "médiane ms", "p95 ms", "CPU ms", "octets"),
        [(name, number(each.rate), number(each.rate / floor.rate, 2), *cells(each)) for name, each in rows],
    )


def cells(figure: Figure) -> tuple[str, ...]:
    """Return the median, the 95th percentile, the CPU of a request (ms) and the bytes of an answer, as texts."""
    return (
        number(figure.median_ms, 1),
        number(figure.p95_ms, 1),
        number(figure.cpu_ms, 2),
        number(figure.size),
    )
