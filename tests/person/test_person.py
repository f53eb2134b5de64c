import pytest
from peewee import IntegrityError

from cptsapp.blueprints.person import rules
from cptsapp.blueprints.person.models import Kind, Person
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from tests.conftest import text_of


@pytest.fixture
def person(app):
    return rules.create(given_name="Éloïse", family_name="Lefèvre", email="Eloise@Exemple.fr", phone="01 99 00 11 22")


@pytest.fixture
def structure(app):
    return rules.create(kind=Kind.STRUCTURE, name="Hôpital fictif de l’Œuvre")


def test_a_person_is_found_without_accents_nor_case(as_coordinator, person):
    for q in ("lefevre", "ELOISE", "eloise@exemple", "99 00 11"):
        assert "LEFÈVRE Éloïse" in as_coordinator.get("/gestion/personnes/", query_string={"q": q}).text, q
    assert "LEFÈVRE" not in as_coordinator.get("/gestion/personnes/?q=dupont").text


def test_a_structure_has_a_name_and_no_given_name(structure):
    assert structure.label == structure.list_label == "Hôpital fictif de l’Œuvre"
    assert structure.folded == "hopital fictif de l'oeuvre"
    structure = rules.update(structure.id, name="Clinique fictive", given_name="Marie", family_name="Curieuse")
    assert (structure.name, structure.given_name, structure.family_name) == ("Clinique fictive", "", "")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"given_name": "Seul"}, "family_name"),
        ({"family_name": " \n "}, "family_name"),
        ({"kind": Kind.STRUCTURE, "family_name": "Nom"}, "name"),
        ({"family_name": "x" * 81}, "family_name"),
        ({"family_name": "Nom", "phone": "1" * 31}, "phone"),
    ],
)
def test_a_record_without_its_name_or_too_long_is_refused(app, values, field):
    with pytest.raises(RuleError) as refusal:
        rules.create(**values)
    assert refusal.value.field == field
    assert Person.select().count() == 0


def test_the_database_refuses_what_must_never_be(app):
    for values in ({"name": "A", "family_name": "B"}, {"kind": "robot", "name": "A"}, {}):
        with pytest.raises(IntegrityError):
            Person.create(**values)


def test_a_name_stays_on_one_line(app):
    person = rules.create(family_name="Fictif\r\nBcc: x@exemple.fr\0", given_name="\tAna\u202e")
    assert person.family_name == "Fictif Bcc: x@exemple.fr"
    assert person.given_name == "Ana"


def test_a_changed_record_is_found_by_its_new_name_only(person):
    rules.update(person.id, given_name="Éloïse", family_name="Dupré")
    assert Person.get_by_id(person.id).folded == "dupre eloise"
    assert Person.get_by_id(person.id).email is None


def test_a_deleted_record_leaves_the_list_and_comes_back(as_coordinator, person):
    path = f"/gestion/personnes/{person.id}"
    as_coordinator.post(f"{path}/supprimer")
    assert "LEFÈVRE" not in as_coordinator.get("/gestion/personnes/").text
    assert "LEFÈVRE" in as_coordinator.get("/gestion/personnes/?etat=corbeille").text
    assert "corbeille" in as_coordinator.get(path).text
    as_coordinator.post(f"{path}/reprendre")
    assert "LEFÈVRE" in as_coordinator.get("/gestion/personnes/").text


def test_a_record_in_the_bin_is_not_changed(person):
    rules.delete(person.id)
    for act in (lambda: rules.update(person.id, family_name="Autre"), lambda: rules.delete(person.id)):
        with pytest.raises(RuleError, match="n’existe plus"):
            act()


def test_every_change_is_journaled_by_its_id(person):
    rules.update(person.id, family_name="Dupré")
    rules.delete(person.id)
    rules.restore(person.id)
    rules.restore(person.id)
    entries = [entry for entry in JournalEntry.select() if entry.subject_kind == "person"]
    assert [entry.action.split(".")[1] for entry in entries] == ["created", "updated", "deleted", "restored"]
    assert {entry.subject_id for entry in entries} == {str(person.id)}
    assert "Dupré" not in "".join(entry.detail_json for entry in entries)


def test_the_coordination_adds_a_person_and_a_structure(as_coordinator):
    data = {"given_name": "Basile", "family_name": "Essai", "email": "basile@exemple.fr", "phone": "", "note": "Vu."}
    answer = as_coordinator.post("/gestion/personnes/nouvelle", data=data)
    assert "Basile Essai" in as_coordinator.get(answer.location).text
    answer = as_coordinator.post("/gestion/personnes/nouvelle?type=structure", data={"name": "Pharmacie fictive"})
    assert "Pharmacie fictive" in as_coordinator.get(answer.location).text


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_refused_record_comes_back_with_what_was_typed(as_coordinator, headers):
    data = {"given_name": "Basile", "family_name": "", "email": "pas une adresse", "note": "Ma <note>"}
    before = Person.select().count()
    answer = as_coordinator.post("/gestion/personnes/nouvelle", data=data, headers=headers)
    assert answer.status_code == 422
    for words in ("Indiquez le nom de famille", "ne semble pas complète", 'value="Basile"', "Ma &lt;note&gt;"):
        assert words in answer.text
    assert ("<html" in answer.text) is not bool(headers)
    assert Person.select().count() == before


def test_posted_fields_that_the_form_does_not_have_change_nothing(as_coordinator, person):
    data = {"given_name": "É", "family_name": "L", "id": "999", "deleted_at": "2020-01-01", "kind": "structure"}
    as_coordinator.post(f"/gestion/personnes/{person.id}/modifier", data=data)
    found = Person.get_by_id(person.id)
    assert (found.kind, found.deleted_at, found.family_name) == ("person", None, "L")


def test_the_bureau_reads_and_the_note_is_the_coordination_s(as_bureau, as_coordinator, person):
    rules.update(person.id, family_name="Lefèvre", note="Rappeler en mai")
    path = f"/gestion/personnes/{person.id}"
    assert "Rappeler" in as_coordinator.get(path).text
    assert "Rappeler" not in as_bureau.get(path).text
    assert as_bureau.get(f"{path}/modifier").status_code == 403
    assert as_bureau.post(f"{path}/supprimer").status_code == 403


def test_the_record_gathers_what_each_feature_knows(as_coordinator, adherent):
    text = text_of(as_coordinator.get(f"/gestion/personnes/{adherent.person_id}").text)
    for words in ("Coordonnées", "Adhésion", "Fin d’adhésion", "Compte", "adherent@exemple.fr"):
        assert words in text


def test_a_missing_record_is_a_404(as_coordinator):
    assert as_coordinator.get("/gestion/personnes/999999").status_code == 404
    assert as_coordinator.post("/gestion/personnes/999999/supprimer").status_code == 404
