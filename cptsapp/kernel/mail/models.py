"""The one delivery table for all mail, what it froze, what was tried, and the state of the sender."""

import json

from peewee import (
    BlobField,
    CharField,
    Check,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    TextField,
    fn,
)

from ..choices import Choice
from ..db import Table, now
from ..registry import Personal


class Kind(Choice):
    """What a mail is; the order is the order in which due mails leave."""

    PERSONAL = "personal", "Personnel"
    REMINDER = "reminder", "Rappel"
    COLLECTIVE = "collective", "Collectif"


class State(Choice):
    PENDING = "pending", "En attente"
    CLAIMED = "claimed", "Envoi en cours"
    IN_DOUBT = "in_doubt", "Remise en cours"
    SENT = "sent", "Parti"
    REFUSED = "refused", "Refusé"
    SKIPPED = "skipped", "Non envoyé"
    UNCERTAIN = "uncertain", "À vérifier"


HELD = (State.CLAIMED, State.IN_DOUBT)  # a sender holds the row, until its lease ends
WITH_MESSAGE_ID = (State.IN_DOUBT, State.SENT, State.UNCERTAIN)
DONE = (State.SENT, State.REFUSED, State.SKIPPED)


def _one_of(column, choices):
    return f"{column} IN ({', '.join(repr(str(each)) for each in choices)})"


def _any(column, choices):
    """Return the same as `_one_of`, for what changes often: SQLite builds a list of three or more at each check."""
    return " OR ".join(f"{column} = '{each}'" for each in choices)


class OutgoingMail(Table):
    """One mail to one address.

    It comes from a template and its values, or from a campaign whose compiled text it uses. It is rendered once, at its
    first claim, and keeps its Message-ID over every retry.
    """

    key = CharField(max_length=190, null=True, unique=True)  # idempotency: a second one with the same key is the first
    kind = CharField(max_length=12, default=Kind.PERSONAL)
    template = CharField(max_length=120, default="")
    campaign_id = IntegerField(null=True, index=True)
    values_json = TextField(default="{}")
    secret = CharField(max_length=200, default="")  # names of the values wiped once sent, between commas
    headers_json = TextField(default="{}")
    to_address = CharField(max_length=254)
    reply_to = CharField(max_length=254, default="")
    person_ids = CharField(max_length=500, default="")  # « ,12,15, »: several people may share an address
    subject = CharField(max_length=300, default="")
    folded = CharField(max_length=600, default="")  # address and subject, folded, for the list's search
    message_id = CharField(max_length=250, default="")
    state = CharField(max_length=12, default=State.PENDING)
    skip_reason = CharField(max_length=300, default="")
    created_at = DateTimeField(default=now, index=True)
    next_try_at = DateTimeField(default=now)
    attempts = IntegerField(default=0)
    doubts = IntegerField(default=0)  # times that nobody could tell whether the relay had taken it
    doubt_at = DateTimeField(null=True)
    claimed_by = CharField(max_length=120, default="")
    lease_until = DateTimeField(null=True)
    smtp_code = IntegerField(null=True)
    last_error = TextField(default="")  # the relay's last words, its yes included
    done_at = DateTimeField(null=True)

    class Meta:
        constraints = [
            Check(_any("state", State)),
            Check(_one_of("kind", Kind)),
            Check("(template <> '') <> (campaign_id IS NOT NULL)"),
            Check(f"({_one_of('state', HELD)}) = (claimed_by <> '')"),
            Check("(claimed_by <> '') = (lease_until IS NOT NULL)"),
            Check(f"({_any('state', DONE)}) = (done_at IS NOT NULL)"),
            Check("(state = 'skipped') = (skip_reason <> '')"),
            Check(f"NOT ({_any('state', WITH_MESSAGE_ID)}) OR message_id <> ''"),
            Check("(doubts = 0) = (doubt_at IS NULL)"),
        ]
        indexes = ((("state", "campaign_id", "kind", "next_try_at", "id"), False),)
        personal = Personal(
            purpose="Envoi des e-mails et preuve de leur départ",
            basis="Intérêt légitime : informer les personnes et répondre à leurs demandes",
            kept="{delivered_mail_months} mois après l’envoi",
            categories="Adresse e-mail, objet, contenu du message, dates et réponse du serveur",
            recipients="Coordination, administration, serveur d’envoi",
        )

    @property
    def values(self) -> dict:
        return json.loads(self.values_json)

    @property
    def headers(self) -> dict:
        return json.loads(self.headers_json)

    @property
    def persons(self) -> list[int]:
        return [int(each) for each in self.person_ids.split(",") if each]

    @classmethod
    def of_person(cls, person_id: int):
        """Return the mails that concern a person, newest first."""
        return cls.select().where(cls.person_ids.contains(f",{int(person_id)},")).order_by(cls.id.desc())

    @property
    def state_label(self) -> str:
        return State(self.state).label

    @property
    def kind_label(self) -> str:
        return Kind(self.kind).label


