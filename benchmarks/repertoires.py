"""A directory of 100, 1,000 and 10,000 entries: its list, its search, its filters, a card; what a partner reads of it.

The same cost is expected at each size, filled by `fill`, for benchmarks alone. The growth that counts is that of the
server's CPU per request.
"""

import json
import os
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

from benchmarks.adherents import GIVEN, PLACES, empty, family_name, growth, login
from benchmarks.common import cells, folder, load, request_bytes, served
from benchmarks.writing import Table, number
from cptsapp.blueprints.account import rules as accounts
from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.association.models import Association
from cptsapp.blueprints.directory import catalogue, finding, sharing
from cptsapp.blueprints.directory.models import Entry
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel.db import connection, db, insert_rows, now
from cptsapp.kernel.text import fold

SIZES = [int(size) for size in os.environ.get("BENCH_SIZES", "100,1000,10000").split(",")]
LIST, PARTNER = "sages-femmes", "partenaire@exemple.fr"
ACTS = ("epp", "suivi_grossesse", "preparation", "postnatal", "allaitement", "gynecologie")
PERSON = (Person.given_name, Person.family_name, Person.email, Person.folded)
ENTRY = (
    Entry.directory, Entry.person, Entry.sort_name, Entry.profession, Entry.commune, Entry.email, Entry.is_public,
    Entry.values_json, Entry.consented_on, Entry.consent_means, Entry.confirmed_on, Entry.expires_on, Entry.is_shared,
)  # fmt: skip


def fill(size: int):
    """Make `size` entries in the open instance, in lots, with their indexes."""
    definition, today = catalogue.find(LIST), date.today()
    for place in PLACES:
        territory.use(place)
    for start in range(0, size, 500):
        ranks = range(start, min(start + 500, size))
        with db.atomic():
            names = [(GIVEN[rank * 7 % len(GIVEN)], family_name(rank * 7919 % 160_000)) for rank in ranks]
            people = [(given, family, f"v{rank}@exemple.fr", fold(f"{family} {given}")) for rank, (given, family) in
                      zip(ranks, names, strict=True)]  # fmt: skip
            ids = insert_rows(Person, PERSON, people, returning=True)
            rows = [_row(rank, id, fold(f"{family} {given}"), today) for rank, id, (given, family) in
                    zip(ranks, ids, names, strict=True)]  # fmt: skip
            made = insert_rows(Entry, ENTRY, rows, returning=True)
            finding.put(definition, Entry.joined().where(Entry.id.in_(made)), new=True)


def _row(rank: int, person: int, name: str, today: date) -> tuple:
    said = {"actes": [ACTS[rank % 6], ACTS[(rank + 2) % 6]], "delai_epp": rank % 60, "domicile": rank % 3 == 0,
            "communes": [PLACES[rank % 10]], "horaires": f"Sur rendez-vous, salle {rank % 40}"}  # fmt: skip
    confirmed = today - timedelta(days=rank % 300)
    return (LIST, person, name, "50", PLACES[rank * 3 % 10], f"v{rank}@exemple.fr", True, json.dumps(said), confirmed,
            "paper", confirmed, confirmed + timedelta(days=365), rank % 7 < 4)  # fmt: skip


def instance(place: Path, size: int) -> Path:
    path = place / str(size)
    empty(path)
    with connection():
        account = accounts.create("banc@exemple.fr", by=None, name="Banc d’essai", roles=("coordination",))
        Account.update(activated_at=now()).where(Account.id == account.id).execute()
        Association.update(online_at=now()).execute()
        partner = accounts.create(PARTNER, by=None, name="Partenaire d’essai", roles=())
        Account.update(activated_at=now()).where(Account.id == partner.id).execute()
        until = date.today() + timedelta(days=90)
        sharing.give(partner.person_id, "Organisme d’essai", [LIST], until=until, by=account.id)
        fill(size)
        db.execute_sql("ANALYZE")
        db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def measure(port, process, cookie, partner, first: int):
    """Yield the figure of each page; of the lists opened to partners, four entries in seven agreed to be shown."""
    headers, part = {"Cookie": cookie}, {"Cookie": cookie, "HX-Request": "true"}
    as_partner, partner_part = {"Cookie": partner}, {"Cookie": partner, "HX-Request": "true"}
    base = f"/espace/repertoires/{LIST}"

    def run(path, headers=headers):
        return load(port, process, lambda n: request_bytes(path(n) if callable(path) else path, port, headers))

    def found(n):
        return f"{base}?q={quote(GIVEN[n % len(GIVEN)][:4])}"

    run(lambda n: f"{base}?commune={PLACES[n % 10]}&autour=1")  # the reference of communes is read once per process
    yield "liste", run(base)
    yield "recherche, partie HTMX", run(found, part)
    yield "filtre, partie HTMX", run(lambda n: f"{base}?actes={ACTS[n % 6]}", part)
    yield "commune et voisines, partie HTMX", run(lambda n: f"{base}?commune={PLACES[n % 10]}&autour=1", part)
    yield "fiche", run(lambda n: f"{base}/{first + n % 90}")
    yield "partenaire : liste", run(base, as_partner)
    yield "partenaire : recherche, partie HTMX", run(found, partner_part)
    yield "partenaire : filtre, partie HTMX", run(lambda n: f"{base}?actes={ACTS[n % 6]}", partner_part)
    yield "partenaire : fiche", run(lambda n: f"{base}/{first + 7 * (n % 14)}", as_partner)
    yield "page publique, construite", run(lambda n: f"/repertoires/{LIST}/?actes={ACTS[n % 6]}&x={n}", {})


def main():
    results = {}
    with folder() as place:
        for size in SIZES:
            path = instance(place, size)
            with connection():
                first = Entry.select(Entry.id).order_by(Entry.id).first().id
            db.close_all()
            with served("wsgi:app", {"CPTS_INSTANCE": str(path)}) as (port, process):
                cookie, partner = login(port, path), login(port, path, PARTNER)
                db.close_all()
                results[size] = dict(measure(port, process, cookie, partner, first))
    yield Table(
        ("quoi", "fiches", "requêtes/s", "médiane ms", "p95 ms", "CPU ms", "octets"),
        [
            (name, number(size), number(each.rate), *cells(each))
            for size, figures in results.items()
            for name, each in figures.items()
        ],
    )
    yield growth(results)
