"""A visitor subscribes: nothing before the mailbox confirms, nothing given away, proof kept."""

import threading
from datetime import timedelta

import pytest

from cptsapp.blueprints.adherent import rules as adherent_rules
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.subscription import pace, refusals, subscribing
from cptsapp.blueprints.subscription.models import (
    AddressPace,
    Refusal,
    Subscription,
    SubscriptionRequest,
    TopicChoice,
)
from cptsapp.kernel import db as database
from cptsapp.kernel import mail, tokens
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import Kind, holds
from cptsapp.kernel.mail.holds import Reason

ADDRESS = "camille.alberti@exemple.fr"


def confirmations():
    return mail.OutgoingMail.select().where(mail.OutgoingMail.template.startswith("subscription/")).count()


def test_a_visitor_is_written_to_only_once_their_mailbox_has_confirmed(subscribe, client, link_in, topic):
    answer = subscribe(given_name="Camille", family_name="Alberti", topics=str(topic.id))
    assert answer.status_code == 303
    assert answer.location == "/lettre/presque"
    assert not Person.select().exists()
    path = link_in()
    for _ in range(50):
        assert client.get(path).status_code == client.head(path).status_code == 200
    assert not Subscription.select().exists()
    assert client.post(path).status_code == 303
    kept = Subscription.get()
    assert (kept.person.label, kept.person.email, kept.email) == ("Camille Alberti", ADDRESS, ADDRESS)
    assert kept.page == "/lettre/"
    assert kept.wording.startswith("J’accepte de recevoir par e-mail la lettre")
    assert kept.asked_at <= kept.confirmed_at == kept.alive_at
    assert TopicChoice.get().topic == topic
    assert not SubscriptionRequest.select().exists()


def test_the_box_is_not_ticked_and_must_be(client, subscribe):
    page = client.get("/lettre/").text
    box = page[page.index('id="accept"') - 60 : page.index('id="accept"') + 80]
    assert "checked" not in box
    answer = subscribe(accept=None, family_name="Alberti")
    assert answer.status_code == 422
    assert "Cochez cette case" in answer.text
    assert 'value="Alberti"' in answer.text
    assert subscribe(website="https://robot.exemple.fr").status_code == 422
    assert confirmations() == 0


def test_the_confirmation_holds_nothing_that_the_visitor_typed(subscribe, mailbox):
    subscribe(given_name="ACHETEZ ICI", family_name="https://piege.exemple.fr")
    (letter,) = mailbox.to(ADDRESS)
    for words in ("ACHETEZ", "piege"):
        assert words not in letter.text + letter.html + str(letter.message["Subject"])
    assert letter.message["Auto-Submitted"] == "auto-generated"
    assert letter.message["List-Unsubscribe"] is None


def test_the_answer_is_the_same_for_new_known_refused_and_flooded_addresses(subscribe, client, adherent, mailbox):
    subscribing.ask("connue@exemple.fr", page="/lettre/")
    subscribing.confirm(mailbox.to("connue@exemple.fr")[0].links[0].rsplit("/", 1)[1])
    AddressPace.delete().execute()
    refusals.refuse("partie@exemple.fr", [Kind.COLLECTIVE])
    addresses = ["nouvelle@exemple.fr", "connue@exemple.fr", adherent.email, "partie@exemple.fr", "nouvelle@exemple.fr"]
    answers = [subscribe(each) for each in addresses]
    seen = {(each.status_code, each.location, each.text, tuple(sorted(each.headers.keys()))) for each in answers}
    assert len(seen) == 1
    assert {letter.to[0]: str(letter.message["Subject"]) for letter in mailbox.letters[1:]} | {
        letter.to[0]: str(letter.message["Subject"]) for letter in mailbox.deliver()
    } == {
        "nouvelle@exemple.fr": "Confirmez votre abonnement",
        "connue@exemple.fr": "Vous êtes déjà abonné",
        adherent.email: "Vous êtes déjà abonné",
        "partie@exemple.fr": "Confirmez votre abonnement",
    }


def test_an_address_gets_one_confirmation_an_hour_and_three_a_day(app, monkeypatch):
    start, sent = now(), []
    for minutes in (0, 5, 59, 61, 119, 122, 200, 600, 1439, 1442, 1500, 1510):
        monkeypatch.setattr(pace, "now", lambda at=start + timedelta(minutes=minutes): at)
        before = confirmations()
        subscribing.ask("Cible@exemple.fr", page="/lettre/")
        if confirmations() > before:
            sent.append(minutes)
    assert sent == [0, 61, 122, 1442, 1510]
    assert SubscriptionRequest.select().count() == 1


