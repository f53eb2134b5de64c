"""The register of placements: numbers by host, semester and level; never a trainee's name."""

from datetime import date

import pytest
from peewee import IntegrityError
from playhouse.test_utils import assert_query_count

from cptsapp.blueprints.adherent import choosing
from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.directory.models import Entry
from cptsapp.blueprints.person import rules as persons
from cptsapp.blueprints.placement import gestion, registrations, rules
from cptsapp.blueprints.placement.models import Level, Placement, next_semester, semester_label, semester_of
from cptsapp.blueprints.privacy import rules as privacy
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from tests.conftest import text_of

DESK = "/gestion/stages"
NOW = semester_of(today())


def host_called(name):
    person = persons.create(given_name="Prénom", family_name=name)
    Practice.create(person=person, profession="10-MG", commune=territory.use("77053"))
    return person.id


@pytest.fixture
def host(app):
    return host_called("Maître")


@pytest.mark.parametrize(
    ("day", "start", "label"),
    [
        (date(2026, 4, 30), date(2025, 11, 1), "novembre 2025 à avril 2026"),
        (date(2026, 5, 1), date(2026, 5, 1), "mai à octobre 2026"),
        (date(2026, 12, 31), date(2026, 11, 1), "novembre 2026 à avril 2027"),
    ],
)
def test_a_day_belongs_to_one_semester(day, start, label):
    assert (semester_of(day), semester_label(start)) == (start, label)
    assert semester_of(next_semester(start)) == next_semester(start) > start


def test_what_makes_no_sense_is_refused(host):
    fine = {"starts_on": NOW, "host_id": host, "level": "saspas", "number": 2}
    rules.save(**fine)
    for wrong, said in (
        ({"starts_on": date(2026, 6, 1)}, "semestre dans la liste"),
        ({"starts_on": date(2099, 5, 1)}, "trop lointain"),
        ({"level": "chef"}, "niveau"),
        ({"number": 0}, "de 1 à 20"),
        ({"number": 21}, "de 1 à 20"),
        ({"host_id": 999}, "maître de stage"),
        ({}, "déjà"),
    ):
        with pytest.raises(RuleError, match=said):
            rules.save(**fine | wrong)
    with pytest.raises(IntegrityError), db.atomic():
        Placement.create(starts_on=NOW, host=host, level="saspas", number=1)
    assert Placement.select().count() == 1


def test_the_coordination_keeps_the_register(as_coordinator, host, app):
    approved = host_called("Agréé")
    Entry.create(directory="msu", person=approved, consented_on=today(), consent_means="paper", stage="agree",
                 stage_on=today())  # fmt: skip
    form = as_coordinator.get(f"{DESK}/nouveau").text
    assert form.index("Maîtres de stage agréés") < form.index(f'value="{approved}"') < form.index(f'value="{host}"')
    sent = {"starts_on": NOW.isoformat(), "host": host, "level": "niveau_1", "number": "2", "sites": "Lundi au cabinet"}
    refused = as_coordinator.post(f"{DESK}/nouveau", data=sent | {"number": "0"})
    assert refused.status_code == 422
    assert "Lundi au cabinet" in refused.text
    assert as_coordinator.post(f"{DESK}/nouveau", data=sent).status_code == 303
    row = Placement.get()
    assert as_coordinator.post(f"{DESK}/{row.id}", data=sent | {"number": "3"}).status_code == 303
    words = text_of(as_coordinator.get(DESK).text)
    for said in ("MAÎTRE Prénom", "Brie-Comte-Robert", "interne de niveau 1", semester_label(NOW)):
        assert said in words
    part = as_coordinator.get(DESK, headers={"HX-Request": "true"}).text
    assert part.strip() in as_coordinator.get(DESK).text
    for _ in range(2):
        answer = as_coordinator.post(f"{DESK}/lot", data={"action": "reconduire", "id": [row.id]})
        assert answer.status_code == 303
    assert sorted(each.number for each in Placement.select()) == [3, 3]
    assert "Rien à reconduire" in as_coordinator.get(DESK).text
    assert "Stagiaires par semestre" in as_coordinator.get(DESK).text
    assert "Lundi au cabinet" in as_coordinator.post(f"{DESK}/export").text
    assert "3 × 3e cycle" in as_coordinator.get(f"/gestion/personnes/{host}").text
    with app.test_request_context(DESK):
        gestion.index()
        with assert_query_count(3):
            gestion.index()
    assert as_coordinator.post(f"{DESK}/{row.id}/retirer").status_code == 303
    assert as_coordinator.post(f"{DESK}/{row.id}/retirer").status_code == 404


