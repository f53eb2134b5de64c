"""Who registers, who was invited, who came, who wants to hear of the next one."""

from peewee import BooleanField, CharField, Check, DateTimeField, ForeignKeyField, IntegerField, TextField

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.registry import Personal

from .models import Event, Question, Session

ORGANISERS = "Coordination de l’association ; intervenants pour les questions posées"
PURPOSE = "Inscriptions aux événements et preuve de la présence"
KEPT = "{event_person_months} mois après l’événement ; les chiffres restent, sans nom"


class Place(Choice):
    """Where a registration stands; `badge` is the kind of its badge."""

    CONFIRMED = "confirmed", "Inscrit"
    WAITING = "waiting", "En liste d’attente"
    CANCELLED = "cancelled", "Désinscrit"
    REMOVED = "removed", "Retiré"
    WALK_IN = "walk_in", "Venu sans inscription"

    @property
    def badge(self) -> str:
        return {"confirmed": "ok", "waiting": "warn", "cancelled": "mute", "removed": "bad", "walk_in": ""}[self.value]


# The allowed changes of a registration; any other is refused. Coming back makes a new registration, at the end.
PLACE_CHANGES = {
    Place.CONFIRMED: {Place.CANCELLED, Place.REMOVED, Place.WAITING},
    Place.WAITING: {Place.CONFIRMED, Place.CANCELLED, Place.REMOVED},
    Place.CANCELLED: set(),
    Place.REMOVED: set(),
    Place.WALK_IN: {Place.REMOVED},
}
LIVING = (Place.CONFIRMED, Place.WAITING, Place.WALK_IN)


class Registration(Table):
    """One person at one event. Its seats are one and those of its guests; among the living, one an address and event.

    The waiting list is in the order (priority, the highest first; id). `link_version` grows when the personal link
    changes hands. Once forgotten it keeps what figures need: profession, origin, seats, attendance.
    """

    event = ForeignKeyField(Event, backref="registrations", on_delete="RESTRICT")
    form_key = CharField(max_length=40, unique=True)  # one rendered form, one registration
    person = ForeignKeyField(Person, null=True, on_delete="SET NULL", backref="registrations")
    given_name = CharField(max_length=80, default="")
    family_name = CharField(max_length=80, default="")
    email = CharField(max_length=254, default="")
    email_normalised = CharField(max_length=254, default="")
    profession = CharField(max_length=12, default="")  # a code of territory.reference
    profession_other = CharField(max_length=120, default="")
    is_professional = BooleanField(default=False)  # a health professional, at the time
    organisation = CharField(max_length=160, default="")
    insee = CharField(max_length=5, default="")  # the commune of a member, at the time
    cpts = CharField(max_length=120, default="")  # the CPTS one comes from; "" is none or unknown
    state = CharField(max_length=12, default=Place.CONFIRMED)
    guests = IntegerField(default=0)
    priority = IntegerField(default=0)
    priority_reason = CharField(max_length=200, default="")
    speakers_question = TextField(default="")
    by_name = CharField(max_length=160, default="")  # a colleague who registered this person
    by_email = CharField(max_length=254, default="")
    code = CharField(max_length=12, unique=True)  # of the QR shown at the door
    link_version = IntegerField(default=1)
    folded = CharField(max_length=500, default="")
    registered_at = DateTimeField(default=now)
    confirmed_at = DateTimeField(null=True)
    state_at = DateTimeField(default=now)
    certificate_code = CharField(max_length=20, null=True, unique=True)
    certified_at = DateTimeField(null=True)
    forgotten_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("event", "state", "priority", "id"), False), (("email_normalised", "event"), False))
        constraints = [
            Check("guests >= 0"),
            Check("link_version > 0"),
            Check("state IN ('confirmed', 'waiting', 'cancelled', 'removed', 'walk_in')"),
        ]
        personal = Personal(
            purpose=PURPOSE,
            basis="Exécution de la demande d’inscription ; intérêt légitime pour la preuve de présence",
            kept=KEPT,
            categories="Nom, adresse e-mail, profession, organisme, CPTS d’origine, réponses, présence, attestation",
            recipients=ORGANISERS,
        )

    @classmethod
    def joined(cls):
        """Return the registrations with their event."""
        return cls.select(cls, Event).join(Event)

    @property
    def label(self) -> str:
        return f"{self.given_name} {self.family_name}".strip() or "Personne effacée"

    @property
    def list_label(self) -> str:
        return f"{self.family_name.upper()} {self.given_name}".strip() or "Personne effacée"

    @property
    def seats(self) -> int:
        return 1 + self.guests

    @property
    def place(self) -> Place:
        return Place(self.state)

    @property
    def profession_label(self) -> str:
        known = reference.professions().get(self.profession)
        return self.profession_other or (known.label if known else "")


