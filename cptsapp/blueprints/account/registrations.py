"""What other floors learn from the accounts: a panel, figures, a person's data; and what they may not do."""

from datetime import date

from peewee import fn

from cptsapp.blueprints.person.rules import deleting
from cptsapp.kernel import journal, tokens
from cptsapp.kernel.access import may
from cptsapp.kernel.dates import span
from cptsapp.kernel.db import db
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.registry import first_step, indicator, person_panel, personal_data, personal_eraser

from . import rules
from .models import Account, Grant, Role


@deleting.connect
def keep_an_admin(person):
    """Refuse that the last admin goes away with their record."""
    for account in person.accounts:
        rules.keep_an_admin(account)


@person_panel("Compte", template="account/_panel.html", access=("admin", "coordination"), order=30)
def account_panel(person):
    return {"accounts": _accounts_of.all(person.id), "may_see_roles": may("admin")}


@prepared
def _accounts_of(person):
    return Account.select().where(Account.person == person).order_by(Account.id)


@first_step(
    "Inviter le bureau",
    endpoint="account_gestion.invite",
    order=65,
    help="Il décide des demandes d’adhésion et lit les tableaux de bord.",
)
def bureau_is_invited() -> bool:
    return Grant.select().where(Grant.role == Role.BUREAU).exists()


@indicator("account.opened", "Comptes ouverts", unit="comptes")
def opened(start: date, end: date) -> int:
    """Count the accounts that people opened in the period."""
    since, until = span(start, end)
    return Account.select().where(Account.activated_at >= since, Account.activated_at < until).count()


@indicator("account.logins", "Personnes connectées", unit="personnes")
def people_logged_in(start: date, end: date) -> int:
    """Count the accounts that logged in at least once in the period."""
    since, until = span(start, end)
    logins = (JournalEntry.action == "account.login") & (JournalEntry.at >= since) & (JournalEntry.at < until)
    return JournalEntry.select(fn.COUNT(JournalEntry.subject_id.distinct())).where(logins).scalar() or 0


@personal_data("account", "Compte et droits")
def exported(person_id: int) -> dict:
    """Return what the accounts of a person hold, secrets left out."""
    return {"comptes": [_exported(account) for account in Account.select().where(Account.person == person_id)]}


def _exported(account) -> dict:
    return {
        "adresse": account.email,
        "cree_le": account.created_at,
        "ouvert_le": account.activated_at,
        "desactive_le": account.disabled_at,
        "derniere_connexion": account.last_login_at,
        "mot_de_passe": account.password_hash is not None,
        "second_facteur_depuis": account.factor_set_at,
        "roles": [{"role": grant.label, "depuis": grant.given_at, "jusqu_au": grant.until} for grant in account.grants],
        "connexions": [
            {"adresse_ip": each.address, "navigateur": each.agent, "depuis": each.created_at, "vue": each.seen_at}
            for each in account.sessions
        ],
    }


@personal_eraser(order=90)
@db.atomic()
def erase(person_id: int) -> None:
    """Delete the accounts of a person, with their sessions, roles and links; the last admin's cannot be."""
    for account in Account.select().where(Account.person == person_id):
        rules.keep_an_admin(account)
        for purpose in rules.LINKS:
            tokens.forget(purpose, account.id)
        Grant.delete().where(Grant.account == account).execute()
        Account.delete().where(Account.id == account.id).execute()
        journal.write("account.erased", "account", account.id)
