"""Registering from the site: the pages, the forms, the personal link."""

import re
from datetime import timedelta

import pytest

from cptsapp.blueprints.event import booking, links
from cptsapp.blueprints.event.models import (
    Audience,
    Booking,
    Event,
    Material,
    MaterialReaders,
    Question,
    QuestionKind,
    Status,
)
from cptsapp.blueprints.event.people import Attendance, Interest, Invitation, Place, Registration
from cptsapp.kernel.db import now
from cptsapp.kernel.files import StoredFile
from cptsapp.kernel.mail import OutgoingMail
from tests.conftest import logged_in, text_of
from tests.event.test_booking import mails, make_event, register, states

ADA = {"given_name": "Ada", "family_name": "Fictif", "email": "ada@exemple.fr"}


@pytest.fixture
def event(app):
    return make_event(capacity=2)


def sent_form(client, url, **values):
    """Open a form as a person does, then send it with `values`."""
    page = client.get(url)
    assert page.status_code == 200, page.text
    key = re.search(r'name="form_key"[^>]*value="([^"]+)"', page.text)
    return client.post(url, data={"form_key": key[1] if key else "", **values})


def own_page(registration):
    return f"/evenements/inscription/{links.personal_token(registration)}"


# The page of an event


def test_the_page_says_when_where_for_whom_and_how_many_seats_are_left(client, event):
    Event.update(description="Venez **nombreux**.", agenda="1. Accueil", speakers="Dr Camille Exemple").execute()
    page = client.get(event.url)
    words = text_of(page.text)
    assert page.status_code == 200
    for said in (
        "Soirée plaies",
        "Salle des fêtes",
        "Ouvert à tous",
        "Plus que 2 places",
        "Ordre du jour",
        "Dr Camille",
    ):
        assert said in words
    assert "<strong>nombreux</strong>" in page.text
    assert f"{event.url}/inscription" in page.text


def test_a_page_kept_ready_follows_the_seats(client, event):
    assert "Plus que 2 places" in client.get(event.url).text
    register(event, "Ada")
    assert "Dernière place" in client.get(event.url).text
    register(event, "Bob")
    page = client.get(event.url).text
    assert "Complet" in page
    assert "liste d’attente" in page


@pytest.mark.parametrize("values", [{"status": Status.DRAFT}, {"deleted_at": now()}, {"is_public": False}])
def test_what_is_not_to_be_seen_does_not_exist(client, app, values):
    event = make_event(**values)
    for path in (event.url, f"{event.url}/inscription", f"{event.url}/prevenez-moi", f"{event.url}/mon-lien"):
        assert client.get(path).status_code == 404


def test_an_event_for_adherents_alone_is_seen_by_them(as_adherent, app):
    event = make_event(is_public=False)
    assert as_adherent.get(event.url).status_code == 200


def test_an_external_event_is_announced_without_registration(client, app):
    event = make_event(booking=Booking.NONE, kind="external")
    page = client.get(event.url)
    assert "organisé par d’autres" in page.text
    assert "/inscription" not in page.text
    assert "ne demande pas d’inscription" in text_of(client.get(f"{event.url}/inscription").text)


def test_an_event_booked_elsewhere_says_where(client, app):
    event = make_event(booking=Booking.ELSEWHERE, booking_note="au 01 99 00 00 00")
    assert "01 99 00 00 00" in client.get(event.url).text


def test_the_webinar_s_link_is_never_on_the_public_page(client, app):
    event = make_event(online_url="https://visio.exemple.fr/abc", kind="webinar")
    for path in (event.url, f"{event.url}/inscription"):
        assert "visio.exemple.fr" not in client.get(path).text


# Registering


def test_a_visitor_registers_with_one_page_and_one_form(client, event):
    answer = sent_form(client, f"{event.url}/inscription", **ADA)
    assert answer.status_code == 303
    assert states(event) == {"Ada": "confirmed"}
    assert mails("confirmed") == ["ada@exemple.fr"]
    assert "Un e-mail part à l’instant" in text_of(client.get(answer.location).text)


