import io
import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from playhouse.test_utils import assert_query_count
from werkzeug.datastructures import FileStorage

from cptsapp.blueprints.adherent import listing as members
from cptsapp.blueprints.adherent import rules as adherent_rules
from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.annuaire import listing, rules, vcard
from cptsapp.blueprints.annuaire.cards import Readers
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Kind, Person
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel import registry
from cptsapp.kernel.db import db, renewed_schema
from cptsapp.kernel.files import store_image
from tests.conftest import text_of

SPACE, PUBLIC = "/espace/annuaire", "/annuaire"
EMAIL, PHONE, HOURS = "alix.secret@exemple.fr", "01 99 00 77 66", "Lundi matin secret"
HIDDEN = {"email": EMAIL, "phone": PHONE, "hours": HOURS}


def a_picture():
    data = io.BytesIO()
    Image.new("RGB", (400, 400), "teal").save(data, "PNG")
    data.seek(0)
    return FileStorage(data, filename="moi.png")


@pytest.fixture
def member(app):
    """Return a function that makes a member with a full record, of which nothing is shown unless asked."""

    def make(given_name="Alix", family_name="Fictive", *, portrait=False, kind=Kind.PERSON, **practice):
        names = (
            {"name": family_name} if kind == Kind.STRUCTURE else {"given_name": given_name, "family_name": family_name}
        )
        person = person_rules.create(kind=kind, **names, email=EMAIL, phone=PHONE)
        values = {"profession": "60", "hours": HOURS, "competences": "Plaies et cicatrisation"} | practice
        if values.get("commune"):
            territory.use(values["commune"])
        Practice.create(person=person, **values)
        adherent_rules.admit(person.id)
        if portrait:
            rules.set_portrait(person.id, store_image(a_picture()))
        return person

    return make


@pytest.fixture
def open_directory(app):
    rules.set_directory(public_on=True, introduction="Bienvenue dans l’annuaire.")


def everything_members_read(browser, person):
    paths = (SPACE, f"{SPACE}/{person.id}", f"{SPACE}/imprimer", f"{SPACE}/{person.id}/carte.vcf", f"{SPACE}?q=alix")
    part = browser.get(SPACE, headers={"HX-Request": "true"}).text
    return part + "".join(browser.get(path).text for path in paths)


@pytest.mark.parametrize("shown", [(), ("email",), ("phone",), ("hours",), ("email", "phone", "hours")])
def test_what_is_hidden_is_nowhere(as_adherent, member, shown):
    person = member(**{f"show_{name}": True for name in shown})
    read = everything_members_read(as_adherent, person)
    for name, value in HIDDEN.items():
        assert (value in read.replace("\\", "")) == (name in shown), name


@pytest.mark.parametrize("words", ["secret", "alix.secret", "exemple.fr", "7766", "01 99 00 77 66", "lundi matin"])
def test_what_is_hidden_is_not_found_by_a_search(as_adherent, member, words):
    member()
    assert "Personne ne correspond" in as_adherent.get(SPACE, query_string={"q": words}).text


def test_a_photo_is_seen_only_when_it_is_shown(as_adherent, client, member, open_directory):
    person = member(portrait=True)
    assert as_adherent.get(f"{SPACE}/{person.id}/photo").status_code == 404
    assert "portrait" not in as_adherent.get(SPACE).text
    Practice.update(show_photo=True).execute()
    answer = as_adherent.get(f"{SPACE}/{person.id}/photo")
    assert (answer.status_code, answer.content_type) == (200, "image/webp")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert f"{SPACE}/{person.id}/photo" in as_adherent.get(SPACE).text
    assert client.get(f"{PUBLIC}/{person.id}/photo").status_code == 404


@pytest.mark.parametrize(
    "words", ["alix", "FICTIVE ALIX", "fictive a", "infirmiere", "brie comte", "cicatrisation", "chevry", "cabinet des"]
)
def test_people_find_each_other_as_they_type(as_adherent, member, words):
    member(commune="77053", area_json=json.dumps(["77114"]), organisation="Cabinet des Exemples")
    member("Zoé", "Ailleurs", profession="21", competences="")
    found = text_of(as_adherent.get(SPACE, query_string={"q": words}, headers={"HX-Request": "true"}).text)
    assert "Alix Fictive" in found
    assert "Zoé" not in found


def test_filters_narrow_and_wrong_ones_are_ignored(as_adherent, member):
    member(commune="77053")
    member("Zoé", "Ailleurs", profession="21", commune="77114")
    part = {"HX-Request": "true"}
    found = as_adherent.get(f"{SPACE}?profession=21&commune=77114", headers=part).text
    assert "Zoé" in found
    assert "Alix" not in found
    assert "Alix" in as_adherent.get(f"{SPACE}?profession=x&commune=%00&page=abc", headers=part).text


def test_who_said_no_is_absent(as_adherent, member, open_directory, client):
    person = member(in_directory=False)
    assert "Alix" not in as_adherent.get(SPACE).text
    assert "Alix" not in as_adherent.get(f"{SPACE}/imprimer").text
    for path in ("", "/carte.vcf", "/photo"):
        assert as_adherent.get(f"{SPACE}/{person.id}{path}").status_code == 404


