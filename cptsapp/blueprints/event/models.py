"""Events, the sessions they are made of, what is asked of who registers, and what is left afterwards."""

import json
from datetime import datetime

from peewee import (
    BooleanField,
    CharField,
    Check,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.files import StoredFile
from cptsapp.kernel.text import fold
from cptsapp.kernel.themes import Theme
from cptsapp.kernel.typography import typography

MOST_QUESTIONS = 8


class EventKind(Choice):
    WEBINAR = "webinar", "Webinaire"
    PUBLIC_MEETING = "public_meeting", "Réunion publique"
    TRAINING = "training", "Formation"
    WORKSHOP = "workshop", "Atelier"
    ASSEMBLY = "assembly", "Assemblée générale"
    GROUP = "group", "Groupe de travail"
    SCREENING = "screening", "Dépistage"
    SOCIAL = "social", "Moment convivial"
    EXTERNAL = "external", "Événement extérieur"


class Status(Choice):
    """Where an event stands; `badge` is the kind of its badge. « Tenu » alone counts in the figures."""

    DRAFT = "draft", "Brouillon"
    PUBLISHED = "published", "Publié"
    HELD = "held", "Tenu"
    CANCELLED = "cancelled", "Annulé"

    @property
    def badge(self) -> str:
        return {"draft": "mute", "published": "ok", "held": "", "cancelled": "bad"}[self.value]


# The allowed changes of an event's status; any other is refused.
STATUS_CHANGES = {
    Status.DRAFT: {Status.PUBLISHED},
    Status.PUBLISHED: {Status.DRAFT, Status.HELD, Status.CANCELLED},  # back to a draft while nobody has registered
    Status.HELD: {Status.PUBLISHED},  # said held by mistake
    Status.CANCELLED: set(),
}


class Audience(Choice):
    """Who may register: stated on the page, enforced by the rules."""

    EVERYONE = "everyone", "Tout le monde"
    PROFESSIONALS = "professionals", "Professionnels de santé"
    PROFESSIONS = "professions", "Certaines professions"
    ADHERENTS = "adherents", "Adhérents"
    INVITED = "invited", "Personnes invitées"


class Booking(Choice):
    """How one takes part."""

    ONLINE = "online", "Inscription en ligne"
    ELSEWHERE = "elsewhere", "Inscription ailleurs (téléphone, partenaire…)"
    NONE = "none", "Sans inscription"


class Series(Table):
    """Events that follow one another: a monthly meeting, the sessions of one training."""

    title = CharField(max_length=160)
    created_at = DateTimeField(default=now)


class Event(Table):
    """One event. `starts_at` and `ends_at` are those of its first and last sessions, kept by the rules.

    `slug` never changes once published. `capacity` counts seats, guests included; None is without limit. `sequence`
    is that of the calendar file: it grows with each change of date or place.
    """

    slug = CharField(max_length=80, unique=True)
    title = CharField(max_length=160)
    kind = CharField(max_length=20, default=EventKind.WEBINAR)
    status = CharField(max_length=12, default=Status.DRAFT)
    summary = CharField(max_length=300, default="")
    description = TextField(default="")  # Markdown
    agenda = TextField(default="")  # Markdown
    speakers = TextField(default="")  # one a line: « Dr Camille Exemple, hématologue »
    image = ForeignKeyField(StoredFile, null=True, on_delete="SET NULL", backref="events")
    image_alt = CharField(max_length=200, default="")
    theme = CharField(max_length=30, default="")
    mission = CharField(max_length=40, default="")  # a code of the ACI's missions
    action = CharField(max_length=80, default="")  # the free name of a fiche-action
    series = ForeignKeyField(Series, null=True, on_delete="SET NULL", backref="events")
    starts_at = DateTimeField(null=True, index=True)
    ends_at = DateTimeField(null=True, index=True)
    # Where
    place = CharField(max_length=160, default="")
    address = CharField(max_length=300, default="")
    commune = ForeignKeyField(Commune, null=True, on_delete="SET NULL", backref="events")
    online_url = CharField(max_length=500, default="")  # for confirmed registrants alone
    online_note = CharField(max_length=300, default="")  # meeting number, code: for them as well
    online_minutes = IntegerField(null=True)  # shown from N minutes before; None: as soon as one is registered
    # Who
    audience = CharField(max_length=20, default=Audience.EVERYONE)
    professions = CharField(max_length=600, default="")  # codes between commas: « ,10,60, »
    is_public = BooleanField(default=True)  # announced on the site; else in the member space alone
    # Registration
    booking = CharField(max_length=12, default=Booking.ONLINE)
    booking_note = CharField(max_length=300, default="")  # whom to call, where to write
    is_light = BooleanField(default=False)  # for the public: a first name is enough, the address is optional
    capacity = IntegerField(null=True)
    has_waiting_list = BooleanField(default=True)
    opens_at = DateTimeField(null=True)
    closes_at = DateTimeField(null=True)  # None: until it starts
    asks_speakers = BooleanField(default=False)  # a box for the questions to the speakers
    # Afterwards
    counts_heads = BooleanField(default=False)  # people are counted, never named
    gives_certificate = BooleanField(default=False)
    reminders = CharField(max_length=20, default="7d,1d")  # among 7d, 1d, 1h
    satisfaction_url = CharField(max_length=500, default="")
    typed_participants = IntegerField(null=True)  # of an event of before, without a list
    typed_professionals = IntegerField(null=True)
    typed_source = CharField(max_length=160, default="")
    # Its life
    uid = CharField(max_length=80, unique=True)
    sequence = IntegerField(default=0)
    folded = TextField(default="")  # title, summary, place and speakers as they are searched
    created_at = DateTimeField(default=now)
    created_by = ForeignKeyField(Account, null=True, on_delete="SET NULL", backref="created_events")
    published_at = DateTimeField(null=True)
    held_at = DateTimeField(null=True)
    cancelled_at = DateTimeField(null=True)
    cancel_reason = CharField(max_length=300, default="")
    thanked_at = DateTimeField(null=True)
    forgotten_at = DateTimeField(null=True)  # the names of its registrants were erased, the figures kept
    deleted_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("status", "starts_at"), False), (("deleted_at", "starts_at"), False))
        constraints = [
            Check("title <> ''"),
            Check("capacity IS NULL OR capacity > 0"),
            Check("(starts_at IS NULL) = (ends_at IS NULL)"),
            Check("ends_at IS NULL OR ends_at > starts_at"),
            Check("status = 'draft' OR starts_at IS NOT NULL"),
            Check("(status = 'cancelled') = (cancelled_at IS NOT NULL)"),
            Check("online_minutes IS NULL OR online_minutes >= 0"),
            Check("typed_participants IS NULL OR typed_participants >= 0"),
            Check("typed_professionals IS NULL OR typed_professionals >= 0"),
        ]

    def save(self, *args, **kwargs):
        self.folded = fold(f"{self.title} {self.summary} {self.place} {self.speakers} {self.action}")
        return super().save(*args, **kwargs)

    @property
    def url(self) -> str:
        return f"/evenements/{self.slug}"

    @property
    def heading(self) -> str:
        """The title as readers see it."""
        return typography(self.title)

    @property
    def kind_label(self) -> str:
        return EventKind(self.kind).label

    @property
    def state(self) -> Status:
        return Status(self.status)

    @property
    def theme_label(self) -> str:
        return Theme(self.theme).label if self.theme else ""

    @property
    def profession_codes(self) -> list[str]:
        return [code for code in self.professions.split(",") if code]

    @property
    def audience_label(self) -> str:
        """« Tout le monde », « Médecin, Infirmier »…: for whom it is."""
        if self.audience == Audience.PROFESSIONS:
            known = reference.professions()
            return ", ".join(known[code].label for code in self.profession_codes if code in known)
        return Audience(self.audience).label

    @property
    def speaker_lines(self) -> list[str]:
        return [line.strip() for line in self.speakers.splitlines() if line.strip()]

    @property
    def reminder_codes(self) -> list[str]:
        return [code for code in self.reminders.split(",") if code]

    @property
    def last_day_to_register(self) -> datetime | None:
        """The moment when registration closes: the one chosen, or the start."""
        return self.closes_at or self.starts_at

    @property
    def is_past(self) -> bool:
        return self.ends_at is not None and self.ends_at <= now()


