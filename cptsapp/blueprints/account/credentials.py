"""Password and address, changed by their owner; each change ends the other sessions."""

from datetime import timedelta

from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal, passwords, tokens
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.settings import settings
from cptsapp.kernel.text import normalise_email

from .models import Account
from .proofs import usable_account, use_link
from .rules import end_everything, tell

EMAIL_LINK_LASTS = timedelta(hours=24)
DEAD_LINK = "Ce lien a déjà servi ou n’est plus valable. Demandez-en un nouveau."

journal.declare("account.activated", "Compte ouvert par la personne")
journal.declare("account.password_changed", "Mot de passe changé")
journal.declare("account.email_asked", "Changement d’adresse demandé")
journal.declare("account.email_changed", "Adresse de connexion changée")


def change_password(account_id: int, password: str, *, keep_session: int | None = None) -> None:
    """Give an account its password; the other sessions and every link of the account die, and the person is told."""
    hashed = _hashed(Account.with_id(account_id), password)
    with db.atomic():
        _store_password(Account.with_id(account_id), hashed, keep_session)


def reset_password(token: str, password: str) -> Account:
    """Use a reset link up for a new password; a password that is refused leaves the link good."""
    account = usable_account("reset", token)
    if account is None:
        raise RuleError(DEAD_LINK)
    hashed = _hashed(account, password)
    with db.atomic():
        account = use_link("reset", token)
        _store_password(account, hashed, None)
    return account


def activate(token: str, password: str | None = None) -> Account:
    """Open an account from its invitation, with a password or without (it then logs in by mailed links)."""
    account = usable_account("activation", token)
    if account is None:
        raise RuleError(DEAD_LINK)
    hashed = _hashed(account, password) if password else None
    with db.atomic():
        account = use_link("activation", token)
        end_everything(account.id)
        values = {"activated_at": now()} | ({"password_hash": hashed} if hashed else {})
        Account.update(**values).where(Account.id == account.id).execute()
        journal.write("account.activated", "account", account.id, password=bool(hashed))
    return account


def _hashed(account: Account, password: str) -> str:
    """Return the hash of a password that is strong enough; slow, so outside any transaction."""
    passwords.refuse_weak(password, site_words(account))
    return passwords.hash(password)


def site_words(account: Account) -> list[str]:
    """Return the words that a stranger would try first: of the association, its communes and the person."""
    association = identity()
    communes = [commune.name for commune in association.communes]
    local_part, _, domain = account.email.partition("@")
    return [association.name, association.short_name, account.label, local_part, domain.split(".")[0], *communes]


def _store_password(account: Account, hashed: str, keep_session):
    Account.update(password_hash=hashed, new_email=None, activated_at=account.activated_at or now()).where(
        Account.id == account.id
    ).execute()
    end_everything(account.id, keep_session=keep_session)
    tell(account, "password_changed")
    journal.write("account.password_changed", "account", account.id)


@db.atomic()
def ask_email(account_id: int, email: str) -> None:
    """Send the new address the link that confirms it, and the old one a warning.

    An address that has an account gets nothing, and the answer is the same: nobody learns who has one.
    """
    account = Account.with_id(account_id)
    email = normalise_email(email)
    if email == account.email:
        raise RuleError("C’est déjà votre adresse.", field="email")
    tokens.revoke("email", account_id)
    Account.update(new_email=email).where(Account.id == account_id).execute()
    tell(account, "email_asked", new_email=email)
    if not Account.select().where(Account.email == email).exists():
        token = tokens.issue("email", account_id, EMAIL_LINK_LASTS)
        link = f"{settings.base_url}/espace/compte/adresse/{token}"
        tell(account, "email_confirm", to=email, secret=("link",), link=link)
    journal.write("account.email_asked", "account", account_id)


@db.atomic()
def confirm_email(token: str, *, keep_session: int | None = None) -> Account:
    """Make the new address the account's, and the person's if it was theirs too; the other sessions and links die."""
    account = use_link("email", token)
    old, new = account.email, account.new_email
    if not new or Account.select().where(Account.email == new).exists():
        raise RuleError("Cette adresse ne peut plus être utilisée. Demandez le changement à nouveau.")
    Account.update(email=new, new_email=None).where(Account.id == account.id).execute()
    person = account.person
    if person.email_normalised == old:
        person.email = new
        person.refresh_copies()
        person.save(only=[Person.email, Person.email_normalised, Person.folded])
    end_everything(account.id, keep_session=keep_session)
    tell(account, "email_changed", to=old, new_email=new)
    journal.write("account.email_changed", "account", account.id)
    return Account.with_id(account.id)
