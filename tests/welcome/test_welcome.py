"""Each new GP is met: the task is read from the membership, what came of it is noted, and can be taken back."""

from datetime import timedelta

import pytest
from playhouse.test_utils import count_queries

from cptsapp.blueprints.adherent import rules as adherents
from cptsapp.blueprints.adherent.models import Membership, Practice
from cptsapp.blueprints.directory import rules as directories
from cptsapp.blueprints.directory.models import Entry
from cptsapp.blueprints.person import rules as persons
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.welcome import registrations, rules
from cptsapp.blueprints.welcome.gestion import what_waits
from cptsapp.blueprints.welcome.models import State, Welcome, is_late, is_open, state_of, welcomes
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from tests.conftest import text_of
from tests.directory.conftest import MELUN, SERVON, declared, practitioner, structure


def doctor(name="Nouveau", *, days=3, **more):
    """Return a GP who joined some days ago."""
    person = practitioner("10-MG", name=name, **more)
    Membership.update(started_on=today() - timedelta(days=days)).where(Membership.person == person).execute()
    return person


def to_do():
    return {each.family_name for each in welcomes().where(is_open())}


def test_a_gp_who_joins_is_to_be_met_whatever_the_way(app):
    doctor("Admis")
    nurse = practitioner("60", name="Infirmière")
    assert to_do() == {"Admis"}
    Practice.update(profession="10-MG").where(Practice.person == nurse.id).execute()  # corrected afterwards
    assert to_do() == {"Admis", "Infirmière"}


@pytest.mark.parametrize("days", [400, 3000])
def test_whoever_has_been_there_for_a_year_is_no_newcomer(app, days):
    doctor("Ancien", days=days)
    assert to_do() == set()


def test_whoever_comes_back_is_no_newcomer(app):
    person = doctor("Revenu", days=900)
    adherents.end(person.id)
    Membership.update(started_on=today() - timedelta(days=900), ended_on=today() - timedelta(days=500)).execute()
    adherents.admit(person.id)
    assert to_do() == set()


def test_whoever_leaves_or_is_binned_waits_no_longer(app):
    gone, binned = doctor("Parti"), doctor("Effacé")
    adherents.end(gone.id)
    Membership.update(ended_on=today() - timedelta(days=200), started_on=today() - timedelta(days=210)).where(
        Membership.person == gone
    ).execute()
    persons.delete(binned.id)
    assert to_do() == set()


def test_a_meeting_is_noted_with_who_and_when_and_taken_back(app, as_coordinator, coordinator):
    person = doctor()
    path = f"/gestion/accueils/{person.id}"
    assert waiting_in(app) == [("1 nouveau médecin à rencontrer", 1)]
    late = as_coordinator.post(path, data={"met_on": str(today() + timedelta(days=1)), "note": "Pressé"})
    assert late.status_code == 422
    assert "à venir" in late.text
    assert "Pressé" in late.text
    data = {"met_on": str(today()), "note": "Veut un IPA"}
    assert as_coordinator.post(path, data=data).status_code == 303
    row = Welcome.get()
    assert (row.met_on, row.note, row.done_by_id) == (today(), "Veut un IPA", coordinator.id)
    assert to_do() == set()
    assert "Camille Exemple" in as_coordinator.get(path).text
    assert "Veut un IPA" in as_coordinator.get(f"/gestion/personnes/{person.id}").text
    assert registrations.met(today(), today()) == registrations.newcomers(today() - timedelta(days=5), today()) == 1
    assert as_coordinator.post(f"{path}/reprendre").status_code == 303
    assert to_do() == {"Nouveau"}
    assert registrations.met(today(), today()) == 0
    assert as_coordinator.post(f"{path}/ecarter").status_code == 303
    assert state_of(welcomes().get()) == State.NEEDLESS
    told = [row.action for row in JournalEntry.select().where(JournalEntry.action.startswith("welcome."))]
    assert told == ["welcome.met", "welcome.reopened", "welcome.needless"]


def waiting_in(app):
    with app.test_request_context():
        return [(text_of(each.label), each.count) for each in what_waits()]


def test_after_two_months_a_welcome_is_late(app, as_coordinator):
    doctor("Attendu", days=59)
    doctor("Oublié", days=61)
    assert {each.family_name for each in welcomes().where(is_late())} == {"Oublié"}
    assert {state_of(each) for each in welcomes()} == {State.TO_DO, State.LATE}
    assert waiting_in(app) == [("2 nouveaux médecins à rencontrer, dont 1 depuis plus de deux mois", 2)]
    shown = as_coordinator.get("/gestion/accueils/?etat=retard").text
    assert "OUBLIÉ" in shown
    assert "ATTENDU" not in shown


