"""The page where an address says what it receives, without an account; and « Mes envois » for who has one."""

from datetime import timedelta

import pytest

from cptsapp.blueprints.adherent import rules as adherent_rules
from cptsapp.blueprints.adherent.models import PersonNote
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.profile.models import ProfileRequest
from cptsapp.blueprints.subscription import links, preferences, refusals, retention, subscribing, topics
from cptsapp.blueprints.subscription.models import AddressPace, Subscription, SubscriptionRequest, TopicChoice
from cptsapp.kernel import mail
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import Kind, holds
from cptsapp.kernel.mail.holds import MailHold, Reason
from tests.conftest import text_of

ADDRESS = "camille.alberti@exemple.fr"


def path(address=ADDRESS):
    return links.preferences_url(address, is_path=True)


def held(address=ADDRESS):
    return {str(kind): str(reason) for kind, reason in preferences.held(address).items()}


def test_switches_and_topics_are_changed_without_a_login_and_count_at_once(client, subscriber, topic):
    page = client.get(path()).text
    assert ADDRESS in page
    assert page.count(" checked") == 2
    for _ in range(20):
        client.get(path())
    answer = client.post(path(), data={"kinds": "collective", "topics": str(topic.id)})
    assert answer.location == path()
    assert held() == {"reminder": "unsubscribed"}
    assert TopicChoice.get().topic == topic
    client.post(path(), data={"topics": str(topic.id)})
    assert held() == {"reminder": "unsubscribed", "collective": "unsubscribed"}
    assert "aucun envoi collectif" in client.get(path()).text


def test_what_was_stopped_starts_again_only_once_the_mailbox_confirms(client, subscriber, link_in):
    client.post(path(), data={})
    AddressPace.delete().execute()
    answer = client.post(path(), data={"kinds": ["collective", "reminder"]})
    assert "confirmez par l’e-mail" in client.get(answer.location).text
    assert set(held()) == {"collective", "reminder"}
    client.post(link_in())
    assert held() == {}
    assert Subscription.get().page == "Page de préférences"


def test_a_closed_topic_is_kept_by_who_chose_it_and_offered_to_nobody(client, subscriber, topic):
    subscribing.choose(subscriber.id, [topic.id])
    topics.close(topic.id)
    assert "Prévention" not in client.get(path()).text
    assert "Prévention" not in client.get("/lettre/").text
    client.post(path(), data={"kinds": "collective"})
    assert TopicChoice.select().count() == 1