class Session(Table):
    """One sitting of an event: a half-day, an evening. Attendance is of a session."""

    event = ForeignKeyField(Event, backref="sessions", on_delete="CASCADE")
    starts_at = DateTimeField()
    ends_at = DateTimeField()
    label = CharField(max_length=80, default="")  # « Matin », « Atelier 2 »

    class Meta:
        table_name = "event_session"  # « session » holds the logins
        indexes = ((("event", "starts_at"), True),)
        constraints = [Check("ends_at > starts_at")]

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)


class HeadCount(Table):
    """How many people came to a session, by age band or in all (""): nobody is named."""

    session = ForeignKeyField(Session, backref="head_counts", on_delete="CASCADE")
    band = CharField(max_length=20, default="")
    count = IntegerField()
    professionals = IntegerField(default=0)
    noted_at = DateTimeField(default=now)

    class Meta:
        indexes = ((("session", "band"), True),)
        constraints = [Check("count >= 0"), Check("professionals >= 0 AND professionals <= count")]


class CoOrganiser(Table):
    """Who organises it with us. A partner gets figures from us, never the list."""

    event = ForeignKeyField(Event, backref="co_organisers", on_delete="CASCADE")
    name = CharField(max_length=160)
    url = CharField(max_length=500, default="")
    logo = ForeignKeyField(StoredFile, null=True, on_delete="SET NULL", backref="co_organisers")
    position = IntegerField(default=0)

    class Meta:
        indexes = ((("event", "name"), True),)


