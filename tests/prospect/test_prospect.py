from datetime import datetime, timedelta

import pytest

from cptsapp.blueprints.adherent.models import Membership, Practice, is_adherent
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.prospect import rules
from cptsapp.blueprints.prospect.models import Approach, Means, Prospect, State
from cptsapp.kernel import registry
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.mail import OutgoingMail

KNOWN = {
    "given_name": "Iris",
    "family_name": "Prétexte",
    "profession": "60",
    "commune": "77053",
    "organisation": "Cabinet du Modèle",
    "email": "iris@exemple.fr",
    "phone": "01 99 00 30 01",
    "source": "Annuaire public",
    "note": "Vue à la réunion de mars.",
}
TYPED = KNOWN | {"commune": "brie comte robert"}
LIST = "/gestion/prospects"


@pytest.fixture
def prospect(app):
    return rules.create(**KNOWN)


def actions():
    return [each.action for each in JournalEntry.select().where(JournalEntry.subject_kind == "prospect")]


def test_a_prospect_is_typed_and_found_by_any_word(as_coordinator):
    answer = as_coordinator.post(f"{LIST}/nouveau", data=TYPED)
    assert answer.status_code == 303
    assert Prospect.get().commune_id == "77053"
    for words in ("pretexte iris", "infirm", "BRIE", "modele", "3001", "01 99 00"):
        found = as_coordinator.get(f"{LIST}/", query_string={"q": words}).text
        assert ("PRÉTEXTE" in found) == (words != "3001"), words


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"family_name": ""}, "Indiquez le nom de famille"),
        ({"source": " "}, "d’où viennent ces coordonnées"),
        ({"email": "iris@"}, "ne semble pas complète"),
        ({"commune": "Nulle-Part-les-Bains"}, "Aucune commune ne s’appelle"),
        ({"commune": "Saint-Denis"}, "peut être"),
        ({"profession": "inconnue"}, "profession"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(as_coordinator, changes, said):
    answer = as_coordinator.post(f"{LIST}/nouveau", data=TYPED | changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert "Vue à la réunion de mars." in answer.text
    assert not Prospect.select().exists()


def test_the_form_that_is_opened_again_shows_what_was_typed(as_coordinator, prospect):
    html = as_coordinator.get(f"{LIST}/{prospect.id}/modifier").text
    for words in ("Prétexte", "Brie-Comte-Robert (77)", '<option selected value="60">', "Annuaire public"):
        assert words in html
    typed = TYPED | {"commune": "chevry cossigny", "given_name": "Irène"}
    assert as_coordinator.post(f"{LIST}/{prospect.id}/modifier", data=typed).status_code == 303
    assert (Prospect.get().given_name, Prospect.get().commune_id) == ("Irène", "77114")


def test_one_address_makes_one_prospect(prospect):
    with pytest.raises(RuleError, match="déjà cette adresse"):
        rules.create(**KNOWN | {"family_name": "Autre", "email": "IRIS@exemple.fr"})


def test_somebody_who_has_a_record_is_no_prospect(app):
    person_rules.create(given_name="Iris", family_name="Prétexte", email="iris@exemple.fr")
    with pytest.raises(RuleError, match="déjà une fiche"):
        rules.create(**KNOWN)


def test_an_approach_is_noted_with_its_day(as_coordinator, prospect, coordinator):
    day = today() - timedelta(days=3)
    typed = {"on": day.isoformat(), "means": "phone", "text": "Rappeler en mai", "informed": "y"}
    assert as_coordinator.post(f"{LIST}/{prospect.id}/contact", data=typed).status_code == 303
    known, approach = Prospect.get(), Approach.get()
    assert (known.state, known.last_approach_on, known.informed_on) == (State.APPROACHED, day, day)
    assert (approach.text, approach.by_id) == ("Rappeler en mai", coordinator.id)
    assert "Rappeler en mai" in as_coordinator.get(f"{LIST}/{prospect.id}").text


def test_an_older_approach_does_not_hide_the_last_one(prospect):
    rules.note_approach(prospect.id, means=Means.PHONE, on=today())
    rules.note_approach(prospect.id, means=Means.VISIT, on=today() - timedelta(days=90))
    assert Prospect.get().last_approach_on == today()


def test_an_approach_of_tomorrow_is_refused(as_coordinator, prospect):
    typed = {"on": (today() + timedelta(days=1)).isoformat(), "means": "phone", "text": "Déjà écrit"}
    answer = as_coordinator.post(f"{LIST}/{prospect.id}/contact", data=typed)
    assert answer.status_code == 422
    assert "Déjà écrit" in answer.text


def test_who_was_approached_and_not_informed_waits_for_the_coordination(prospect):
    source = next(each for each in registry.waiting_sources if each.key == "prospect.uninformed")
    rules.note_approach(prospect.id, means=Means.PHONE)
    assert Prospect.uninformed().count() == 1
    rules.note_approach(prospect.id, means=Means.PHONE, informed=True)
    assert Prospect.uninformed().count() == 0
    assert source.access == ("coordination",)


def test_an_invitation_tells_where_the_address_comes_from_and_how_to_stop(as_coordinator, prospect, mailbox, client):
    assert as_coordinator.post(f"{LIST}/{prospect.id}/inviter").status_code == 303
    letter = mailbox.to("iris@exemple.fr")[0]
    assert "Annuaire public" in letter.text
    assert "CNIL" in letter.text
    assert any("/adhesion/?de=invitation" in link for link in letter.links)
    stop = next(link for link in letter.links if "/invitation/stop/" in link)
    path = stop[stop.index("/invitation") :]
    assert "Ne plus me contacter" in client.get(path).text
    assert Prospect.get().stopped_on is None
    assert "C’est noté" in client.post(path).text
    assert Prospect.get().state == State.STOPPED
    assert client.get(path).status_code == 410
    assert client.post(path).status_code == 410


def test_a_link_that_is_no_link_stops_nobody(client, prospect):
    assert client.post("/invitation/stop/faux").status_code == 410
    assert Prospect.get().stopped_on is None


def test_one_invitation_a_month_at_most(prospect):
    rules.invite(prospect.id)
    with pytest.raises(RuleError, match="moins d’un mois"):
        rules.invite(prospect.id)
    assert OutgoingMail.select().count() == 1


def test_without_an_address_there_is_no_invitation(app):
    prospect = rules.create(**KNOWN | {"email": ""})
    with pytest.raises(RuleError, match="pas d’adresse"):
        rules.invite(prospect.id)


def test_who_asks_to_be_left_alone_is(as_coordinator, prospect):
    rules.note_approach(prospect.id, means=Means.PHONE, text="Privé")
    assert as_coordinator.post(f"{LIST}/{prospect.id}/stop").status_code == 303
    known = Prospect.get()
    assert (known.phone, known.note, known.organisation, known.email) == ("", "", "", "iris@exemple.fr")
    assert Approach.select().count() == 0
    for act in (
        lambda: rules.invite(prospect.id),
        lambda: rules.note_approach(prospect.id, means=Means.PHONE),
        lambda: rules.convert(prospect.id),
        lambda: rules.create(**KNOWN),
        lambda: rules.create(**KNOWN | {"email": "autre@exemple.fr"}),
        lambda: rules.delete(prospect.id),
    ):
        with pytest.raises(RuleError):
            act()
    assert rules.create(**KNOWN | {"email": "autre@exemple.fr", "commune": "77114"})
    html = as_coordinator.get(f"{LIST}/{prospect.id}").text
    assert "Ne plus contacter" in html
    assert "Envoyer l’invitation" not in html


def test_a_prospect_becomes_a_member_without_typing_again(as_coordinator, prospect):
    rules.note_approach(prospect.id, means=Means.PHONE, text="Privé")
    answer = as_coordinator.post(f"{LIST}/{prospect.id}/adherer", data={"type": "salarie", "admit": "y"})
    assert answer.status_code == 303
    person, practice = Person.get(Person.email == "iris@exemple.fr"), Practice.get()
    assert (person.label, person.phone, person.note) == ("Iris Prétexte", "01 99 00 30 01", "Vue à la réunion de mars.")
    assert (practice.profession, practice.commune_id, practice.organisation) == ("60", "77053", "Cabinet du Modèle")
    assert Membership.get().type == "salarie"
    assert Membership.get().origin == "prospect"
    assert is_adherent(person)
    known = Prospect.get()
    assert (known.state, known.person, known.email, known.phone) == (State.CONVERTED, person, "", "")
    assert answer.location.endswith(f"/gestion/personnes/{person.id}")
    assert "Invité comme prospect" in as_coordinator.get(answer.location).text
    assert as_coordinator.get(f"{LIST}/{prospect.id}").status_code == 200


def test_a_prospect_may_become_a_record_only(prospect):
    person = rules.convert(prospect.id, admit=False)
    assert not is_adherent(person)


def test_a_prospect_is_converted_once(prospect):
    rules.convert(prospect.id)
    with pytest.raises(RuleError):
        rules.convert(prospect.id)
    assert Person.select().count() == 1


def test_who_joined_alone_since_is_linked_and_not_made_twice(as_coordinator, prospect):
    person = person_rules.create(given_name="Iris", family_name="Prétexte", email="IRIS@exemple.fr")
    with pytest.raises(RuleError, match="déjà une fiche"):
        rules.convert(prospect.id)
    assert "Rattacher à cette fiche" in as_coordinator.get(f"{LIST}/{prospect.id}").text
    assert as_coordinator.post(f"{LIST}/{prospect.id}/rattacher").location.endswith(f"/personnes/{person.id}")
    assert (Prospect.get().person, Prospect.get().email) == (person, "")
    assert Person.select().where(Person.family_name == "Prétexte").count() == 1
    with pytest.raises(RuleError):
        rules.attach(prospect.id)


def test_a_quality_that_does_not_exist_is_refused(as_coordinator, prospect):
    as_coordinator.post(f"{LIST}/{prospect.id}/adherer", data={"type": "structure"})
    assert not Prospect.get().converted_at


def test_nothing_is_sent_in_bulk(as_coordinator, prospect):
    html = as_coordinator.get(f"{LIST}/").text
    assert 'id="lot"' not in html
    assert not [each for each in registry.segments if "prospect" in each.key]


def test_the_list_is_exported_and_journaled(as_coordinator, prospect):
    answer = as_coordinator.post(f"{LIST}/export", data={"format": "csv"})
    assert "iris@exemple.fr" in answer.text
    assert JournalEntry.select().where(JournalEntry.action == "list.exported").count() == 1


def test_who_was_not_spoken_to_for_two_years_is_forgotten(app):
    rows = [rules.create(**KNOWN | {"email": f"p{n}@exemple.fr", "given_name": f"P{n}"}) for n in range(5)]
    _silent, spoken, fresh, stopped, converted = rows
    long_ago = datetime.combine(add_months(today(), -30), now().time())
    Prospect.update(created_at=long_ago).where(Prospect.id != fresh.id).execute()
    rules.note_approach(spoken.id, means=Means.PHONE, on=add_months(today(), -23))
    rules.stop(stopped.id)
    rules.convert(converted.id)
    assert rules.purge(today()) == 1
    assert rules.purge(today()) == 0
    assert {each.id for each in Prospect.select()} == {spoken.id, fresh.id, stopped.id, converted.id}
    assert rules.purge(add_months(today(), 25)) == 2
    assert rules.purge(add_months(today(), 37)) == 1
    assert Prospect.get().id == converted.id


def test_a_person_has_a_copy_of_what_was_noted_and_it_is_erased_with_them(prospect):
    person = rules.convert(prospect.id)
    exporter = next(each for each in registry.personal_exporters if each.key == "prospect")
    assert exporter.call(person.id)["prospects"][0]["devenu_adherent_le"]
    rules.forget_person(person.id)
    assert Prospect.get().person is None
    assert Prospect.get().folded == ""


def test_a_prospect_with_the_address_of_one_person_alone_is_theirs(app, prospect):
    person = person_rules.create(family_name="Prétexte", email="iris@exemple.fr")
    assert rules.of_person(person.id) == [prospect]
    rules.forget_person(person.id)
    assert not Prospect.select().exists()


def test_the_journal_holds_no_name(prospect):
    rules.note_approach(prospect.id, means=Means.PHONE, text="Secret")
    rules.stop(prospect.id)
    entries = JournalEntry.select().where(JournalEntry.subject_kind == "prospect")
    assert [each.action for each in entries] == ["prospect.created", "prospect.approached", "prospect.stopped"]
    assert not any(word in each.detail_json for each in entries for word in ("Prétexte", "iris", "Secret"))


@pytest.mark.parametrize("who", ["as_bureau", "as_admin", "as_adherent"])
def test_others_do_not_see_the_prospects(request, prospect, who):
    assert request.getfixturevalue(who).get(f"{LIST}/{prospect.id}").status_code == 403


def test_a_prospect_that_is_not_there_is_not_found(as_coordinator):
    assert as_coordinator.get(f"{LIST}/999").status_code == 404
    assert as_coordinator.post(f"{LIST}/999/stop").status_code == 404
