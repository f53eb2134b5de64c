import io
import json
import re
import zipfile
from datetime import date, datetime

import pytest

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.contact import rules as contact
from cptsapp.blueprints.contact.models import ContactMessage
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.privacy import copies, rules
from cptsapp.kernel import db, jobs, registry
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.personal import processings, tags

ABOUT_SOMEBODY = {"email", "phone", "given_name", "family_name", "email_normalised", "to_address"}


@pytest.fixture
def person(coordinator):
    message = {"topic": "other", "subject": "Bonjour", "body": "Un <b>message</b>"}
    contact.receive("cle", name="Camille Exemple", email="coordinatrice@exemple.fr", **message)
    Person.update(email="coordinatrice@exemple.fr", email_normalised="coordinatrice@exemple.fr").where(
        Person.id == coordinator.person_id
    ).execute()
    return Person.get_by_id(coordinator.person_id)


def test_each_purpose_is_one_complete_line_of_the_register(app):
    lines = processings()
    assert len({each.purpose for each in lines}) == len(lines) > 5
    for each in lines:
        assert all((each.purpose, each.basis, each.categories, each.recipients, each.kept, each.tables))


def test_every_table_that_holds_an_address_or_a_name_is_in_the_register(app):
    tagged = {name for name, _ in tags()}
    for table in db.tables():
        if ABOUT_SOMEBODY & set(table._meta.fields):
            assert table._meta.table_name in tagged, f"{table.__name__} has no Meta.personal"


def test_the_register_is_read_printed_and_exported(as_coordinator):
    html = as_coordinator.get("/gestion/registre").text
    assert "Répondre aux messages de la page Contact" in html
    answer = as_coordinator.get("/gestion/registre/registre.csv")
    assert "Finalité;Base légale;Données;Destinataires;Conservation" in answer.text
    assert "Répondre aux messages" in answer.text
    assert as_coordinator.get("/gestion/registre/registre.xlsx").status_code == 200
    assert as_coordinator.get("/gestion/registre/registre.exe").status_code == 404


def test_others_do_not_read_the_register(as_bureau):
    assert as_bureau.get("/gestion/registre").status_code == 403


def test_a_person_gets_a_page_and_files_of_what_every_feature_holds(person):
    archive = zipfile.ZipFile(rules.export_person(person.id))
    assert {"vos-donnees.html", "account.json", "contact.json"} <= set(archive.namelist())
    assert json.loads(archive.read("contact.json"))["messages"][0]["objet"] == "Bonjour"
    page = archive.read("vos-donnees.html").decode()
    assert "Un &lt;b&gt;message&lt;/b&gt;" in page
    assert "<dt>Téléphone</dt>" in page
    assert "<dt>Créée le</dt>" in page
    assert JournalEntry.get(JournalEntry.action == "privacy.exported").subject_id == str(person.id)


def test_the_copy_holds_no_secret(person):
    everything = json.dumps(rules.gather(person.id), default=str)
    assert "argon2" not in everything
    assert "totp" not in everything


def test_an_erased_person_is_nowhere(app, admin, person):
    rules.erase_person(person.id)
    assert rules.gather(person.id) == {}
    assert JournalEntry.get(JournalEntry.action == "privacy.erased").subject_id == str(person.id)
    for table in db.tables():
        for row in table.select().dicts():
            assert "coordinatrice@exemple.fr" not in json.dumps(row, default=str), table.__name__


def test_an_erasure_that_one_feature_refuses_changes_nothing(person, monkeypatch):
    def refuse(person_id):
        raise RuleError("Cette personne doit rester.")

    last = registry.Named("essai", "refuse", refuse, order=100)
    monkeypatch.setattr(registry, "personal_erasers", [last, *registry.personal_erasers])
    with pytest.raises(RuleError, match="doit rester"):
        rules.erase_person(person.id)
    assert rules.gather(person.id)["contact"][1]["messages"]


def test_the_coordination_hands_a_copy_and_erases_after_a_confirmation(as_coordinator, adherent):
    path = f"/gestion/registre/personnes/{adherent.person_id}"
    answer = as_coordinator.post(f"{path}/copie")
    assert "person.json" in zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    assert "Adhésions" in as_coordinator.get(f"{path}/effacer").text
    assert as_coordinator.post(f"{path}/effacer").status_code == 422
    assert as_coordinator.post(f"{path}/effacer", data={"sure": "y"}).status_code == 303
    assert as_coordinator.get(f"{path}/effacer").status_code == 404
    assert "sans le nom" not in as_coordinator.get("/gestion/personnes/").text


def test_the_last_admin_is_not_erased(as_coordinator, admin):
    answer = as_coordinator.post(f"/gestion/registre/personnes/{admin.person_id}/effacer", data={"sure": "y"})
    assert answer.status_code == 422
    assert Person.get_or_none(Person.id == admin.person_id)


def test_everybody_gets_their_own_copy_and_nobody_elses(as_adherent, adherent):
    html = as_adherent.get("/espace/mes-donnees").text
    assert "Adhésions" in html
    archive = zipfile.ZipFile(io.BytesIO(as_adherent.post("/espace/mes-donnees/copie").data))
    assert json.loads(archive.read("person.json"))["nom"] == "Sacha Fictif"
    assert as_adherent.post(f"/gestion/registre/personnes/{adherent.person_id}/copie").status_code == 403


def test_a_visitor_has_no_copy(client):
    assert client.post("/espace/mes-donnees/copie").status_code in (302, 303)


def test_what_has_been_kept_long_enough_is_erased_each_night_and_counted(person):
    ContactMessage.update(handled_at=datetime(2024, 1, 1)).execute()
    jobs.purge_all(date(2026, 3, 1))
    assert JournalEntry.get(JournalEntry.action == "jobs.purged").detail["purges"]["contact"] == 1
    assert ContactMessage.get().body == ""


def test_a_purge_that_fails_stops_no_other(person, monkeypatch):
    def broken(today):
        raise RuntimeError("broken")

    monkeypatch.setattr(registry, "purges", [registry.Named("broken", "", broken), *registry.purges])
    ContactMessage.update(handled_at=datetime(2024, 1, 1)).execute()
    jobs.purge_all(date(2026, 3, 1))
    assert ContactMessage.get().body == ""


def test_nobody_is_exported_or_erased_twice(app):
    with pytest.raises(RuleError):
        rules.export_person(12345)
    with pytest.raises(RuleError):
        rules.erase_person(12345)


def test_the_copy_is_written_in_french(app, adherent):
    Practice.create(person=adherent.person_id, area_json='["77053"]', in_directory=True, show_email=True)
    page = copies.page_of(Person.get_by_id(adherent.person_id), rules.gather(adherent.person_id))
    assert "Communes couvertes</dt><dd><ul><li>Brie-Comte-Robert" in re.sub(r"\s*\n\s*", "", page)
    assert "Dans l’annuaire des adhérents" in page
    assert "show_email" not in page