class QuestionKind(Choice):
    TEXT = "text", "Réponse libre"
    CHOICE = "choice", "Un choix dans une liste"
    GUESTS = "guests", "Nombre d’accompagnants"


class Question(Table):
    """Something asked of who registers: eight at most, one of them about guests."""

    event = ForeignKeyField(Event, backref="questions", on_delete="CASCADE")
    position = IntegerField(default=0)
    kind = CharField(max_length=10, default=QuestionKind.TEXT)
    label = CharField(max_length=160)
    choices_json = TextField(default="[]")
    is_required = BooleanField(default=False)
    most = IntegerField(default=5)  # guests that one may bring

    class Meta:
        indexes = ((("event", "position"), True),)
        constraints = [Check("most > 0")]

    @property
    def choices(self) -> list[str]:
        return json.loads(self.choices_json)


class MaterialKind(Choice):
    SLIDES = "slides", "Support de présentation"
    REPLAY = "replay", "Enregistrement"
    DOCUMENT = "document", "Document"
    LINK = "link", "Lien"


class MaterialReaders(Choice):
    """Who finds a material on the page, once it is there."""

    REGISTERED = "registered", "Inscrits"
    PRESENT = "present", "Présents"
    ADHERENTS = "adherents", "Adhérents"
    PUBLIC = "public", "Tout le monde"


class Material(Table):
    """What is left of an event: slides, a replay, a link; each with its own readers."""

    event = ForeignKeyField(Event, backref="materials", on_delete="CASCADE")
    kind = CharField(max_length=12, default=MaterialKind.SLIDES)
    title = CharField(max_length=160)
    file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="materials")
    url = CharField(max_length=500, default="")
    readers = CharField(max_length=12, default=MaterialReaders.REGISTERED)
    position = IntegerField(default=0)
    added_at = DateTimeField(default=now)

    class Meta:
        constraints = [Check("(file_id IS NULL) <> (url = '')")]

    @property
    def kind_label(self) -> str:
        return MaterialKind(self.kind).label

    @property
    def readers_label(self) -> str:
        return MaterialReaders(self.readers).label


class MailWords(Table):
    """What the organiser adds to, or puts in place of, the usual words of one mail of one event."""

    event = ForeignKeyField(Event, backref="mail_words", on_delete="CASCADE")
    mail = CharField(max_length=20)  # confirmed, waiting, promoted, changed, cancelled, reminder, thanks
    words = TextField()

    class Meta:
        indexes = ((("event", "mail"), True),)


class FeedKey(Table):
    """The secret address of a member's own calendar: renewing it closes the former one."""

    person = ForeignKeyField(Person, primary_key=True, on_delete="CASCADE", backref="feed_keys")
    version = IntegerField(default=1)
    renewed_at = DateTimeField(default=now)