def test_figures_by_semester_and_a_host_erased_leaves_them_whole(host):
    rules.save(starts_on=NOW, host_id=host, level=Level.SASPAS, number=2, sites="Cabinet")
    rules.save(starts_on=NOW, host_id=host_called("Autre"), level=Level.EXTERNE, number=1)
    rules.save(starts_on=semester_of(date(2024, 6, 1)), host_id=host, level=Level.SASPAS)
    assert (registrations.count(NOW, today()), registrations.hosts(NOW, today())) == (3, 2)
    assert registrations.by_level(NOW, today()) == {"3e cycle : SASPAS": 2, "2e cycle : externe": 1}
    assert registrations.by_commune(NOW, today()) == {"Brie-Comte-Robert": 3}
    assert registrations.by_semester(date(2024, 1, 1), today())["mai à octobre 2024"] == 1
    assert registrations.exported(host)["stages"][0]["lieux"] == "Cabinet"
    privacy.erase_person(host)
    assert registrations.count(NOW, today()) == 3
    assert registrations.exported(host) == {"stages": []}


def test_no_column_could_hold_a_trainee(app):
    assert set(Placement._meta.fields) == {"id", "starts_on", "host", "level", "number", "sites", "created_at"}


def test_a_part_is_a_piece_of_its_page(as_coordinator, host):
    for path in ("/gestion/stages?niveau=externe", "/gestion/stages/nouveau"):
        whole, part = (as_coordinator.get(path, headers=each).text for each in ({}, {"HX-Request": "true"}))
        assert part.strip() in whole, path
        assert "<html" not in part, path


def test_beyond_a_list_a_host_is_found_by_name_and_nothing_typed_is_lost(as_coordinator, host, monkeypatch):
    monkeypatch.setattr(choosing, "FEW", 1)
    host_called("Autre"), host_called("Tiers")
    other, path = host_called("Martin"), f"{DESK}/nouveau"
    persons.create(given_name="Prénom", family_name="Martinet")  # no professional
    assert f'value="{host}"' not in as_coordinator.get(path).text
    typed = {"starts_on": NOW.isoformat(), "level": "niveau_1", "number": "7", "host-q": "mart", "host-lu": ""}
    for searched in ({}, {"host-chercher": "1", "host-lu": "mart"}):  # by « Rechercher », or by whatever button
        found = as_coordinator.post(path, data=typed | searched)
        assert found.status_code == 200
        assert f'value="{other}"' in found.text
        assert "MARTINET" not in found.text
        assert 'value="7"' in found.text
    assert not Placement.select().exists()
    typed["host-lu"] = "mart"
    assert "Choisissez le maître de stage" in as_coordinator.post(path, data=typed).text
    for wrong in ("999", "0", "x", "²"):
        assert as_coordinator.post(path, data=typed | {"host": wrong}).status_code == 422
    assert as_coordinator.post(path, data=typed | {"host": other}).status_code == 303
    row = Placement.get()
    Practice.update(profession="").where(Practice.person == other).execute()
    form = as_coordinator.get(f"{DESK}/{row.id}").text
    assert f'value="{other}" checked' in form  # whoever was chosen stays, even without the profession
    assert as_coordinator.post(f"{DESK}/{row.id}", data=typed | {"host": other, "number": "3"}).status_code == 303
