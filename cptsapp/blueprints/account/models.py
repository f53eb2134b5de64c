"""Accounts, the roles given to them, their second factor."""

from enum import StrEnum

from flask_login import UserMixin
from peewee import CharField, Check, DateField, DateTimeField, ForeignKeyField, IntegerField, TextField

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.access import LABELS
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.kept import keep
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.registry import Personal, role_sources
from cptsapp.kernel.settings import settings
from cptsapp.kernel.text import normalise_email


class Role(StrEnum):
    """What an admin gives by hand; « adherent » is derived from the membership, never given."""

    BUREAU = "bureau"
    COORDINATION = "coordination"
    ADMIN = "admin"
    TRESORIER = "tresorier"
    REFERENT = "referent"

    @property
    def label(self) -> str:
        return LABELS[self]


class Account(UserMixin, Table):
    """One login. The address is the account's own and unique; the person may have another one, or share it."""

    person = ForeignKeyField(Person, backref="accounts", on_delete="RESTRICT")
    email = CharField(max_length=254, unique=True)
    new_email = CharField(max_length=254, null=True)
    password_hash = CharField(max_length=200, null=True)
    activated_at = DateTimeField(null=True)
    disabled_at = DateTimeField(null=True)
    totp_secret = CharField(max_length=300, null=True)
    totp_last_step = IntegerField(default=0)
    factor_set_at = DateTimeField(null=True)
    last_login_at = DateTimeField(null=True)
    created_at = DateTimeField(default=now)

    class Meta:
        constraints = [Check("factor_set_at IS NULL OR totp_secret IS NOT NULL"), Check("email <> ''")]
        personal = Personal(
            purpose="Comptes de connexion à l’espace réservé",
            basis="Exécution de l’adhésion ou du contrat",
            kept="Jusqu’à la suppression du compte",
            categories="Adresse e-mail, empreinte du mot de passe, second facteur chiffré, dates de connexion",
            recipients="La personne elle-même, l’administration de l’instance",
        )

    @property
    def label(self) -> str:
        return self.person.label

    @property
    def is_usable(self) -> bool:
        return self.disabled_at is None and self.person.deleted_at is None

    @property
    def is_active(self) -> bool:  # asked by Flask-Login
        return self.is_usable

    @property
    def has_factor(self) -> bool:
        return self.factor_set_at is not None

    @property
    def given_roles(self) -> frozenset[str]:
        """The roles given by hand that are not over."""
        return frozenset(grant.role for grant in _grants_of.all(self.id) if grant.is_current)

    @property
    def is_privileged(self) -> bool:
        """Tell whether the account reads or changes what concerns others: a second factor is then asked."""
        return _is_privileged(self.given_roles | self._derived_roles)

    @property
    def detour(self) -> str | None:
        """The page to go through before anything else, or None."""
        waits = settings.second_factor_required and not self.has_factor and self.is_privileged
        return "account.factor_setup" if waits else None

    @property
    def _derived_roles(self) -> frozenset[str]:
        """What other features derive: « adherent » from the membership, « partenaire » from the lists opened."""
        return frozenset().union(*(source(self) for source in role_sources))

    @property
    def roles(self) -> frozenset[str]:
        """What the account opens now: what was given and what other features derive."""
        if not self.is_usable:
            return frozenset()
        held = keep(("roles", self.id, today()), lambda: self.given_roles | self._derived_roles)
        if settings.second_factor_required and not self.has_factor and _is_privileged(held):
            return frozenset({"account"})
        return frozenset({"account"} | held)

    @classmethod
    def with_email(cls, email: str) -> "Account | None":
        """Return the account of an address, its person joined."""
        # A NUL is no address, and PostgreSQL refuses to compare it.
        return cls.joined().where(cls.email == normalise_email(email).replace("\0", " ")).first()

    @classmethod
    def with_id(cls, id: int | str) -> "Account | None":
        return _account_with_id.first(id)

    @classmethod
    def joined(cls):
        return cls.select(cls, Person).join(Person)


