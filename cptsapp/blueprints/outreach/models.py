"""Campaigns, the channels that carry them, the actions of the project that they serve, their materials."""

from datetime import date

from peewee import JOIN, CharField, Check, DateField, DateTimeField, ForeignKeyField, IntegerField, TextField

from cptsapp.blueprints.document.models import Document
from cptsapp.blueprints.project.models import Fiche
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import short_fr
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.files import StoredFile
from cptsapp.kernel.text import fold
from cptsapp.kernel.themes import Theme


class Audience(Choice):
    """Whom a campaign speaks to."""

    PUBLIC = "public", "Grand public"
    PROFESSIONALS = "professionals", "Professionnels de santé"


class Channel(Choice):
    POSTER = "poster", "Affiches"
    LEAFLET = "leaflet", "Dépliants"
    SOCIAL = "social", "Réseaux sociaux"
    PRESS = "press", "Presse"
    RADIO = "radio", "Radio ou télévision"
    MUNICIPAL = "municipal", "Communes (bulletin, panneaux, site)"
    PHARMACIES = "pharmacies", "Pharmacies"
    PRACTICES = "practices", "Cabinets et salles d’attente"
    SCHOOLS = "schools", "Écoles et crèches"
    LETTER = "letter", "Lettre de la CPTS"
    SITE = "site", "Site de la CPTS"
    EVENT = "event", "Événement, stand"
    OTHER = "other", "Autre"

    @property
    def short(self) -> str:
        """« Communes »: without what is in brackets, for a list."""
        return self.label.split(" (")[0]


class Moment(Choice):
    """Where a campaign stands on a day; `badge` is the kind of its badge."""

    AHEAD = "a-venir", "À venir"
    RUNNING = "en-cours", "En cours"
    OVER = "terminee", "Terminée"

    @property
    def badge(self) -> str:
        return {"a-venir": "", "en-cours": "ok", "terminee": "mute"}[self.value]


AUDIENCES = ", ".join(repr(str(each)) for each in Audience)
CHANNELS = ", ".join(repr(str(each)) for each in Channel)


class Outreach(Table):
    """A campaign. Without a last day it still runs; `relays` are names, one a line, of those who pass it on.

    `reached` is how many people it reached, told with its source; a campaign has its balance once `results` or
    `reached` says something.
    """

    title = CharField(max_length=160)
    audience = CharField(max_length=16, default=Audience.PUBLIC)
    theme = CharField(max_length=30, default="")
    starts_on = DateField(index=True)
    ends_on = DateField(null=True)
    message = CharField(max_length=600, default="")
    other_channel = CharField(max_length=80, default="")
    relays = TextField(default="")
    reached = IntegerField(null=True)
    reached_source = CharField(max_length=200, default="")
    results = TextField(default="")
    folded = TextField(default="")  # title, message and relays as the list searches them
    created_at = DateTimeField(default=now)

    class Meta:
        constraints = [
            Check("title <> ''"),
            Check(f"audience IN ({AUDIENCES})"),
            Check("ends_on >= starts_on"),
            Check("reached >= 0"),
            Check("(reached IS NULL) = (reached_source = '')"),
        ]

    def save(self, *args, **kwargs):
        self.folded = fold(" ".join((self.title, self.message, self.other_channel, self.relays)))
        return super().save(*args, **kwargs)

    @property
    def audience_label(self) -> str:
        return Audience(self.audience).label

    @property
    def about(self) -> str:
        """« Grand public · Prévention »."""
        return " · ".join(filter(None, (self.audience_label, self.theme_label)))

    @property
    def theme_label(self) -> str:
        return Theme(self.theme).label if self.theme else ""

    @property
    def until(self) -> str:
        """« au 7 janv. 2027 », nothing without a last day."""
        return f"au {short_fr(self.ends_on)}" if self.ends_on else ""

    @property
    def relay_names(self) -> list[str]:
        return self.relays.splitlines()

    @property
    def has_balance(self) -> bool:
        return bool(self.results) or self.reached is not None

    def moment(self, day: date) -> Moment:
        if day < self.starts_on:
            return Moment.AHEAD
        return Moment.OVER if self.ends_on and self.ends_on < day else Moment.RUNNING

    @classmethod
    def at_moment(cls, moment: Moment, day: date):
        """Return the condition that a campaign be at a moment of its life on a day."""
        if moment == Moment.AHEAD:
            return cls.starts_on > day
        is_over = cls.ends_on.is_null(False) & (cls.ends_on < day)
        return is_over if moment == Moment.OVER else (cls.starts_on <= day) & ~is_over

    @classmethod
    def without_balance(cls, day: date):
        """Return the condition that a campaign be over without anybody having said what came of it."""
        return cls.at_moment(Moment.OVER, day) & (cls.results == "") & cls.reached.is_null()

    @classmethod
    def held(cls, start: date, end: date, *, audience: str = "", theme: str = "", channel: str = "", action: str = ""):
        """Select the campaigns that began in a period, each once, narrowed; `action` is the code of a fiche."""
        query = cls.select().where(cls.starts_on >= start, cls.starts_on <= end)
        if audience:
            query = query.where(cls.audience == audience)
        if theme:
            query = query.where(cls.theme == theme)
        if channel:
            query = query.where(cls.is_carried_by(channel))
        if action:
            query = query.where(cls.id.in_(Service.of_code(action)))
        return query

    @classmethod
    def is_carried_by(cls, channel: str):
        """Return the condition that a campaign use a channel."""
        return cls.id.in_(Carrier.select(Carrier.outreach).where(Carrier.channel == channel))

    @classmethod
    def serves(cls, fiche_id):
        """Return the condition that a campaign serve a fiche."""
        return cls.id.in_(Service.select(Service.outreach).where(Service.fiche == fiche_id))

    @classmethod
    def years(cls) -> list[int]:
        """Return the years in which campaigns began, the last first."""
        days = cls.select(cls.starts_on).distinct().tuples()
        return sorted({day.year for (day,) in days}, reverse=True)

    @classmethod
    def in_year(cls, year: int):
        return (cls.starts_on >= date(year, 1, 1)) & (cls.starts_on < date(year + 1, 1, 1))


