"""Public and logged-in pages, beside a bare Flask « hello » on the same server in the same run.

An anonymous page is measured twice: built each time (an address that is never kept, because its query is long), and
unchanged since last time (kept ready; then validated with its ETag, a 304).
"""

import http.cookiejar
import subprocess
import sys
import urllib.parse
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.common import ROOT, figures, folder, load, memory_mb, request_bytes, served
from cptsapp import create_app
from cptsapp.blueprints.account.demo import DEMO_ACCOUNTS, DEMO_PASSWORD
from cptsapp.kernel import search
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.db import connection, db

ARTICLES, DOCUMENTS = 1000, 10_000
WORDS = [
    "dépistage",
    "diabète",
    "infirmière",
    "pharmacie",
    "médecin",
    "traitant",
    "sage-femme",
    "parcours",
    "prévention",
    "vaccination",
    "kiné",
    "territoire",
    "adhérent",
    "réunion",
    "formation",
    "webinaire",
    "patient",
    "coordination",
    "hôpital",
    "urgence",
    "téléconsultation",
    "orthophoniste",
]


def text_of(number: int, length: int = 120) -> str:
    """Return the same prose each time for the same number, different enough from its neighbours to be searched."""
    return " ".join(WORDS[(number * 7 + i * (1 + number % 5)) % len(WORDS)] for i in range(length))


def fill(instance: Path):
    subprocess.run(
        [sys.executable, "-m", "cptsapp", "--instance", str(instance), "demo"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    first = datetime(2024, 1, 1, 9)
    for number in range(ARTICLES):
        at = first + timedelta(hours=20 * number)
        (instance / "content/actualites" / f"essai-{number:04}.md").write_text(
            f"---\ntitle: Essai numéro {number}\nsummary: {text_of(number, 15)}\nstate: published\n"
            f"published_at: {at:%Y-%m-%d %H:%M}\ntheme: prevention\n---\n"
            f"{text_of(number)}\n\n## Suite\n\n{text_of(number + 1)}\n",
            encoding="utf-8",
        )
    create_app(instance)
    with connection(), db.atomic():
        for number in range(DOCUMENTS):
            search.index(
                "page", f"essai-{number}", title=f"Document {number} {text_of(number, 4)}", body=text_of(number, 60),
                url=f"/essai-{number}", visibility=Visibility.PUBLIC,
            )  # fmt: skip
    db.close_all()


def cookie_of_an_adherent(port: int) -> str:
    """Log in as the demonstration's adherent; return the Cookie header."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    email = dict(DEMO_ACCOUNTS)["adhérent"]
    data = urllib.parse.urlencode({"email": email, "password": DEMO_PASSWORD}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/connexion", data, {"Origin": f"http://127.0.0.1:{port}"})
    browser.open(request).close()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def main():
    with served("benchmarks.hello:app") as (port, process):
        floor = load(port, process, lambda n: request_bytes("/", port))
    with folder() as place:
        instance = place / "instance"
        fill(instance)
        with served("wsgi:app", {"CPTS_INSTANCE": str(instance)}) as (port, process):
            rows = list(measure(port, process))
            memory = memory_mb(process.pid)
    yield figures([("F : « hello »", floor), *rows], floor)
    yield f"Mémoire du web (2 processus) sous charge : {memory:.0f} Mo."


def measure(port, process):
    never_kept = "?origine=" + "x" * 60
    anonymous = {
        "accueil": "/",
        "article": "/actualites/essai-0500",
        "liste de 1 000 articles": "/actualites/",
    }
    for name, path in anonymous.items():
        yield (
            f"{name}, construite",
            load(port, process, lambda n, p=path: request_bytes(p + never_kept + str(n % 7), port)),
        )
    for name, path in anonymous.items():
        yield f"{name}, inchangée", load(port, process, lambda n, p=path: request_bytes(p, port))
        validated = {"If-None-Match": etag_of(port, path)}
        yield (
            f"{name}, 304",
            load(port, process, lambda n, p=path, h=validated: request_bytes(p, port, h), expected=(304,)),
        )
    yield "recherche, 10 000 documents", load(port, process, lambda n: request_bytes(search_path(n), port))
    part = {"HX-Request": "true"}
    yield "recherche, partie HTMX", load(port, process, lambda n: request_bytes(search_path(n), port, part))
    cookie = {"Cookie": cookie_of_an_adherent(port)}
    yield "accueil, connecté", load(port, process, lambda n: request_bytes("/", port, cookie))
    yield "espace, connecté", load(port, process, lambda n: request_bytes("/espace/", port, cookie))


def search_path(n: int) -> str:
    words = (WORDS[n % len(WORDS)], WORDS[n * 5 % len(WORDS)][:4])
    return "/recherche?q=" + urllib.parse.quote(" ".join(words))


def etag_of(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.headers["ETag"]
