"""Memberships, what a member practises and shows, the years covered, the requests to join, the tags and notes."""

from datetime import date, timedelta

from peewee import (
    JOIN,
    BooleanField,
    Case,
    CharField,
    Check,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.association.models import College
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.kept import once
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.registry import Personal
from cptsapp.kernel.settings import settings

from .practice import Practice, StructureRole
from .tags import BUREAU, PersonNote, PersonTag, SavedView, Tag

__all__ = [
    "Application", "MemberType", "Membership", "Period", "PersonNote", "PersonTag", "Practice", "RequestState",
    "SavedView", "Status", "StructureRole", "Tag", "Year", "is_adherent", "represents_a_member", "status_on",
]  # fmt: skip

OTHER = "autre"  # the code that a form gives to a profession written by hand


class MemberType(Choice):
    """In what quality one joins."""

    LIBERAL = "liberal", "Professionnel libéral"
    SALARIE = "salarie", "Professionnel salarié"
    STRUCTURE = "structure", "Structure"
    COLLECTIVITE = "collectivite", "Collectivité"
    USAGER = "usager", "Usager ou citoyen"

    @property
    def is_professional(self) -> bool:
        return self in (MemberType.LIBERAL, MemberType.SALARIE)

    @property
    def is_body(self) -> bool:
        """A legal entity, which people represent."""
        return self in (MemberType.STRUCTURE, MemberType.COLLECTIVITE)


class Status(Choice):
    """Where a membership stands on a day; `badge` is the kind of its badge."""

    CANDIDATE = "candidate", "Candidat"
    ACTIVE = "active", "À jour"
    TO_RENEW = "to_renew", "À renouveler"
    LAPSED = "lapsed", "Échu"
    LEFT = "left", "Parti"

    @property
    def badge(self) -> str:
        return {"candidate": "", "active": "ok", "to_renew": "warn", "lapsed": "bad", "left": "mute"}[self.value]


class Membership(Table):
    """One person's time in the association, `ended_on` included; without an end it lasts until the person leaves.

    `ended_on` is the last day covered. Past it the membership is to renew while the days of grace last, and keeps the
    member space open; then it has lapsed. One that was left opens nothing more. A person has one that was not left.
    """

    person = ForeignKeyField(Person, backref="memberships", on_delete="RESTRICT")
    type = CharField(max_length=12, default=MemberType.LIBERAL, choices=MemberType.choices())
    started_on = DateField(default=today)
    ended_on = DateField(null=True, index=True)
    left_at = DateTimeField(null=True)
    left_reason = CharField(max_length=200, default="")
    college = ForeignKeyField(College, null=True, on_delete="SET NULL", backref="memberships")
    college_decided = BooleanField(default=False)  # by hand: rules do not touch it again
    origin = CharField(max_length=40, default="")
    statutes_version = CharField(max_length=80, default="")
    charter_version = CharField(max_length=80, default="")
    accepted_at = DateTimeField(null=True)
    confirmed_on = DateField(null=True)  # last day on which somebody said that the record is right
    created_at = DateTimeField(default=now)

    class Meta:
        indexes = ((("left_at", "started_on", "ended_on", "person"), False),)  # all that counting members reads
        constraints = [
            Check("ended_on IS NULL OR ended_on >= started_on"),
            Check("left_at IS NULL OR ended_on IS NOT NULL"),
        ]
        personal = Personal(
            purpose="Gestion des adhésions",
            basis="Exécution de l’adhésion",
            kept="3 ans après la fin de l’adhésion",
            categories="Qualité, dates d’adhésion, collège, versions acceptées des statuts et de la charte",
            recipients=BUREAU,
        )

    @classmethod
    def current(cls, day: date | None = None, *, grace_days: int | None = None):
        """Return the memberships that count on `day` (today), those in their days of grace included."""
        day, last = counting_bounds(day)
        return cls.counting(day, last if grace_days is None else day - timedelta(days=grace_days))

    @classmethod
    def counting(cls, day, last):
        """Return the memberships begun on `day` that were not left and do not end before `last`."""
        return cls.select().where(cls.counts(day, last))

    @classmethod
    def counts(cls, day, last):
        """Return the condition that `counting` asks."""
        running = cls.ended_on.is_null() | (cls.ended_on >= last)
        return cls.left_at.is_null() & (cls.started_on <= day) & running

    @classmethod
    def covering(cls, day: date):
        """Return the memberships that stood on `day`, whatever became of them: the register of that day."""
        return cls.select().where(cls.started_on <= day, cls.ended_on.is_null() | (cls.ended_on >= day))

    @classmethod
    def of_person(cls, person_id: int) -> "Membership | None":
        """Return the membership that was not left, or else the last one."""
        return _read_membership(person_id)

    @classmethod
    def status_sql(cls, day: date | None = None):
        """Return the SQL expression of a membership's Status on `day` (today)."""
        day = day or today()
        grace = day - timedelta(days=settings.membership_grace_days)
        return Case(
            None,
            (
                (cls.left_at.is_null(False) & (cls.ended_on < day), Status.LEFT.value),
                (cls.left_at.is_null(False) & (cls.ended_on == today()), Status.LEFT.value),
                (cls.started_on > day, Status.CANDIDATE.value),
                (cls.ended_on.is_null() | (cls.ended_on >= day), Status.ACTIVE.value),
                (cls.ended_on >= grace, Status.TO_RENEW.value),
            ),
            Status.LAPSED.value,
        )

    @property
    def status(self) -> Status:
        return status_on(self, today())

    @property
    def type_label(self) -> str:
        return MemberType(self.type).label


Membership.add_index(
    Membership.index(Membership.person, unique=True, where=Membership.left_at.is_null(), name="membership_one_running")
)


def status_on(membership: Membership | None, day: date) -> Status:
    """Return where a membership stood on `day`; a person without one is a candidate. As `Membership.status_sql`."""
    if membership is None:
        return Status.CANDIDATE
    end = membership.ended_on
    if membership.left_at and (end < day or end == today()):
        return Status.LEFT
    if membership.started_on > day:
        return Status.CANDIDATE
    if end is None or end >= day:
        return Status.ACTIVE
    in_grace = end >= day - timedelta(days=settings.membership_grace_days)
    return Status.TO_RENEW if in_grace else Status.LAPSED


@prepared
def _membership_of(person):
    mine = Membership.select().where(Membership.person == person)
    return mine.order_by(Membership.left_at.is_null(False), Membership.started_on.desc(), Membership.id.desc())


_read_membership = once(_membership_of.first)


@prepared
def _belongs(person, day, grace):
    return Membership.counting(day, grace).select(Membership.id).where(Membership.person == person)


@prepared
def _speaks_for_a_member(person, day, grace):
    speaks = (StructureRole.representative == person) | (StructureRole.deputy == person)
    # On SQLite a CROSS JOIN is made in the order written: from the few structures that somebody speaks for.
    query = StructureRole.select(StructureRole.structure).join(Membership, JOIN.CROSS)
    return query.where(speaks, Membership.person == StructureRole.structure, Membership.counts(day, grace))


def is_adherent(person: Person, day: date | None = None) -> bool:
    """Tell whether a person belongs to the association on `day`, days of grace included."""
    return person.deleted_at is None and _belongs.value(person.id, *counting_bounds(day)) is not None


def represents_a_member(person: Person) -> bool:
    """Tell whether a person speaks for a structure that belongs to the association today, or stands in."""
    return person.deleted_at is None and _speaks_for_a_member.value(person.id, *counting_bounds(None)) is not None


def counting_bounds(day: date | None = None) -> tuple[date, date]:
    """Return a day, and the first on which a membership may end and still count on it."""
    day = day or today()
    return day, day - timedelta(days=settings.membership_grace_days)


class Period(Table):
    """One year of membership, both days included; two never start or end on the same day."""

    label = CharField(max_length=40)
    starts_on = DateField(unique=True)
    ends_on = DateField(unique=True)
    receipts = IntegerField(default=0)  # numbers given to payments so far

    class Meta:
        constraints = [Check("ends_on > starts_on")]

    @classmethod
    def at(cls, day: date) -> "Period | None":
        return cls.get_or_none(cls.starts_on <= day, cls.ends_on >= day)


class Year(Table):
    """A membership that covers a period. Money is spoken of only where `fee_cents` is above zero."""

    membership = ForeignKeyField(Membership, backref="years", on_delete="CASCADE")
    period = ForeignKeyField(Period, backref="years", on_delete="RESTRICT")
    fee_cents = IntegerField(default=0, constraints=[Check("fee_cents >= 0")])
    paid_on = DateField(null=True)
    paid_means = CharField(max_length=20, default="")
    receipt_number = CharField(max_length=20, null=True, unique=True)
    renewed_at = DateTimeField(default=now)
    by_joining = BooleanField(default=False)  # given with the year before to who joined late: nobody renewed it

    class Meta:
        indexes = ((("membership", "period"), True),)
        constraints = [Check("(paid_on IS NULL) = (receipt_number IS NULL)")]
        personal = Personal(
            purpose="Adhésions par année et cotisations",
            basis="Exécution de l’adhésion ; obligation comptable",
            kept="10 ans pour les cotisations payées",
            categories="Année, cotisation, date et moyen de paiement, numéro de reçu",
            recipients="Trésorier et coordination",
        )

    @property
    def is_due(self) -> bool:
        """Tell whether a fee is asked and not paid yet."""
        return self.fee_cents > 0 and self.paid_on is None

    @property
    def due_cents(self) -> int:
        """What is asked and not paid yet."""
        return self.fee_cents if self.is_due else 0


class RequestState(Choice):
    """What has become of a request to join."""

    UNCONFIRMED = "unconfirmed", "Adresse à confirmer"
    OPEN = "open", "À décider"
    ASKED = "asked", "Précision demandée"
    ACCEPTED = "accepted", "Acceptée"
    REFUSED = "refused", "Refusée"

    @property
    def badge(self) -> str:
        return {"unconfirmed": "mute", "open": "warn", "asked": "", "accepted": "ok", "refused": "bad"}[self.value]


class Application(Table):
    """A request to join, as it was typed. Nobody sees it before the address is confirmed; one is open per address."""

    form_key = CharField(max_length=40, unique=True)  # one rendered form, one request
    type = CharField(max_length=12, choices=MemberType.choices())
    given_name = CharField(max_length=80, default="")
    family_name = CharField(max_length=80, default="")
    name = CharField(max_length=160, default="")  # of a structure
    email = CharField(max_length=254)
    email_normalised = CharField(max_length=254)
    phone = CharField(max_length=30, default="")
    profession = CharField(max_length=12, default="")
    profession_other = CharField(max_length=120, default="")
    rpps = CharField(max_length=20, default="", index=True)
    adeli = CharField(max_length=20, default="", index=True)
    commune = ForeignKeyField(Commune, null=True, on_delete="SET NULL")
    mode = CharField(max_length=120, default="")
    organisation = CharField(max_length=160, default="")
    representative_json = TextField(default="{}")  # representative and deputy of a structure
    shows = CharField(max_length=200, default="")  # names of the fields shown, joined by spaces
    message = TextField(default="")
    folded = CharField(max_length=500, default="", index=True)  # names, then the address: as Person has it
    folded_name = CharField(max_length=300, default="", index=True)
    origin = CharField(max_length=40, default="")
    statutes_version = CharField(max_length=80, default="")
    charter_version = CharField(max_length=80, default="")
    accepted_at = DateTimeField(default=now)
    created_at = DateTimeField(default=now, index=True)
    email_confirmed_at = DateTimeField(null=True)
    asked_at = DateTimeField(null=True)
    question = TextField(default="")
    answered_at = DateTimeField(null=True)
    decided_at = DateTimeField(null=True, index=True)
    decided_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    accepted = BooleanField(null=True)
    reason = TextField(default="")
    person = ForeignKeyField(Person, null=True, on_delete="SET NULL", backref="applications")  # once accepted

    class Meta:
        constraints = [
            Check("(decided_at IS NULL) = (accepted IS NULL)"),
            Check("decided_at IS NULL OR email_confirmed_at IS NOT NULL"),
        ]
        personal = Personal(
            purpose="Demandes d’adhésion",
            basis="Mesures précontractuelles, à la demande de la personne",
            kept="30 jours sans confirmation de l’adresse ; un an après un refus ; avec l’adhésion une fois acceptée",
            categories="Identité, coordonnées, profession, commune d’exercice, numéro RPPS ou ADELI, décision",
            recipients=BUREAU,
        )

    @classmethod
    def joined(cls):
        """Return the confirmed requests with what their lists show."""
        query = cls.select(cls, Commune, Account, Person).join(Commune, JOIN.LEFT_OUTER).switch(cls)
        query = query.join(Account, JOIN.LEFT_OUTER).join(Person, JOIN.LEFT_OUTER)
        return query.where(cls.email_confirmed_at.is_null(False))

    @classmethod
    def is_waiting(cls):
        """Return the condition that a request waits for the bureau."""
        answered = cls.asked_at.is_null() | (cls.answered_at >= cls.asked_at)
        return cls.email_confirmed_at.is_null(False) & cls.decided_at.is_null() & answered

    @property
    def state(self) -> RequestState:
        if self.decided_at:
            return RequestState.ACCEPTED if self.accepted else RequestState.REFUSED
        if self.email_confirmed_at is None:
            return RequestState.UNCONFIRMED
        asked = self.asked_at and (self.answered_at is None or self.answered_at < self.asked_at)
        return RequestState.ASKED if asked else RequestState.OPEN

    @property
    def label(self) -> str:
        return self.name or f"{self.given_name} {self.family_name}".strip()

    @property
    def type_label(self) -> str:
        return MemberType(self.type).label

    @property
    def profession_label(self) -> str:
        known = reference.professions().get(self.profession)
        return self.profession_other or (known.label if known else "")


Application.add_index(
    Application.index(
        Application.email_normalised, unique=True, where=Application.decided_at.is_null(), name="application_one_open"
    )
)