def test_what_waits_near_the_practice_is_told(as_coordinator):
    person = doctor(commune=SERVON)  # same intercommunalité
    declared("ipa-recherche", structure("Cabinet voisin"), keyed=True)
    assert "Cabinet voisin" in as_coordinator.get(f"/gestion/accueils/{person.id}").text
    directories.leave(Entry.get().id)
    assert "Cabinet voisin" not in as_coordinator.get(f"/gestion/accueils/{person.id}").text
    Practice.update(commune=None).where(Practice.person == person.id).execute()
    assert "commune d’exercice n’est pas connue" in as_coordinator.get(f"/gestion/accueils/{person.id}").text


def test_what_waits_far_away_is_not_told(as_coordinator):
    person = doctor(commune=MELUN)
    declared("ipa-recherche", structure("Cabinet lointain"), keyed=True, communes=[])
    assert "Aucune demande n’attend" in as_coordinator.get(f"/gestion/accueils/{person.id}").text


def test_a_gp_who_is_no_member_yet_is_asked_for_by_hand(as_coordinator):
    person = practitioner("10-MG", name="Voisin", member=False)
    assert to_do() == set()
    assert "À accueillir" in as_coordinator.get(f"/gestion/personnes/{person.id}").text
    path = f"/gestion/accueils/{person.id}"
    assert as_coordinator.post(f"{path}/demander").location == path
    assert as_coordinator.post(f"{path}/demander").location == path
    assert to_do() == {"Voisin"}
    assert JournalEntry.select().where(JournalEntry.action == "welcome.asked").count() == 1
    rules.meet(person.id, on=today())
    rules.reopen(person.id)
    assert to_do() == {"Voisin"}  # it was asked: it is still asked


def test_nobody_but_a_gp_is_welcomed(as_coordinator, app):
    nurse = practitioner("60")
    with pytest.raises(RuleError, match="médecin généraliste"):
        rules.meet(nurse.id, on=today())
    assert as_coordinator.get(f"/gestion/accueils/{nurse.id}").status_code == 404
    assert "À accueillir" not in as_coordinator.get(f"/gestion/personnes/{nurse.id}").text


def test_many_are_set_aside_at_once(as_coordinator):
    ids = [doctor(f"N{rank}").id for rank in range(3)]
    answer = as_coordinator.post("/gestion/accueils/lot", data={"action": "sans-objet", "id": ids[:2]})
    assert answer.status_code == 303
    assert to_do() == {"N2"}


def test_a_part_is_a_piece_of_its_page(as_coordinator):
    person = doctor()
    for path in ("/gestion/accueils/?q=nouveau", f"/gestion/accueils/{person.id}"):
        whole, part = (as_coordinator.get(path, headers=each).text for each in ({}, {"HX-Request": "true"}))
        assert part.strip() in whole
        assert "<html" not in part


def test_the_list_asks_the_same_whatever_its_size(as_coordinator, coordinator):
    def once():
        with count_queries() as counted:
            as_coordinator.get("/gestion/accueils/?etat=")
        return counted.count

    def asked():
        return min(once() for _ in range(3))  # the first reads what is then kept; now and then one writes that it came

    for rank in range(2):
        rules.meet(doctor(f"A{rank}").id, on=today(), by=coordinator.id)
        doctor(f"B{rank}")
    few = asked()
    for rank in range(6):
        rules.meet(doctor(f"C{rank}").id, on=today(), by=coordinator.id)
        doctor(f"D{rank}")
    assert asked() <= few


def test_the_list_goes_to_a_file(as_coordinator):
    doctor("Exporté")
    assert "EXPORTÉ" in as_coordinator.post("/gestion/accueils/export", data={"format": "csv"}).text


def test_what_was_noted_is_handed_over_and_erased_with_the_person(app):
    person = doctor()
    rules.meet(person.id, on=today(), note="Discret")
    assert registrations.exported(person.id)["note"] == "Discret"
    registrations.erase(person.id)
    assert Welcome.select().count() == 0
    assert Person.get_by_id(person.id)


def test_the_record_says_where_the_welcome_stands(as_coordinator):
    person = doctor()
    assert "Préparer la rencontre" in text_of(as_coordinator.get(f"/gestion/personnes/{person.id}").text)
