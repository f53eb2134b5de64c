"""Ideas, what became of each, and who supports them."""

from peewee import BooleanField, CharField, Check, DateTimeField, ForeignKeyField, TextField, fn

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.project.models import Fiche
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.registry import Personal
from cptsapp.kernel.text import fold


class IdeaState(Choice):
    NEW = "new", "Nouvelle"
    STUDIED = "studied", "À l’étude"
    KEPT = "kept", "Retenue"
    ACTION = "action", "Devenue une action"
    DECLINED = "declined", "Non retenue"

    @property
    def badge(self) -> str:
        return {"new": "warn", "studied": "warn", "kept": "ok", "action": "ok", "declined": "mute"}.get(self, "")


CHANGES = {
    IdeaState.NEW: (IdeaState.STUDIED, IdeaState.KEPT, IdeaState.DECLINED),
    IdeaState.STUDIED: (IdeaState.KEPT, IdeaState.DECLINED),
    IdeaState.KEPT: (IdeaState.STUDIED, IdeaState.DECLINED),
    IdeaState.ACTION: (),
    IdeaState.DECLINED: (IdeaState.STUDIED,),
}
"""The decisions that exist; an idea becomes an action when its fiche is made, and by no other way."""

OPEN = (IdeaState.NEW, IdeaState.STUDIED, IdeaState.KEPT)  # may be supported, and may become an action
STATES = ", ".join(repr(str(each)) for each in IdeaState)


class Idea(Table):
    """What a member proposes. `reason` is what the author was last told; `fiche` the action that it became.

    Members read the author's name only when `is_signed`. `hidden_at`: the coordination took it out of their sight.
    """

    title = CharField(max_length=120)
    problem = TextField()
    proposal = TextField()
    mission = CharField(max_length=20, default="")
    author = ForeignKeyField(Person, null=True, on_delete="SET NULL", backref="ideas")
    is_signed = BooleanField(default=False)
    state = CharField(max_length=10, default=IdeaState.NEW)
    reason = TextField(default="")
    fiche = ForeignKeyField(Fiche, null=True, unique=True, on_delete="RESTRICT", backref="ideas")
    proposed_at = DateTimeField(default=now, index=True)
    edited_at = DateTimeField(null=True)
    decided_at = DateTimeField(null=True, index=True)
    decided_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    hidden_at = DateTimeField(null=True)
    folded = TextField(default="")

    class Meta:
        constraints = [
            Check("title <> '' AND problem <> '' AND proposal <> ''"),
            Check(f"state IN ({STATES})"),
            Check("(state = 'action') = (fiche_id IS NOT NULL)"),
            Check("state <> 'declined' OR reason <> ''"),
            Check("(state = 'new') = (decided_at IS NULL)"),
        ]
        personal = Personal(
            purpose="Boîte à idées des adhérents",
            basis="Intérêt légitime : associer les adhérents au projet",
            kept="Jusqu’à l’effacement de son auteur ; une idée retenue reste ensuite, sans nom",
            categories="Auteur, idée, date, suite donnée",
            recipients="Bureau et coordination ; les adhérents, sans le nom de l’auteur s’il ne l’a pas choisi",
        )

    @property
    def standing(self) -> IdeaState:
        return IdeaState(self.state)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def mission_label(self) -> str:
        mission = reference.missions().get(self.mission)
        return mission.label if mission else ""

    @property
    def author_label(self) -> str:
        """The name that the desk reads."""
        return self.author.label if self.author_id else "Personne effacée"

    @property
    def signature(self) -> str:
        """The name that members read, or ""."""
        return self.author.label if self.author_id and self.is_signed else ""

    def refresh_copies(self):
        self.folded = fold(f"{self.title} {self.problem} {self.proposal}")

    @classmethod
    def joined(cls):
        """Return every idea: author and fiche joined, `supports` how many people support it."""
        columns = (cls, Person, Fiche, supports_of(cls).alias("supports"))
        return cls.select(*columns).left_outer_join(Person).switch(cls).left_outer_join(Fiche)

    @classmethod
    def shown(cls):
        """Return those that members may read."""
        return cls.joined().where(cls.hidden_at.is_null())

    @classmethod
    def to_read(cls):
        """Return those on which nothing was decided."""
        return cls.select().where(cls.state == IdeaState.NEW)


class Support(Table):
    """Somebody finds an idea good, once."""

    idea = ForeignKeyField(Idea, on_delete="CASCADE", backref="supported_by")
    person = ForeignKeyField(Person, on_delete="CASCADE", backref="supported_ideas")
    at = DateTimeField(default=now, index=True)

    class Meta:
        table_name = "idea_support"
        indexes = ((("idea", "person"), True),)
        personal = Personal(
            purpose="Boîte à idées des adhérents",
            basis="Intérêt légitime : associer les adhérents au projet",
            kept="Jusqu’à l’effacement de la personne",
            categories="Idées soutenues, date",
            recipients="Personne d’autre : seul le nombre de soutiens se lit",
        )

    @classmethod
    def of(cls, person_id: int) -> set[int]:
        """Return the ids of the ideas that a person supports."""
        return {id for (id,) in cls.select(cls.idea).where(cls.person == person_id).tuples()}


def supports_of(idea=Idea):
    """Return the query of how many people support an idea, to be read with it."""
    return Support.select(fn.COUNT(Support.id)).where(Support.idea == idea.id)