def test_the_page_after_is_the_same_for_an_address_that_is_registered(client, app):
    event = make_event(capacity=8)
    first = sent_form(client, f"{event.url}/inscription", **ADA)
    again = sent_form(client, f"{event.url}/inscription", **ADA | {"given_name": "Autre"})
    other = sent_form(client, f"{event.url}/inscription", **ADA | {"email": "bob@exemple.fr"})
    assert first.location == again.location == other.location
    assert client.get(first.location).data == client.get(again.location).data
    assert mails("confirmed", "ada@exemple.fr") == ["ada@exemple.fr"] * 2


def test_when_it_is_full_the_page_after_does_not_tell_who_is_in(client, event):
    register(event, "Ada")
    register(event, "Bob")
    known = sent_form(client, f"{event.url}/inscription", **ADA)
    new = sent_form(client, f"{event.url}/inscription", **ADA | {"email": "zoe@exemple.fr"})
    assert known.location == new.location
    assert "liste d’attente" in text_of(client.get(new.location).text)


def test_a_form_sent_twice_is_one_registration(client, event):
    url = f"{event.url}/inscription"
    key = re.search(r'name="form_key"[^>]*value="([^"]+)"', client.get(url).text)[1]
    for _ in range(2):
        assert client.post(url, data=ADA | {"form_key": key}).status_code == 303
    assert Registration.select().count() == 1
    assert mails("confirmed") == ["ada@exemple.fr"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"email": "ada@exemple"}, "ne semble pas complète"),
        ({"email": "ada@exemple.fr\r\nBcc: tous@exemple.fr"}, "ne semble pas complète"),
        ({"given_name": ""}, "Indiquez le prénom"),
        ({"family_name": "x" * 81}, "80 caractères au plus"),
        ({"website": "http://robot"}, "façon inhabituelle"),
        ({"form_key": "faux"}, "resté ouvert trop longtemps"),
        ({"given_name": "x" * 200_000}, "80 caractères au plus"),
        ({"profession": "n’existe pas"}, "Choisissez une réponse"),
    ],
)
def test_bad_input_comes_back_with_a_sentence_and_what_was_typed(client, event, wrong, sentence):
    answer = sent_form(client, f"{event.url}/inscription", **ADA | {"organisation": "MSP des Lilas"} | wrong)
    assert answer.status_code == 422
    assert sentence in text_of(answer.text)
    assert "MSP des Lilas" in answer.text
    assert Registration.select().count() == OutgoingMail.select().count() == 0


def test_a_name_with_odd_letters_and_a_nul_is_kept_on_one_line(client, event):
    sent_form(
        client, f"{event.url}/inscription", **ADA | {"given_name": "Zoë\0\r\nBcc: x", "family_name": "’t Hooft 🩺"}
    )
    entry = Registration.get()
    assert entry.given_name == "Zoë Bcc: x"
    assert entry.family_name == "’t Hooft 🩺"


def test_a_second_after_closing_the_form_comes_back_with_a_sentence(client, event):
    url = f"{event.url}/inscription"
    key = re.search(r'name="form_key"[^>]*value="([^"]+)"', client.get(url).text)[1]
    Event.update(closes_at=now() - timedelta(seconds=1)).execute()
    answer = client.post(url, data=ADA | {"form_key": key})
    assert answer.status_code == 422
    assert "Les inscriptions sont closes." in text_of(answer.text)
    assert 'value="ada@exemple.fr"' in answer.text
    assert states(event) == {}


def test_the_wrong_profession_is_refused_beside_its_field(client, app):
    event = make_event(audience=Audience.PROFESSIONS, professions=",10-MG,")
    answer = sent_form(client, f"{event.url}/inscription", **ADA, profession="60")
    assert answer.status_code == 422
    assert "s’adresse à ces professions" in text_of(answer.text)
    assert "Médecin généraliste" in text_of(client.get(event.url).text)