def _is_privileged(held: frozenset[str]) -> bool:
    return bool(held - {Role.BUREAU, "adherent"})


class Grant(Table):
    """A role given to an account, for good or until a day (included)."""

    account = ForeignKeyField(Account, backref="grants", on_delete="CASCADE")
    role = CharField(max_length=20)
    given_by = ForeignKeyField(Account, null=True, backref="given", on_delete="SET NULL")
    given_at = DateTimeField(default=now)
    until = DateField(null=True)

    class Meta:
        indexes = ((("account", "role"), True),)
        personal = Personal(
            purpose="Droits donnés sur l’espace réservé",
            basis="Intérêt légitime : chacun n’accède qu’à ce qui le concerne",
            kept="Jusqu’au retrait du droit ou du compte",
            categories="Rôle, date, personne qui l’a donné",
            recipients="Administration de l’instance",
        )

    @property
    def is_current(self) -> bool:
        return self.until is None or self.until >= today()

    @property
    def label(self) -> str:
        return LABELS.get(self.role, self.role)


@prepared
def _account_with_id(id):
    return Account.joined().where(Account.id == id)


@prepared
def _grants_of(account):
    return Grant.select(Grant.role, Grant.until).where(Grant.account == account)


class RecoveryCode(Table):
    """One of the codes that replace a lost telephone, each good for one use. Only its keyed hash is kept."""

    account = ForeignKeyField(Account, backref="recovery_codes", on_delete="CASCADE")
    hash = CharField(max_length=64, unique=True)
    used_at = DateTimeField(null=True)


class Passkey(Table):
    """A key that lives in a telephone, a computer or a USB stick, and replaces the code; its public half alone."""

    account = ForeignKeyField(Account, backref="passkeys", on_delete="CASCADE")
    name = CharField(max_length=60)
    credential = CharField(max_length=1400, unique=True)
    public_key = TextField()
    count = IntegerField(default=0)  # what the key says it has signed; some never say
    uses = IntegerField(default=0)
    created_at = DateTimeField(default=now)
    used_at = DateTimeField(null=True)

    class Meta:
        constraints = [Check("name <> ''"), Check("(uses = 0) = (used_at IS NULL)")]
        personal = Personal(
            purpose="Clés d’accès, en second facteur",
            basis="Intérêt légitime : sécurité des comptes",
            kept="Jusqu’au retrait de la clé ou du compte",
            categories="Nom donné à la clé, clé publique, dates d’ajout et de dernier usage",
            recipients="La personne elle-même",
        )


class LinkRequest(Table):
    """Somebody asked for a link by e-mail, whether or not the address is known; answered after the page, then deleted.

    So a known address and an unknown one cost the same work while the person waits.
    """

    purpose = CharField(max_length=20)
    email = CharField(max_length=254)
    path = CharField(max_length=500, default="")
    at = DateTimeField(default=now)

    class Meta:
        personal = Personal(
            purpose="Demandes de lien de connexion",
            basis="Intérêt légitime : répondre à la demande",
            kept="Quelques secondes, le temps d’y répondre",
            categories="Adresse e-mail saisie",
            recipients="Personne : traitement automatique",
        )


class KnownAddress(Table):
    """Where an account has logged in from: tries from there are counted apart, so that a stranger locks nobody out."""

    # The hash is looked up before anybody knows whether there is an account.
    hash = CharField(max_length=64, unique=True)
    account = ForeignKeyField(Account, backref="known_addresses", on_delete="CASCADE")
    seen_at = DateTimeField(default=now)

    class Meta:
        personal = Personal(
            purpose="Ne pas bloquer le titulaire d’un compte quand un tiers essaie des mots de passe",
            basis="Intérêt légitime : sécurité",
            kept="6 mois après la dernière connexion",
            categories="Empreinte chiffrée du compte et de l’adresse IP",
            recipients="Personne : comptage automatique",
        )
