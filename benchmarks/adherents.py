"""The list of members, its search, its filters and a record, at 1,000, 10,000 and 100,000 members; importing 10,000.

Each size is filled by `fill`, for benchmarks and tests alone. S is the list's own queries and as much text from a bare
Flask view over raw sqlite3, on the same server in the same run; the import stands beside csv and sqlite3 alone.
"""

import csv
import http.cookiejar
import io
import os
import resource
import sqlite3
import time
import urllib.parse
import urllib.request
from datetime import date, timedelta
from pathlib import Path

from benchmarks.common import cells, folder, load, request_bytes, served
from benchmarks.writing import Table, number, times
from cptsapp import create_app
from cptsapp.blueprints.account import rules as accounts
from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.territory import reference
from cptsapp.kernel import instance as new_instance
from cptsapp.kernel.db import connection, create_all, db, now
from cptsapp.kernel.serving import leave_what_is_loaded

SIZES = [int(size) for size in os.environ.get("BENCH_SIZES", "1000,10000,100000").split(",")]
LISTED = 10_000  # the size at which the list is compared with S
SYLLABLES = "ba bel cor dan del far gan ler lin mar mon nel pel quin ran ros sal tor val ver".split()
GIVEN = "Camille Inès Marc Louise Youssef Élodie Chloé Hugo Léa Karim Manon Paul Sarah Théo Zoé Noé Alix Rose".split()
PLACES = ["77445", "77288", "77053", "77296", "94068", "77350", "77407", "77479", "77217", "77083"]
HEAD = ["Prénom", "Nom", "Profession", "Ville", "E-mail", "Téléphone", "N° RPPS"]


def family_name(rank: int) -> str:
    """Return a name of three or four syllables, different for each rank."""
    count, letters = len(SYLLABLES), []
    for _ in range(4):
        rank, place = divmod(rank, count)
        letters.append(SYLLABLES[place])
    return "".join(letters).capitalize()


