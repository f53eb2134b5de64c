import threading
from contextlib import suppress
from datetime import timedelta

import pytest

from cptsapp.blueprints.account import rules
from cptsapp.blueprints.account.models import Account, Grant, KnownAddress, Role
from cptsapp.blueprints.account.registrations import erase
from cptsapp.blueprints.adherent import rules as adherent_rules
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import db as database
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.sessions import Session
from tests.account.conftest import is_in, mails_to
from tests.conftest import logged_in


def roles_of(account) -> frozenset:
    return Account.with_id(account.id).roles


def test_an_adherent_s_role_follows_the_membership(adherent):
    assert roles_of(adherent) == {"account", "adherent"}
    adherent_rules.end(adherent.person_id)
    assert roles_of(adherent) == {"account"}


def test_a_role_given_until_a_day_counts_that_day_and_no_longer(admin, adherent):
    rules.give_role(adherent.id, Role.BUREAU, by=admin.id, until=today())
    assert "bureau" in roles_of(adherent)
    Grant.update(until=today() - timedelta(days=1)).where(Grant.account == adherent).execute()
    assert "bureau" not in roles_of(adherent)


def test_a_role_that_ends_before_today_is_refused(admin, adherent):
    with pytest.raises(RuleError, match="passée"):
        rules.give_role(adherent.id, Role.BUREAU, by=admin.id, until=today() - timedelta(days=1))


def test_a_role_given_twice_is_one_role_with_its_new_end(admin, adherent):
    rules.give_role(adherent.id, Role.BUREAU, by=admin.id)
    rules.give_role(adherent.id, Role.BUREAU, by=admin.id, until=today() + timedelta(days=9))
    assert [grant.until for grant in adherent.grants] == [today() + timedelta(days=9)]


@pytest.mark.parametrize("role", ["adherent", "account", "visitor", "root", ""])
def test_only_the_roles_that_are_given_by_hand_can_be_given(admin, adherent, role):
    with pytest.raises(RuleError, match="n’existe pas"):
        rules.give_role(adherent.id, role, by=admin.id)


@pytest.mark.parametrize("who", ["adherent", "bureau_member", "coordinator"])
def test_nobody_but_an_admin_gives_or_removes_a_role(request, who, admin):
    account = request.getfixturevalue(who)
    for target in (account, admin):
        with pytest.raises(RuleError, match="Seule l’administration"):
            rules.give_role(target.id, Role.ADMIN, by=account.id)
        with pytest.raises(RuleError, match="Seule l’administration"):
            rules.remove_role(target.id, Role.ADMIN, by=account.id)
    with pytest.raises(RuleError, match="Seule l’administration"):
        rules.disable(admin.id, by=account.id)
    with pytest.raises(RuleError, match="Seule l’administration"):
        rules.recover(admin.id, by=account.id, remove_factor=True)


def test_an_admin_whose_role_has_ended_gives_nothing(admin, adherent, make_account):
    former = make_account("ancienne@exemple.fr", roles=["admin"])
    Grant.update(until=today() - timedelta(days=1)).where(Grant.account == former.id).execute()
    with pytest.raises(RuleError, match="Seule l’administration"):
        rules.give_role(former.id, Role.ADMIN, by=former.id)


def test_removing_a_role_closes_its_rooms_at_the_next_request(app, admin, coordinator):
    browser = logged_in(app, coordinator)
    assert browser.get("/gestion/personnes/").status_code == 200
    rules.remove_role(coordinator.id, Role.COORDINATION, by=admin.id)
    assert browser.get("/gestion/personnes/").status_code == 302
    assert not is_in(browser)
    again = logged_in(app, coordinator)
    assert again.get("/gestion/personnes/").status_code == 403


def test_a_change_of_role_is_told_and_journaled(admin, adherent):
    rules.give_role(adherent.id, Role.BUREAU, by=admin.id)
    assert mails_to(adherent.email)[-1].values["roles"] == ["Bureau"]
    entry = JournalEntry.select().order_by(JournalEntry.id.desc()).get()
    assert (entry.action, entry.subject_id, entry.detail["role"]) == (
        "account.role_given",
        str(adherent.id),
        "bureau",
    )


# The last admin


def last_admin_refused():
    return pytest.raises(RuleError, match="dernier compte d’administration")


def test_the_last_admin_keeps_the_role_and_the_account(admin):
    with last_admin_refused():
        rules.remove_role(admin.id, Role.ADMIN, by=admin.id)
    with last_admin_refused():
        rules.disable(admin.id, by=admin.id)
    with last_admin_refused():
        rules.give_role(admin.id, Role.ADMIN, by=admin.id, until=today() + timedelta(days=30))
    with last_admin_refused():
        person_rules.delete(admin.person_id)
    with last_admin_refused():
        erase(admin.person_id)
    assert "admin" in roles_of(admin)


@pytest.mark.parametrize("reason", ["disabled", "never came", "ends one day", "in the bin"])
def test_an_admin_who_cannot_enter_does_not_count(admin, make_account, reason):
    other = make_account("autre@exemple.fr", roles=["admin"])
    if reason == "disabled":
        rules.disable(other.id, by=admin.id)
    elif reason == "never came":
        Account.update(activated_at=None).where(Account.id == other.id).execute()
    elif reason == "ends one day":
        rules.give_role(other.id, Role.ADMIN, by=admin.id, until=today() + timedelta(days=30))
    else:
        person_rules.delete(other.person_id)
    with last_admin_refused():
        rules.remove_role(admin.id, Role.ADMIN, by=admin.id)


def test_with_another_admin_one_may_go(admin, make_account):
    make_account("autre@exemple.fr", roles=["admin"])
    rules.remove_role(admin.id, Role.ADMIN, by=admin.id)
    assert roles_of(admin) == {"account"}


