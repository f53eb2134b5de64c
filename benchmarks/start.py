"""From the command to the first page, the memory of all processes, and what a first view weighs."""

import gzip
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

from benchmarks.common import ROOT, folder, free_port, memory_mb
from benchmarks.writing import Table, number

ROUNDS = 3


def main():
    with folder() as place:
        instance = place / "instance"
        environment = os.environ | {"CPTS_INSTANCE": str(instance), "CPTS_MAIL_PORT": str(free_port())}
        # As where it is installed: Python keeps what it has compiled.
        environment["PYTHONPYCACHEPREFIX"] = str(place / "compiled")
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        made = timed([sys.executable, "-m", "cptsapp", "demo"], environment)
        bare = min(timed([sys.executable, "-c", "import flask"], environment) for _ in range(ROUNDS))
        starts = []
        for _ in range(ROUNDS):
            port = free_port()
            address = f"http://127.0.0.1:{port}"
            command = [sys.executable, "-m", "cptsapp", "serve", "--port", str(port)]
            began = time.perf_counter()
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            try:
                while not _answers(address):
                    time.sleep(0.02)
                starts.append(time.perf_counter() - began)
                for _ in range(200):
                    _answers(address)
                time.sleep(2)
                memory, weight = memory_mb(process.pid), weighed(address)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=70)
    yield Table(
        ("quoi", "mesuré"),
        [
            ("de « cptsapp serve » à la première page", f"{number(sorted(starts)[ROUNDS // 2], 2)} s"),
            ("plancher : Python qui lit Flask", f"{number(bare, 2)} s"),
            ("créer la démonstration (une fois)", f"{number(made, 1)} s"),
            ("mémoire proportionnelle, tous processus et boîte locale, peu de charge", f"{number(memory)} Mo"),
            ("première vue de l’accueil, police et images à part", weight),
        ],
    )


def timed(command, environment) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return time.perf_counter() - began


def _answers(address) -> bool:
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except OSError:
        return False
    return True


def weighed(address) -> str:
    """Return the bytes on the wire and the requests of a first view of the home page, font and pictures aside."""
    html, size = fetch(address + "/")
    wanted = set(re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]+\.(?:css|js)[^"]*)"', html))
    wanted |= {found.split("#")[0] for found in re.findall(r'<use href="([^"#]+)', html)}
    sizes = [size, *(fetch(address + path)[1] for path in sorted(wanted))]
    return f"{number(sum(sizes) / 1000, 1)} ko, {len(sizes)} requêtes"


def fetch(url) -> tuple[str, int]:
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as answer:
        body = answer.read()
        text = gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body
    return text.decode(), len(body)