def rows(size: int):
    """Yield the rows of a list of members, as a spreadsheet would hold them; the same each time."""
    professions = [each.label for each in reference.professions().values() if each.is_health]
    places = [reference.place(insee).name for insee in PLACES]
    for rank in range(size):
        given, family = GIVEN[rank * 7 % len(GIVEN)], family_name(rank * 7919 % 160_000)
        email = f"membre{rank}@exemple.fr" if rank % 10 else ""
        phone = f"01 99 {rank // 10_000 % 100:02} {rank // 100 % 100:02} {rank % 100:02}"
        yield [
            given,
            family,
            professions[rank * 13 % len(professions)],
            places[rank // len(SYLLABLES) * 3 % len(places)],  # no place has the names of one letter
            email,
            phone,
            "",
        ]


def as_csv(size: int) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(HEAD)
    writer.writerows(rows(size))
    return out.getvalue().encode()


def fill(size: int):
    """Make `size` members in the open instance, in lots, through what the import writes with."""
    from cptsapp.blueprints.adherent import cells, writing

    communes, lot = cells.Communes(), []
    for given, family, profession, place, email, phone, _ in rows(size):
        values = {"given_name": given, "family_name": family, "phone": phone, "type": "liberal",
                  "started_on": date(2020, 1, 1) + timedelta(days=len(lot) % 2000)}  # fmt: skip
        values |= {"profession": cells.profession(profession)[0], "commune": communes.read(place)[0]}
        lot.append(values | ({"email": email} if email else {}))
        if len(lot) == 1000:
            with db.atomic():
                writing.create(lot, date.today())
            lot.clear()
    with db.atomic():
        writing.create(lot, date.today())


def empty(path: Path):
    """Make an instance with all its tables and nothing in them, and open it."""
    new_instance.create(path)
    (path / "cpts.toml").open("a").write("\nsecond_factor_required = false\n")
    create_app(path)
    with connection():
        create_all()


def instance(place: Path, size: int) -> Path:
    path = place / str(size)
    empty(path)
    with connection():
        account = accounts.create("banc@exemple.fr", by=None, name="Banc d’essai", roles=("coordination",))
        Account.update(activated_at=now()).where(Account.id == account.id).execute()
        fill(size)
        db.execute_sql("PRAGMA optimize")
        db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def login(port: int, path: Path, email: str = "banc@exemple.fr") -> str:
    """Return the Cookie header of an account, the coordinator's at first, logged in by a one-time link."""
    create_app(path)
    with connection():
        link = accounts.one_time_link(email)
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    address = f"http://127.0.0.1:{port}/" + link.split("/", 3)[3]
    browser.open(urllib.request.Request(address, b"", {"Origin": f"http://127.0.0.1:{port}"})).close()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def whole_name(n: int) -> str:
    """Return the names of a member, typed in full: they find one person, however many there are."""
    rank = n * 37 % 1000
    return urllib.parse.quote(f"{GIVEN[rank * 7 % len(GIVEN)]} {family_name(rank * 7919 % 160_000)}")


def words(n: int) -> str:
    """Return the beginnings of words: what they find grows as the list does."""
    typed = [family_name(n * 37 % 1000)[:5], GIVEN[n % len(GIVEN)] + " " + family_name(n)[:3], "savigny ma", "0199"]
    return urllib.parse.quote(typed[n % 3])


def measure(port, process, cookie):
    headers, part = {"Cookie": cookie}, {"Cookie": cookie, "HX-Request": "true"}
    base = "/gestion/adherents/"

    def run(path, headers=headers):
        return load(port, process, lambda n: request_bytes(path(n) if callable(path) else path, port, headers))

    yield "liste, 100 lignes", run(f"{base}?par=100")
    yield "liste, 25 lignes", run(base)
    yield "recherche d’une personne, partie HTMX", run(lambda n: f"{base}?q={whole_name(n)}", part)
    yield "recherche large, partie HTMX", run(lambda n: f"{base}?q={words(n)}", part)
    yield "filtre, partie HTMX", run(lambda n: f"{base}?commune={PLACES[n % len(PLACES)]}", part)
    yield "deux filtres, partie HTMX", run(lambda n: f"{base}?commune={PLACES[n % len(PLACES)]}&profession=60", part)
    yield "fiche", run(lambda n: f"/gestion/personnes/{2 + n % 900}")


def main():
    results = {}
    with folder() as place:
        for size in SIZES:
            path = instance(place, size)
            db.close_all()
            with served("wsgi:app", {"CPTS_INSTANCE": str(path)}) as (port, process):
                cookie = login(port, path)
                db.close_all()
                results[size] = dict(measure(port, process, cookie))
            if size == LISTED:
                with served("benchmarks.adherents:raw", {"BENCH_DATABASE": str(database_of(path))}) as (port, process):
                    floor = load(port, process, lambda n: request_bytes("/", port))
        yield from pages(results, floor if LISTED in SIZES else None)
        yield importing(place)


def database_of(path: Path) -> Path:
    return path / "cpts.db"


def pages(results, floor):
    yield Table(
        ("quoi", "adhérents", "requêtes/s", "médiane ms", "p95 ms", "CPU ms", "octets"),
        [
            (name, number(size), number(each.rate), *cells(each))
            for size, figures in results.items()
            for name, each in figures.items()
        ],
    )
    if floor:
        share = results[LISTED]["liste, 100 lignes"].rate / floor.rate
        yield f"S, la même liste, sqlite3 nu : {number(floor.rate)} requêtes/s. La nôtre : {number(share, 2)} S."
    yield growth(results)


def growth(results) -> Table:
    """Return how the CPU of each page grows from the smallest list to the largest."""
    first, last = min(results), max(results)
    grown = {name: results[last][name].cpu_ms / results[first][name].cpu_ms for name in results[first]}
    return Table(
        (f"processeur, de {number(first)} à {number(last)}", "croissance"),
        [(name, times(each)) for name, each in grown.items()],
    )


def importing(place: Path) -> str:
    """Import 10,000 rows beside csv and sqlite3 alone on the same rows."""
    from cptsapp.kernel.importing import runs

    data = as_csv(10_000)
    path = place / "import"
    empty(path)
    with connection():
        reference.named_exactly("Melun")  # the reference is read once per process
        leave_what_is_loaded()  # as the worker does, which reads long files
        took, before = [], memory()
        began = time.perf_counter()
        run = runs.start("adherents", "liste.csv", data)
        runs.carry_on(run.id)
        took.append(time.perf_counter() - began)
        run = runs.confirm(run.id, here=True)
        took.append(time.perf_counter() - began)
        run = runs.start("adherents", "liste.csv", data)
        runs.carry_on(run.id)
        again = time.perf_counter() - began - took[1]
        bare = raw_import(data, place / "nu.db")
    return (
        f"Importer 10 000 lignes : aperçu en {number(took[0], 1)} s, confirmation comprise {number(took[1], 1)} s, le "
        f"même fichier relu {number(again, 1)} s ; sqlite3 seul {number(bare, 2)} s ({times(took[1] / bare)})"
        f" ; {number(memory() - before)} Mo de mémoire en plus."
    )


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def raw_import(data: bytes, path: Path) -> float:
    began = time.perf_counter()
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE member (given, family, profession, place, email, phone, rpps)")
    table = csv.reader(io.StringIO(data.decode()), delimiter=";")
    next(table)
    with base:
        base.executemany("INSERT INTO member VALUES (?, ?, ?, ?, ?, ?, ?)", table)
    base.close()
    return time.perf_counter() - began


def raw(environ, start):
    """Serve the list's own queries and as much text from raw sqlite3: the floor S, loaded by gunicorn."""
    return _raw()(environ, start)


def _raw(made=[]):  # noqa: B006 (one application per process)
    if not made:
        made.append(_make_raw())
    return made[0]


def _make_raw():
    import threading

    from flask import Flask, render_template_string

    app, local = Flask("raw"), threading.local()
    listed = (
        "SELECT p.id, p.family_name, p.given_name, p.email, pr.profession, c.name, co.name, m.ended_on FROM person p "
        "CROSS JOIN membership m LEFT JOIN practice pr ON pr.person_id = p.id LEFT JOIN commune c "
        "ON c.insee = pr.commune_id LEFT JOIN college co ON co.id = m.college_id WHERE m.person_id = p.id "
        "AND p.deleted_at IS NULL AND m.left_at IS NULL AND m.started_on <= ? AND m.ended_on >= ? "
        "ORDER BY p.folded, p.id LIMIT 100"
    )
    counted = (
        "SELECT COUNT(1) FROM (SELECT 1 FROM membership WHERE left_at IS NULL AND started_on <= ? AND ended_on >= ? "
        "LIMIT 10001)"
    )
    template = """<!doctype html><title>Adhérents</title><p>{{ total }} adhérents<table>{% for row in rows %}<tr>
    <td><input type="checkbox" name="id" value="{{ row[0] }}" aria-label="Cocher {{ row[1] }} {{ row[2] }}"></td>
    <th scope="row"><a href="/gestion/personnes/{{ row[0] }}">{{ row[1] }} {{ row[2] }}</a>
    <span class="sub">{{ row[3] }}</span></th>
    <td data-label="Profession">{{ row[4] }}</td><td data-label="Commune">{{ row[5] }}</td>
    <td data-label="Collège">{{ row[6] }}</td>
    <td data-label="Statut"><span class="badge ok">{{ row[7] }}</span></td></tr>
    {% endfor %}</table>"""

    @app.get("/")
    def show():
        if not hasattr(local, "base"):
            local.base = sqlite3.connect(os.environ["BENCH_DATABASE"])
        day = (date.today().isoformat(),) * 2
        total = local.base.execute(counted, day).fetchone()[0]
        return render_template_string(template, rows=local.base.execute(listed, day).fetchall(), total=total)

    return app
