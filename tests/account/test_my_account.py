from datetime import timedelta

import pytest

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.sessions import Session, cookie_name
from tests.account.conftest import HASH, PASSWORD, is_in, link_in, log_in, mails_to

NEW_PASSWORD = "pédiatre-wagon-ficelle-74"
NEW_EMAIL = "nouvelle.adresse@exemple.fr"
SENSITIVE = ["/espace/compte/adresse", "/espace/compte/mot-de-passe", "/espace/compte/second-facteur"]


@pytest.fixture
def browser(client, member):
    log_in(client, member.email)
    return client


@pytest.fixture
def elsewhere(app, member):
    """The same person on another device."""
    other = app.test_client()
    log_in(other, member.email)
    return other


def forget_the_proof():
    """Make every session one that logged in a while ago."""
    for row in Session.select():
        row.reauthenticated_at -= timedelta(minutes=11)
        row.save()


@pytest.mark.parametrize("path", SENSITIVE)
def test_what_protects_the_account_asks_again_who_one_is(browser, path):
    assert browser.get(path).status_code == 200
    forget_the_proof()
    answer = browser.get(path)
    assert (answer.status_code, answer.location) == (303, f"/espace/compte/confirmation?next={path}")


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/espace/compte/adresse", {"email": NEW_EMAIL}),
        ("/espace/compte/mot-de-passe", {"password": NEW_PASSWORD}),
        ("/espace/compte/second-facteur/retirer", {}),
        ("/espace/compte/codes-de-secours", {}),
    ],
)
def test_without_that_proof_a_post_by_hand_changes_nothing(browser, member, path, data):
    forget_the_proof()
    assert browser.post(path, data=data).location.startswith("/espace/compte/confirmation")
    account = Account.with_id(member.id)
    assert (account.password_hash, account.new_email) == (HASH, None)


def test_the_password_proves_who_one_is(browser):
    forget_the_proof()
    wrong = browser.post("/espace/compte/confirmation", data={"password": "faux", "next": SENSITIVE[0]})
    assert wrong.status_code == 422
    assert browser.get(SENSITIVE[0]).status_code == 303
    right = browser.post("/espace/compte/confirmation", data={"password": PASSWORD, "next": SENSITIVE[0]})
    assert right.location == SENSITIVE[0]
    assert browser.get(SENSITIVE[0]).status_code == 200


def test_wrong_proofs_are_slowed(browser):
    codes = [browser.post("/espace/compte/confirmation", data={"password": "faux"}).status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]


def test_a_mailed_link_proves_who_one_is(browser, member):
    forget_the_proof()
    browser.post("/espace/compte/confirmation/lien", data={"next": SENSITIVE[0]})
    link = link_in(mails_to(member.email)[-1])
    assert "Oui, c’est moi" in browser.get(link).text
    assert browser.get(SENSITIVE[0]).status_code == 303
    assert browser.post(link).location == SENSITIVE[0]
    assert browser.get(SENSITIVE[0]).status_code == 200
    assert browser.get(link).status_code == 410


def test_somebody_else_s_proof_link_proves_nothing(app, browser, member, make_account):
    browser.post("/espace/compte/confirmation/lien")
    link = link_in(mails_to(member.email)[-1])
    other = make_account("autre@exemple.fr")
    Account.update(password_hash=HASH).where(Account.id == other.id).execute()
    stranger = app.test_client()
    log_in(stranger, other.email)
    assert stranger.get(link).status_code == 410
    assert stranger.post(link).status_code == 410
    assert browser.get(link).status_code == 200


# Password


def test_a_new_password_ends_the_other_sessions_and_renews_this_one(browser, elsewhere, member):
    before = browser.get_cookie(cookie_name()).value
    assert browser.post("/espace/compte/mot-de-passe", data={"password": NEW_PASSWORD}).status_code == 303
    assert is_in(browser)
    assert not is_in(elsewhere)
    browser.set_cookie(cookie_name(), before)
    assert not is_in(browser)
    assert log_in(browser, member.email, NEW_PASSWORD).status_code == 303
    assert mails_to(member.email)[-1].subject == "Votre mot de passe a changé"


def test_a_weak_password_changes_nothing(browser, elsewhere, member):
    answer = browser.post("/espace/compte/mot-de-passe", data={"password": "adherent-sacha1"})
    assert answer.status_code == 422
    assert "se devine" in answer.text
    assert Account.with_id(member.id).password_hash == HASH
    assert is_in(elsewhere)


@pytest.mark.parametrize(
    "password", ["  espaces tout autour, tramway  ", "é漢🙂-xq7-µßø-vjk-Þ", NEW_PASSWORD * 5 + "abc"]
)
def test_a_password_is_kept_exactly_as_typed(browser, member, password):
    assert len(password) <= 128
    assert browser.post("/espace/compte/mot-de-passe", data={"password": password}).status_code == 303
    assert log_in(browser, member.email, password).status_code == 303
    assert log_in(browser, member.email, password.strip() + "!").status_code == 422


# Address


@pytest.fixture
def confirmation(browser) -> str:
    browser.post("/espace/compte/adresse", data={"email": NEW_EMAIL})
    return link_in(mails_to(NEW_EMAIL)[-1])