OutgoingMail.add_index(
    OutgoingMail.index(fn.LOWER(OutgoingMail.to_address), OutgoingMail.id, name="outgoing_mail_address")
)


class FrozenMail(Table):
    """The bytes of a mail as they leave, kept apart so that the marks of the delivery table stay cheap."""

    mail = ForeignKeyField(OutgoingMail, unique=True, on_delete="CASCADE", backref="frozen")
    content = BlobField()


class MailFile(Table):
    """A file that goes with a mail, kept as it is attached: « rendez-vous.ics », with its whole media type."""

    mail = ForeignKeyField(OutgoingMail, on_delete="CASCADE", backref="files")
    name = CharField(max_length=100)
    media_type = CharField(max_length=120)
    content = BlobField()


class MailTry(Table):
    """A delivery that did not end with the relay's yes: when, and the relay's own words."""

    mail = ForeignKeyField(OutgoingMail, on_delete="CASCADE", backref="tries")
    at = DateTimeField(default=now)
    outcome = CharField(max_length=12)
    smtp_code = IntegerField(null=True)
    words = TextField(default="")


class Bounce(Choice):
    """What a returned report says of an address."""

    HARD = "hard", "Adresse refusée"
    SOFT = "soft", "Échec passager"
    POLICY = "policy", "Message refusé pour son contenu ou son expéditeur"
    DELAYED = "delayed", "Remise retardée"
    COMPLAINT = "complaint", "Signalé comme indésirable"
    REPLY = "reply", "Réponse automatique"
    UNKNOWN = "unknown", "Retour à lire"


class MailBounce(Table):
    """A report that came back, counted once. Only one that a person must read keeps its bytes."""

    digest = CharField(max_length=64, unique=True)
    at = DateTimeField(default=now, index=True)
    kind = CharField(max_length=10)
    address = CharField(max_length=254, default="", index=True)  # normalised; empty when nobody could tell
    mail = ForeignKeyField(OutgoingMail, null=True, on_delete="SET NULL", backref="bounces")
    status = CharField(max_length=20, default="")  # « 5.1.1 »
    words = TextField(default="")
    content = BlobField(null=True)
    handled_at = DateTimeField(null=True)

    class Meta:
        constraints = [Check(_one_of("kind", Bounce))]
        personal = Personal(
            purpose="Retours des e-mails qui n’ont pas pu être remis",
            basis="Intérêt légitime : ne plus écrire aux adresses qui n’existent plus",
            kept="{delivered_mail_months} mois après le retour",
            categories="Adresse e-mail, date, motif donné par le serveur",
            recipients="Coordination, administration",
        )

    @property
    def kind_label(self) -> str:
        return Bounce(self.kind).label


class MailTally(Table):
    """How many mails left on a Paris day, kept when their rows are purged."""

    day = DateField()
    kind = CharField(max_length=12)
    count = IntegerField(default=0)

    class Meta:
        indexes = ((("day", "kind"), True),)


class MailSender(Table):
    """One row: whether the sending is paused and why, and what left in the current minute."""

    paused_until = DateTimeField(null=True)
    paused_since = DateTimeField(null=True)
    pause_words = TextField(default="")  # the relay's own, empty when nothing is wrong
    pauses = IntegerField(default=0)  # in a row: the delay before the next try grows with it
    failures = IntegerField(default=0)  # connections lost in a row
    refusals = IntegerField(default=0)  # recipients refused in a row
    minute_at = DateTimeField(null=True)
    minute_count = IntegerField(default=0)

    class Meta:
        constraints = [Check("(pauses > 0) = (paused_since IS NOT NULL)"), Check("id = 1")]

    @classmethod
    def state(cls) -> "MailSender":
        """Return the row, or a fresh one that is not stored yet."""
        return cls.get_or_none(cls.id == 1) or cls(id=1)

    @property
    def is_paused(self) -> bool:
        return self.pauses > 0