Registration.add_index(
    Registration.index(
        Registration.event,
        Registration.email_normalised,
        unique=True,
        where=Registration.state.in_([str(each) for each in LIVING]) & (Registration.email_normalised != ""),
        name="registration_one_living",
    )
)


class Answer(Table):
    """What a registrant answered to a question."""

    registration = ForeignKeyField(Registration, backref="answers", on_delete="CASCADE")
    question = ForeignKeyField(Question, backref="answers", on_delete="CASCADE")
    text = TextField()

    class Meta:
        indexes = ((("registration", "question"), True),)
        personal = Personal(
            purpose=PURPOSE,
            basis="Exécution de la demande d’inscription",
            kept=KEPT,
            categories="Réponses aux questions de l’inscription",
            recipients=ORGANISERS,
        )


class Attendance(Table):
    """Whether a registrant was at a session. `ticked_at` is the moment on the phone: the last of two holds."""

    registration = ForeignKeyField(Registration, backref="attendances", on_delete="CASCADE")
    session = ForeignKeyField(Session, backref="attendances", on_delete="CASCADE")
    is_present = BooleanField(default=True)
    ticked_at = DateTimeField(default=now)
    recorded_at = DateTimeField(default=now)
    by = ForeignKeyField(Account, null=True, on_delete="SET NULL", backref="ticked")

    class Meta:
        indexes = ((("registration", "session"), True), (("session", "is_present"), False))
        personal = Personal(
            purpose=PURPOSE,
            basis="Intérêt légitime : preuve de la présence",
            kept=KEPT,
            categories="Présence à chaque demi-journée ou séance",
            recipients=ORGANISERS,
        )


class Invitation(Table):
    """Somebody who is on the list of an event for invited people, or who is told of a next session first."""

    event = ForeignKeyField(Event, backref="invitations", on_delete="CASCADE")
    person = ForeignKeyField(Person, null=True, on_delete="CASCADE", backref="invitations")
    name = CharField(max_length=160, default="")
    email = CharField(max_length=254)
    email_normalised = CharField(max_length=254)
    sent_at = DateTimeField(null=True)
    added_at = DateTimeField(default=now)

    class Meta:
        indexes = ((("event", "email_normalised"), True),)
        personal = Personal(
            purpose=PURPOSE,
            basis="Intérêt légitime : inviter les personnes concernées",
            kept=KEPT,
            categories="Nom et adresse e-mail des personnes invitées",
            recipients=ORGANISERS,
        )


class Interest(Table):
    """« Prévenez-moi de la prochaine session »: told once, then forgotten."""

    event = ForeignKeyField(Event, backref="interests", on_delete="CASCADE")
    person = ForeignKeyField(Person, null=True, on_delete="CASCADE", backref="interests")
    email = CharField(max_length=254)
    email_normalised = CharField(max_length=254)
    name = CharField(max_length=160, default="")
    asked_at = DateTimeField(default=now)
    told_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("event", "email_normalised"), True),)
        personal = Personal(
            purpose="Prévenir de la prochaine session d’un événement",
            basis="Consentement",
            kept="Jusqu’à l’annonce de la session suivante, 24 mois au plus",
            categories="Adresse e-mail, nom s’il est donné",
            recipients="Coordination de l’association",
        )
