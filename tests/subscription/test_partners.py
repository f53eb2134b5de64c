"""Partners: kept by the coordination, told of it, imported without ever subscribing anybody again."""

import io

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from cptsapp.blueprints.adherent import rules as adherent_rules
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.subscription import partners, refusals
from cptsapp.blueprints.subscription.models import Partner, Subscription
from cptsapp.blueprints.subscription.partner_import import Partners, kind_of, values_of
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.importing import Doubt, State, runs
from cptsapp.kernel.mail import Kind, holds
from cptsapp.kernel.mail.holds import Reason

LIST = "/gestion/abonnes/partenaires"
HEAD = "Organisme;Type;Nom;Prénom;Fonction;E-mail;Téléphone;Origine\n"


def partner(organisation="CPAM fictive", kind="cpam", email="contact@cpam.exemple.fr", **values):
    return partners.create(organisation=organisation, kind=kind, email=email, **values)


def imported(text, doubt=Doubt.SKIP):
    run = runs.start(Partners.kind, "liste.csv", (HEAD + text).encode())
    assert run.state == State.READING
    runs.go_on(run)
    run = runs.confirm(run.id, doubt, here=True)
    assert run.state == State.DONE, run.message
    return run


def labels():
    return sorted(each.organisation or each.person.label for each in partners.present())


def test_a_partner_is_an_organisation_or_somebody_there(app):
    body = partner()
    somebody = partner("Mairie", "collectivite", "m@exemple.fr", family_name="Écharpe", given_name="Jeanne")
    assert (body.person.label, somebody.person.label) == ("CPAM fictive", "Jeanne Écharpe")
    partners.update(body.id, kind="cpam", organisation="CPAM", family_name="Accord", email="contact@cpam.exemple.fr")
    assert Person.get_by_id(body.person_id).label == "Accord"
    partners.update(body.id, kind="cpam", organisation="CPAM", email="contact@cpam.exemple.fr")
    assert Person.get_by_id(body.person_id).label == "CPAM"
    for wrong in ({"organisation": ""}, {"kind": "autre chose"}, {"email": "x"}, {"function": "x" * 121}):
        with pytest.raises(RuleError):
            partners.create(**{"organisation": "X", "kind": "ars"} | wrong)
    with pytest.raises(RuleError, match="déjà dans la liste"):
        partner("CPAM", "cpam", "contact@cpam.exemple.fr")


def test_a_member_who_is_also_a_partner_has_one_record(app):
    person = person_rules.create(given_name="Jeanne", family_name="Écharpe", email="m@exemple.fr", phone="01")
    made = partner("Mairie", "collectivite", "M@exemple.fr", given_name="jeanne", family_name="ECHARPE", phone="02")
    assert made.person_id == person.id
    assert Person.get().phone == "01"


def test_the_list_is_searched_filtered_exported_and_says_who_receives(as_coordinator, app):
    partner(function="Déléguée")
    partner("Mairie de Modèleville", "collectivite", "")
    partner("Clinique", "establishment", "x@clinique.mssante.fr")
    partner("Journal", "press", "presse@exemple.fr")
    refusals.refuse("presse@exemple.fr", reason=Reason.OPPOSED)
    page = as_coordinator.get(f"{LIST}/").text
    for words in ("Reçoit", "Sans adresse", "Adresse MSSanté", "S’oppose aux envois"):
        assert words in page
    assert "Journal" not in as_coordinator.get(f"{LIST}/?q=modele").text.split('id="resultats"')[1]
    assert "Clinique" not in as_coordinator.get(f"{LIST}/?type=press").text.split('id="resultats"')[1]
    text = as_coordinator.post(f"{LIST}/export", data={"format": "csv"}).get_data(as_text=True)
    assert "Déléguée" in text
    assert "presse@exemple.fr" in text


def test_a_partner_is_added_and_told_of_it_in_one_go_then_edited_and_taken_off(as_coordinator, mailbox):
    page = as_coordinator.get(f"{LIST}/nouveau").text
    assert "checked" in page[page.index('id="inform"') - 40 : page.index('id="inform"') + 60]
    typed = {"kind": "ars", "organisation": "ARS fictive", "email": "ars@exemple.fr", "source": "Réunion"}
    typed["inform"] = "y"
    assert as_coordinator.post(f"{LIST}/nouveau", data=typed | {"kind": ""}).status_code == 422
    as_coordinator.post(f"{LIST}/nouveau", data=typed)
    (letter,) = mailbox.to("ars@exemple.fr")
    assert "Elles viennent de : Réunion." in letter.text
    assert "CNIL" in letter.text
    (kept,) = Partner.select()
    address = f"{LIST}/{kept.id}"
    assert 'value="ARS fictive"' in as_coordinator.get(address).text
    as_coordinator.post(address, data=typed | {"organisation": "ARS"})
    assert Partner.get().organisation == "ARS"
    as_coordinator.post(f"{address}/informer")
    assert len(mailbox.to("ars@exemple.fr")) == 1
    as_coordinator.post(f"{address}/retirer")
    assert "La liste est vide" in as_coordinator.get(f"{LIST}/").text
    assert "ARS" in as_coordinator.get(f"{LIST}/?etat=retires").text.split('id="resultats"')[1]
    as_coordinator.post(f"{address}/remettre")
    assert Partner.get().removed_at is None
    as_coordinator.post(f"{LIST}/lot", data={"action": "retirer", "id": str(kept.id)})
    assert Partner.get().removed_at


