import threading
from datetime import timedelta

import pytest

from cptsapp.blueprints.account import credentials, proofs, rules
from cptsapp.blueprints.account.models import Account, LinkRequest
from cptsapp.kernel import db as database
from cptsapp.kernel import tokens
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import OutgoingMail
from cptsapp.kernel.sessions import Session
from cptsapp.kernel.tokens import Token
from tests.account.conftest import PASSWORD, is_in, link_in, log_in, mails_to, without_address

NEW_PASSWORD = "pédiatre-wagon-ficelle-74"
ASKING = ["/connexion/lien", "/mot-de-passe-oublie"]


def asked_link(client, account, path) -> str:
    client.post(path, data={"email": account.email})
    return link_in(mails_to(account.email)[-1])


@pytest.mark.parametrize("path", ASKING)
def test_known_unknown_and_closed_addresses_get_the_same_answer(client, member, make_account, path):
    closed = make_account("ferme@exemple.fr")
    Account.update(disabled_at=now()).where(Account.id == closed.id).execute()
    answers = [client.post(path, data={"email": email}) for email in (member.email, "inconnu@exemple.fr", closed.email)]
    assert len({(answer.status_code, answer.location, answer.data) for answer in answers}) == 1
    assert answers[0].status_code == 303
    assert [mail.to_address for mail in OutgoingMail.select()] == [member.email]
    assert LinkRequest.select().count() == 0


@pytest.mark.parametrize("path", ASKING)
def test_the_request_itself_writes_the_same_rows_for_everybody(app, client, member, path):
    app.testing = False  # the answer is then the worker's business, as in production

    def rows():
        return LinkRequest.select().count(), Token.select().count(), OutgoingMail.select().count()

    client.post(path, data={"email": member.email})
    assert rows() == (1, 0, 0)
    client.post(path, data={"email": "inconnu@exemple.fr"})
    assert rows() == (2, 0, 0)
    proofs.answer_link_requests()
    assert rows() == (0, 1, 1)


def test_a_stranger_who_asks_again_and_again_fills_no_mailbox(client, member):
    for _ in range(12):
        client.post("/connexion/lien", data={"email": member.email})
    assert len(mails_to(member.email)) == proofs.MOST_OPEN_LINKS


def test_asking_too_often_from_one_address_is_slowed(client):
    codes = [client.post("/connexion/lien", data={"email": f"p{n}@exemple.fr"}).status_code for n in range(21)]
    assert codes == [303] * 20 + [429]


@pytest.mark.parametrize("email", ["", "sans-arobase", "a@", "x" * 300 + "@exemple.fr"])
def test_an_incomplete_address_is_said_beside_the_field(client, email):
    answer = client.post("/connexion/lien", data={"email": email})
    assert answer.status_code == 422
    assert 'id="email-erreur"' in answer.text


# Login link


def test_a_login_link_shows_a_button_and_only_the_post_opens(client, member):
    link = asked_link(client, member, "/connexion/lien")
    for _ in range(3):
        assert "Me connecter" in client.get(link).text
    assert not is_in(client)
    assert client.post(link).location == "/espace/"
    assert is_in(client)


def test_a_login_link_opens_once(app, client, member):
    link = asked_link(client, member, "/connexion/lien")
    client.post(link)
    other = app.test_client()
    assert other.post(link).status_code == 410
    assert not is_in(other)


def test_a_dead_link_and_one_that_never_was_look_the_same(client, member):
    link = asked_link(client, member, "/connexion/lien")
    Token.update(expires_at=now()).execute()
    dead, never = client.get(link), client.get("/connexion/lien/jamais")
    assert dead.status_code == never.status_code == 410
    assert dead.text.replace(link, "") == never.text.replace("/connexion/lien/jamais", "")


@pytest.mark.parametrize(("path", "minutes"), [("/connexion/lien", 20), ("/mot-de-passe-oublie", 60)])
def test_a_link_lasts_what_the_mail_says(client, member, path, minutes):
    asked_link(client, member, path)
    lasts = Token.get().expires_at - now()
    assert timedelta(minutes=minutes - 1) < lasts <= timedelta(minutes=minutes)


def test_a_login_link_leads_where_the_person_was_going(client, member):
    client.post("/connexion/lien", data={"email": member.email, "next": "/espace/compte?onglet=1&x=2"})
    link = link_in(mails_to(member.email)[-1])
    assert client.post(link).location == "/espace/compte?onglet=1&x=2"


def test_a_login_link_leads_nowhere_else(client, member):
    client.post("/connexion/lien", data={"email": member.email, "next": "//ailleurs.fr"})
    link = link_in(mails_to(member.email)[-1])
    assert "ailleurs" not in link
    assert client.post(link.split("?")[0] + "?next=//ailleurs.fr").location == "/espace/"


def test_a_login_link_opens_an_account_that_was_only_invited(client, app):
    account = rules.invite("nouvelle@exemple.fr", by=None, name="Nouvelle Fictive")
    invitation = link_in(mails_to(account.email)[-1])
    client.post(asked_link(client, account, "/connexion/lien"))
    assert Account.with_id(account.id).activated_at
    assert client.get(invitation).status_code == 410


def test_of_two_who_use_a_link_at_the_same_time_one_enters(app, member):
    link = rules.one_time_link(member.email).split(":8000")[1]
    codes, start = [], threading.Barrier(4, timeout=10)

    def use():
        browser = app.test_client()
        start.wait()
        codes.append(browser.post(link).status_code)
        database.db.close()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes.count(303) == 1
    assert all(code in (303, 410, 422) for code in codes)
    assert Session.select().count() == 1