def test_the_event_s_own_questions_are_asked(client, app):
    event = make_event(asks_speakers=True, capacity=5)
    free = Question.create(event=event, label="Vos attentes ?", is_required=True)
    listed = Question.create(
        event=event, label="Repas ?", kind=QuestionKind.CHOICE, choices_json='["Oui", "Non"]', position=1
    )
    Question.create(event=event, label="Combien d’accompagnants ?", kind=QuestionKind.GUESTS, most=2, position=2)
    url = f"{event.url}/inscription"
    said = {
        f"question_{free.id}": "Des cas",
        f"question_{listed.id}": "Oui",
        "guests": "1",
        "speakers_question": "Et l’été ?",
    }
    assert "Répondez" in sent_form(client, url, **ADA).text
    assert sent_form(client, url, **ADA, **said).status_code == 303
    entry = Registration.get()
    assert (entry.guests, entry.speakers_question) == (1, "Et l’été ?")
    page = client.get(own_page(entry)).text
    assert "Des cas" in page
    assert "Et l’été" in page
    assert sent_form(client, url, **ADA | {"email": "b@exemple.fr"}, **said | {"guests": "9"}).status_code == 422


def test_somebody_may_register_a_colleague_who_gets_the_mail(client, event):
    url = f"{event.url}/inscription?pour=collegue"
    assert "Indiquez votre nom" in sent_form(client, url, **ADA).text
    sent_form(client, url, **ADA, by_name="Bob Fictif")
    assert Registration.get().by_name == "Bob Fictif"
    assert mails("confirmed") == ["ada@exemple.fr"]


def test_a_light_event_asks_a_first_name_and_shows_the_link_at_once(client, app):
    event = make_event(is_light=True)
    url = f"{event.url}/inscription"
    page = client.get(url).text
    assert "family_name" not in page
    assert "organisation" not in page
    answer = sent_form(client, url, given_name="Ada")
    entry = Registration.get()
    assert answer.location.startswith(own_page(entry))
    assert "Gardez cette page" in client.get(answer.location).text


def test_too_many_sendings_wait_and_keep_what_was_typed(client, event, monkeypatch):
    monkeypatch.setattr("cptsapp.blueprints.event.views.PER_MAILBOX", 2)
    answers = [sent_form(client, f"{event.url}/inscription", **ADA) for _ in range(4)]
    assert [each.status_code for each in answers][-1] == 429
    assert 'value="ada@exemple.fr"' in answers[-1].text
    assert len(mails("confirmed")) < 4


# Members


def test_a_member_registers_in_one_click(as_adherent, adherent, app):
    event = make_event(audience=Audience.ADHERENTS)
    page = as_adherent.get(event.url)
    assert "M’inscrire en un clic" in page.text
    answer = as_adherent.post(f"{event.url}/inscription/un-clic", data={"form_key": "k"})
    entry = Registration.get()
    assert answer.location.startswith(own_page(entry))
    assert (entry.person, entry.email, entry.family_name) == (adherent.person, "adherent@exemple.fr", "Fictif")
    assert "Votre inscription est confirmée" in as_adherent.get(event.url).text


def test_a_required_question_leads_the_click_to_the_form(as_adherent, app):
    event = make_event()
    Question.create(event=event, label="Vos attentes ?", is_required=True)
    assert "en un clic" not in as_adherent.get(event.url).text
    answer = as_adherent.post(f"{event.url}/inscription/un-clic")
    assert answer.location.endswith(f"{event.url}/inscription")
    page = as_adherent.get(answer.location).text
    assert "Répondez à cette question" in page
    assert 'value="adherent@exemple.fr"' in page


def test_a_visitor_is_asked_to_log_in_for_an_event_of_adherents(client, app):
    event = make_event(audience=Audience.ADHERENTS)
    page = client.get(f"{event.url}/inscription")
    assert "/connexion?next=" in page.text
    assert 'name="email"' not in page.text


