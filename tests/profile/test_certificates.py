import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cptsapp.blueprints.adherent import rules as adherent_rules
from cptsapp.blueprints.adherent.models import Membership, StructureRole
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Kind, Person
from cptsapp.blueprints.privacy import rules as privacy_rules
from cptsapp.blueprints.profile import certificates
from cptsapp.blueprints.profile.models import Certificate
from cptsapp.kernel.certificates import spaced
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.pdf import winansi
from tests.conftest import text_of

ASK = "/espace/profil/attestation"


@pytest.fixture
def certificate(adherent):
    return certificates.issue(adherent.person_id)


def test_a_member_gets_a_pdf(as_adherent):
    answer = as_adherent.post(ASK)
    assert answer.content_type == "application/pdf"
    assert answer.data.startswith(b"%PDF")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_certificate_asked_twice_keeps_its_code(as_adherent):
    as_adherent.post(ASK)
    as_adherent.post(ASK)
    assert Certificate.select().count() == 1


def test_a_renewed_membership_gives_a_new_certificate(certificate, adherent):
    Membership.update(ended_on=today() + timedelta(days=800)).execute()
    assert certificates.issue(adherent.person_id).code != certificate.code


def test_anyone_verifies_it_and_learns_the_least(client, certificate):
    html = text_of(client.get(f"/verifier/{certificate.code}").text)
    assert "Attestation valable" in html
    assert "Sacha F." in html
    assert "Fictif" not in html
    assert "adherent@exemple.fr" not in html


@pytest.mark.parametrize("written", [str.lower, spaced, lambda code: f" {code[:6]} {code[6:]} "])
def test_a_code_is_read_as_people_write_it(client, certificate, written):
    answer = client.get("/verifier/", query_string={"code": written(certificate.code)}, follow_redirects=True)
    assert "Attestation valable" in answer.text


def test_it_holds_no_more_once_the_person_has_left(client, certificate, adherent):
    adherent_rules.end(adherent.person_id)
    html = client.get(f"/verifier/{certificate.code}").text
    assert "n’est plus valable" in html
    assert "Attestation valable" not in html


def test_it_holds_no_more_after_its_last_day_though_the_membership_goes_on(client, certificate):
    Certificate.update(until=today() - timedelta(days=1)).execute()
    assert "n’est plus valable" in client.get(f"/verifier/{certificate.code}").text


@pytest.mark.parametrize("end", ["binned", "erased"])
def test_nothing_is_said_of_who_is_gone(client, certificate, adherent, end):
    if end == "binned":
        person_rules.delete(adherent.person_id)
    else:
        privacy_rules.erase_person(adherent.person_id)
    answer = client.get(f"/verifier/{certificate.code}")
    assert answer.status_code == 404
    assert "Sacha" not in answer.text


def test_an_unknown_code_is_said_unknown_and_many_of_them_wait(client, app):
    answers = [client.get(f"/verifier/CODE{number:08}").status_code for number in range(25)]
    assert answers[0] == 404
    assert answers[-1] == 429


def test_who_represents_a_structure_gets_its_certificate_and_nobody_else(app, as_adherent, adherent):
    structure = person_rules.create(kind=Kind.STRUCTURE, name="Pharmacie du Modèle")
    adherent_rules.admit(structure.id)
    assert as_adherent.post(f"{ASK}/{structure.id}").status_code == 404
    StructureRole.create(structure=structure, deputy=adherent.person_id)
    assert "Pharmacie du Modèle" in as_adherent.get("/espace/profil").text
    assert as_adherent.post(f"{ASK}/{structure.id}").data.startswith(b"%PDF")
    assert Certificate.get().person_id == structure.id
    adherent_rules.end(structure.id)
    assert as_adherent.post(f"{ASK}/{structure.id}").status_code == 404


def test_who_is_no_member_gets_none(app, make_account):
    account = make_account("simple@exemple.fr")
    with pytest.raises(RuleError):
        certificates.issue(account.person_id)


def test_a_code_has_no_sign_that_is_read_as_another(certificate):
    assert re.fullmatch(r"[2-9A-HJ-NP-TV-Z]{12}", certificate.code)


@pytest.mark.parametrize(
    ("text", "held"), [("L’œuvre d’Éloïse", "L’œuvre d’Éloïse"), ("Łukasz Čapek", "Lukasz Capek"), ("李", "?")]
)
def test_names_are_written_with_the_signs_of_the_fonts(text, held):
    assert winansi(text) == held


@given(st.text(max_size=80))
def test_any_name_is_written(text):
    winansi(text).encode("cp1252")


def test_a_name_in_any_alphabet_makes_a_certificate(certificate, adherent):
    Person.update(given_name="李", family_name="Ştefănescu").execute()
    person = Person.get_by_id(adherent.person_id)
    assert certificates.pdf(certificate, person, certificates.standing(person.id)).startswith(b"%PDF")


def test_codes_of_any_shape_are_answered(client, app):
    for code in ("é", "a" * 300, "..", "%2F", "<script>"):
        assert client.get("/verifier/", query_string={"code": code}, follow_redirects=True).status_code in (200, 404)
