"""Teleconsultation: pairs that need a protocol before they work, equipment with one holder at a time."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from peewee import IntegrityError
from playhouse.test_utils import assert_query_count

from cptsapp.blueprints.adherent import rules as adherents
from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.directory.models import Entry
from cptsapp.blueprints.loan import gestion_equipment, registrations, rules
from cptsapp.blueprints.loan.models import Equipment, Loan, Pair, Stage
from cptsapp.blueprints.person import rules as persons
from cptsapp.blueprints.privacy import rules as privacy
from cptsapp.kernel import db as database
from cptsapp.kernel import registry
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from tests.conftest import text_of

DESK = "/gestion/teleconsultation"
HTMX = {"HX-Request": "true"}
DAY = timedelta(days=1)


def practising(name, profession):
    person = persons.create(given_name="Prénom", family_name=name)
    Practice.create(person=person, profession=profession)
    adherents.admit(person.id)
    return person.id


@pytest.fixture
def doctor(app):
    return practising("Médecin", "10-MG")


@pytest.fixture
def nurse(app):
    return practising("Infirmière", "60")


@pytest.fixture
def case(app):
    return rules.save_equipment(label="Mallette", serial="TLC-1", cost_cents=2_450_50, bought_on=today())


def test_a_pair_is_one_gp_and_one_nurse_and_one_may_be_in_several(doctor, nurse):
    made = rules.pair(doctor, nurse)
    assert made.stage == Stage.TO_SIGN
    for wrong, said in (((nurse, doctor), "choisissez un médecin"), ((doctor, doctor), "choisissez un infirmier"),
                        ((doctor, 999), "personne de la liste"), ((doctor, nurse), "existe déjà")):  # fmt: skip
        with pytest.raises(RuleError, match=said):
            rules.pair(*wrong)
    rules.pair(doctor, practising("Autre", "60-IPA"))
    rules.pair(practising("Second", "10-MG"), nurse)
    assert Pair.select().count() == 3
    with pytest.raises(IntegrityError), db.atomic():
        Pair.create(doctor=doctor, nurse=nurse)


def test_without_a_protocol_no_pair_is_active(doctor, nurse):
    made, day = rules.pair(doctor, nurse), today()
    with pytest.raises(RuleError, match="date du protocole"):
        rules.activate(made.id, on=day)
    with pytest.raises(IntegrityError), db.atomic():
        Pair.update(active_on=day).execute()
    with pytest.raises(RuleError, match="jour passé"):
        rules.sign(made.id, on=day + DAY)
    rules.sign(made.id, on=day - 10 * DAY)
    with pytest.raises(RuleError, match="commence après"):
        rules.activate(made.id, on=day - 11 * DAY)
    assert rules.activate(made.id, on=day - 5 * DAY).stage == Stage.ACTIVE
    assert rules.activate(made.id, on=day).active_on == day - 5 * DAY
    with pytest.raises(RuleError, match="le protocole le précède"):
        rules.sign(made.id, on=day)
    figures = registrations.active_pairs
    assert [figures(day, day), figures(day, day - 6 * DAY)] == [1, 0]
    with pytest.raises(RuleError, match="finit après"):
        rules.end_pair(made.id, on=day - 9 * DAY, reason="wish")
    rules.end_pair(made.id, on=day - 2 * DAY, reason="wish")
    assert [figures(day, day), figures(day, day - 3 * DAY)] == [0, 1]
    with pytest.raises(RuleError, match="terminé"):
        rules.sign(made.id, on=day)
    again = rules.pair(doctor, nurse)
    with pytest.raises(RuleError, match="rien à reprendre"):
        rules.resume_pair(made.id)
    rules.end_pair(again.id, on=day, reason="mistake")
    assert rules.resume_pair(made.id).stage == Stage.ACTIVE


def test_the_coordination_leads_a_pair_from_its_page(as_coordinator, doctor, nurse):
    refused = as_coordinator.post(f"{DESK}/binomes/nouveau", data={"doctor": doctor})
    assert refused.status_code == 422
    assert "Choisissez un infirmier" in refused.text
    answer = as_coordinator.post(f"{DESK}/binomes/nouveau", data={"doctor": doctor, "nurse": nurse})
    assert answer.status_code == 303
    path = answer.location
    ids = re.findall(r' id="([^"]+)"', as_coordinator.get(path).text)
    assert len(ids) == len(set(ids))
    assert as_coordinator.post(f"{path}/actif", data={"on": today().isoformat()}).status_code == 422
    for step, data in (("protocole", {}), ("actif", {}), ("fin", {"reason": "unused"})):
        assert as_coordinator.post(f"{path}/{step}", data={"on": today().isoformat(), **data}).status_code == 303
    assert "Sans usage" not in as_coordinator.get(DESK).text
    assert "MÉDECIN" in as_coordinator.get(f"{DESK}?etat=ended").text
    assert as_coordinator.post(f"{path}/reprendre").status_code == 303
    assert Pair.get().stage == Stage.ACTIVE
    assert "MÉDECIN" in as_coordinator.get(f"{DESK}?q=infirmiere").text
    part = as_coordinator.get(DESK, headers=HTMX).text
    assert part.strip() in as_coordinator.get(DESK).text
    assert "MÉDECIN" in as_coordinator.post(f"{DESK}/binomes/export").text
    record = as_coordinator.get(f"/gestion/personnes/{nurse}").text
    assert "Binôme" in record
    for path in (f"{DESK}/binomes/999", f"{DESK}/materiel/999"):
        assert as_coordinator.get(path).status_code == 404


def test_volunteers_of_the_directory_come_first(as_coordinator, doctor, nurse):
    other = practising("Autre", "60")
    Entry.create(directory="teleconsultation", person=nurse, consented_on=today(), consent_means="paper")
    page = as_coordinator.get(f"{DESK}/binomes/nouveau").text
    assert page.index("Volontaires") < page.index(f'value="{nurse}"') < page.index(f'value="{other}"')


def test_equipment_has_one_holder_at_a_time(case, nurse, doctor):
    loan = rules.lend(case.id, nurse, out_on=today() - 10 * DAY, due_on=today() - DAY)
    assert loan.is_overdue
    with pytest.raises(RuleError, match="déjà prêté"):
        rules.lend(case.id, doctor, out_on=today())
    with pytest.raises(IntegrityError), db.atomic():
        Loan.create(equipment=case, holder=doctor, out_on=today())
    with pytest.raises(RuleError, match="notez d’abord son retour"):
        rules.retire(case.id)
    with pytest.raises(RuleError, match="revient après"):
        rules.give_back(loan.id, on=today() - 11 * DAY)
    rules.give_back(loan.id, on=today() - 3 * DAY, state="Câble usé")
    assert rules.give_back(loan.id, on=today()).returned_on == today() - 3 * DAY
    with pytest.raises(RuleError, match="était prêté jusqu’au"):
        rules.lend(case.id, doctor, out_on=today() - 5 * DAY)
    rules.reopen(loan.id)
    assert Loan.get().returned_on is None
    rules.give_back(loan.id, on=today() - 3 * DAY)
    rules.lend(case.id, doctor, out_on=today() - 2 * DAY)
    with pytest.raises(RuleError, match="ce retour reste noté"):
        rules.reopen(loan.id)
    assert [registrations.equipped(today(), today() - back * DAY) for back in (0, 5, 20)] == [1, 1, 0]


def test_of_eight_who_borrow_at_once_one_has_it(case, app):
    people = [practising(f"Infirmier{rank}", "60") for rank in range(8)]
    gate = threading.Barrier(8)

    def borrow(person):
        gate.wait()
        with database.connection():
            try:
                return bool(rules.lend(case.id, person, out_on=today()))
            except RuleError:
                return False

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(borrow, people)).count(True) == 1
    assert Loan.select().count() == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"label": " "}, "quel matériel"),
        ({"serial": ""}, "numéro de série"),
        ({"cost_cents": -1}, "de 0 à 100 000"),
        ({"bought_on": today() + DAY}, "jour passé"),
        ({"serial": "TLC-1"}, "porte déjà ce numéro"),
    ],
)
def test_what_cannot_be_registered_is_refused(case, values, said):
    with pytest.raises(RuleError, match=said):
        rules.save_equipment(**{"label": "Tablette", "serial": "TAB-1", **values})
    assert Equipment.select().count() == 1


def test_the_coordination_keeps_the_register(as_coordinator, nurse, app):
    form = {"label": "Mallette", "serial": "TLC-9", "cost_cents": "2 450,50", "bought_on": today().isoformat()}
    wrong = as_coordinator.post(f"{DESK}/materiel/nouveau", data=form | {"cost_cents": "beaucoup"})
    assert wrong.status_code == 422
    assert "TLC-9" in wrong.text
    answer = as_coordinator.post(f"{DESK}/materiel/nouveau", data=form)
    assert answer.status_code == 303
    path = answer.location
    assert Equipment.get().cost_cents == 2_450_50
    assert registrations.cost(today(), today()) == 2450
    assert 'value="2450,50"' in as_coordinator.get(f"{path}/modifier").text
    out = (today() - DAY).isoformat()
    assert as_coordinator.post(f"{path}/preter", data={"out_on": out}).status_code == 422
    lent = {"holder": nurse, "out_on": (today() - 9 * DAY).isoformat(), "due_on": out}
    assert as_coordinator.post(f"{path}/preter", data=lent).status_code == 303
    assert as_coordinator.post(f"{path}/preter", data=lent).status_code == 303
    assert "par ailleurs" in as_coordinator.get(path).text
    assert Loan.select().count() == 1
    words = text_of(as_coordinator.get(f"{DESK}/materiel").text)
    assert "INFIRMIÈRE Prénom" in words
    assert "En retard" in words
    waits = next(each for each in registry.waiting_sources if each.key == "loan.overdue")
    with app.test_request_context():
        assert [each.count for each in waits.load()] == [1]
    assert "Mallette (TLC-9)" in as_coordinator.get(f"{DESK}/prets").text
    for part in (f"{DESK}/materiel", f"{DESK}/prets"):
        assert as_coordinator.get(part, headers=HTMX).text.strip() in as_coordinator.get(part).text
    lines = as_coordinator.post(f"{DESK}/materiel/export").text
    assert "2450,5" in lines
    assert "TLC-9" in as_coordinator.post(f"{DESK}/prets/export").text
    assert as_coordinator.post(f"{path}/rendre", data={"on": "2000-01-01"}).status_code == 422
    for _ in range(2):
        data = {"on": today().isoformat(), "state": "Bon état"}
        assert as_coordinator.post(f"{path}/rendre", data=data).status_code == 303
    assert "Bon état" in as_coordinator.get(path).text
    assert as_coordinator.post(f"{DESK}/prets/{Loan.get().id}/annuler-le-retour").status_code == 303
    as_coordinator.post(f"{path}/rendre", data={"on": today().isoformat()})
    as_coordinator.post(f"{path}/sortir")
    assert "Sorti du registre" in as_coordinator.get(path).text
    as_coordinator.post(f"{path}/remettre")
    assert Equipment.get().retired_on is None


def test_a_list_of_equipment_costs_the_same_however_long(case, nurse, app):
    rules.lend(case.id, nurse, out_on=today())
    for rank in range(20):
        rules.save_equipment(label="Tablette", serial=f"TAB-{rank}")
    with app.test_request_context(f"{DESK}/materiel"):
        gestion_equipment.equipments()  # what a process reads once
        with assert_query_count(2):
            gestion_equipment.equipments()


def test_a_person_reads_what_is_held_and_is_erased_once_all_is_back(case, doctor, nurse):
    made = rules.pair(doctor, nurse, protocol_on=today())
    rules.activate(made.id, on=today())
    loan = rules.lend(case.id, nurse, out_on=today())
    held = registrations.exported(nurse)
    assert held["binomes"][0]["role"] == "infirmier"
    assert held["prets"][0]["materiel"] == "Mallette (TLC-1)"
    with pytest.raises(RuleError, match="détient du matériel"):
        privacy.erase_person(nurse)
    assert Pair.get().nurse_id == nurse
    rules.give_back(loan.id, on=today())
    privacy.erase_person(nurse)
    assert (Pair.get().nurse_id, Pair.get().stage, Loan.get().holder_id) == (None, Stage.ENDED, None)
    assert Equipment.get().cost_cents == 2_450_50


def test_names_go_three_years_after_and_figures_stay(case, doctor, nurse):
    made = rules.pair(doctor, nurse, protocol_on=today())
    loan = rules.lend(case.id, nurse, out_on=today())
    rules.end_pair(made.id, on=today(), reason="wish")
    rules.give_back(loan.id, on=today())
    assert rules.forget_old(today() + 365 * DAY) == 0
    assert rules.forget_old(today() + 1200 * DAY) == 2
    assert (Pair.get().doctor_id, Loan.get().holder_id) == (None, None)
    assert Loan.select().count() == 1


def test_a_part_is_a_piece_of_its_page(as_coordinator, case):
    for path in ("", "/binomes/nouveau", "/materiel", "/materiel/nouveau", f"/materiel/{case.id}/modifier", "/prets"):
        whole, part = (as_coordinator.get(DESK + path, headers=each).text for each in ({}, HTMX))
        assert part.strip() in whole, path
        assert "<html" not in part, path
