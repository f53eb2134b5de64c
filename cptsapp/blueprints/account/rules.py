"""Who gets an account, with which roles, and how it ends. `by` is the account that acts; None is the machine."""

from datetime import date, timedelta

from email_validator import EmailNotValidError, validate_email
from peewee import fn

from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal, mail, sessions, tokens
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.settings import settings
from cptsapp.kernel.text import fold, normalise_email

from .models import Account, Grant, RecoveryCode, Role

INVITATION_LASTS = timedelta(days=7)
LINKS = ("activation", "login", "reset", "prove", "email")  # the purposes of the links that an account may hold

for _action, _sentence in {
    "account.created": "Compte créé",
    "account.invited": "Invitation envoyée",
    "account.role_given": "Rôle donné",
    "account.role_removed": "Rôle retiré",
    "account.disabled": "Compte désactivé",
    "account.enabled": "Compte réactivé",
    "account.sessions_ended": "Connexions fermées",
    "account.recovered": "Accès au compte rétabli",
    "account.erased": "Compte effacé",
}.items():
    journal.declare(_action, _sentence)


@db.atomic()
def create(
    email: str, *, by: int | None, name: str = "", person_id: int | None = None, roles: tuple[Role, ...] = ()
) -> Account:
    """Make an account for a person (if none is given, found or made from `name`, or from the address); send nothing.

    Raises RuleError when the address is wrong or taken, or when `by` may not give these roles.
    """
    email = checked_email(email)
    if roles:
        _require_admin(by)
    person = _person(person_id, name, email)
    account = Account.create(person=person, email=email)
    for role in roles:
        Grant.create(account=account, role=Role(role), given_by=by)
    journal.write("account.created", "account", account.id, roles=[str(role) for role in roles])
    return account


def invite(
    email: str, *, by: int | None, name: str = "", person_id: int | None = None, roles: tuple[Role, ...] = ()
) -> Account:
    """Make an account and send the link that opens it, good for seven days."""
    with db.atomic():
        account = create(email, by=by, name=name, person_id=person_id, roles=roles)
        send_invitation(account.id, by=by)
        return account


@db.atomic()
def send_invitation(account_id: int, *, by: int | None) -> None:
    """Send (again) the link that opens an account; the earlier ones die. Coordination may, unless roles were given."""
    account = _get(account_id)
    _require_manager(by, account)
    if account.activated_at:
        raise RuleError("Ce compte est déjà ouvert : la personne peut se connecter ou demander un lien elle-même.")
    if not account.is_usable:
        raise RuleError("Ce compte est désactivé. Réactivez-le avant d’envoyer une invitation.")
    tokens.revoke("activation", account.id)
    _mail_invitation(account)
    journal.write("account.invited", "account", account.id)


def _mail_invitation(account: Account):
    link, until = activation_link(account.id)
    tell(account, "activation", secret=("link",), link=link, until=date_fr(until))


def activation_link(account_id: int) -> tuple[str, date]:
    """Return a new link that opens an account and its last day, for a mail that says more than the invitation."""
    token = tokens.issue("activation", account_id, INVITATION_LASTS)
    return f"{settings.base_url}/activation/{token}", today() + INVITATION_LASTS


def create_first_account(email: str, *, given_name: str = "", family_name: str = "") -> str:
    """Make the account of a new instance, with coordination and administration; return the link that opens it.

    Without a family name, the person is named after the address.
    """
    with db.atomic():
        person = None
        if family_name:
            named = {"given_name": given_name, "family_name": family_name}
            person = person_rules.create(**named, email=checked_email(email))
        account = create(
            email, by=None, name=given_name, person_id=person and person.id, roles=(Role.COORDINATION, Role.ADMIN)
        )
        return f"{settings.base_url}/activation/{tokens.issue('activation', account.id, INVITATION_LASTS)}"


def one_time_link(email: str) -> str:
    """Return a link, good for 20 minutes and one use, to be printed by the command; journaled like any other."""
    account = Account.with_email(email)
    if account is None or not account.is_usable:
        raise RuleError("Aucun compte actif n’a cette adresse.")
    with db.atomic():
        return f"{settings.base_url}/connexion/lien/{tokens.issue('login', account.id, timedelta(minutes=20))}"


