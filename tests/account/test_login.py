import re
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from cptsapp.blueprints.account import proofs, rules
from cptsapp.blueprints.account.models import Account, KnownAddress
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import now
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.limits import Tries
from cptsapp.kernel.sessions import Session, cookie_name
from tests.account.conftest import HASH, PASSWORD, is_in, log_in, without_address


def test_a_password_opens_the_space(client, member):
    answer = log_in(client, member.email)
    assert (answer.status_code, answer.location) == (303, "/espace/")
    assert is_in(client)


def test_the_coordination_comes_in_at_the_gestion(client, coordinator):
    Account.update(password_hash=HASH).execute()
    assert log_in(client, coordinator.email).location == "/gestion/"


def test_the_address_is_read_without_case_nor_spaces(client, member):
    assert log_in(client, "  Adherent@EXEMPLE.fr ").status_code == 303


@pytest.mark.parametrize("wrong", [PASSWORD.upper(), PASSWORD + " ", " " + PASSWORD, "", "x" * 900, "é\0\u202e"])
def test_a_wrong_password_is_refused_and_the_address_comes_back(client, member, wrong):
    answer = log_in(client, member.email, wrong)
    assert answer.status_code == 422
    assert f'value="{member.email}"' in answer.text
    assert wrong not in answer.text or not wrong
    assert not is_in(client)


@pytest.mark.parametrize("email", ["inconnu@exemple.fr", "sans@exemple.fr", "ferme@exemple.fr", "pas une adresse"])
def test_unknown_closed_and_passwordless_accounts_answer_the_same_bytes_as_a_wrong_password(
    client, member, make_account, email
):
    make_account("sans@exemple.fr")
    closed = make_account("ferme@exemple.fr")
    Account.update(password_hash=HASH, disabled_at=now()).where(Account.id == closed.id).execute()
    known = log_in(client, member.email, "un mauvais mot de passe")
    other = log_in(client, email, PASSWORD)
    assert other.status_code == known.status_code == 422
    assert without_address(other.text).replace(email, "…") == without_address(known.text)
    assert [name for name, _ in other.headers] == [name for name, _ in known.headers]


def test_the_same_rows_are_written_for_a_known_and_for_an_unknown_address(client, member):
    def rows():
        return Tries.select().count(), JournalEntry.select().count()

    def written_by(email):
        before = rows()
        log_in(client, email, "un mauvais mot de passe")
        return tuple(after - was for after, was in zip(rows(), before, strict=True))

    log_in(client, "premier@exemple.fr")  # makes the count of the address
    assert written_by(member.email) == written_by("inconnu@exemple.fr") == (1, 1)


def test_no_cookie_is_set_before_the_login(client, member):
    assert "Set-Cookie" not in client.get("/connexion").headers
    assert "Set-Cookie" not in log_in(client, member.email, "faux").headers
    assert Session.select().count() == 0


def test_the_cookie_is_one_random_id_whose_hash_alone_is_kept(client, member):
    log_in(client, member.email)
    cookie = client.get_cookie(cookie_name())
    assert len(cookie.value) >= 43
    assert cookie.http_only
    assert cookie.path == "/"
    assert cookie.same_site == "Lax"
    row = Session.get()
    assert cookie.value not in (row.id_hash + row.data_json)


def test_on_a_site_in_https_the_cookie_is_bound_to_the_host(client, member, settings):
    settings.base_url = "https://www.exemple.fr"
    answer = log_in(client, member.email)
    assert re.match(r"__Host-session=\S+;.*Secure; HttpOnly; Path=/; SameSite=Lax", answer.headers["Set-Cookie"])
    assert "Domain" not in answer.headers["Set-Cookie"]


def test_the_id_is_new_at_each_login(client, member):
    log_in(client, member.email)
    first = client.get_cookie(cookie_name()).value
    log_in(client, member.email)
    assert client.get_cookie(cookie_name()).value != first
    assert Session.select().count() == 1


def test_an_id_planted_by_a_stranger_is_not_taken_over(client, member):
    client.set_cookie(cookie_name(), "choisi-par-un-tiers")
    log_in(client, member.email)
    assert client.get_cookie(cookie_name()).value != "choisi-par-un-tiers"


def test_nothing_of_an_earlier_session_stays(app, client, member, coordinator):
    Account.update(password_hash=HASH).execute()
    log_in(client, coordinator.email)
    client.post("/voir-comme", data={"as": "adherent"})
    log_in(client, member.email)
    assert client.get("/gestion/comptes/").status_code == 403


def test_an_old_hash_is_upgraded_at_login(client, member):
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    Account.update(password_hash=old).execute()
    assert log_in(client, member.email).status_code == 303
    upgraded = Account.with_id(member.id).password_hash
    assert "m=19456" in upgraded
    assert log_in(client, member.email).status_code == 303
    assert Account.with_id(member.id).password_hash == upgraded


