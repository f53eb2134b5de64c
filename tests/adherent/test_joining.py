"""Asking to join, from the form to the request that the bureau reads."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cptsapp.blueprints.adherent import joining
from cptsapp.blueprints.adherent.checks import adeli_doubt, passes_luhn, rpps_doubt
from cptsapp.blueprints.adherent.models import Application, RequestState
from cptsapp.blueprints.adherent.origins import OriginVisit
from cptsapp.blueprints.document import rules as documents
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.mail import OutgoingMail

from .conftest import TYPED, link_of


def test_a_request_reaches_nobody_before_its_address_is_confirmed(send, client, mailbox):
    answer = send()
    assert (answer.status_code, answer.location) == (303, "/adhesion/envoyee")
    request = Application.get()
    assert request.state == RequestState.UNCONFIRMED
    assert Application.joined().count() == 0
    [letter] = mailbox.to("helene@exemple.fr")
    link = next(each for each in letter.links if "/confirmer/" in each)
    path = "/" + link.split("/", 3)[3]
    page = client.get(path)
    assert "Hélène Fictive" in page.text
    assert Application.get().email_confirmed_at is None  # reading changes nothing
    assert client.post(path).status_code == 303
    assert Application.get().state == RequestState.OPEN
    assert client.post(path).status_code == client.get(path).status_code == 410


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("savigny le temple", "77445"),
        ("SAVIGNY-LE-TEMPLE", "77445"),
        ("brie comte robert", "77053"),
        ("st maur des fosses", "94068"),
    ],
)
def test_a_commune_is_found_in_any_spelling(send, typed, found):
    send(commune_text=typed)
    assert Application.get().commune_id == found


def test_a_name_that_several_communes_bear_is_asked_again_with_the_choices(send):
    answer = send(commune_text="saint martin")
    assert answer.status_code == 422
    assert 'type="radio" name="commune"' in answer.text
    assert "choisissez la vôtre" in answer.text
    assert Application.select().count() == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"family_name": " "}, "Indiquez votre nom"),
        ({"email": "pas une adresse"}, "ne semble pas complète"),
        ({"profession": ""}, "Choisissez votre profession"),
        ({"profession": "autre"}, "Écrivez votre profession"),
        ({"profession": "intrus"}, ""),
        ({"commune_text": ""}, "Indiquez votre commune"),
        ({"commune_text": "zzzzz"}, "ne trouvons pas"),
        ({"website": "https://robot.exemple.fr"}, "inhabituelle"),
        ({"type": "structure", "name": ""}, "Indiquez le nom de la structure"),
    ],
)
def test_a_refused_form_comes_back_with_what_was_typed(send, changes, said):
    answer = send(**changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert "Hélène" in answer.text
    assert Application.select().count() == 0


def test_a_profession_out_of_the_list_is_kept_in_its_words(send):
    send(profession="autre", profession_other="Taxi conventionné")
    assert (Application.get().profession, Application.get().profession_label) == ("", "Taxi conventionné")


@pytest.mark.parametrize("type", ["liberal", "salarie", "structure", "collectivite", "usager"])
def test_each_asks_what_concerns_them(client, association, type):
    html = client.get(f"/adhesion/?type={type}").text
    assert ('name="rpps"' in html) == (type in ("liberal", "salarie"))
    assert ('name="deputy_family_name"' in html) == (type in ("structure", "collectivite"))
    assert "CNIL" in html


def test_a_structure_asks_with_who_speaks_for_it(send):
    send(type="structure", name="Clinique du Modèle", function="Directrice", deputy_family_name="Second")
    request = Application.get()
    assert request.label == "Clinique du Modèle"
    assert joining.representative(request)["deputy_family_name"] == "Second"


def test_a_form_sent_three_times_makes_one_request_and_one_mail(client, association):
    key = re.search(r'name="form_key"[^>]*value="([^"]+)"', client.get("/adhesion/?type=liberal").text)[1]
    answers = [client.post("/adhesion/", data={**TYPED, "form_key": key}) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {303}
    assert Application.select().count() == OutgoingMail.select().count() == 1


def test_a_second_request_for_an_address_says_the_same_and_makes_no_second_one(send, client):
    first = send()
    second = send(family_name="Corrigée")
    assert (first.status_code, first.location, first.data) == (second.status_code, second.location, second.data)
    assert Application.get().family_name == "Corrigée"
    joining.confirm(link_of("confirm", "/adhesion/confirmer/"))
    third = send(family_name="Intrus")
    assert (third.status_code, third.location) == (303, first.location)
    assert Application.get().family_name == "Corrigée"
    assert OutgoingMail.select().where(OutgoingMail.template == "adherent/again").count() == 1


def test_the_first_link_dies_when_the_form_is_filled_again(send):
    send()
    old = link_of("confirm", "/adhesion/confirmer/")
    send()
    with pytest.raises(RuleError):
        joining.confirm(old)


def test_one_mailbox_is_not_flooded(send):
    answers = [send(family_name=f"Nom {number}") for number in range(6)]
    assert answers[-1].status_code == 429
    assert "gardée ici" in answers[-1].text


def test_the_versions_accepted_are_those_in_force(send, client):
    given = {"kind": "statutes", "visibility": "public", "text": "Article premier."}
    documents.create(title="Statuts", label="Version 2", dated_on=date(2026, 1, 1), **given)
    assert "Version 2" in client.get("/adhesion/?type=liberal").text
    assert "il faut accepter les statuts" in send().text
    assert "Une nouvelle version" in send(accept_statutes="y", statutes_version="Version 1").text
    assert send(accept_statutes="y").status_code == 303
    assert Application.get().statutes_version == "Version 2"


def test_a_field_is_checked_as_it_is_left(client, association):
    headers = {"HX-Request": "true"}
    typed = {"type": "liberal", "email": "pas une adresse"}
    part = client.post("/adhesion/champ/email", data=typed, headers=headers)
    assert part.status_code == 200
    assert "ne semble pas complète" in part.text
    assert part.text.strip().startswith('<div id="champ-email">')
    fine = client.post("/adhesion/champ/email", data={**typed, "email": "a@exemple.fr"}, headers=headers)
    assert "field-error" not in fine.text
    assert client.post("/adhesion/champ/form_key", data=typed).status_code == 404
    assert client.post("/adhesion/champ/email", data={"type": "intrus"}).status_code == 400


def test_a_number_in_doubt_is_said_and_never_refused(client, send):
    part = client.post("/adhesion/champ/rpps", data={"type": "liberal", "rpps": "12345"})
    assert "11 chiffres" in part.text
    assert "continuer" in part.text
    assert send(rpps="1 2345").status_code == 303
    assert Application.get().rpps == "12345"


def test_numbers_are_judged_by_their_digits():
    assert passes_luhn("79927398713")
    assert not passes_luhn("79927398710")
    assert rpps_doubt("79927398713") == rpps_doubt("") == adeli_doubt("779012345") == ""
    assert rpps_doubt("79927398710")
    assert rpps_doubt("7992739871²")
    assert adeli_doubt("12")


def test_communes_are_proposed_as_one_types(client, association):
    part = client.get("/adhesion/communes?commune_text=savigny", headers={"HX-Request": "true"})
    assert "Savigny-le-Temple" in part.text
    assert client.get("/adhesion/communes").status_code == 200


def test_what_others_see_is_off_unless_ticked(send):
    send()
    assert Application.get().shows == ""


def test_where_people_come_from_is_counted_once(client, association):
    client.get("/adhesion/?de=CPAM")
    client.get("/adhesion/?type=liberal&de=cpam&vu=1")
    client.get("/adhesion/?de=cpam")
    assert OriginVisit.get().tag == "cpam"
    assert OriginVisit.get().number == 2


def test_the_origin_follows_the_request(send):
    send(de="cpam")
    assert Application.get().origin == "cpam"


def test_what_nobody_confirms_is_forgotten(make_request):
    old, fresh = make_request(confirmed=False), make_request(confirmed=False, email="autre@exemple.fr")
    kept = make_request(email="confirmee@exemple.fr")
    before = now() - timedelta(days=32)
    Application.update(created_at=before).where(Application.id.in_([old.id, kept.id])).execute()
    assert joining.purge(now().date()) == 1
    assert {each.id for each in Application.select()} == {fresh.id, kept.id}


def test_the_journal_names_nobody(make_request):
    make_request()
    entry = JournalEntry.get(JournalEntry.action == "adherent.requested")
    assert "Fictive" not in entry.detail_json


NAMES = [*(name for name in TYPED if name != "type"), "commune", "website"]


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    type=st.sampled_from(["liberal", "salarie", "structure", "collectivite", "usager"]),
    typed=st.fixed_dictionaries({name: st.text(max_size=60) for name in NAMES}),
)
def test_any_form_is_answered(client, association, type, typed):
    assert client.post("/adhesion/", data={**typed, "type": type}).status_code == 422
    for name in ("email", "profession", "rpps"):
        assert client.post(f"/adhesion/champ/{name}", data={**typed, "type": type}).status_code in (200, 404)


@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(link=st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=40))
def test_any_link_is_answered(client, association, link):
    for room in ("confirmer", "corriger", "renouveler"):
        assert client.get(f"/adhesion/{room}/{link}").status_code == 410
        assert client.post(f"/adhesion/{room}/{link}").status_code == 410


@given(st.text(max_size=60), st.text(max_size=60))
def test_names_are_compared_whatever_the_order_of_their_parts(first, last):
    one = Application(given_name=first, family_name=last)
    other = Application(given_name=last.upper(), family_name=first.lower())
    assert joining.folded_name(Application(given_name=last, family_name=first)) == joining.folded_name(one)
    assert joining.folded_name(other) == joining.folded_name(one) or not (first + last).isascii()
