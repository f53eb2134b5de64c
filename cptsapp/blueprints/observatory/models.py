"""The themes of the observatory, the figures and publications chosen for each, and what inhabitants wrote."""

from peewee import BooleanField, CharField, Check, DateTimeField, ForeignKeyField, IntegerField, TextField, fn

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.prepared import Counted
from cptsapp.kernel.registry import Personal
from cptsapp.kernel.themes import Theme


class Chapter(Table):
    """A theme of the observatory: everybody reads it once `published_at` is set. Its texts are in Markdown.

    `tag` is the theme of the site whose publications it shows by itself. `intro` says what it is about, `learnt` what
    the association draws from it.
    """

    slug = CharField(max_length=80, unique=True)
    title = CharField(max_length=120)
    tag = CharField(max_length=30, default="")
    intro = TextField(default="")
    learnt = TextField(default="")
    position = IntegerField(default=0)
    published_at = DateTimeField(null=True)
    created_at = DateTimeField(default=now)
    updated_at = DateTimeField(default=now)

    class Meta:
        table_name = "observatory_theme"
        constraints = [Check("title <> ''")]

    @property
    def is_shown(self) -> bool:
        return self.published_at is not None

    @property
    def tag_label(self) -> str:
        return Theme(self.tag).label if self.tag else ""

    @classmethod
    def ordered(cls):
        return cls.select().order_by(cls.position, cls.id)

    @classmethod
    def shown(cls):
        """Return those that everybody may read, in order."""
        return cls.ordered().where(cls.published_at.is_null(False))


class ChapterFigure(Table):
    """A figure chosen for a theme: `key` names it in `figures`."""

    chapter = ForeignKeyField(Chapter, on_delete="CASCADE", backref="figures")
    key = CharField(max_length=60)
    added_at = DateTimeField(default=now)

    class Meta:
        table_name = "observatory_figure"
        indexes = ((("chapter", "key"), True),)


class ChapterPiece(Table):
    """A publication chosen for a theme: `key` is « news:depistage », « document:12 », as `publications` reads it."""

    chapter = ForeignKeyField(Chapter, on_delete="CASCADE", backref="pieces")
    key = CharField(max_length=230)
    added_at = DateTimeField(default=now)

    class Meta:
        table_name = "observatory_publication"
        indexes = ((("chapter", "key"), True),)


class ContributionKind(Choice):
    SUBJECT = "subject", "Je propose un sujet"
    REACTION = "reaction", "Je réagis à ce que je lis"

    @property
    def short(self) -> str:
        return {"subject": "Sujet proposé", "reaction": "Réaction"}[self.value]


class Speaker(Choice):
    """Who says to be writing; nobody's name is asked."""

    INHABITANT = "inhabitant", "Habitant, habitante"
    CARER = "carer", "Proche aidant"
    PROFESSIONAL = "professional", "Professionnel de santé ou du social"
    ASSOCIATION = "association", "Association, établissement"
    ELECTED = "elected", "Commune, élu"
    OTHER = "other", "Autre"


class ContributionState(Choice):
    NEW = "new", "À lire"
    KEPT = "kept", "Retenue"
    FILED = "filed", "Classée"
    SPAM = "spam", "Indésirable"

    @property
    def badge(self) -> str:
        return {"new": "warn", "kept": "ok", "filed": "mute", "spam": "bad"}[self.value]


HEARD = (ContributionState.KEPT, ContributionState.FILED)
"""The states of what was read and counts outside."""


class Contribution(Table):
    """What somebody wrote, without a name. Read, it is only counted outside; erased, its row still counts."""

    form_key = CharField(max_length=40, unique=True)  # one rendered form and one text, one contribution
    at = DateTimeField(default=now, index=True)
    chapter = ForeignKeyField(Chapter, null=True, on_delete="SET NULL", backref="contributions")
    kind = CharField(max_length=12)
    speaker = CharField(max_length=12)
    commune = ForeignKeyField(Commune, null=True, on_delete="RESTRICT")
    text = TextField()
    folded = TextField()
    note = TextField(default="")
    state = CharField(max_length=8, default=ContributionState.NEW)
    decided_at = DateTimeField(null=True)
    decided_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    is_erased = BooleanField(default=False)

    class Meta:
        table_name = "observatory_contribution"
        constraints = [
            Check(f"kind IN ({', '.join(repr(str(each)) for each in ContributionKind)})"),
            Check(f"speaker IN ({', '.join(repr(str(each)) for each in Speaker)})"),
            Check(f"state IN ({', '.join(repr(str(each)) for each in ContributionState)})"),
            Check("(state = 'new') = (decided_at IS NULL)"),
        ]
        personal = Personal(
            purpose="Contributions des habitants à l’observatoire de la santé du territoire",
            basis="Intérêt légitime : connaître les besoins de santé du territoire",
            kept="Texte : {contact_months} mois, un mois pour les indésirables ; ensuite, les nombres seuls",
            categories="Texte libre, qualité et commune de qui écrit, sans son nom ni son adresse",
            recipients="Bureau et coordination ; le site n’en montre que des nombres",
        )

    @property
    def standing(self) -> ContributionState:
        return ContributionState(self.state)

    @property
    def kind_label(self) -> str:
        return ContributionKind(self.kind).short

    @property
    def speaker_label(self) -> str:
        return Speaker(self.speaker).label

    @property
    def theme_title(self) -> str:
        return self.chapter.title if self.chapter_id else "Un autre sujet"

    @property
    def commune_name(self) -> str:
        return self.commune.name if self.commune_id else ""

    @property
    def excerpt(self) -> str:
        words = " ".join(self.text.split())
        return words if len(words) <= 120 else words[:119].rstrip() + "…"

    @classmethod
    def inbox(cls):
        """Return every contribution that still says something, its theme and commune joined."""
        query = cls.select(cls, Chapter, Commune).left_outer_join(Chapter).switch(cls).left_outer_join(Commune)
        return query.where(~cls.is_erased)

    @classmethod
    def to_read(cls):
        return cls.select().where(cls.state == ContributionState.NEW, ~cls.is_erased)

    @classmethod
    def counted_by(cls, column) -> dict:
        """Count those that were read, by one of their columns; what was found undesirable counts nowhere."""
        query = cls.select(column, fn.COUNT(1)).where(cls.state.in_(HEARD)).group_by(column)
        return dict(query.tuples())


Chapter.shown_count = Counted(Chapter.shown)
Contribution.to_read_count = Counted(Contribution.to_read)
