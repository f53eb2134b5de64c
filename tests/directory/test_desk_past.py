"""The coverage of the territory, and a list as it stood on any past day."""

import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from cptsapp.blueprints.directory import catalogue, coverage, desk, freshness, history, rules, snapshots, stages
from cptsapp.blueprints.directory.models import Entry, Status
from cptsapp.blueprints.directory.rules import Typed
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.territory import rules as territory
from cptsapp.blueprints.territory.models import Commune, TerritoryCommune
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from tests.conftest import logged_in, text_of

from .conftest import BRIE, MELUN, SERVON, answers, declared, practitioner

HERE = "/gestion/repertoires"


class Clock:
    """The time that the application reads; `go(days)` moves it."""

    def __init__(self):
        self.moment = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

    def now(self, zone=None):
        self.moment += timedelta(seconds=1)
        return self.moment

    def go(self, days):
        self.moment += timedelta(days=days)

    def __call__(self, *args):
        return datetime(*args)


@pytest.fixture
def clock(app, monkeypatch):
    clock = Clock()
    monkeypatch.setattr("cptsapp.kernel.db.datetime", clock)
    return clock


def live_copy(slug):
    """Return what is in a list now, read in the tables: {id: (stage, answers)}."""
    rows = Entry.select().where(Entry.directory == slug, Entry.live(), desk.is_present())
    return {each.id: (each.stage, each.values) for each in rows}


def random_acts(chance, slug, definition):
    """Do some of what people do in a day; what is refused is refused."""
    acts = [
        lambda id: rules.pause(id),
        lambda id: rules.resume(id),
        lambda id: rules.leave(id),
        lambda id: rules.restore(id),
        lambda id: freshness.confirm(id),
        lambda id: stages.move(id, chance.choice(definition.stages).key),
        lambda id: rules.change(id, Typed(values=answers(definition, places=chance.randint(0, 20)))),
        lambda id: person_rules.delete(Entry.get_by_id(id).person_id),
    ]
    weights = [2, 2, 2, 2, 3, 4, 3, 0.3]
    for _ in range(chance.randint(0, 2)):
        declared(slug, practitioner())
    ids = [id for (id,) in Entry.select(Entry.id).where(Entry.directory == slug).tuples()]
    for _ in range(chance.randint(0, 5) if ids else 0):
        with suppress(RuleError):
            chance.choices(acts, weights)[0](chance.choice(ids))
    if chance.random() < 0.4:
        freshness.expire()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_list_of_any_past_day_is_the_one_that_stood_then(app, clock, seed):
    chance, definition, copies = random.Random(seed), catalogue.find("msu"), {}
    for _ in range(25):
        clock.go(chance.choice([1, 1, 1, 20, 150]))
        random_acts(chance, "msu", definition)
        copies[today()] = live_copy("msu")
    assert len({len(each) for each in copies.values()}) > 3
    for day, copy in copies.items():
        then = {past.entry_id: (past.state["stage"], past.state["values"]) for past in history.as_it_stood("msu", day)}
        assert then == copy, day
    assert snapshots.live(definition) == set(live_copy("msu"))


def test_a_past_list_is_shown_searched_and_exported(app, clock, coordinator):
    entry, gone = declared("msu", practitioner(name="Ancien"), faculte="upec"), declared("msu", practitioner())
    then = today()
    clock.go(2)
    rules.leave(gone.id)
    declared("msu", practitioner())
    as_coordinator, path = logged_in(app, coordinator), f"{HERE}/msu/instantanes"
    page = text_of(as_coordinator.get(f"{path}?jour={then}").text)
    assert entry.person.list_label in page
    assert gone.person.list_label in page
    assert "n’y est plus aujourd’hui" in page
    assert "1 arrivée depuis" in page
    part = as_coordinator.get(f"{path}?jour={then}&q=ancien", headers={"HX-Request": "true"}).text
    assert entry.person.list_label in part
    assert gone.person.list_label not in part
    assert "<html" not in part
    assert "Rien ne correspond" in as_coordinator.get(f"{path}?jour=2020-01-01").text
    for wrong in ("demain", "9999-12-31", "0001-01-01"):
        assert as_coordinator.get(f"{path}?jour={wrong}").status_code == 200
    file = as_coordinator.post(f"{path}/export", data={"jour": str(then)}).get_data(as_text=True)
    assert "Paris-Est Créteil" in file
    assert file.count("\r\n") == 3
    declared("ivg", practitioner())
    assert "Exporter" not in as_coordinator.get(f"{HERE}/ivg/instantanes").text
    assert as_coordinator.post(f"{HERE}/ivg/instantanes/export", data={}).status_code == 404


def test_the_communes_without_anybody_come_first(app, as_coordinator):
    for insee in (BRIE, SERVON, MELUN):
        TerritoryCommune.create(commune=territory.use(insee))
    declared("etp", practitioner("60"), communes=[MELUN], themes=["diabete"])
    declared("etp", practitioner("60"), communes=[], themes=["cancer"])
    rules.pause(declared("etp", practitioner("60"), communes=[SERVON]).id)
    definition = catalogue.find("etp")
    found = {each.insee: (each.here, each.served) for each in coverage.places(definition)}
    assert found == {BRIE: (2, 2), MELUN: (0, 1), SERVON: (0, 0)}
    assert {each.insee: each.served for each in coverage.places(definition, {"themes": "diabete"})} == {
        BRIE: 1, MELUN: 1, SERVON: 0,
    }  # fmt: skip
    page = as_coordinator.get(f"{HERE}/etp/couverture").text
    names = [Commune.get_by_id(insee).name for insee in (SERVON, MELUN, BRIE)]
    places = [page.index(f">{name}</a>") for name in names]
    assert places == sorted(places)
    assert "1 commune sans personne sur 3" in text_of(page)
    part = as_coordinator.get(f"{HERE}/etp/couverture?f-themes=cancer", headers={"HX-Request": "true"}).text
    assert "2 communes sans personne sur 3" in text_of(part)
    assert "<html" not in part
    file = as_coordinator.post(f"{HERE}/etp/couverture/export", data={"f-themes": "cancer"}).get_data(as_text=True)
    assert f"{names[1]};0;0" in file
    assert as_coordinator.post(f"{HERE}/ivg/couverture/export", data={}).status_code == 404
    assert Entry.select().where(Entry.status == Status.PAUSED).count() == 1
