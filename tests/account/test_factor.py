import threading
import time
from types import SimpleNamespace

import pyotp
import pytest

from cptsapp.blueprints.account import factor, rules
from cptsapp.blueprints.account.models import Account, RecoveryCode
from cptsapp.kernel import db as database
from cptsapp.kernel.db import now
from cptsapp.kernel.sessions import Session, cookie_name
from tests.account.conftest import HASH, is_in, log_in, mails_to

MOMENT = int(time.time()) // 30 * 30 + 15  # the middle of a step: none ends while a test runs


@pytest.fixture(autouse=True)
def steady_clock(monkeypatch):
    monkeypatch.setattr(factor, "time", SimpleNamespace(time=lambda: MOMENT))


def code_of(account, *, steps=0) -> str:
    return pyotp.TOTP(account.secret).at(MOMENT + 30 * steps)


@pytest.fixture
def awaited(client, secured):
    """A browser that has given the password and not yet the code."""
    log_in(client, secured.email)
    return client


def test_the_password_alone_leads_to_the_second_factor(client, secured):
    assert log_in(client, secured.email).location == "/connexion/second-facteur"
    assert not is_in(client)
    assert client.get("/espace/").status_code == 302


def test_the_code_of_the_application_opens(awaited, secured):
    first = awaited.get_cookie(cookie_name()).value
    assert awaited.post("/connexion/second-facteur", data={"code": code_of(secured)}).status_code == 303
    assert is_in(awaited)
    assert awaited.get_cookie(cookie_name()).value != first
    awaited.set_cookie(cookie_name(), first)
    assert not is_in(awaited)


def test_a_code_may_be_typed_with_spaces_and_half_a_minute_late(awaited, secured):
    code = code_of(secured, steps=-1)
    assert awaited.post("/connexion/second-facteur", data={"code": f" {code[:3]} {code[3:]} "}).status_code == 303


@pytest.mark.parametrize("wrong", ["", "000000", "12345", "abcdef", "٣٣٣٣٣٣", "1" * 40, "aaaa-bbbb-cccc", "\0"])
def test_a_wrong_code_is_refused(awaited, wrong):
    assert awaited.post("/connexion/second-facteur", data={"code": wrong}).status_code == 422
    assert not is_in(awaited)


@pytest.mark.parametrize("steps", [-3, 3])
def test_a_code_of_another_time_is_refused(awaited, secured, steps):
    assert awaited.post("/connexion/second-facteur", data={"code": code_of(secured, steps=steps)}).status_code == 422


def test_a_code_works_once(app, awaited, secured):
    code = code_of(secured)
    awaited.post("/connexion/second-facteur", data={"code": code})
    other = app.test_client()
    log_in(other, secured.email)
    assert other.post("/connexion/second-facteur", data={"code": code}).status_code == 422
    assert not is_in(other)


def test_an_earlier_code_is_dead_once_a_later_one_has_served(secured):
    assert factor.accept(secured.id, code_of(secured))
    assert not factor.accept(secured.id, code_of(secured, steps=-1))
    assert factor.accept(secured.id, code_of(secured, steps=1))


def test_a_code_used_by_many_at_once_works_once(app, secured):
    code, outcomes, start = code_of(secured), [], threading.Barrier(4, timeout=10)

    def use():
        with app.app_context(), database.connection():
            start.wait()
            outcomes.append(factor.accept(secured.id, code))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, False, False, True]


def test_a_recovery_code_opens_once_and_the_person_is_told(app, awaited, secured):
    code = secured.codes[0]
    assert awaited.post("/connexion/second-facteur", data={"code": f" {code.upper()} "}).status_code == 303
    assert is_in(awaited)
    assert mails_to(secured.email)[-1].subject == "Un code de secours a servi"
    other = app.test_client()
    log_in(other, secured.email)
    assert other.post("/connexion/second-facteur", data={"code": code}).status_code == 422


def test_a_recovery_code_leads_to_setting_the_next_phone(awaited, secured):
    wrong = awaited.post("/connexion/second-facteur", data={"code": "q4er-xxxx-uky6"}).text
    assert "Ce code de secours n’est pas le bon" in wrong
    assert "Attendez le code suivant" in awaited.post("/connexion/second-facteur", data={"code": "000000"}).text
    awaited.post("/connexion/second-facteur", data={"code": secured.codes[0]})
    assert "Changer de téléphone" in awaited.get("/espace/").text


def test_recovery_codes_and_the_secret_are_not_readable_in_the_database(secured):
    stored = [row.hash for row in RecoveryCode.select()]
    assert len(set(secured.codes)) == len(stored) == 10
    assert not any(code.replace("-", "") in hash for code in secured.codes for hash in stored)
    assert secured.secret not in Account.with_id(secured.id).totp_secret


def test_somebody_else_s_recovery_code_opens_nothing(secured, coordinator):
    secret = pyotp.random_base32()
    others = factor.set_up(coordinator.id, secret=secret, code=pyotp.TOTP(secret).at(MOMENT))
    assert not factor.accept(secured.id, others[0])


def test_wrong_codes_are_slowed(awaited, secured):
    codes = [awaited.post("/connexion/second-facteur", data={"code": "000000"}).status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]