def test_an_invited_person_registers_by_their_link_alone(client, app):
    event = make_event(audience=Audience.INVITED)
    guest = Invitation.create(event=event, email="ada@exemple.fr", email_normalised="ada@exemple.fr")
    assert client.get(event.url).status_code == 404
    url = links.invitation_link(guest).split("127.0.0.1:8000")[-1]
    assert client.get(url).status_code == 200
    assert 'value="ada@exemple.fr"' in client.get(url).text
    assert sent_form(client, url, **ADA).status_code == 303
    assert sent_form(client, url, **ADA | {"email": "bob@exemple.fr"}).status_code == 422
    assert client.get(url[:-2]).status_code == 404


# One's own page


def test_the_personal_page_shows_the_registration_and_is_not_indexed(client, event):
    entry = register(event, "Ada").registration
    page = client.get(own_page(entry))
    assert page.status_code == 200
    assert "Votre place est confirmée" in text_of(page.text)
    assert entry.code in page.text
    assert "noindex" in page.text
    assert client.get(own_page(entry) + "/rendez-vous.ics").mimetype == "text/calendar"


def test_who_waits_reads_their_rank(client, event):
    *_, cleo, dan = (register(event, name).registration for name in ("Ada", "Bob", "Cleo", "Dan"))
    assert "au rang 2" in text_of(client.get(own_page(dan)).text)
    assert "Noter la date dans mon agenda, à confirmer" in text_of(client.get(own_page(dan)).text)
    booking.move_up(dan.id, "Intervenant")
    assert "au rang 2" in text_of(client.get(own_page(cleo)).text)


@pytest.mark.parametrize("token", ["faux", "WzEsMV0.abc", "é" * 50, "a" * 5000, "%00", "WzEsMV0"])
def test_an_altered_link_opens_a_sentence(client, app, token):
    for path in ("", "/modifier", "/annuler", "/transmettre", "/rendez-vous.ics", "/document/1"):
        answer = client.get(f"/evenements/inscription/{token}{path}")
        assert answer.status_code == 404
    assert "pas reconnu" in text_of(client.get("/evenements/inscription/faux").text)


def test_a_link_of_another_event_s_invitation_opens_no_registration(client, event):
    register(event, "Ada")
    guest = Invitation.create(event=event, email="a@b.fr", email_normalised="a@b.fr")
    token = links.invitation_link(guest).rsplit("=", 1)[1]
    assert client.get(f"/evenements/inscription/{token}").status_code == 404


def test_opening_the_cancel_link_cancels_nothing_and_its_button_does(client, event):
    entry = register(event, "Ada").registration
    url = own_page(entry) + "/annuler"
    assert "Me désinscrire" in client.get(url).text
    assert Registration.get().place == Place.CONFIRMED
    assert client.post(url).status_code == 303
    assert Registration.get().place == Place.CANCELLED
    assert "Votre désinscription est notée" in text_of(client.get(own_page(entry)).text)


@pytest.mark.parametrize("state", list(Place))
def test_the_personal_page_and_the_cancel_link_work_in_every_state(client, event, state):
    entry = register(event, "Ada").registration
    Registration.update(state=state).execute()
    for path in ("", "/annuler", "/modifier", "/transmettre"):
        assert client.get(own_page(entry) + path).status_code == 200
    assert client.post(own_page(entry) + "/annuler").status_code in (303, 422)
    assert client.get(own_page(entry)).status_code == 200


def test_a_registrant_changes_their_registration(client, event):
    entry = register(event, "Ada").registration
    answer = client.post(own_page(entry) + "/modifier", data={"given_name": "Adèle", "family_name": "Fictif"})
    assert answer.status_code == 303
    assert "Adèle Fictif" in client.get(answer.location).text