def test_a_new_address_counts_once_confirmed_there(browser, member, confirmation):
    assert Account.with_id(member.id).email == member.email
    assert NEW_EMAIL in browser.get(confirmation).text
    assert Account.with_id(member.id).email == member.email
    assert browser.post(confirmation).location == "/espace/compte"
    assert Account.with_id(member.id).email == NEW_EMAIL


def test_the_old_address_is_warned_then_told(browser, member, confirmation):
    assert mails_to(member.email)[-1].subject == "Un changement d’adresse est demandé"
    browser.post(confirmation)
    assert mails_to(member.email)[-1].subject == "Votre adresse de connexion a changé"


def test_confirming_ends_the_other_sessions_and_keeps_this_one(browser, elsewhere, confirmation):
    browser.post(confirmation)
    assert is_in(browser)
    assert not is_in(elsewhere)


def test_the_link_may_be_opened_on_another_device(app, browser, member, confirmation):
    answer = app.test_client().post(confirmation)
    assert answer.status_code == 200
    assert Account.with_id(member.id).email == NEW_EMAIL
    assert not is_in(browser)


def test_the_person_s_own_address_follows_when_it_was_the_same(browser, member, confirmation):
    browser.post(confirmation)
    person = Person.get_by_id(member.person_id)
    assert (person.email, person.email_normalised) == (NEW_EMAIL, NEW_EMAIL)


def test_a_new_password_cancels_a_change_of_address(browser, member, confirmation):
    browser.post("/espace/compte/mot-de-passe", data={"password": NEW_PASSWORD})
    assert browser.get(confirmation).status_code == 410
    assert browser.post(confirmation).status_code == 410
    assert Account.with_id(member.id).email == member.email


def test_a_second_request_replaces_the_first(browser, member, confirmation):
    browser.post("/espace/compte/adresse", data={"email": "encore.une@exemple.fr"})
    assert browser.get(confirmation).status_code == 410


def test_an_address_that_has_an_account_gets_the_same_answer_and_no_mail(browser, member, make_account):
    taken = make_account("prise@exemple.fr")
    one = browser.post("/espace/compte/adresse", data={"email": taken.email})
    two = browser.post("/espace/compte/adresse", data={"email": NEW_EMAIL})
    assert (one.status_code, one.location, one.data) == (two.status_code, two.location, two.data)
    assert mails_to(taken.email) == []


def test_an_address_taken_meanwhile_is_refused_at_the_confirmation(browser, member, confirmation, make_account):
    make_account(NEW_EMAIL)
    assert browser.post(confirmation).status_code == 422
    assert Account.with_id(member.id).email == member.email


# Open sessions


def test_people_see_their_open_sessions_and_end_one(browser, elsewhere, member):
    Session.update(agent="Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko Firefox/128.0").execute()
    page = browser.get("/espace/compte").text
    assert page.count("Firefox sur Linux") >= 2
    assert "Cet appareil" in page
    other = max(row.id for row in Session.select())
    assert browser.post(f"/espace/compte/connexions/{other}/fermer").status_code == 303
    assert not is_in(elsewhere)
    assert is_in(browser)


def test_somebody_else_s_session_and_a_missing_one_answer_the_same(app, browser, coordinator):
    Account.update(password_hash=HASH).execute()
    other = app.test_client()
    log_in(other, coordinator.email)
    theirs = Session.get(Session.account == coordinator.id).id
    answers = [browser.post(f"/espace/compte/connexions/{id}/fermer") for id in (theirs, 999_999)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text.replace(f"/{theirs}/", "/999999/") == answers[1].text
    assert is_in(other)


def test_logging_out_everywhere_ends_all_of_them(browser, elsewhere):
    assert browser.post("/espace/compte/connexions/fermer").location == "/deconnexion"
    assert not is_in(browser)
    assert not is_in(elsewhere)
    assert Session.select().count() == 0


def test_a_token_of_another_session_is_refused(browser, elsewhere):
    token = elsewhere.csrf_token()
    for given in (token, None, "x"):
        answer = browser.post(
            "/espace/compte/connexions/fermer", headers={"X-CSRFToken": given} if given else {}, csrf=False
        )
        assert answer.status_code == 403
    assert is_in(browser)


def test_posted_fields_that_the_form_does_not_have_change_nothing(browser, member, admin):
    extra = {"role": "admin", "roles": "admin", "id": admin.id, "account": admin.id, "email": NEW_EMAIL}
    browser.post("/espace/compte/mot-de-passe", data={"password": NEW_PASSWORD} | extra)
    assert Account.with_id(member.id).roles == {"account", "adherent"}
    assert Account.with_id(admin.id).password_hash is None
    assert Account.with_id(member.id).email == member.email


def test_no_secret_reaches_the_journal(browser, confirmation):
    browser.post(confirmation)
    browser.post("/espace/compte/mot-de-passe", data={"password": NEW_PASSWORD})
    text = " ".join(entry.detail_json + entry.subject_id for entry in JournalEntry.select())
    assert NEW_PASSWORD not in text
    assert NEW_EMAIL not in text
    assert confirmation.split("/")[-1] not in text
    assert {"account.password_changed", "account.email_changed"} <= {entry.action for entry in JournalEntry.select()}