# Reset


def test_a_reset_changes_the_password_and_logs_in(client, member):
    link = asked_link(client, member, "/mot-de-passe-oublie")
    assert client.post(link, data={"password": NEW_PASSWORD}).location == "/espace/"
    assert is_in(client)
    assert client.post("/connexion", data={"email": member.email, "password": PASSWORD}).status_code == 422
    assert log_in(client, member.email, NEW_PASSWORD).status_code == 303


def test_a_weak_password_is_refused_and_leaves_the_link_good(client, member):
    link = asked_link(client, member, "/mot-de-passe-oublie")
    for weak in ("court", "motdepasse123", "x" * 129):
        answer = client.post(link, data={"password": weak})
        assert answer.status_code == 422
        assert weak not in answer.text
    assert client.post(link, data={"password": NEW_PASSWORD}).status_code == 303


def test_a_reset_link_serves_once(client, member):
    link = asked_link(client, member, "/mot-de-passe-oublie")
    client.post(link, data={"password": NEW_PASSWORD})
    assert client.post(link, data={"password": PASSWORD}).status_code == 410


def test_a_reset_ends_the_sessions_kills_the_links_and_tells_the_person(app, client, member):
    thief = app.test_client()
    log_in(thief, member.email)
    login_link = asked_link(client, member, "/connexion/lien")
    reset_link = asked_link(client, member, "/mot-de-passe-oublie")
    second_reset = asked_link(client, member, "/mot-de-passe-oublie")
    client.post(reset_link, data={"password": NEW_PASSWORD})
    assert not is_in(thief)
    assert client.get(login_link).status_code == 410
    assert client.get(second_reset).status_code == 410
    assert mails_to(member.email)[-1].subject == "Votre mot de passe a changé"


def test_of_two_resets_at_the_same_time_one_wins(app, member):
    token = tokens.issue("reset", member.id, timedelta(hours=1))
    outcomes, start = [], threading.Barrier(3, timeout=10)

    def reset(password):
        with app.app_context(), database.connection():
            start.wait()
            try:
                credentials.reset_password(token, password)
                outcomes.append(password)
            except RuleError:
                outcomes.append(None)

    threads = [threading.Thread(target=reset, args=(f"{NEW_PASSWORD}-{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = next(filter(None, outcomes))
    assert outcomes.count(None) == 2
    assert proofs.check_password(member.email, winner, address="192.0.2.1").id == member.id


# Activation


@pytest.fixture
def invited(app):
    return rules.invite("nouvelle@exemple.fr", by=None, name="Nouvelle Fictive")


@pytest.fixture
def invitation(invited) -> str:
    return link_in(mails_to(invited.email)[-1])


def test_an_invitation_opens_the_account_with_a_password(client, invited, invitation):
    assert "Bienvenue, Nouvelle Fictive" in client.get(invitation).text
    assert Account.with_id(invited.id).activated_at is None
    assert client.post(invitation, data={"password": NEW_PASSWORD}).status_code == 303
    assert is_in(client)
    assert log_in(client, invited.email, NEW_PASSWORD).status_code == 303


def test_an_invitation_opens_the_account_without_a_password(client, invited, invitation):
    assert client.post(invitation, data={"sans": "1"}).status_code == 303
    assert is_in(client)
    assert Account.with_id(invited.id).password_hash is None


def test_an_empty_password_is_not_taken_for_none(client, invited, invitation):
    assert client.post(invitation, data={"password": ""}).status_code == 422
    assert Account.with_id(invited.id).activated_at is None


def test_the_words_of_the_person_make_a_weak_password(client, invitation):
    assert client.post(invitation, data={"password": "Nouvelle-Fictive-1"}).status_code == 422


def test_an_invitation_lasts_seven_days_and_serves_once(client, invited, invitation):
    lasts = Token.get().expires_at - now()
    assert timedelta(days=6, hours=23) < lasts <= timedelta(days=7)
    client.post(invitation, data={"sans": "1"})
    assert client.get(invitation).status_code == 410


def test_an_invitation_sent_again_replaces_the_first(client, invited, invitation):
    rules.send_invitation(invited.id, by=None)
    assert client.get(invitation).status_code == 410
    assert client.get(link_in(mails_to(invited.email)[-1])).status_code == 200


def test_links_in_mails_use_the_address_of_the_site_whatever_the_host_asked(client, member, settings):
    client.post("/connexion/lien", data={"email": member.email}, headers={"X-Forwarded-Host": "pirate.exemple.fr"})
    assert mails_to(member.email)[-1].values["link"].startswith(settings.base_url)


def test_the_link_is_the_only_secret_of_its_mail(client, member):
    asked_link(client, member, "/connexion/lien")
    mail = mails_to(member.email)[-1]
    assert mail.secret == "link"
    assert mail.values["link"] not in mail.subject


def test_every_page_of_a_link_is_kept_nowhere(client, member, invitation):
    for page in (invitation, asked_link(client, member, "/connexion/lien"), "/connexion", "/activation/jamais"):
        assert client.get(page).headers["Cache-Control"] == "no-store"


def test_the_pages_of_links_do_not_show_another_answer_with_the_address_left_out(client, member):
    text = client.get("/connexion/lien/envoye").text
    assert without_address(text) == text
