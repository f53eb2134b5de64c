import re
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from peewee import IntegrityError
from playhouse.test_utils import assert_query_count

from cptsapp.blueprints.association.models import Association
from cptsapp.blueprints.contact import demo, rules
from cptsapp.blueprints.contact.gestion import MESSAGES
from cptsapp.blueprints.contact.models import ContactMessage, State, Topic
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import registry
from cptsapp.kernel.db import now, revision
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.mail import OutgoingMail
from cptsapp.kernel.text import fold
from tests.postgresql import counts_what_is_kept

TYPED = {
    "name": "Hélène Fictive",
    "email": "helene@exemple.fr",
    "topic": "professional",
    "subject": "Rejoindre la CPTS",
    "body": "Bonjour, comment adhérer ?\nMerci d’avance.",
}


@pytest.fixture
def association(app):
    association = Association.create(
        id=1, name="CPTS d’essai", email="contact@exemple.fr", phone="01 99 00 12 34", online_at=now()
    )
    revision.bump()
    return association


@pytest.fixture
def message(app):
    return rules.receive("cle", **TYPED)


def send(client, **changes):
    """Fill the form as a browser does: its hidden key comes from the page."""
    key = re.search(r'name="form_key"[^>]*value="([^"]+)"', client.get("/contact").text)[1]
    return client.post("/contact", data={**TYPED, "form_key": key, "website": "", **changes})


def test_a_message_reaches_the_inbox_and_the_association(client, association):
    answer = send(client)
    assert (answer.status_code, answer.location) == (303, "/contact/merci")
    message = ContactMessage.get()
    assert (message.name, message.state) == ("Hélène Fictive", State.OPEN)
    mail = OutgoingMail.get()
    assert (mail.to_address, mail.reply_to) == ("contact@exemple.fr", "helene@exemple.fr")
    assert mail.subject == "[Contact] Rejoindre la CPTS"


def test_the_thanks_need_no_cookie(client, association):
    answer = send(client)
    assert "Set-Cookie" not in answer.headers
    assert "Merci" in client.get("/contact/merci").text