def test_two_admins_who_remove_each_other_at_once_leave_one(app, admin, make_account):
    other = make_account("autre@exemple.fr", roles=["admin"])
    start = threading.Barrier(2, timeout=10)

    def remove(target, by):
        with app.app_context(), database.connection():
            start.wait()
            with suppress(RuleError):
                rules.remove_role(target.id, Role.ADMIN, by=by.id)

    threads = [threading.Thread(target=remove, args=pair) for pair in ((admin, other), (other, admin))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Grant.select().where(Grant.role == Role.ADMIN).count() == 1


# Closing, recovering, erasing


def test_disabling_ends_everything_and_enabling_gives_the_roles_back(app, admin, coordinator):
    browser = logged_in(app, coordinator)
    link = rules.one_time_link(coordinator.email).split(":8000")[1]
    rules.disable(coordinator.id, by=admin.id)
    assert not is_in(browser)
    assert browser.post(link).status_code == 410
    assert roles_of(coordinator) == frozenset()
    rules.enable(coordinator.id, by=admin.id)
    assert "coordination" in roles_of(coordinator)
    assert not is_in(browser)


def test_recovering_an_account_kills_what_proved_the_person_and_invites_again(app, admin, coordinator):
    Account.update(password_hash="x", totp_secret="x", factor_set_at=today()).where(
        Account.id == coordinator.id
    ).execute()
    old = coordinator.email
    rules.recover(coordinator.id, by=admin.id, new_email="retrouvee@exemple.fr", remove_factor=True)
    account = Account.with_id(coordinator.id)
    assert account.email == "retrouvee@exemple.fr"
    assert (account.password_hash, account.totp_secret, account.activated_at) == (None, None, None)
    assert mails_to(old)[-1].subject == "L’accès à votre compte est rétabli"
    assert "/activation/" in mails_to("retrouvee@exemple.fr")[-1].values["link"]
    assert Session.select().where(Session.account == coordinator.id).count() == 0
    entry = JournalEntry.get(JournalEntry.action == "account.recovered")
    assert entry.detail == {"email_changed": True, "factor_removed": True}


def test_a_recovery_asks_for_something_and_for_somebody_else(admin, coordinator, adherent):
    with pytest.raises(RuleError, match="Cochez"):
        rules.recover(coordinator.id, by=admin.id)
    with pytest.raises(RuleError, match="existe déjà"):
        rules.recover(coordinator.id, by=admin.id, new_email=adherent.email)
    with pytest.raises(RuleError, match="votre propre compte"):
        rules.recover(admin.id, by=admin.id, remove_factor=True)


def test_erasing_a_person_leaves_no_trace_of_the_account(app, admin, adherent):
    logged_in(app, adherent)
    rules.one_time_link(adherent.email)
    erase(adherent.person_id)
    assert Account.with_id(adherent.id) is None
    assert Session.select().where(Session.account == adherent.id).count() == 0
    assert KnownAddress.select().where(KnownAddress.account == adherent.id).count() == 0
    assert Person.get_by_id(adherent.person_id)


# Inviting


def test_the_coordination_invites_adherents_and_gives_no_role(coordinator):
    account = rules.invite("nouvelle@exemple.fr", by=coordinator.id, name="Nouvelle Fictive")
    assert roles_of(account) == {"account"}
    with pytest.raises(RuleError, match="Seule l’administration"):
        rules.invite("autre@exemple.fr", by=coordinator.id, name="Autre Fictif", roles=(Role.BUREAU,))
    assert Account.with_email("autre@exemple.fr") is None
    assert not Person.with_email("autre@exemple.fr").exists()


@pytest.mark.parametrize("who", ["adherent", "bureau_member"])
def test_nobody_else_invites(request, who):
    with pytest.raises(RuleError):
        rules.invite("nouvelle@exemple.fr", by=request.getfixturevalue(who).id, name="Nouvelle Fictive")
    assert Account.with_email("nouvelle@exemple.fr") is None


def test_the_coordination_cannot_have_an_admin_s_invitation_sent_again(coordinator):
    account = rules.invite("chef@exemple.fr", by=None, name="Chef Fictif", roles=(Role.ADMIN,))
    with pytest.raises(RuleError, match="Seule l’administration"):
        rules.send_invitation(account.id, by=coordinator.id)


def test_an_address_has_one_account_however_it_is_written(adherent):
    with pytest.raises(RuleError, match="existe déjà") as refusal:
        rules.create(" ADHERENT@exemple.FR ", by=None, name="Autre Fictif")
    assert refusal.value.field == "email"


def test_several_persons_may_share_an_address_and_one_of_them_has_the_account(adherent):
    other = person_rules.create(given_name="Autre", family_name="Fictif", email=adherent.email)
    assert Person.with_email(adherent.email).count() == 2
    assert other.accounts.count() == 0


def test_a_person_is_named_after_the_address_when_nothing_else_is_known(app):
    assert rules.create("camille.alberte@exemple.fr", by=None).person.label == "Camille Alberte"


def test_the_first_account_runs_the_instance(client):
    link = rules.create_first_account("premiere@exemple.fr").split(":8000")[1]
    account = Account.with_email("premiere@exemple.fr")
    assert {"coordination", "admin"} <= account.roles
    assert client.post(link, data={"sans": "1"}).location == "/gestion/"


def test_the_first_account_bears_the_name_given(app):
    rules.create_first_account("premiere@exemple.fr", given_name="Claire", family_name="Fictive")
    account = Account.with_email("premiere@exemple.fr")
    assert (account.label, account.person.email) == ("Claire Fictive", "premiere@exemple.fr")


def test_no_account_exists_before_a_command_makes_one(app):
    assert Account.select().count() == 0