def test_who_left_or_was_put_in_the_bin_is_absent(as_adherent, member):
    left, binned = member(), member("Zoé", "Ailleurs")
    adherent_rules.end(left.id)
    person_rules.delete(binned.id)
    assert listing.for_members(left.id) == listing.for_members(binned.id) == []
    assert as_adherent.get(f"{SPACE}/{left.id}").status_code == 404


def test_a_member_without_a_record_is_listed_by_name(as_adherent, adherent):
    assert "Sacha Fictif" in as_adherent.get(SPACE).text


@pytest.mark.parametrize("profession", ["", "X-USAG"])
def test_where_a_citizen_lives_is_not_shown(as_adherent, member, profession):
    person = member(profession=profession, commune="77053", competences="")
    assert "Brie-Comte-Robert" not in everything_members_read(as_adherent, person)
    assert "Personne ne correspond" in as_adherent.get(f"{SPACE}?q=brie").text


def test_a_structure_shows_who_practises_there(as_adherent, member):
    structure = member(family_name="Pharmacie du Modèle", kind=Kind.STRUCTURE, profession="")
    person = member(works_at=structure.id)
    hidden = member("Zoé", "Cachée", works_at=structure.id, in_directory=False)
    html = as_adherent.get(f"{SPACE}/{structure.id}").text
    assert "Alix Fictive" in html
    assert "Cachée" not in html
    assert "Pharmacie du Modèle" in as_adherent.get(f"{SPACE}/{person.id}").text
    assert as_adherent.get(f"{SPACE}/{hidden.id}").status_code == 404


def test_many_members_come_page_by_page_and_print_whole(as_adherent, member):
    for number in range(30):
        member(family_name=f"Fictive{number:02}")
    first, second = (as_adherent.get(f"{SPACE}?page={n}", headers={"HX-Request": "true"}).text for n in (1, 2))
    assert "Fictive00" in first
    assert "Fictive29" not in first
    assert "Fictive29" in second
    assert as_adherent.get(f"{SPACE}/imprimer").text.count("FICTIVE") == 30


def test_the_directory_costs_one_query_whatever_its_length(member, app):
    for number in range(5):
        member(family_name=f"Fictive{number}", commune="77053")
    with assert_query_count(1):
        assert len(listing.for_members()) == 5


@pytest.mark.parametrize("who", ["client", "as_admin"])
def test_the_members_directory_is_for_members(request, member, who):
    person = member()
    browser = request.getfixturevalue(who)
    for path in ("", f"/{person.id}", "/imprimer", f"/{person.id}/carte.vcf"):
        answer = browser.get(SPACE + path)
        assert answer.status_code in (302, 403)
        assert "Alix" not in answer.text


# For everybody


def test_the_public_directory_is_closed_until_the_association_opens_it(client, member):
    person = member(public_listing=True)
    for path in ("", f"/{person.id}/carte.vcf", f"/{person.id}/photo"):
        assert client.get(PUBLIC + path).status_code == 404


def test_the_public_sees_only_those_who_asked_with_what_they_chose(client, member, open_directory):
    person = member(public_listing=True, show_email=True, show_phone=True, show_hours=True)
    member("Zoé", "Discrète", show_email=True)
    rules.set_public_fields(person.id, ["phone"])
    html = client.get(PUBLIC).text
    assert "Bienvenue dans l’annuaire." in html
    assert "Alix Fictive" in html
    assert "Discrète" not in html
    assert PHONE in html
    assert EMAIL not in html
    assert HOURS not in html
    card = client.get(f"{PUBLIC}/{person.id}/carte.vcf").text
    assert PHONE in card
    assert EMAIL not in card
    assert "noindex" in html


@pytest.mark.parametrize("words", ["secret", "exemple.fr", "lundi"])
def test_the_public_finds_nothing_by_what_is_hidden(client, member, open_directory, words):
    member(public_listing=True)
    assert "Personne ne correspond" in client.get(PUBLIC, query_string={"q": words}).text


def test_a_choice_taken_back_takes_effect_at_once(client, member, open_directory):
    member(public_listing=True)
    assert "Alix" in client.get(PUBLIC).text
    Practice.update(public_listing=False).execute()
    assert "Alix" not in client.get(PUBLIC).text


def test_the_coordination_opens_and_closes_it(as_coordinator, client, member):
    member(public_listing=True)
    assert (
        as_coordinator.post("/gestion/annuaire", data={"public_on": "y", "introduction": "Bonjour"}).status_code == 303
    )
    assert "Bonjour" in client.get(PUBLIC).text
    as_coordinator.post("/gestion/annuaire", data={"introduction": "Bonjour"})
    assert client.get(PUBLIC).status_code == 404


def test_the_bureau_does_not_decide_it(as_bureau):
    assert as_bureau.get("/gestion/annuaire").status_code == 403