@pytest.mark.parametrize("path", ["/connexion/lien", "/mot-de-passe-oublie"])
def test_a_mailed_link_does_not_skip_the_second_factor(client, secured, path):
    client.post(path, data={"email": secured.email})
    link = mails_to(secured.email)[-1].values["link"].split(":8000")[1]
    answer = client.post(link, data={"password": "pédiatre-wagon-ficelle-74"})
    assert answer.location == "/connexion/second-facteur"
    assert not is_in(client)


def test_the_second_step_does_not_wait_for_ever(awaited, secured):
    row = Session.get()
    row.data_json = row.data_json.replace('"at": 1', '"at": ')  # a digit less: long ago
    row.save()
    assert awaited.get("/connexion/second-facteur").location == "/connexion"


def test_a_change_of_password_cancels_a_login_that_awaits_its_second_step(awaited, secured):
    Account.update(password_hash="autre").execute()
    answer = awaited.post("/connexion/second-facteur", data={"code": code_of(secured)})
    assert answer.location == "/connexion"
    assert not is_in(awaited)


def test_a_session_that_did_not_pass_the_second_factor_is_no_login(client, secured):
    log_in(client, secured.email)
    client.post("/connexion/second-facteur", data={"code": code_of(secured)})
    Session.update(factor_at=None).execute()
    assert not is_in(client)


# Who must have one


@pytest.fixture
def strict(settings):
    settings.second_factor_required = True


@pytest.mark.parametrize("role", ["coordination", "admin", "tresorier", "referent"])
def test_a_role_over_others_opens_nothing_without_a_second_factor(app, strict, make_account, role):
    account = make_account("role@exemple.fr", roles=[role])
    assert account.roles == {"account"}
    assert account.detour == "account.factor_setup"


@pytest.mark.parametrize("roles", [[], ["bureau"]])
def test_other_accounts_may_do_without(app, strict, make_account, roles):
    assert make_account("simple@exemple.fr", roles=roles).detour is None


def test_the_coordination_is_led_to_the_set_up_then_enters(app, client, strict, coordinator):
    Account.update(password_hash=HASH).execute()
    assert log_in(client, coordinator.email).location == "/espace/compte/second-facteur"
    assert client.get("/gestion/personnes/").location == "/espace/compte/second-facteur"
    page = client.get("/espace/compte/second-facteur")
    assert "data:image/svg+xml" in page.text
    secret = page.text.split('<code id="cle">')[1].split("<")[0].replace(" ", "")
    answer = client.post("/espace/compte/second-facteur", data={"code": pyotp.TOTP(secret).at(MOMENT)})
    assert answer.status_code == 200
    assert answer.text.count("-") >= 20
    assert 'href="/gestion/">J’ai gardé mes codes' in answer.text
    assert client.get("/gestion/personnes/").status_code == 200


def test_the_set_up_shows_the_same_code_until_it_is_done(client, member):
    log_in(client, member.email)
    page = "/espace/compte/second-facteur"
    first = client.get(page).text.split('<code id="cle">')[1].split("<")[0]
    refused = client.post(page, data={"code": "000000"})
    assert refused.status_code == 422
    assert first in refused.text
    assert not Account.with_id(member.id).has_factor


def test_another_person_and_another_session_get_another_secret(member, coordinator):
    shown = {factor.proposed_secret(account, key) for account in (member, coordinator) for key in ("a", "b")}
    assert len(shown) == 4


def test_setting_up_ends_the_other_sessions_and_keeps_this_one(app, client, member):
    other = app.test_client()
    log_in(other, member.email)
    log_in(client, member.email)
    before = client.get_cookie(cookie_name()).value
    secret = client.get("/espace/compte/second-facteur").text.split('<code id="cle">')[1].split("<")[0].replace(" ", "")
    client.post("/espace/compte/second-facteur", data={"code": pyotp.TOTP(secret).at(MOMENT)})
    assert is_in(client)
    assert not is_in(other)
    assert client.get_cookie(cookie_name()).value != before
    assert mails_to(member.email)[-1].subject == "Second facteur activé"


@pytest.fixture
def secured_client(client, secured):
    log_in(client, secured.email)
    client.post("/connexion/second-facteur", data={"code": code_of(secured)})
    return client


def test_new_recovery_codes_replace_the_old_ones(secured_client, secured):
    page = secured_client.post("/espace/compte/codes-de-secours").text
    assert secured.codes[0] not in page
    assert not factor.accept(secured.id, secured.codes[0])
    shown = page.split('<pre id="codes">')[1].split("</pre>")[0].split()
    assert len(shown) == 10
    assert factor.accept(secured.id, shown[3])


def test_removing_the_factor_ends_the_other_sessions_and_tells_the_person(secured_client, secured):
    secured_client.post("/espace/compte/second-facteur/retirer")
    account = Account.with_id(secured.id)
    assert not account.has_factor
    assert account.totp_secret is None
    assert RecoveryCode.select().count() == 0
    assert is_in(secured_client)
    assert mails_to(secured.email)[-1].subject == "Second facteur retiré"


def test_the_stored_secret_does_not_open_in_another_account(secured, coordinator):
    stolen = Account.with_id(secured.id).totp_secret
    Account.update(totp_secret=stolen, factor_set_at=now()).where(Account.id == coordinator.id).execute()
    with pytest.raises(Exception, match="another context"):
        factor.accept(coordinator.id, code_of(secured))


def test_a_disabled_account_accepts_no_code(secured, admin):
    rules.disable(secured.id, by=admin.id)
    assert not factor.accept(secured.id, code_of(secured))
