"""Search over 100,000 documents, as one types: `search()` beside the bare FTS5 query of the same words."""

import random
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.writing import Table, number
from cptsapp import create_app
from cptsapp.kernel import db as database
from cptsapp.kernel import search
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.db import db
from cptsapp.kernel.searchengine import engine

TRADE = (
    "patient médecin santé diabète prévention territoire coordination infirmière pharmacien vaccination dépistage "
    "parcours soins réunion commune hôpital formation projet équipe accès"
).split()
SYLLABLES = [a + b for a in "bdflmnprstv" for b in "aéiou"]
DOCUMENTS = 100_000
QUERIES = 400


def vocabulary():
    """Return 30,000 words, the trade's first, and how often each comes: a few everywhere, most of them rare."""
    words = TRADE + ["".join(random.choices(SYLLABLES, k=random.randint(2, 5))) for _ in range(30_000)]
    return words, [1 / (rank + 1) ** 0.9 for rank in range(len(words))]


def fill(count, words, weights):
    pool = random.choices(words, weights, k=count * 20)
    readers = [Visibility.PUBLIC] * 4 + [Visibility.ADHERENTS]
    with db.atomic():
        for number in range(count):
            start = random.randrange(len(pool) - 180)
            text = pool[start : start + random.randint(60, 180)]
            title, body = " ".join(text[:6]), " ".join(text)
            kind, reader = ("news", "page", "document")[number % 3], readers[number % 5]
            id = search.SearchDocument.insert(
                kind=kind, subject_id=number, url="/x", title=title, body=body, visibility=reader
            ).execute()
            engine().put(id, kind, reader, search.words_of(title), search.words_of(body))


def queries(words, weights):
    """Return what people type: whole words, beginnings of two letters and more, two words."""
    for _ in range(QUERIES):
        one, other = random.choices(words, weights, k=2)
        yield random.choice([one, one[:2], one[:3], one[:4], f"{one} {other[:3]}"])


def timed(act, asked) -> list[float]:
    """Return the milliseconds that each query takes, sorted."""
    times = []
    for each in asked:
        start = time.perf_counter()
        act(each)
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times)


def bare(q):
    """Ask FTS5 for the same words, ranked, and read the titles: nothing filtered, nothing marked."""
    match = " AND ".join(f'"{word}" *' for word in search.asked_words(q))
    sql = (
        "SELECT d.title, d.url FROM search_words JOIN search_document d ON d.id = search_words.rowid >> 20 "
        "WHERE search_words MATCH ? ORDER BY bm25(search_words, 0, 0, 10, 1) LIMIT 20"
    )
    return db.execute_sql(sql, (match,)).fetchall()


def ours(q):
    return search.search(q, visibilities=[Visibility.PUBLIC])


def row(name, took, floor) -> tuple:
    middle, late = statistics.median(took), took[int(len(took) * 0.95)]
    ratio = middle / statistics.median(floor)
    return name, number(middle, 1), number(late, 1), number(ratio, 2)


def main():
    random.seed(7)
    words, weights = vocabulary()
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Path(folder), secret_key="x" * 40)
        with app.app_context(), database.connection():
            database.create_all()
            fill(DOCUMENTS, words, weights)
            asked = list(queries(words, weights))
            timed(ours, asked[:20])
            yield f"{number(DOCUMENTS)} documents, {len(asked)} recherches, sans HTTP."
            floor = timed(bare, asked)
            rows = [row("FTS5 nu", floor, floor), row("cptsapp (filtré, surligné)", timed(ours, asked), floor)]
            yield Table(("quoi", "médiane ms", "p95 ms", "médiane × FTS5"), rows)
        db.close_all()