def test_a_place_is_handed_over_and_the_former_link_says_so(client, event):
    entry = register(event, "Ada").registration
    former = own_page(entry)
    answer = client.post(former + "/transmettre", data=ADA | {"given_name": "Bob", "email": "bob@exemple.fr"})
    assert "votre place est transmise" in text_of(client.get(answer.location).text)
    gone = client.get(former)
    assert gone.status_code == 410
    assert "Cette place a été transmise" in text_of(gone.text)
    assert client.post(former + "/annuler").status_code == 410
    assert Registration.get().place == Place.CONFIRMED


def test_the_webinar_s_link_shows_to_confirmed_registrants_in_time(client, app):
    url = "https://visio.exemple.fr/abc"
    event = make_event(capacity=1, online_url=url, online_minutes=30)
    ada, bob = (register(event, name).registration for name in ("Ada", "Bob"))
    page = client.get(own_page(ada)).text
    assert url not in page
    assert "30\u00a0minutes avant le début" in page
    Event.update(starts_at=now() + timedelta(minutes=20), ends_at=now() + timedelta(hours=2)).execute()
    assert url in client.get(own_page(ada)).text
    assert url not in client.get(own_page(bob)).text


def test_materials_show_to_their_readers(client, event):
    ada, bob = (register(event, name).registration for name in ("Ada", "Bob"))
    for readers in MaterialReaders:
        Material.create(event=event, title=f"Pour {readers}", url="https://exemple.fr", readers=readers)
    Attendance.create(registration=ada, session=event.sessions.get())
    assert "Pour public" in client.get(event.url).text
    assert "Pour registered" not in client.get(event.url).text
    for entry, present in ((ada, True), (bob, False)):
        page = client.get(own_page(entry)).text
        assert "Pour registered" in page
        assert ("Pour present" in page) is present
        assert "Pour adherents" not in page


def test_a_file_of_the_registrants_opens_with_their_link_alone(client, event, settings):
    entry = register(event, "Ada").registration
    stored = StoredFile.create(name="abc.pdf", original_name="Support.pdf", media_type="application/pdf", size_bytes=4)
    stored.path.parent.mkdir(parents=True, exist_ok=True)
    stored.path.write_bytes(b"%PDF")
    material = Material.create(event=event, title="Support", file=stored)
    assert client.get(f"{own_page(entry)}/document/{material.id}").data == b"%PDF"
    assert client.get("/fichiers/abc.pdf").status_code == 404
    booking.cancel(entry.id)
    assert client.get(f"{own_page(entry)}/document/{material.id}").status_code == 404


# Lost links, next sessions


def test_a_lost_link_is_mailed_again_and_the_page_tells_nothing(client, event):
    register(event, "Ada")
    known = sent_form(client, f"{event.url}/mon-lien", email="ada@exemple.fr")
    unknown = sent_form(client, f"{event.url}/mon-lien", email="zoe@exemple.fr")
    assert known.location == unknown.location
    assert mails("confirmed") == ["ada@exemple.fr"] * 2


def test_asking_to_hear_of_the_next_session_is_asked_once(client, event):
    for _ in range(2):
        assert sent_form(client, f"{event.url}/prevenez-moi", email="ada@exemple.fr").status_code == 303
    assert Interest.select().count() == 1
    assert sent_form(client, f"{event.url}/prevenez-moi", email="faux").status_code == 422


def test_pages_work_as_parts_for_htmx(client, event):
    whole = client.get(f"{event.url}/inscription").text
    part = client.get(f"{event.url}/inscription", headers={"HX-Request": "true"}).text
    assert "<html" in whole
    assert "<html" not in part


def test_a_logged_in_person_never_gets_another_s_page(app, event, make_account):
    register(event, "Ada")
    browser = logged_in(app, make_account("bob@exemple.fr"))
    answer = sent_form(browser, f"{event.url}/inscription", **ADA)
    assert "/inscription/envoyee" in answer.location
