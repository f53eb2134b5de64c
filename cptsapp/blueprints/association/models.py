"""The association's row, its collèges, and the identity that every page reads."""

import hashlib
from functools import cached_property

from peewee import CharField, Check, DateField, DateTimeField, ForeignKeyField, IntegerField, TextField

from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune, Territory
from cptsapp.blueprints.territory.rules import Figures, figures_of
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.db import Table, db, revision
from cptsapp.kernel.files import StoredFile
from cptsapp.kernel.kept import keep, once
from cptsapp.kernel.registry import Personal
from cptsapp.kernel.settings import settings
from cptsapp.kernel.text import plural

from .colours import DEFAULT, stylesheet

UNNAMED = "Votre CPTS"
MOST_PAYMENT = 600  # characters that say how a fee is paid


class Conformity(Choice):
    """The three levels that the mention « Accessibilité : … conforme » may give. Source: décret 2019-768."""

    NONE = "none", "non conforme"
    PARTIAL = "partial", "partiellement conforme"
    FULL = "full", "totalement conforme"


class Association(Table):
    """One row: all that distinguishes this association, and its site, from another."""

    name = CharField(max_length=120, default=UNNAMED)
    short_name = CharField(max_length=40, default="")
    subtitle = CharField(max_length=120, default="")  # empty: communes and inhabitants
    legal_form = CharField(max_length=80, default="Association loi 1901")
    address = TextField(default="")
    phone = CharField(max_length=30, default="")
    email = CharField(max_length=254, default="")
    opening_hours = CharField(max_length=200, default="")
    founded_on = DateField(null=True)
    mission_codes = CharField(max_length=200, default="")  # joined by spaces
    links_text = TextField(default="")  # one « Nom : https://… » per line

    colour = CharField(max_length=7, default=DEFAULT)
    logo = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT")

    sender_name = CharField(max_length=120, default="")
    sender_email = CharField(max_length=254, default="")
    collective_sender_name = CharField(max_length=120, default="")
    collective_sender_email = CharField(max_length=254, default="")
    reply_to = CharField(max_length=254, default="")
    bounce_email = CharField(max_length=254, default="")
    mail_tested_at = DateTimeField(null=True)

    membership_month = IntegerField(default=1, constraints=[Check("membership_month BETWEEN 1 AND 12")])
    fee_cents = IntegerField(default=0, constraints=[Check("fee_cents >= 0")])
    fee_payment = TextField(default="")  # how a fee is paid, in plain words; empty: nothing is said of it
    late_month = IntegerField(null=True, constraints=[Check("late_month BETWEEN 1 AND 12")])  # null: no rule

    rna = CharField(max_length=10, default="")
    siret = CharField(max_length=14, default="")
    publication_director = CharField(max_length=120, default="")
    host_name = CharField(max_length=120, default="")
    host_address = TextField(default="")
    host_phone = CharField(max_length=30, default="")
    dpo_contact = CharField(max_length=254, default="")
    legal_complement = TextField(default="")
    privacy_complement = TextField(default="")

    accessibility_level = CharField(max_length=10, default=Conformity.NONE, choices=Conformity.choices())
    accessibility_on = DateField(null=True)
    accessibility_contact = CharField(max_length=254, default="")
    accessibility_gaps = TextField(default="")

    online_at = DateTimeField(null=True)  # null: visitors see that the site is being prepared

    class Meta:
        personal = Personal(
            purpose="Mentions légales et contacts de l’association",
            basis="Obligation légale (LCEN, article 6)",
            kept="Tant que la personne exerce la fonction",
            categories="Nom de la personne qui dirige la publication, contact pour les données personnelles",
            recipients="Tous les visiteurs du site",
        )

    @classmethod
    def current(cls) -> "Association":
        """Return the row, or a blank one before the first is written; that blank site counts as online."""
        return _current()

    @property
    def is_online(self) -> bool:
        return self.id is None or self.online_at is not None

    @property
    def missions(self) -> list[reference.Mission]:
        chosen = self.mission_codes.split()
        return [mission for code, mission in reference.missions().items() if code in chosen]

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """The (name, address) pairs of the footer."""
        lines = (line.partition("http") for line in self.links_text.splitlines())
        return tuple((name.strip(" :"), (scheme + rest).strip()) for name, scheme, rest in lines if scheme)

    @property
    def accessibility(self) -> str:
        """The words of the footer: « partiellement conforme »."""
        return Conformity(self.accessibility_level).label


@once
def _current() -> Association:
    return Association.get_or_none(Association.id == 1) or Association()


class College(Table):
    """A group in which adherents vote, in the order of the statutes."""

    name = CharField(max_length=120, unique=True)
    description = TextField(default="")
    seats = IntegerField(null=True, constraints=[Check("seats >= 0")])
    position = IntegerField(default=0)

    @classmethod
    def ordered(cls):
        return cls.select().order_by(cls.position, cls.id)


class Identity:
    """What pages and mails read of the association: its row, its communes, and what follows from them. Read only."""

    def __init__(self, row: Association, communes: list[Commune], territory: Territory):
        self.row, self.communes, self.territory = row, communes, territory

    def __getattr__(self, name):
        return getattr(self.row, name)

    @cached_property
    def figures(self) -> Figures:
        return figures_of(self.communes, self.territory)

    @property
    def communes_count(self) -> int:
        return len(self.communes)

    @property
    def population(self) -> int:
        return self.figures.population

    @property
    def aci_size(self) -> int:
        return self.figures.size

    @property
    def short_name(self) -> str:
        return self.row.short_name or self.row.name

    @property
    def tagline(self) -> str:
        if self.row.subtitle or not self.communes:
            return self.row.subtitle
        return f"{plural(self.communes_count, 'commune')}, {plural(self.population, 'habitant')}"

    @cached_property
    def stylesheet(self) -> str:
        return stylesheet(self.row.colour)

    @cached_property
    def stylesheet_version(self) -> str:
        return _signed(self.stylesheet)

    @cached_property
    def logo_name(self) -> str:
        """The name of the uploaded logo, or nothing when the mark is drawn."""
        return self.row.logo.name if self.row.logo_id else ""

    @cached_property
    def look(self) -> str:
        """Twelve signs that change with anything seen in the icons and in the sharing image."""
        seen = "|".join((self.row.name, self.tagline, self.row.colour, self.logo_name))
        return _signed(seen)

    @property
    def theme_url(self) -> str:
        """The style sheet of the colour; nothing for the default one, which the product's own sheet holds."""
        return "" if self.row.colour == DEFAULT else f"/identite-{self.stylesheet_version}.css"

    @property
    def logo_url(self) -> str:
        """The address of the logo; nothing when pages draw the mark."""
        return f"/images/{self.logo_name}" if self.logo_name else ""

    @property
    def share_image_url(self) -> str:
        return f"/partage.png?v={self.look}"


def _signed(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]


_known: dict[str, tuple[int, Identity]] = {}


def identity() -> Identity:
    """Return the association's identity, read again when something public has changed."""
    number = keep("revision", revision.read)
    cached = _known.get(settings.database_url)
    if cached and cached[0] == number:
        return cached[1]
    query = Association.select(Association, StoredFile).left_outer_join(StoredFile)
    row = query.where(Association.id == 1).get_or_none()
    found = Identity(row or Association(), list(Commune.of_territory()), Territory.current())
    if not db.in_transaction():  # what is not committed yet may never be
        _known[settings.database_url] = (number, found)
    return found
