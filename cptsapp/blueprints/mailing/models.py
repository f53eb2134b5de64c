"""The tables of sendings; each recipient is a row of the kernel's delivery table (`campaign_id`)."""

import json

from peewee import CharField, Check, DateTimeField, ForeignKeyField, IntegerField, TextField

from cptsapp.kernel.choices import Choice
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.mail.models import OutgoingMail


class State(Choice):
    DRAFT = "draft", "En préparation"
    SCHEDULED = "scheduled", "Programmé"
    SENDING = "sending", "Envoi en cours"
    PAUSED = "paused", "En pause"
    SENT = "sent", "Envoyé"
    CANCELLED = "cancelled", "Arrêté"


OPEN = (State.DRAFT, State.SCHEDULED)  # the letter may still change
LEFT = (State.SENDING, State.PAUSED, State.SENT, State.CANCELLED)


def _one_of(column, choices):
    return f"{column} IN ({', '.join(repr(str(each)) for each in choices)})"


class Mailing(Table):
    """One sending of one letter. It is open until it starts; then its text is frozen in `MailingText`.

    `audience_json` is the list of steps of `audience.py`; `subject` is the letter's, as last seen until it is frozen.
    """

    source_key = CharField(max_length=30)
    source_id = IntegerField()
    audience_json = TextField(default="[]")
    subject = CharField(max_length=300, default="")
    folded = CharField(max_length=300, default="")  # the subject, for the list's search
    trouble = CharField(max_length=400, default="")  # why it did not start by itself
    state = CharField(max_length=12, default=State.DRAFT, choices=State.choices())
    scheduled_at = DateTimeField(null=True)
    created_at = DateTimeField(default=now)
    started_at = DateTimeField(null=True)
    finished_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("source_key", "source_id"), False), (("state", "scheduled_at"), False))
        constraints = [
            Check(_one_of("state", State)),
            Check("state <> 'scheduled' OR scheduled_at IS NOT NULL"),
            Check(f"({_one_of('state', LEFT)}) = (started_at IS NOT NULL)"),
            Check("(state IN ('sent', 'cancelled')) = (finished_at IS NOT NULL)"),
        ]

    @property
    def audience(self) -> list[dict]:
        return json.loads(self.audience_json)

    @property
    def state_label(self) -> str:
        return State(self.state).label

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def rows(self):
        """Return the query of its recipients."""
        return OutgoingMail.select().where(OutgoingMail.campaign_id == self.id)

    @classmethod
    def of_source(cls, source_key: str, source_id: int):
        """Return the sendings of a letter, the last first."""
        mine = (cls.source_key == source_key) & (cls.source_id == source_id)
        return cls.select().where(mine).order_by(cls.id.desc())


Mailing.add_index(
    Mailing.index(
        Mailing.source_key, Mailing.source_id, unique=True, where=Mailing.state.in_(OPEN), name="mailing_one_open"
    )
)


class MailingText(Table):
    """The compiled letter of a sending that has started, kept apart: progress is read every second without it."""

    mailing = ForeignKeyField(Mailing, unique=True, on_delete="CASCADE", backref="texts")
    compiled_json = TextField()


class MailingTally(Table):
    """How many recipients a sending had in each case, once their rows have been forgotten."""

    mailing = ForeignKeyField(Mailing, on_delete="CASCADE", backref="tallies")
    name = CharField(max_length=12)  # a figure of `progress.Progress`
    count = IntegerField(default=0)

    class Meta:
        indexes = ((("mailing", "name"), True),)


class SavedAudience(Table):
    """An audience with a name. It keeps steps, not people: whoever comes later is in it."""

    name = CharField(max_length=120, unique=True)
    steps_json = TextField()
    created_at = DateTimeField(default=now)

    class Meta:
        constraints = [Check("name <> ''")]

    @property
    def steps(self) -> list[dict]:
        return json.loads(self.steps_json)