def test_tries_are_slowed_and_the_person_told_how_long_to_wait(client, member):
    answers = [log_in(client, member.email, "faux") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert "réessayer dans" in answers[-1].text
    assert int(answers[-1].headers["Retry-After"]) <= 90
    assert log_in(client, member.email).status_code == 429


def test_unknown_addresses_are_slowed_in_the_same_way(client):
    answers = [log_in(client, "inconnu@exemple.fr", "faux").status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_an_address_that_tries_many_accounts_is_slowed(client):
    codes = [log_in(client, f"p{n}@exemple.fr", "faux").status_code for n in range(70)]
    assert codes[:60] == [422] * 60
    assert 429 in codes  # a little later than the 61st on a slow machine, since time gives tries back


def test_a_stranger_does_not_lock_the_owner_out(app, client, member):
    home, away = {"REMOTE_ADDR": "192.0.2.1"}, {"REMOTE_ADDR": "203.0.113.9"}
    data = {"email": member.email, "password": PASSWORD}
    assert client.post("/connexion", data=data, environ_overrides=home).status_code == 303
    stranger = app.test_client()
    for _ in range(15):
        stranger.post("/connexion", data=data | {"password": "faux"}, environ_overrides=away)
    assert stranger.post("/connexion", data=data, environ_overrides=away).status_code == 429
    assert app.test_client().post("/connexion", data=data, environ_overrides=home).status_code == 303


def test_while_tries_are_slowed_the_mailed_link_still_opens(client, member):
    for _ in range(12):
        log_in(client, member.email, "faux")
    link = rules.one_time_link(member.email).split(":8000")[1]
    assert client.post(link).status_code == 303
    assert is_in(client)


def test_a_forwarded_address_given_by_the_browser_is_not_believed(client, member):
    for n in range(11):
        answer = client.post(
            "/connexion",
            data={"email": member.email, "password": "faux"},
            headers={"X-Forwarded-For": f"198.51.100.{n}"},
        )
    assert answer.status_code == 429
    assert {row.address for row in Session.select()} <= {"127.0.0.1"}


def test_a_login_from_another_site_is_refused(client, member):
    answer = client.post(
        "/connexion",
        data={"email": member.email, "password": PASSWORD},
        headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://ailleurs.exemple.fr"},
    )
    assert answer.status_code == 403
    assert not is_in(client)


def test_posted_fields_that_the_form_does_not_have_change_nothing(client, member):
    log_in(client, member.email, role="admin", roles="admin", id="1", activated_at="", disabled_at="", is_admin="1")
    account = Account.with_id(member.id)
    assert account.roles == {"account", "adherent"}
    assert account.disabled_at is None


@pytest.mark.parametrize("path", ["/espace/compte?x=1", "/gestion/personnes/"])
def test_a_person_sent_to_the_login_comes_back_where_they_were_going(client, coordinator, path):
    Account.update(password_hash=HASH).execute()
    to_login = client.get(path)
    assert to_login.location.startswith("/connexion?next=")
    form = client.get(to_login.location).text
    target = re.search(r'name="next"[^>]*value="([^"]+)"', form)[1]
    assert log_in(client, coordinator.email, next=target).location == path


@pytest.mark.parametrize("target", ["//ailleurs.fr", "/\\ailleurs.fr", "https://ailleurs.fr", "/\t/ailleurs.fr", "@x"])
def test_the_login_leads_nowhere_else(client, member, target):
    assert log_in(client, member.email, next=target).location == "/espace/"


def test_logging_out_kills_the_cookie_and_clears_the_browser(client, member):
    log_in(client, member.email)
    cookie = client.get_cookie(cookie_name()).value
    answer = client.post("/deconnexion")
    assert (answer.status_code, answer.location) == (303, "/deconnexion")
    assert '"cache"' in answer.headers["Clear-Site-Data"]
    assert Session.select().count() == 0
    client.set_cookie(cookie_name(), cookie)
    assert not is_in(client)


def test_a_get_does_not_log_out(client, member):
    log_in(client, member.email)
    assert client.get("/deconnexion").status_code == 200
    assert is_in(client)


def test_private_pages_are_kept_nowhere(client, member):
    log_in(client, member.email)
    assert client.get("/espace/compte").headers["Cache-Control"] == "no-store"


def test_disabling_works_on_the_very_next_request(client, member, admin):
    log_in(client, member.email)
    rules.disable(member.id, by=admin.id)
    assert client.get("/espace/compte").status_code == 302
    assert log_in(client, member.email).status_code == 422


def test_a_disabled_account_whose_session_survived_has_no_login_either(client, member):
    log_in(client, member.email)
    Account.update(disabled_at=now()).execute()
    assert client.get("/espace/compte").status_code == 302


def test_deleting_the_person_closes_the_account_and_restoring_opens_it(client, member):
    person_rules.delete(member.person_id)
    assert log_in(client, member.email).status_code == 422
    person_rules.restore(member.person_id)
    assert log_in(client, member.email).status_code == 303


def move_clock(**duration):
    """Move the sessions into the past, as if time had passed since."""
    later = timedelta(**duration)
    for row in Session.select():
        row.seen_at -= later
        row.expires_at -= later
        row.save()


def test_an_idle_session_ends(client, member, settings):
    log_in(client, member.email)
    move_clock(hours=settings.session_idle_hours, minutes=-1)
    assert is_in(client)
    move_clock(hours=settings.session_idle_hours, minutes=1)
    assert not is_in(client)


def test_a_session_in_constant_use_ends_too(client, member, settings):
    log_in(client, member.email)
    for _ in range(settings.session_days * 24 // 6 - 1):
        move_clock(hours=6)
        assert is_in(client)
    move_clock(hours=6)
    assert not is_in(client)


def test_every_login_and_every_refusal_is_journaled_without_a_secret(client, member):
    log_in(client, member.email, "un mauvais mot de passe")
    log_in(client, member.email)
    lines = [(entry.action, entry.subject_id) for entry in JournalEntry.select() if "login" in entry.action]
    assert lines == [("account.login_refused", str(member.id)), ("account.login", str(member.id))]
    text = "".join(entry.detail_json for entry in JournalEntry.select())
    assert PASSWORD not in text
    assert "mauvais" not in text
    assert member.email not in text


def test_known_addresses_are_forgotten_in_time(client, member):
    log_in(client, member.email)
    assert "127.0.0.1" not in "".join(row.hash for row in KnownAddress.select())
    assert proofs.forget_addresses(today()) == 0
    assert proofs.forget_addresses(today() + timedelta(days=190)) == 2