def test_an_address_that_will_not_receive_is_said_at_entry(as_coordinator, app):
    refusals.refuse("non@exemple.fr")
    for email, said in (("x@y.mssante.fr", "MSSanté"), ("non@exemple.fr", "a refusé nos envois")):
        data = {"kind": "ars", "organisation": email, "email": email}
        answer = as_coordinator.post(f"{LIST}/nouveau", data=data, follow_redirects=True)
        assert said in answer.text
    assert holds.reasons(["non@exemple.fr"], Kind.COLLECTIVE)


def test_an_import_creates_updates_and_says_what_it_reads_otherwise(app):
    partner(function="Accueil")
    run = imported(
        "CPAM fictive;Assurance maladie;;;Direction;contact@cpam.exemple.fr;;\n"
        "Mairie de Modèleville;;ÉCHARPE;Jeanne;Adjointe;jeanne@exemple.fr;0199001122;Forum\n"
        "Mairie de Modèleville;;Écharpe;Jeanne;Adjointe;jeanne@exemple.fr;;\n"
        ";;;;;seul@exemple.fr;;\n"
        "Le Journal;n’importe quoi;;;;pas une adresse;;\n"
        "Hôpital du Modèle;;;;;;;\n"
    )
    assert run.summary["written"]["created"] == 2
    assert run.summary["written"]["updated"] == 1
    assert run.summary["written"]["refused"] == 3
    assert labels() == ["CPAM fictive", "Hôpital du Modèle", "Mairie de Modèleville"]
    kinds = {each.organisation: each.kind for each in Partner.select()}
    assert kinds["Mairie de Modèleville"] == "collectivite"
    assert kinds["Hôpital du Modèle"] == "establishment"
    assert Partner.get(Partner.organisation == "CPAM fictive").function == "Direction"
    again = runs.start(Partners.kind, "liste.csv", (HEAD + "Hôpital du Modèle;;;;;;;\n").encode())
    runs.go_on(again)
    assert runs.find(again.id).counts == {"same": 1}


def test_an_import_never_puts_back_who_refused_and_says_so(app):
    refusals.refuse("partie@exemple.fr", [Kind.COLLECTIVE, Kind.REMINDER])
    run = imported("Association;;;;;Partie@exemple.fr;;\n")
    assert any("a refusé nos envois" in text for text in run.summary["flags"])
    assert holds.reasons(["partie@exemple.fr"], Kind.COLLECTIVE)
    assert not Subscription.select().exists()
    one = partner("Autre", "other", "autre@exemple.fr")
    refusals.refuse("autre@exemple.fr")
    imported("Autre;;;;;nouvelle@exemple.fr;;\n")
    assert Person.get_by_id(one.person_id).email == "nouvelle@exemple.fr"
    assert holds.reasons(["nouvelle@exemple.fr"], Kind.COLLECTIVE)


def test_an_import_leaves_the_address_of_who_has_an_account(app, adherent):
    person = Person.get_by_id(adherent.person_id)
    partners.create(kind="other", organisation="", family_name=person.family_name, given_name=person.given_name,
                    email=person.email)  # fmt: skip
    imported(f";;{person.family_name};{person.given_name};Trésorier;vole@exemple.fr;;\n")
    assert Person.get_by_id(adherent.person_id).email == person.email
    assert Partner.get().function == "Trésorier"


def test_an_address_shared_with_another_name_is_looked_at_by_a_person(app):
    partner()
    text = "Autre organisme;;;;;contact@cpam.exemple.fr;;\n"
    assert imported(text).summary["written"]["left"] == 1
    assert imported(text, Doubt.KEEP).summary["written"]["created"] == 1
    assert Person.with_email("contact@cpam.exemple.fr").count() == 2


def test_an_import_is_taken_back_whole_and_leaves_members_alone(app):
    member = person_rules.create(given_name="Jeanne", family_name="Écharpe", email="jeanne@exemple.fr")
    adherent_rules.admit(member.id)
    one = partner(function="Accueil")
    partners.remove([one.id])
    before = values_of(Partner.get_by_id(one.id))
    run = imported(
        "CPAM fictive;;;;Direction;contact@cpam.exemple.fr;0199000000;\n"
        "Mairie;;Écharpe;Jeanne;;jeanne@exemple.fr;;\n"
        "Nouveau;;;;;n@exemple.fr;;\n"
    )
    assert Partner.select().count() == 3
    runs.undo(run.id)
    (left,) = Partner.select()
    assert values_of(left) == before
    assert left.removed_at
    assert sorted(each.label for each in Person.select()) == ["CPAM fictive", "Jeanne Écharpe"]


