"""Rounds of votes, the fiches put to them, who voted, and what was chosen until it is counted."""

from datetime import date

from peewee import CharField, Check, DateField, DateTimeField, ForeignKeyField, IntegerField, fn

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.project.audience import Audience
from cptsapp.blueprints.project.models import Fiche
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.freezing import all_but, keep
from cptsapp.kernel.registry import Personal
from cptsapp.kernel.text import fold

MOST_CHOICES = 10
FEWEST_VOTERS = 3  # fewer, and the totals would say who chose what


class Round(Table):
    """A vote, until a day included. `choices`: how many fiches each may name. It is counted once, when it is closed.

    `blanks`: those of the voters who chose no fiche.
    """

    title = CharField(max_length=120)
    words = CharField(max_length=1000, default="")
    audience = CharField(max_length=10)
    choices = IntegerField()
    until = DateField()
    opened_at = DateTimeField(default=now)
    opened_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    closed_at = DateTimeField(null=True)
    electors = IntegerField(null=True)
    voters = IntegerField(null=True)
    blanks = IntegerField(null=True)
    applied_at = DateTimeField(null=True)
    folded = CharField(max_length=120, default="")

    class Meta:
        table_name = "priority_round"
        constraints = [
            Check("title <> ''"),
            Check("audience IN ('bureau', 'adherents')"),
            Check(f"choices BETWEEN 1 AND {MOST_CHOICES}"),
            Check("(closed_at IS NULL) = (electors IS NULL)"),
            Check("(closed_at IS NULL) = (voters IS NULL)"),
            Check("(closed_at IS NULL) = (blanks IS NULL)"),
            Check("blanks BETWEEN 0 AND voters"),
            Check("applied_at IS NULL OR closed_at IS NOT NULL"),
        ]

    @property
    def is_open(self) -> bool:
        return self.closed_at is None and self.until >= today()

    @property
    def is_counted(self) -> bool:
        return self.closed_at is not None

    @property
    def has_result(self) -> bool:
        """Tell whether enough people voted for the totals to hide each of them."""
        return self.is_counted and self.voters >= FEWEST_VOTERS

    @property
    def abstentions(self) -> int:
        """Those who could vote and did not; whoever left between their vote and the closing is counted in neither."""
        return max(0, self.electors - self.voters)

    @property
    def who(self) -> Audience:
        return Audience(self.audience)

    @property
    def state_label(self) -> str:
        if self.is_open:
            return "Ouvert"
        return "Clos" if self.is_counted else "À dépouiller"

    @property
    def state_badge(self) -> str:
        return {"Ouvert": "ok", "Clos": "mute"}.get(self.state_label, "warn")

    def refresh_copies(self):
        self.folded = fold(self.title)

    @classmethod
    def listed(cls):
        """Return the rounds, each with `cast`: how many people have voted so far."""
        cast = Ballot.select(fn.COUNT(Ballot.id)).where(Ballot.round == cls.id)
        return cls.select(cls, cast.alias("cast"))

    @classmethod
    def open_on(cls, day: date):
        return cls.select().where(cls.closed_at.is_null(), cls.until >= day).order_by(cls.until, cls.id)

    @classmethod
    def to_count(cls, day: date):
        """Return those whose last day is over and that nobody has counted."""
        return cls.select().where(cls.closed_at.is_null(), cls.until < day)


class Option(Table):
    """A fiche put to a vote; `votes` is null until they are counted, and stays so when too few people voted."""

    round = ForeignKeyField(Round, on_delete="CASCADE", backref="options")
    fiche = ForeignKeyField(Fiche, on_delete="RESTRICT", backref="priority_options")
    votes = IntegerField(null=True)

    class Meta:
        table_name = "priority_option"
        indexes = ((("round", "fiche"), True),)
        constraints = [Check("votes >= 0")]

    @classmethod
    def of(cls, round: Round):
        """Return the options of a round, fiche joined, in the order in which the fiches were written."""
        return cls.select(cls, Fiche).join(Fiche).where(cls.round == round).order_by(Fiche.mission, Fiche.id)


class Ballot(Table):
    """Somebody has voted in a round: once, by the index. Nothing here says for what, nor when."""

    round = ForeignKeyField(Round, on_delete="CASCADE", backref="ballots")
    person = ForeignKeyField(Person, on_delete="CASCADE", backref="priority_ballots")

    class Meta:
        table_name = "priority_ballot"
        indexes = ((("round", "person"), True),)
        personal = Personal(
            purpose="Vote des priorités du projet de santé",
            basis="Intérêt légitime : associer les adhérents au projet",
            kept="Qui a voté : tant que le vote est gardé. Ce qui a été choisi : jusqu’au dépouillement, puis effacé",
            categories="Personne qui a voté, sans ce qu’elle a choisi",
            recipients="Bureau et coordination",
        )


class Mark(Table):
    """One fiche chosen by a voter, whom only `key` tells: it can be made again from the person, never read back."""

    option = ForeignKeyField(Option, on_delete="CASCADE", backref="marks")
    key = CharField(max_length=64)

    class Meta:
        table_name = "priority_mark"
        indexes = ((("option", "key"), True),)

    @classmethod
    def of(cls, round_id: int):
        return cls.select().join(Option).where(Option.round == round_id)


# What was counted stays as it was.
keep(Round, all_but(Round, Round.opened_by, Round.applied_at), frozen="OLD.closed_at IS NOT NULL")
keep(
    Option,
    all_but(Option),
    frozen="EXISTS (SELECT 1 FROM priority_round WHERE priority_round.id = OLD.round_id "
    "AND priority_round.closed_at IS NOT NULL)",
)