def test_a_network_that_floods_is_slowed_down_and_told_so(subscribe):
    answers = [subscribe(f"n{rank}@exemple.fr") for rank in range(12)]
    assert [each.status_code for each in answers[:10]] == [303] * 10
    assert answers[11].status_code == 429
    assert "n11@exemple.fr" in answers[11].text
    assert confirmations() == 10


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("nom@chu.mssante.fr", "MSSanté"),
        ("nom", "complète"),
        ("nom@exemple", "complète"),
        ("", "Indiquez votre adresse"),
        ("é@exemple.fr", "complète"),
        ("a@b.fr\r\nBcc: x@exemple.fr", "complète"),
    ],
)
def test_an_address_that_cannot_be_written_to_is_refused_beside_its_field(subscribe, typed, said):
    answer = subscribe(typed, given_name="Camille")
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Camille"' in answer.text
    assert confirmations() == 0


def test_of_two_clicks_at_once_one_confirms(app, link_in):
    subscribing.ask(ADDRESS, page="/lettre/")
    token = link_in().rsplit("/", 1)[1]
    outcomes, gate = [], threading.Barrier(4)

    def click():
        with app.app_context(), database.connection():
            gate.wait()
            try:
                subscribing.confirm(token)
            except RuleError:
                outcomes.append("late")
            else:
                outcomes.append("done")

    threads = [threading.Thread(target=click) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(outcomes) == ["done", "late", "late", "late"]
    assert Subscription.select().count() == Person.select().count() == 1


def test_a_second_click_and_a_link_that_expired_say_what_to_do(client, link_in, app):
    subscribing.ask(ADDRESS, page="/lettre/")
    path = link_in()
    client.post(path)
    for answer in (client.get(path), client.post(path), client.get("/lettre/confirmer/faux")):
        assert answer.status_code == 410
        assert "Ce lien ne sert plus" in answer.text
    assert Subscription.select().count() == 1


def test_subscribing_again_is_the_only_way_back_and_it_releases_the_refusal(app, subscriber, client, link_in):
    refusals.refuse(ADDRESS, [Kind.COLLECTIVE, Kind.REMINDER])
    assert Subscription.get().ended_at
    AddressPace.delete().execute()
    subscribing.ask(ADDRESS, page="/lettre/")
    assert holds.reasons([ADDRESS], Kind.COLLECTIVE)
    client.post(link_in())
    assert not holds.reasons([ADDRESS], Kind.COLLECTIVE)
    assert holds.reasons([ADDRESS], Kind.REMINDER)
    assert Subscription.get().ended_at is None
    assert [each.kind for each in Refusal.select()] == ["reminder"]


def test_a_confirmed_click_shows_that_the_mailbox_works_again(app, client, link_in):
    holds.hold(ADDRESS, [Kind.COLLECTIVE, Kind.REMINDER], Reason.BOUNCED)
    subscribing.ask(ADDRESS, page="/lettre/")
    client.post(link_in())
    assert not holds.of(ADDRESS)


def test_a_visitor_without_a_name_is_known_by_the_address_until_one_is_given(app, link_in):
    subscribing.ask(ADDRESS, page="/lettre/")
    subscribing.confirm(link_in().rsplit("/", 1)[1])
    person = Person.get()
    assert person.label == ADDRESS
    assert subscribing.is_known_by_address(person)
    refusals.refuse(ADDRESS)
    AddressPace.delete().execute()
    subscribing.ask(ADDRESS, page="/lettre/", given_name="Camille", family_name="Alberti")
    subscribing.confirm(link_in().rsplit("/", 1)[1])
    assert Person.get().label == "Camille Alberti"


def test_a_member_who_had_refused_keeps_the_name_of_their_record(app, link_in):
    member = person_rules.create(given_name="Sacha", family_name="Fictif", email=ADDRESS)
    adherent_rules.admit(member.id)
    refusals.refuse(ADDRESS)
    subscribing.ask(ADDRESS, page="/lettre/", given_name="Autre", family_name="Nom")
    subscribing.confirm(link_in().rsplit("/", 1)[1])
    assert [each.label for each in Person.select()] == ["Sacha Fictif"]
    assert not holds.of(ADDRESS)


def test_a_newer_request_takes_the_place_of_the_older_one(app, link_in):
    subscribing.ask(ADDRESS, page="/lettre/")
    older = link_in().rsplit("/", 1)[1]
    AddressPace.delete().execute()
    subscribing.ask(ADDRESS, page="/lettre/")
    assert tokens.peek(subscribing.CONFIRM, older) is None
    assert SubscriptionRequest.select().count() == 1
    with pytest.raises(RuleError):
        subscribing.confirm(older)
