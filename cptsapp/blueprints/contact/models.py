"""Messages from the contact page."""

from datetime import date

from peewee import CharField, Check, DateTimeField, ForeignKeyField, TextField, fn

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import span
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.prepared import Counted
from cptsapp.kernel.registry import Personal
from cptsapp.kernel.text import fold, normalise_email


class Topic(Choice):
    """Who writes, and what about: the choices of the form."""

    PATIENT = "patient", "Je suis un patient ou un proche"
    PROFESSIONAL = "professional", "Je suis professionnel de santé"
    PARTNER = "partner", "Je représente une structure ou une collectivité"
    PRESS = "press", "Je suis journaliste"
    WEBSITE = "website", "Je signale un problème sur le site"
    DATA = "data", "J’ai une demande sur mes données personnelles"
    OTHER = "other", "Autre"


class State(Choice):
    """What has become of a message; `badge` is the kind of its badge."""

    OPEN = "open", "À traiter"
    HANDLED = "handled", "Traité"
    SPAM = "spam", "Indésirable"
    TRASHED = "trashed", "Corbeille"

    @property
    def badge(self) -> str:
        return {"open": "warn", "handled": "ok", "spam": "mute", "trashed": "bad"}[self.value]


class ContactMessage(Table):
    """One message. It waits until somebody handles it or calls it spam; erased, its row only counts in the figures."""

    form_key = CharField(max_length=40, unique=True)  # one rendered form and one text, one message
    at = DateTimeField(default=now, index=True)
    name = CharField(max_length=120)
    email = CharField(max_length=254)
    email_normalised = CharField(max_length=254, index=True)
    topic = CharField(max_length=20)
    subject = CharField(max_length=150)
    body = TextField()
    folded = TextField()  # name, address and subject as the list searches them
    note = TextField(default="")
    handled_at = DateTimeField(null=True)
    handled_by = ForeignKeyField(Account, null=True, on_delete="SET NULL", backref="handled_messages")
    spam_at = DateTimeField(null=True)
    deleted_at = DateTimeField(null=True)
    erased_at = DateTimeField(null=True)

    class Meta:
        constraints = [
            Check("handled_at IS NULL OR spam_at IS NULL"),
            Check("(erased_at IS NULL) = (email <> '')"),
        ]
        personal = Personal(
            purpose="Répondre aux messages de la page Contact",
            basis="Intérêt légitime : répondre à qui nous écrit",
            kept="{contact_months} mois après la réponse, un mois pour les indésirables et la corbeille",
            categories="Nom, adresse e-mail, objet et texte du message, note de suivi",
            recipients="Coordination de l’association",
        )

    @property
    def state(self) -> State:
        if self.deleted_at:
            return State.TRASHED
        if self.spam_at:
            return State.SPAM
        return State.HANDLED if self.handled_at else State.OPEN

    @property
    def topic_label(self) -> str:
        return Topic(self.topic).label

    @property
    def handler(self) -> str:
        """Who handled it, or nothing."""
        return self.handled_by.label if self.handled_by_id else ""

    @classmethod
    def inbox(cls):
        """Return every message that still says something, who handled it joined."""
        query = cls.select(cls, Account, Person).left_outer_join(Account).left_outer_join(Person)
        return query.where(cls.erased_at.is_null())

    @classmethod
    def is_in_state(cls, state: State):
        """Return the condition that a message be in `state`."""
        kept = cls.deleted_at.is_null()
        return {
            State.OPEN: kept & cls.handled_at.is_null() & cls.spam_at.is_null(),
            State.HANDLED: kept & cls.handled_at.is_null(False),
            State.SPAM: kept & cls.spam_at.is_null(False),
            State.TRASHED: cls.deleted_at.is_null(False),
        }[state]

    @classmethod
    def open_ones(cls):
        return cls.select().where(cls.is_in_state(State.OPEN), cls.erased_at.is_null())

    @classmethod
    def latest_open(cls, limit: int) -> list["ContactMessage"]:
        query = cls.open_ones()
        return list(query.order_by(cls.at.desc(), cls.id.desc()).limit(limit))

    @classmethod
    def received(cls, start: date, end: date) -> int:
        """Count the messages of a period, spam left out; both days included."""
        return cls._counted(cls.at, start, end)

    @classmethod
    def handled(cls, start: date, end: date) -> int:
        return cls._counted(cls.handled_at, start, end)

    @classmethod
    def _counted(cls, moment, start, end) -> int:
        after, before = span(start, end)
        return cls.select(fn.COUNT(1)).where(moment >= after, moment < before, cls.spam_at.is_null()).scalar()

    @classmethod
    def of_person(cls, person_id: int) -> list["ContactMessage"]:
        """Return the messages that a person sent, known by the address; when others share it, by the name as well."""
        person = Person.get_or_none(Person.id == person_id)
        address = normalise_email(person.email) if person else ""
        if not address:
            return []
        found = list(cls.select().where(cls.email_normalised == address, cls.erased_at.is_null()).order_by(cls.id))
        shared = Person.select(fn.COUNT(1)).where(Person.email_normalised == address, Person.id != person_id).scalar()
        name = fold(person.family_name or person.name)
        return [message for message in found if name in fold(message.name)] if shared else found


ContactMessage.open_count = Counted(ContactMessage.open_ones)