# vCards


def test_a_vcard_carries_what_is_shown(as_adherent, member):
    person = member(commune="77053", organisation="Cabinet ; des Exemples", show_phone=True)
    answer = as_adherent.get(f"{SPACE}/{person.id}/carte.vcf")
    lines = answer.text.split("\r\n")
    assert lines[0] == "BEGIN:VCARD"
    assert "N:Fictive;Alix;;;" in lines
    assert "ORG:Cabinet \\; des Exemples" in lines
    assert f"TEL;TYPE=WORK:{PHONE}" in lines
    assert answer.headers["Content-Disposition"] == "attachment; filename=alix-fictive.vcf"
    assert not any(line.startswith("EMAIL") for line in lines)


def test_a_line_break_begins_no_property(as_adherent, member):
    person = member(competences="Soins\r\nTEL:+33199007766\nEND:VCARD")
    text = as_adherent.get(f"{SPACE}/{person.id}/carte.vcf").text
    assert text.count("END:VCARD") == 2  # once as words in a note, once as the end
    assert [line for line in text.split("\r\n") if line.startswith(("TEL", "END"))] == ["END:VCARD"]


@given(st.text(max_size=200))
def test_any_text_stays_one_value(text):
    assert not re.search(r"[\r\n\x00-\x08\x0b\x0c\x85\u2028\u2029]", vcard.value(text))


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"]), max_size=300))
def test_lines_are_short_and_fold_back(text):
    folded = vcard.fold_line(text)
    assert all(len(line.encode()) <= 75 for line in folded.split("\r\n"))
    assert folded.replace("\r\n ", "") == text


# What the law gives


def test_a_persons_choices_are_exported_and_erased(member):
    person = member(portrait=True)
    rules.set_public_fields(person.id, ["phone", "intrus"])
    exporter = next(each for each in registry.personal_exporters if each.key == "annuaire")
    data = exporter.call(person.id)
    assert data["montre_au_public"] == ["Téléphone"]
    assert data["photo_donnee_le"]
    rules.forget_person(person.id)
    assert exporter.call(person.id) == {"montre_au_public": [], "photo": None, "photo_donnee_le": None}
    assert Person.select().count() == 1


# However many they are


def test_what_is_changed_is_found_at_once(as_adherent, member):
    person = member()
    profile_of(person, competences="Échographie", area_json=json.dumps(["77114"]))
    assert [card.id for card in found("echo")] == [card.id for card in found("chevry")] == [person.id]
    assert found("cicatrisation") == []
    person_rules.delete(person.id)
    assert found("echo") == []


def found(q, **asked):
    listed = listing.Listed(Readers.MEMBERS).narrow(q=q, **asked)
    cards = listed.cards(0, 100)
    assert len(cards) == listed.count_all()
    return cards


def profile_of(person, **values):
    practice = Practice.of(person.id)
    for name, value in values.items():
        setattr(practice, name, value)
    practice.save()


def test_an_index_that_a_migration_made_is_filled(member):
    person = member(commune="77053")
    db.execute_sql("DELETE FROM annuaire_words")
    assert found("brie") == []
    for make in renewed_schema:
        make(db.obj)
    assert [card.id for card in found("brie")] == [person.id]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_page_holds_whom_a_plain_reading_finds(crowd, data):
    words, professions, communes = crowd
    readers = data.draw(st.sampled_from(list(Readers)[:2]))
    q = " ".join(data.draw(st.lists(st.sampled_from(words), max_size=2)))
    profession, commune = data.draw(st.sampled_from(professions)), data.draw(st.sampled_from(communes))
    everybody = listing.for_public() if readers is Readers.PUBLIC else listing.for_members()
    expected = [
        card.id
        for card in everybody
        if all(any(each.startswith(word) for each in card.words) for word in q.split())
        and profession in ("", card.profession_code)
        and commune in ("", card.insee)
    ]
    listed = listing.Listed(readers).narrow(q=q, profession=profession, commune=commune)
    assert listed.count_all() == len(expected)
    assert [card.id for card in listed.cards(3, 5)] == expected[3:8]
    assert dict(listing.professions(readers)).keys() == {card.profession_code for card in everybody} - {""}
    assert dict(listing.communes(readers)).keys() == {card.insee for card in everybody} - {""}


@pytest.fixture
def crowd(member, monkeypatch):
    """Return words, professions and communes of some twenty members, some of whom hide or practise nothing."""
    professions, communes = ["", "60", "21", "X-USAG"], ["", "77053", "77114"]
    for rank in range(24):
        member(
            family_name=f"Fictive{rank % 5}",
            kind=Kind.STRUCTURE if rank % 7 == 0 else Kind.PERSON,
            profession=professions[rank % 4],
            commune=communes[rank % 3] or None,
            in_directory=rank % 6 != 1,
            public_listing=rank % 5 < 3,
        )
    monkeypatch.setattr(members, "FEW", 4)  # beyond, the names lead
    return ["fictive1", "alix", "infirm", "brie", "cicat"], professions, communes
