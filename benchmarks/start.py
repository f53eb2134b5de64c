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


def main():
    with folder() as place:
        instance = place / "instance"
        environment = os.environ | {"CPTS_INSTANCE": str(instance), "CPTS_MAIL_PORT": str(free_port())}
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "cptsapp", "demo"], cwd=ROOT, env=environment, check=True, capture_output=True
        )
        print(f"Démonstration créée en {time.perf_counter() - began:.1f} s")
        port = free_port()
        command = [sys.executable, "-m", "cptsapp", "serve", "--port", str(port)]
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        address = f"http://127.0.0.1:{port}"
        while not _answers(address):
            time.sleep(0.02)
        print(f"De « cptsapp serve » à la première page : {time.perf_counter() - began:.2f} s")
        for _ in range(200):
            _answers(address)
        time.sleep(2)
        print(f"Mémoire proportionnelle, tous processus (avec la boîte locale) : {memory_mb(process.pid):.0f} Mo")
        weigh(address)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _answers(address) -> bool:
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except OSError:
        return False
    return True


def weigh(address):
    """Print the bytes on the wire and the requests of a first view of the home page, font and pictures aside."""
    html, size = fetch(address + "/")
    wanted = set(re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]+\.(?:css|js)[^"]*)"', html))
    wanted |= {found.split("#")[0] for found in re.findall(r'<use href="([^"#]+)', html)}
    sizes = {"/": size} | {path: fetch(address + path)[1] for path in sorted(wanted)}
    for path, each in sizes.items():
        print(f"  {each:>7} octets  {path}")
    print(f"Première vue : {sum(sizes.values()) / 1000:.1f} ko, {len(sizes)} requêtes (police et images à part)")


def fetch(url) -> tuple[str, int]:
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as answer:
        body = answer.read()
        text = gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body
    return text.decode(), len(body)