def test_a_form_sent_three_times_makes_one_message_and_one_mail(client, association):
    key = re.search(r'name="form_key"[^>]*value="([^"]+)"', client.get("/contact").text)[1]
    answers = [client.post("/contact", data={**TYPED, "form_key": key}) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {303}
    assert ContactMessage.select().count() == OutgoingMail.select().count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": " "}, "Indiquez votre nom"),
        ({"email": "pas une adresse"}, "ne semble pas complète"),
        ({"topic": ""}, "Choisissez dans la liste"),
        ({"topic": "intrus"}, ""),
        ({"subject": ""}, "Donnez un objet"),
        ({"body": "Court"}, "trop court"),
        ({"body": "x" * 5001}, "dépasse 5 000 caractères"),
        ({"website": "https://robot.exemple.fr"}, "inhabituelle"),
        ({"form_key": "faux"}, "trop longtemps"),
    ],
)
def test_a_refused_form_comes_back_with_what_was_typed(client, association, changes, said):
    answer = send(client, **changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert "Merci d’avance." in answer.text or "body" in changes
    assert ContactMessage.select().count() == 0


def test_a_form_filled_in_a_blink_is_refused(app, client, association):
    app.config["FORM_MINIMUM_SECONDS"] = 3
    assert send(client).status_code == 422


def test_too_many_messages_from_one_address_wait_and_lose_nothing(client, association):
    answers = [send(client, subject=f"Objet {number}") for number in range(7)]
    refused = answers[-1]
    assert refused.status_code == 429
    assert "vous pourrez l’envoyer dans" in refused.text
    assert "Objet 6" in refused.text
    assert ContactMessage.select().count() < 7


def test_a_subject_brings_no_line_into_a_header(client, association):
    send(client, subject="Bonjour\r\nBcc: autre@exemple.fr", name="Nom\nX-Entete: oui")
    assert ContactMessage.get().subject == "Bonjour Bcc: autre@exemple.fr"
    assert "\n" not in OutgoingMail.get().subject


def test_the_page_tells_other_ways_and_what_becomes_of_the_data(client, association):
    html = client.get("/contact").text
    for words in ("contact@exemple.fr", "01 99 00 12 34", "aucune information de santé", "CNIL"):
        assert words in html


def test_the_part_is_a_piece_of_the_page(client, association):
    part = client.post("/contact", data={}, headers={"HX-Request": "true"})
    assert part.status_code == 422
    assert part.text.strip().startswith('<form id="formulaire"')


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(typed=st.fixed_dictionaries({name: st.text(max_size=60) for name in TYPED}))
def test_any_form_is_answered(client, association, typed):
    assert client.post("/contact", data=typed).status_code == 422


def test_a_message_is_handled_once_and_remembers_by_whom(message, coordinator, admin):
    assert rules.handle(message.id, account_id=coordinator.id)
    assert not rules.handle(message.id, account_id=admin.id)
    message = ContactMessage.get()
    assert (message.state, message.handled_by_id) == (State.HANDLED, coordinator.id)
    assert JournalEntry.select().where(JournalEntry.action == "contact.handled").count() == 1


@pytest.mark.parametrize(
    ("moves", "state"),
    [
        (["indesirable"], State.SPAM),
        (["traiter", "indesirable"], State.SPAM),
        (["indesirable", "traiter"], State.HANDLED),
        (["traiter", "rouvrir"], State.OPEN),
        (["traiter", "corbeille"], State.TRASHED),
        (["traiter", "corbeille", "retablir"], State.HANDLED),
        (["corbeille", "retablir"], State.OPEN),
    ],
)
def test_a_message_moves_between_its_states(message, coordinator, moves, state):
    for move in moves:
        rules.MOVES[move](message.id, account_id=coordinator.id)
    assert ContactMessage.get().state == state


def test_a_message_cannot_be_both_handled_and_spam(message):
    with pytest.raises(IntegrityError):
        ContactMessage.update(handled_at=now(), spam_at=now()).execute()


def test_the_coordination_reads_notes_and_answers(as_coordinator, message):
    html = as_coordinator.get("/gestion/messages/").text
    assert "Hélène Fictive" in html
    path = f"/gestion/messages/{message.id}"
    assert "mailto:helene%40exemple.fr?subject=Re%3A%20Rejoindre" in as_coordinator.get(path).text
    assert as_coordinator.post(f"{path}/note", data={"note": "Rappeler mardi"}).status_code == 303
    assert as_coordinator.post(f"{path}/traiter").status_code == 303
    shown = as_coordinator.get(path).text
    assert "Rappeler mardi" in shown
    assert "Remettre à traiter" in shown
    assert "Hélène" not in as_coordinator.get("/gestion/messages/").text
    assert "Hélène" in as_coordinator.get("/gestion/messages/?etat=handled").text


def test_several_messages_are_handled_at_once(as_coordinator, app):
    ids = [rules.receive(f"cle-{n}", **TYPED).id for n in range(3)]
    as_coordinator.post("/gestion/messages/lot", data={"action": "traiter", "id": ids[:2]})
    assert ContactMessage.open_count() == 1
    as_coordinator.post("/gestion/messages/lot", data={"action": "corbeille", "tout": "1"})
    assert ContactMessage.open_count() == 0


def test_bulk_with_nothing_ticked_is_refused(as_coordinator, message):
    assert as_coordinator.post("/gestion/messages/lot", data={"action": "traiter"}).status_code == 422


@counts_what_is_kept
def test_the_list_costs_few_queries_whatever_its_length(as_coordinator, app):
    for number in range(30):
        rules.receive(f"cle-{number}", **TYPED)
    as_coordinator.get("/gestion/messages/")
    with app.test_request_context("/gestion/messages/"), assert_query_count(1):  # its length is known already
        rows = MESSAGES.read(ContactMessage.inbox()).rows
        assert [row.handler for row in rows] == [""] * 25


@pytest.mark.parametrize("who", ["as_bureau", "as_admin", "as_adherent"])
def test_others_do_not_read_the_inbox(request, message, who):
    browser = request.getfixturevalue(who)
    assert browser.get("/gestion/messages/").status_code == 403


def test_what_is_old_is_erased_and_still_counted(app, coordinator):
    old, today = datetime(2025, 1, 10), date(2026, 3, 1)
    kept = rules.receive("ouvert", **TYPED)
    handled, spam, binned, fresh = (rules.receive(f"cle-{n}", **TYPED) for n in range(4))
    ContactMessage.update(at=old).execute()
    ContactMessage.update(handled_at=old).where(ContactMessage.id == handled.id).execute()
    ContactMessage.update(spam_at=datetime(2026, 1, 20)).where(ContactMessage.id == spam.id).execute()
    ContactMessage.update(deleted_at=datetime(2026, 1, 20)).where(ContactMessage.id == binned.id).execute()
    ContactMessage.update(handled_at=datetime(2026, 2, 20)).where(ContactMessage.id == fresh.id).execute()
    assert rules.purge(today) == 3
    assert rules.purge(today) == 0
    assert {each.id for each in ContactMessage.inbox()} == {kept.id, fresh.id}
    assert ContactMessage.received(date(2025, 1, 1), date(2025, 12, 31)) == 4
    assert OutgoingMail.select().count() == 2


def test_a_persons_messages_are_exported_and_erased_by_address(app, message):
    person = Person.create(
        family_name="Fictive", email="Helene@exemple.fr", email_normalised="helene@exemple.fr", folded=fold("Fictive")
    )
    export = next(each for each in registry.personal_exporters if each.key == "contact")
    assert export.call(person.id)["messages"][0]["objet"] == "Rejoindre la CPTS"
    rules.erase([each.id for each in ContactMessage.of_person(person.id)])
    assert export.call(person.id) == {"messages": []}
    assert ContactMessage.get().body == ""


def test_a_shared_address_gives_each_their_own_messages(app, message):
    for name in ("Fictive", "Imaginaire"):
        Person.create(
            family_name=name, email="helene@exemple.fr", email_normalised="helene@exemple.fr", folded=fold(name)
        )
    first, second = Person.select().order_by(Person.id)
    assert len(ContactMessage.of_person(first.id)) == 1
    assert ContactMessage.of_person(second.id) == []


def test_the_menu_counts_what_waits(as_coordinator, message):
    item = next(each for each in registry.navigation if each.endpoint == "contact_gestion.index")
    assert item.count() == 1
    assert "Rejoindre la CPTS" in as_coordinator.get(f"/gestion/messages/{message.id}").text


def test_every_topic_is_offered(client, association):
    html = client.get("/contact").text
    assert all(topic.label in html for topic in Topic)


def test_figures_follow_the_period(app, message):
    today = now().date()
    assert ContactMessage.received(today - timedelta(days=1), today + timedelta(days=1)) == 1
    assert ContactMessage.handled(today - timedelta(days=1), today + timedelta(days=1)) == 0


def test_the_demonstration_has_messages_to_handle(app, coordinator):
    demo.fill()
    assert ContactMessage.open_count() == 3
    assert ContactMessage.select().count() == 4


def test_going_back_to_the_form_to_write_something_else_loses_nothing(client):
    key = re.search(r'name="form_key"[^>]*value="([^"]+)"', client.get("/contact").text)[1]
    for body in ("Une première question.", "Une seconde question.", "Une seconde question."):
        assert client.post("/contact", data={**TYPED, "form_key": key, "body": body}).status_code == 303
    assert [message.body for message in ContactMessage.select()] == ["Une première question.", "Une seconde question."]