class Carrier(Table):
    """A channel that carries a campaign."""

    outreach = ForeignKeyField(Outreach, on_delete="CASCADE", backref="carriers")
    channel = CharField(max_length=16)

    class Meta:
        table_name = "outreach_channel"
        indexes = ((("outreach", "channel"), True),)
        constraints = [Check(f"channel IN ({CHANNELS})")]


class Service(Table):
    """A campaign that serves an action of the project."""

    outreach = ForeignKeyField(Outreach, on_delete="CASCADE", backref="services")
    fiche = ForeignKeyField(Fiche, on_delete="CASCADE", backref="outreaches")

    class Meta:
        table_name = "outreach_action"
        indexes = ((("outreach", "fiche"), True),)

    @classmethod
    def of_code(cls, code: str):
        """Select the ids of the campaigns that serve the fiches of a code, those in the bin left out."""
        return cls.select(cls.outreach).join(Fiche).where(Fiche.code == code, Fiche.deleted_at.is_null())


class Material(Table):
    """What a campaign shows or left behind: a file, a document of the association, or an address of the web."""

    outreach = ForeignKeyField(Outreach, on_delete="CASCADE", backref="materials")
    title = CharField(max_length=160)
    file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="outreach_materials")
    document = ForeignKeyField(Document, null=True, on_delete="CASCADE", backref="outreach_materials")
    url = CharField(max_length=500, default="")
    added_at = DateTimeField(default=now)

    class Meta:
        table_name = "outreach_material"
        constraints = [
            Check("title <> ''"),
            Check(
                "(CASE WHEN file_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN document_id IS NULL THEN 0 ELSE 1 END)"
                " + (CASE WHEN url = '' THEN 0 ELSE 1 END) = 1"
            ),
        ]

    @property
    def address(self) -> str:
        """Where it opens."""
        if self.file_id:
            return self.file.url
        return f"/documents/{self.document.slug}" if self.document_id else self.url

    @property
    def nature(self) -> str:
        return "Fichier" if self.file_id else "Document" if self.document_id else "Lien"

    @classmethod
    def joined(cls):
        """Return those that can be shown, file and document joined, the first added first; not of a binned document."""
        query = cls.select(cls, StoredFile, Document).join(StoredFile, JOIN.LEFT_OUTER)
        query = query.switch(cls).join(Document, JOIN.LEFT_OUTER).where(Document.deleted_at.is_null())
        return query.order_by(cls.outreach, cls.id)