# Roles


@db.atomic()
def give_role(
    account_id: int, role: Role, *, by: int | None, until: date | None = None, keep_session: int | None = None
) -> None:
    """Give a role, for good or until a day included; given again, its end changes. The sessions of the account end."""
    account, role = _get(account_id), _role(role)
    _require_admin(by)
    if until is not None and until < today():
        raise RuleError("La date de fin est déjà passée. Choisissez un jour à venir.", field="until")
    if role == Role.ADMIN and until is not None:
        keep_an_admin(account)
    Grant.delete().where(Grant.account == account, Grant.role == role).execute()
    Grant.create(account=account, role=role, given_by=by, until=until)
    journal.write("account.role_given", "account", account.id, role=str(role), until=until)
    _after_role_change(account, keep_session)


@db.atomic()
def remove_role(account_id: int, role: Role, *, by: int | None, keep_session: int | None = None) -> None:
    """Take a role back; the last admin's cannot be. Its rooms close at the next request."""
    account, role = _get(account_id), _role(role)
    _require_admin(by)
    if role == Role.ADMIN:
        keep_an_admin(account)
    if Grant.delete().where(Grant.account == account, Grant.role == role).execute():
        journal.write("account.role_removed", "account", account.id, role=str(role))
        _after_role_change(account, keep_session)


def _after_role_change(account: Account, keep_session):
    sessions.end_all(account.id, except_id=keep_session)
    labels = [grant.label for grant in account.grants.order_by(Grant.role) if grant.is_current]
    tell(account, "roles_changed", roles=labels)


def _role(role) -> Role:
    try:
        return Role(role)
    except ValueError:
        raise RuleError("Ce rôle n’existe pas. Choisissez-en un dans la liste.", field="role") from None


def keep_an_admin(account: Account):
    """Refuse to leave the instance without an admin who can log in and whose role has no end."""
    admins = list(locked(Grant.select().where(Grant.role == Role.ADMIN, Grant.until.is_null())))
    others = {grant.account_id for grant in admins} - {account.id}
    usable = Account.joined().where(
        Account.id.in_(others),
        Account.disabled_at.is_null(),
        Account.activated_at.is_null(False),
        Person.deleted_at.is_null(),
    )
    if any(grant.account_id == account.id for grant in admins) and not usable.exists():
        raise RuleError(
            "C’est le dernier compte d’administration : sans lui, plus personne ne pourrait gérer les comptes. "
            "Donnez d’abord ce rôle à quelqu’un d’autre."
        )


# Closing, opening, recovering


@db.atomic()
def disable(account_id: int, *, by: int | None) -> None:
    """Close an account: its sessions and links die at once; its person and what it wrote stay."""
    account = _get(account_id)
    _require_admin(by)
    keep_an_admin(account)
    if account.disabled_at is None:
        Account.update(disabled_at=now()).where(Account.id == account.id).execute()
        end_everything(account.id)
        journal.write("account.disabled", "account", account.id)


@db.atomic()
def enable(account_id: int, *, by: int | None) -> None:
    """Open a disabled account again, with the roles it had."""
    account = _get(account_id)
    _require_admin(by)
    if account.disabled_at is not None:
        Account.update(disabled_at=None).where(Account.id == account.id).execute()
        journal.write("account.enabled", "account", account.id)


@db.atomic()
def end_sessions(account_id: int, *, by: int | None) -> int:
    """Log an account out of every browser; return how many sessions there were."""
    account = _get(account_id)
    _require_admin(by)
    count = sessions.end_all(account.id)
    journal.write("account.sessions_ended", "account", account.id, count=count)
    return count


