"""An issue, the blocks that it is made of, its versions, the pictures it shows, the readings of its archive."""

from datetime import date

from peewee import (
    BooleanField,
    CharField,
    Check,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from cptsapp.blueprints.account.models import Account
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import MONTHS
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.files import StoredFile
from cptsapp.kernel.registry import Personal
from cptsapp.kernel.text import NBSP
from cptsapp.kernel.typography import typography

PATH = "/lettre/archives/"


class Kind(Choice):
    NEWSLETTER = "newsletter", "Lettre"
    MESSAGE = "message", "Message"
    MODEL = "model", "Modèle"


class Archive(Choice):
    """Who reads a letter on the site once it is out."""

    PUBLIC = "public", "Tout le monde"
    ADHERENTS = "adherents", "Adhérents"
    NONE = "none", "Personne : elle n’est pas dans les archives"


class BlockKind(Choice):
    PICKED = "picked", "Repris du site"
    TEXT = "text", "Bloc libre"
    HEADING = "heading", "Titre de rubrique"


def month_words(month: date) -> str:
    """« novembre 2026 »."""
    return f"{MONTHS[month.month - 1]}{NBSP}{month.year}"


def of_month(month: date) -> str:
    """« de novembre 2026 », « d’avril 2027 »."""
    words = month_words(month)
    return f"d’{words}" if words[0] in "ao" else f"de {words}"


class Issue(Table):
    """One letter. A newsletter has a number; out (`out_at`), it no longer changes, its archive's readers apart.

    `revision` grows with each change: it tells whether what one edits is still what is kept.
    """

    kind = CharField(max_length=12, default=Kind.NEWSLETTER)
    name = CharField(max_length=120, default="")  # of a model
    number = IntegerField(null=True, unique=True)
    month = DateField(null=True)  # its first day
    subject = CharField(max_length=200, default="")
    preheader = CharField(max_length=200, default="")
    editorial = TextField(default="")
    theme = CharField(max_length=40, default="")
    archive = CharField(max_length=12, default=Archive.PUBLIC)
    slug = CharField(max_length=80, null=True, unique=True)
    folded = TextField(default="")  # its words, as they are searched
    revision = IntegerField(default=1)
    created_at = DateTimeField(default=now)
    updated_at = DateTimeField(default=now)
    out_at = DateTimeField(null=True, index=True)
    deleted_at = DateTimeField(null=True)

    class Meta:
        constraints = [
            Check("kind IN ('newsletter', 'message', 'model')"),
            Check("archive IN ('public', 'adherents', 'none')"),
            Check("(kind = 'newsletter' AND deleted_at IS NULL) = (number IS NOT NULL)"),
            Check("number > 0"),
            Check("(kind = 'model') = (name <> '')"),
            Check("(kind = 'model') = (slug IS NULL)"),
            Check("kind <> 'model' OR out_at IS NULL"),
            Check("deleted_at IS NULL OR out_at IS NULL"),
        ]

    @property
    def heading(self) -> str:
        """What names it in the gestion."""
        return typography(self.name or self.subject) or self.label

    @property
    def label(self) -> str:
        """« Lettre n° 12 », « Message », « Modèle »."""
        return f"Lettre n°{NBSP}{self.number}" if self.number else Kind(self.kind).label

    @property
    def month_label(self) -> str:
        return month_words(self.month) if self.month else ""

    @property
    def url(self) -> str:
        return f"{PATH}{self.slug}"

    @property
    def is_out(self) -> bool:
        return self.out_at is not None

    @property
    def state_label(self) -> str:
        if self.deleted_at:
            return "Corbeille"
        if self.kind == Kind.MODEL:
            return "À disposition"
        return "Parue" if self.is_out else "En préparation"

    @property
    def archive_label(self) -> str:
        return "Hors des archives" if self.archive == Archive.NONE else Archive(self.archive).label

    @property
    def visibility(self) -> Visibility:
        """Who may find its archive; COORDINATION for nobody else."""
        if not self.is_out or self.archive == Archive.NONE:
            return Visibility.COORDINATION
        return Visibility.PUBLIC if self.archive == Archive.PUBLIC else Visibility.ADHERENTS

    @property
    def blocks(self) -> list["IssueItem"]:
        return list(self.items.order_by(IssueItem.position, IssueItem.id))

    @classmethod
    def living(cls, *kinds: Kind):
        query = cls.select().where(cls.deleted_at.is_null())
        return query.where(cls.kind.in_([str(each) for each in kinds])) if kinds else query

    @classmethod
    def archived(cls, archives):
        """Return the letters that readers of these archives find, the last first."""
        query = cls.select().where(cls.out_at.is_null(False), cls.archive.in_([str(each) for each in archives]))
        return query.order_by(cls.out_at.desc(), cls.id.desc())


class IssueItem(Table):
    """One block of a letter: something of the site, as it was picked and then edited, a free text, or a heading."""

    issue = ForeignKeyField(Issue, backref="items", on_delete="CASCADE")
    position = IntegerField()
    kind = CharField(max_length=10, default=BlockKind.TEXT)
    source = CharField(max_length=30, default="")
    key = CharField(max_length=120, default="")
    title = CharField(max_length=200, default="")
    blurb = TextField(default="")
    details = CharField(max_length=300, default="")
    url = CharField(max_length=500, default="")
    link_label = CharField(max_length=80, default="")
    readers = CharField(max_length=20, default=Visibility.PUBLIC)
    on = DateField(null=True, column_name="on_day")
    image = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT")
    image_alt = CharField(max_length=300, default="")
    shows_image = BooleanField(default=True)

    class Meta:
        constraints = [
            Check("kind IN ('picked', 'text', 'heading')"),
            Check("(kind = 'picked') = (source <> '')"),
            Check("(source = '') = (key = '')"),
        ]


class IssuePicture(Table):
    """A picture that the texts of a letter show: it is kept as long as the letter, and anybody may read it."""

    issue = ForeignKeyField(Issue, on_delete="CASCADE")
    file = ForeignKeyField(StoredFile, on_delete="RESTRICT")

    class Meta:
        indexes = ((("issue", "file"), True),)


class IssueVersion(Table):
    """What a letter was at a moment. A run of automatic savings by the same person is one version."""

    issue = ForeignKeyField(Issue, backref="versions", on_delete="CASCADE")
    at = DateTimeField(default=now)
    author = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    is_auto = BooleanField(default=False)
    content_json = TextField()

    class Meta:
        personal = Personal(
            purpose="Versions des lettres en préparation",
            basis="Intérêt légitime : retrouver un texte, savoir qui l’a changé",
            kept="Tant que la lettre est gardée",
            categories="Compte de l’auteur, date, texte de la lettre",
            recipients="Coordination",
        )


class IssueReading(Table):
    """How many times the archive of a letter was opened, on a day. No trace of who."""

    issue = ForeignKeyField(Issue, backref="readings", on_delete="CASCADE")
    day = DateField()
    number = IntegerField(default=0)

    class Meta:
        indexes = ((("issue", "day"), True),)
