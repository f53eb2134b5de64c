"""A member's record: the practice edited in place, tags, notes, representatives, consents, journal, participation."""

import pytest

from cptsapp.blueprints.adherent import record
from cptsapp.blueprints.adherent.models import PersonNote, PersonTag, Practice, StructureRole
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.registry import participation, participations


@pytest.fixture
def member(app):
    return record.add(kind="person", type="liberal", given_name="Camille", family_name="Alberti", profession="60",
                      insee="77445")  # fmt: skip


@pytest.fixture
def structure(app):
    return record.add(kind="structure", type="structure", name="Maison de santé des Trois Exemples", insee="77288")


def path(person, tail=""):
    return f"/gestion/adherents/{person.id}/{tail}"


def shown(browser, person):
    return browser.get(f"/gestion/personnes/{person.id}").text


PRACTICE = {"profession": "70", "profession_other": "", "commune_text": "st maur des fosses",
            "mode": "", "works_at": ""}  # fmt: skip


def test_the_practice_is_edited_in_place_or_on_its_page(as_coordinator, member):
    part = as_coordinator.get(path(member, "exercice"), headers={"HX-Request": "true"}).text
    assert 'id="exercice"' in part
    assert "<html" not in part
    assert part.strip() in as_coordinator.get(path(member, "exercice")).text
    assert as_coordinator.post(path(member, "exercice"), data=PRACTICE).status_code == 303
    practice = Practice.get(Practice.person == member)
    assert (practice.profession, practice.commune_id) == ("70", "94068")
    assert "Masseur-kinésithérapeute" in shown(as_coordinator, member)


def test_a_commune_that_several_bear_is_to_choose(as_coordinator, member):
    answer = as_coordinator.post(path(member, "exercice"), data=PRACTICE | {"commune_text": "Torcy"})
    assert answer.status_code == 422
    assert 'value="77468"' in answer.text
    chosen = PRACTICE | {"commune_text": "Torcy", "commune": "77468"}
    assert as_coordinator.post(path(member, "exercice"), data=chosen).status_code == 303
    assert Practice.get(Practice.person == member).commune_id == "77468"


def test_the_bureau_tags_and_notes_and_the_coordination_erases(as_bureau, as_coordinator, member):
    as_bureau.post(path(member, "etiquettes"), data={"tag": "Maître de stage"})
    as_bureau.post(path(member, "notes"), data={"text": "Rappelée."})
    note = PersonNote.get()
    assert (note.text, note.author.person.label) == ("Rappelée.", "Dominique Modèle")
    page = shown(as_coordinator, member)
    assert "Maître de stage" in page
    assert "Rappelée." in page
    assert "Note de suivi ajoutée" in page
    assert as_bureau.post(path(member, f"notes/{note.id}/supprimer")).status_code == 403
    as_coordinator.post(path(member, f"notes/{note.id}/supprimer"))
    as_coordinator.post(path(member, "etiquettes"), data={"retirer": str(PersonTag.get().tag_id)})
    assert PersonNote.select().count() == PersonTag.select().count() == 0


def test_a_structure_keeps_its_membership_when_its_representative_changes(as_coordinator, member, structure):
    record.set_practice(member.id, profession="60", works_at=structure.id)
    before = structure.memberships.get().id
    page = as_coordinator.get(path(structure, "representants")).text
    assert "ALBERTI Camille" in page
    as_coordinator.post(path(structure, "representants"), data={"representative": str(member.id), "deputy": ""})
    assert StructureRole.get().representative_id == member.id
    assert structure.memberships.get().id == before
    assert as_coordinator.get(path(member, "representants")).status_code == 404


def test_somebody_who_does_not_work_there_is_found_by_name(as_coordinator, member, structure):
    assert "ALBERTI" not in as_coordinator.get(path(structure, "representants")).text
    assert "ALBERTI" in as_coordinator.get(path(structure, "representants?q=camille")).text


def test_only_a_structure_is_a_place_to_work(member):
    with pytest.raises(RuleError, match="structure"):
        record.set_practice(member.id, works_at=member.id)


def test_a_record_can_be_said_right_today(as_coordinator, member):
    as_coordinator.post(path(member, "verifiee"))
    assert member.memberships.get().confirmed_on == today()


def test_what_a_person_took_part_in_is_shown(as_coordinator, member):
    participation("essai", "Réunions")(lambda id: [("Assemblée", today(), "/actualites/")] if id == member.id else [])
    try:
        assert "Assemblée" in shown(as_coordinator, member)
    finally:
        participations.pop()


def test_a_person_in_the_bin_is_no_longer_edited(as_coordinator, member):
    Person.update(deleted_at=today()).where(Person.id == member.id).execute()
    assert as_coordinator.get(path(member, "exercice")).status_code == 404
    assert as_coordinator.post(path(member, "notes"), data={"text": "x"}).status_code == 422