def test_another_address_is_confirmed_by_its_own_mailbox_and_the_old_one_is_told(client, subscriber, link_in, mailbox):
    client.post(path(), data={"kinds": "collective"})
    new = "nouvelle@exemple.fr"
    assert client.post(f"{path()}/adresse", data={"email": new}).status_code == 303
    assert Person.get().email == ADDRESS
    letter = mailbox.to(new)[0]
    assert "Alberti" not in letter.text
    assert "Oui, écrivez-moi ici" in client.get(link_in(new)).text
    client.post(link_in(new))
    assert Person.get().email == Subscription.get().email == new
    assert held(new) == {"reminder": "unsubscribed"}
    assert "changent d’adresse" in mailbox.to(ADDRESS)[-1].message["Subject"]
    assert new not in mailbox.to(ADDRESS)[-1].text
    assert "plus rien sur vous" in client.get(path()).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [("x@chu.mssante.fr", "MSSanté"), ("x@", "complète"), (ADDRESS.upper(), "C’est déjà l’adresse"), ("", "Indiquez")],
)
def test_an_address_that_will_not_do_is_refused_and_the_page_kept(client, subscriber, typed, said):
    answer = client.post(f"{path()}/adresse", data={"email": typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert "Mes choix" in answer.text
    assert not SubscriptionRequest.select().exists()


def test_who_shares_an_address_says_for_whom_it_changes_and_an_account_is_left_alone(client, subscriber, make_account):
    other = person_rules.create(given_name="Dominique", family_name="Alberti", email=ADDRESS)
    account = make_account(ADDRESS, name="Sacha Compte")
    page = client.get(path()).text
    assert "Dominique Alberti" in page
    assert "Vous avez un compte" in page
    with pytest.raises(RuleError, match="ne se change pas ici"):
        subscribing.ask_change(ADDRESS, "n@exemple.fr", [account.person_id + 1000])
    client.post(f"{path()}/adresse", data={"email": "n@exemple.fr", "persons": str(other.id)})
    assert SubscriptionRequest.get().persons == [other.id]


def test_a_visitor_who_asks_is_erased_at_once_and_only_a_hash_stays(client, subscriber):
    assert client.post(f"{path()}/effacer", data={}).status_code == 422
    assert Person.select().count() == 1
    page = client.post(f"{path()}/effacer", data={"sure": "y"}).text
    assert "sont effacées" in page
    assert not Person.select().exists()
    assert not Subscription.select().exists()
    assert set(held()) == {"collective", "reminder"}
    assert "exemple.fr" not in str([each.__data__ for each in MailHold.select()])
    assert "plus rien sur vous" in client.get(path()).text


def test_a_member_who_asks_is_answered_by_the_coordination_and_written_to_no_more(client, subscriber):
    adherent_rules.admit(subscriber.id)
    page = client.post(f"{path()}/effacer", data={"sure": "y"}).text
    assert "la coordination vous répond" in page
    client.post(f"{path()}/effacer", data={"sure": "y"})
    assert ProfileRequest.select().count() == 1
    assert Person.select().count() == 1
    assert set(held()) == {"collective", "reminder"}


def test_who_is_spoken_of_elsewhere_is_more_than_a_subscriber(app, subscriber):
    assert preferences.stands_alone(subscriber.id)
    PersonNote.create(person=subscriber, text="Rencontrée à la soirée")
    assert not preferences.stands_alone(subscriber.id)


@pytest.mark.parametrize("wrong", ["faux", "c" + "A" * 40, "p", "%C3%A9", "p" + "A" * 900])
def test_a_link_that_is_not_ours_opens_nothing(client, app, wrong):
    for way in ("", "/rester", "/adresse", "/effacer"):
        send = client.post if way else client.get
        answer = send(f"/lettre/preferences/{wrong}{way}")
        assert answer.status_code == 404
        assert answer.headers["Referrer-Policy"] == "same-origin"


def test_the_pages_of_a_link_are_not_for_another_site_to_post(app, subscriber):
    client = app.test_client()
    for way in ("", "/rester", "/adresse", "/effacer"):
        headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://ailleurs.exemple.fr"}
        assert client.post(f"{path()}{way}", data={"sure": "y"}, headers=headers).status_code == 403
    assert held() == {}


# In the member space


def test_a_member_opposes_in_their_own_space_and_comes_back_without_a_mail(as_adherent, adherent, topic):
    page = as_adherent.get("/espace/envois/").text
    assert adherent.person.email in page
    as_adherent.post("/espace/envois/", data={"kinds": "reminder", "topics": str(topic.id)})
    assert held(adherent.email) == {"collective": "opposed"}
    as_adherent.post("/espace/envois/", data={"kinds": ["collective", "reminder"]})
    assert held(adherent.email) == {}
    assert not TopicChoice.select().exists()


def test_a_member_whose_record_has_another_address_confirms_by_that_mailbox(as_adherent, adherent, link_in, client):
    person_rules.update(adherent.person_id, family_name="Fictif", email="cabinet@exemple.fr")
    as_adherent.post("/espace/envois/", data={"kinds": "reminder"})
    as_adherent.post("/espace/envois/", data={"kinds": ["collective", "reminder"]})
    assert held("cabinet@exemple.fr") == {"collective": "opposed"}
    client.post(link_in("cabinet@exemple.fr"))
    assert held("cabinet@exemple.fr") == {}


def test_a_member_without_an_address_is_told_so(as_adherent, adherent):
    person_rules.update(adherent.person_id, family_name="Fictif", email="")
    assert "pas d’adresse e-mail" in as_adherent.get("/espace/envois/").text
    assert as_adherent.post("/espace/envois/", data={"kinds": ""}).status_code == 200


# Kept for a time


def test_an_unconfirmed_request_is_erased_after_thirty_days(app, link_in):
    subscribing.ask(ADDRESS, page="/lettre/")
    token = link_in().rsplit("/", 1)[1]
    assert retention.forget_unconfirmed(today() + timedelta(days=29)) == 0
    assert retention.forget_unconfirmed(today() + timedelta(days=31)) == 1
    assert not SubscriptionRequest.select().exists()
    with pytest.raises(RuleError):
        subscribing.confirm(token)


def test_who_unsubscribed_is_forgotten_a_month_later_unless_known_otherwise(app, subscriber):
    refusals.refuse(ADDRESS)
    assert retention.forget_ended(today() + timedelta(days=29)) == 0
    assert retention.forget_ended(today() + timedelta(days=31)) == 1
    assert not Person.select().exists()
    assert held() == {"collective": "unsubscribed"}


def test_who_subscribes_again_while_others_are_forgotten_stays(app, subscriber, link_in, mailbox, monkeypatch):
    other = "sacha@exemple.fr"
    subscribing.ask(other, page="/lettre/")
    subscribing.confirm(link_in(other).rsplit("/", 1)[1])
    for address in (ADDRESS, other):
        refusals.refuse(address)
    forget = retention.forget

    def then_back(person_id):
        preferences.take_up(other, [Kind.COLLECTIVE])
        return forget(person_id)

    monkeypatch.setattr(retention, "forget", then_back)
    assert retention.forget_ended(today() + timedelta(days=31)) == 1
    assert [each.email for each in Person.select()] == [other]


def test_a_member_who_unsubscribed_keeps_the_record(app, subscriber):
    adherent_rules.admit(subscriber.id)
    refusals.refuse(ADDRESS)
    retention.forget_ended(today() + timedelta(days=31))
    assert Person.select().count() == 1
    assert not Subscription.select().exists()


def test_after_three_silent_years_a_subscriber_is_asked_once_then_forgotten(app, subscriber, mailbox):
    later = today() + timedelta(days=3 * 365 + 5)
    assert retention.ask_and_forget_silent(today() + timedelta(days=3 * 365 - 5)) == 0
    for _ in range(2):
        assert retention.ask_and_forget_silent(later) == 0
    letters = [each for each in mailbox.to(ADDRESS) if "toujours recevoir" in str(each.message["Subject"])]
    assert len(letters) == 1
    assert retention.ask_and_forget_silent(later + timedelta(days=29)) == 0
    assert retention.ask_and_forget_silent(later + timedelta(days=31)) == 1
    assert not Person.select().exists()
    assert not MailHold.select().exists()


def test_a_subscriber_who_answers_stays(app, client, subscriber, monkeypatch, mailbox):
    later = today() + timedelta(days=3 * 365 + 5)
    retention.ask_and_forget_silent(later)
    assert client.post(f"{path()}/rester").status_code == 303
    assert Subscription.get().asked_again_at is None
    assert retention.ask_and_forget_silent(today() + timedelta(days=31)) == 0
    assert Subscription.select().count() == 1
    assert now() - Subscription.get().alive_at < timedelta(minutes=1)


def test_a_personal_mail_still_leaves_after_every_refusal(app, subscriber, mailbox):
    refusals.refuse(ADDRESS, [Kind.COLLECTIVE, Kind.REMINDER], Reason.COMPLAINED)
    mail.queue("subscription/moved", to=ADDRESS, values={})
    assert len(mailbox.to(ADDRESS)) == 2
    assert holds.of(ADDRESS)


NOTHING = {"csrf_token": ""}  # what a browser sends of a form where nothing is ticked


def test_who_stops_everything_reads_what_no_longer_comes_and_how_to_have_it_again(client, subscriber):
    client.post(path(), data=NOTHING)
    page = text_of(client.get(path()).text).replace("\xa0", " ")
    assert "Désabonnement enregistré : vous ne recevrez plus la lettre, ni les autres envois collectifs, ni les" in page
    assert "Pour en recevoir de nouveau, cochez-les sur cette page et enregistrez." in page
    client.post(path(), data=NOTHING)
    assert "Vos choix sont enregistrés" in text_of(client.get(path()).text)


def test_who_stops_one_kind_and_takes_another_up_reads_both(client, subscriber):
    client.post(path(), data={"kinds": "collective"})
    page = text_of(client.get(path()).text).replace("\xa0", " ")
    assert "vous ne recevrez plus les rappels." in page
    client.post(path(), data={"kinds": "reminder"})
    page = text_of(client.get(path()).text)
    assert "plus la lettre, ni les autres envois collectifs" in page
    assert "Confirmez par l’e-mail" in page


def test_a_member_who_stops_everything_in_the_space_reads_the_same(as_adherent):
    as_adherent.post("/espace/envois/", data=NOTHING)
    assert "vous ne recevrez plus la lettre, ni" in text_of(as_adherent.get("/espace/envois/").text)