@db.atomic()
def recover(account_id: int, *, by: int | None, new_email: str = "", remove_factor: bool = False) -> None:
    """Give an account back to a person who lost a mailbox or a phone: all that proved who they were dies, and they
    are invited again, at the new address if there is one; both addresses are told.

    Raises RuleError for one's own account, a wrong or taken address, or when nothing is asked.
    """
    account = _get(account_id)
    _require_admin(by)
    if by == account.id:
        raise RuleError("Pour votre propre compte, passez par « Mon compte ».")
    if not account.is_usable:
        raise RuleError("Ce compte est désactivé. Réactivez-le d’abord.")
    old_email = account.email
    if new_email and normalise_email(new_email) != old_email:
        account.email = checked_email(new_email)
    elif not remove_factor:
        raise RuleError("Cochez le second facteur à retirer, ou indiquez une nouvelle adresse.", field="new_email")
    account.password_hash = account.activated_at = account.new_email = None
    if remove_factor:
        account.totp_secret = account.factor_set_at = None
        RecoveryCode.delete().where(RecoveryCode.account == account).execute()
    account.save()
    end_everything(account.id)
    tell(account, "recovered", to=old_email, new_email=account.email, factor_removed=remove_factor)
    _mail_invitation(account)
    detail = {"email_changed": account.email != old_email, "factor_removed": remove_factor}
    journal.write("account.recovered", "account", account.id, **detail)


# What the other modules share


def end_everything(account_id: int, *, keep_session: int | None = None) -> None:
    """Close the sessions (but one) and the links of an account."""
    sessions.end_all(account_id, except_id=keep_session)
    for purpose in LINKS:
        tokens.revoke(purpose, account_id)


def tell(account: Account, template: str, *, to: str | None = None, secret: tuple[str, ...] = (), **values) -> None:
    """Queue a mail to the account's address, or to `to`."""
    mail.queue(
        f"account/{template}",
        to=to or account.email,
        values={"name": account.label, **values},
        secret=secret,
        person_id=account.person_id,
    )


def checked_email(email: str) -> str:
    """Return a well formed address that no account has, normalised; raise RuleError for the field `email`."""
    email = normalise_email(email)
    try:
        validate_email(email, check_deliverability=False)
    except EmailNotValidError:
        raise RuleError("Cette adresse ne semble pas complète. Exemple : nom@exemple.fr.", field="email") from None
    if Account.select().where(Account.email == email).exists():
        raise RuleError("Un compte existe déjà pour cette adresse.", field="email")
    return email


def may_manage(actor: Account, account: Account | None = None) -> bool:
    """Tell whether `actor` may invite for an account: an admin always, coordination unless roles were given to it."""
    held = actor.given_roles
    return Role.ADMIN in held or (Role.COORDINATION in held and (account is None or not account.given_roles))


def _require_admin(by: int | None):
    actor = Account.with_id(by) if by is not None else None
    if by is not None and (actor is None or not actor.is_usable or Role.ADMIN not in actor.given_roles):
        raise RuleError("Seule l’administration peut faire cela.")


def _require_manager(by: int | None, account: Account):
    actor = Account.with_id(by) if by is not None else None
    if by is not None and (actor is None or not actor.is_usable or not may_manage(actor, account)):
        raise RuleError("Seule l’administration peut inviter une personne qui a un rôle.")


def _get(account_id: int) -> Account:
    account = locked(Account.joined().where(Account.id == account_id)).first()
    if account is None:
        raise RuleError("Ce compte n’existe plus. Revenez à la liste des comptes.")
    return account


def _person(person_id, name: str, email: str) -> Person:
    """Return the person of a new account: the one chosen, the one known by this name and address, or a new one."""
    if person_id is not None:
        person = Person.present().where(Person.id == person_id).first()
        if person is None:
            raise RuleError("Cette fiche n’existe plus. Choisissez une autre personne.")
        return person
    words = (name or email.split("@")[0].replace(".", " ").title()).split()
    if not words:
        raise RuleError("Indiquez le nom de la personne.", field="name")
    known = _known(words, email)
    return known or person_rules.create(given_name=" ".join(words[:-1]), family_name=words[-1], email=email)


def _known(words: list[str], email: str) -> Person | None:
    """Return the person without account who has this address and this name, in whatever order it was typed."""
    without = ~fn.EXISTS(Account.select().where(Account.person == Person.id))
    there = Person.present().where(Person.email_normalised == email, Person.name == "", without)
    name = sorted(fold(" ".join(words)).split())
    return next((each for each in there.order_by(Person.id) if sorted(fold(each.label).split()) == name), None)