def test_an_import_that_somebody_has_edited_since_is_not_taken_back(app):
    run = imported("Nouveau;;;;;n@exemple.fr;;\n")
    partners.update(Partner.get().id, kind="other", organisation="Nouveau nom", email="n@exemple.fr")
    with pytest.raises(RuleError, match="modifiées depuis"):
        runs.undo(run.id)


def test_the_pages_of_an_import_are_those_of_every_list(as_coordinator, app):
    page = as_coordinator.get(f"{LIST}/import").text
    assert "un import n’abonne personne" in page.lower() or "n’abonne personne" in page
    sent = (io.BytesIO((HEAD + "A;;;;;a@exemple.fr;;\n").encode()), "liste.csv")
    answer = as_coordinator.post(f"{LIST}/import", data={"file": sent}, content_type="multipart/form-data")
    shown = as_coordinator.get(answer.location).text
    assert "À créer" in shown
    as_coordinator.post(f"{answer.location}/confirmer", data={"doubt": "skip"})
    assert labels() == ["A"]
    assert "Voir les partenaires" in as_coordinator.get(answer.location).text
    as_coordinator.post(f"{answer.location}/defaire")
    assert labels() == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("CPAM 77", "cpam"),
        ("Caisse d’assurance maladie", "cpam"),
        ("ARS Île-de-France", "ars"),
        ("Mairie", "collectivite"),
        ("EHPAD Les Lilas", "medico_social"),
        ("Centre hospitalier", "establishment"),
        ("Association sportive", "association"),
        ("Parsec", None),
        ("", None),
    ],
)
def test_a_kind_is_read_in_a_label_or_in_a_name(text, kind):
    assert kind_of(text) == kind


def test_somebody_and_an_organisation_of_the_same_name_and_address_are_two(app):
    lines = ";;Mairie;;;a@exemple.fr;;\nMairie;;;;;a@exemple.fr;;\n"
    imported(lines, Doubt.KEEP)
    assert sorted(each.person.kind for each in partners.present()) == ["person", "structure"]
    assert imported(lines, Doubt.KEEP).counts == {"same": 2}


def test_somebody_given_twice_at_one_address_is_one_whatever_the_organisation(app):
    run = imported(";;Écharpe;Jeanne;;j@exemple.fr;;\nMairie;;ÉCHARPE;Jeanne;;J@exemple.fr;;\n", Doubt.KEEP)
    assert run.counts == {"create": 1, "refused": 1}
    assert run.summary["samples"]["refused"][0]["problems"] == [["", "même partenaire que la ligne 2"]]


CELLS = st.text(alphabet="aàéB @.;:-'\"\tœ\u202fx1+<>", max_size=24)
NAMES = st.sampled_from(["", "Mairie", "mairie", "Hôpital", "ARS"])
EMAILS = st.sampled_from(["", "a@exemple.fr", "A@EXEMPLE.FR", "b@exemple.fr", "non@exemple.fr", "x@y.mssante.fr"])
ROWS = st.lists(st.tuples(NAMES | CELLS, CELLS, CELLS, NAMES, CELLS, EMAILS | CELLS, CELLS, CELLS), max_size=8)


@limits(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
@example([("", "", "", "Mairie", "", "a@exemple.fr", "", ""), ("Mairie", "", "", "Mairie", "", "a@exemple.fr", "", "")])
@example([("", "", "Mairie", "", "", "a@exemple.fr", "", ""), ("Mairie", "", "", "", "", "a@exemple.fr", "", "")])
def test_whatever_the_file_an_import_is_whole_idempotent_and_subscribes_nobody(app, rows):
    with db.atomic() as transaction:
        refusals.refuse("non@exemple.fr")
        lines = [";".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
        try:
            first = runs.start(Partners.kind, "liste.csv", (HEAD + "\n".join(lines) + "\nTémoin;;;;;;;\n").encode())
        except RuleError:
            transaction.rollback()
            return
        runs.carry_on(first.id)
        counts = runs.find(first.id).counts
        done = runs.confirm(first.id, Doubt.KEEP, here=True)
        assert done.state == State.DONE, done.message
        assert sum(counts.values()) == done.rows
        known = Partner.select().count()
        assert known == done.summary["written"]["created"]
        second = runs.start(Partners.kind, "liste.csv", (HEAD + "\n".join(lines) + "\nTémoin;;;;;;;\n").encode())
        runs.carry_on(second.id)
        again = runs.find(second.id)
        assert again.counts.get("create", 0) == 0, again.summary
        assert not Subscription.select().exists()
        assert holds.reasons(["non@exemple.fr"], Kind.COLLECTIVE)
        runs.undo(done.id)
        assert not Partner.select().exists()
        assert not Person.select().exists()
        transaction.rollback()
