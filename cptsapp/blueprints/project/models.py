"""Fiches-actions, their versions, their moves and their evaluations."""

import json

from peewee import BooleanField, CharField, Check, DateTimeField, ForeignKeyField, IntegerField, TextField

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.text import fold

SECTIONS = {
    "context": "Contexte et constats",
    "framework": "Cadre et références",
    "goals": "Objectifs généraux",
    "objectives": "Objectifs précis",
    "actions": "Actions à mener",
    "actors": "Acteurs et publics",
    "partners": "Partenaires",
    "means": "Moyens nécessaires",
    "results": "Résultats attendus",
    "schedule": "Calendrier",
}
"""The headings of a fiche, in the order in which it is read; each is a text in Markdown."""


class FicheState(Choice):
    DRAFT = "draft", "Brouillon"
    VALIDATED = "validated", "Validée par le bureau"
    PRESENTED = "presented", "Présentée"
    ACTIVE = "active", "Active"
    EVALUATED = "evaluated", "Évaluée"
    CLOSED = "closed", "Close"

    @property
    def badge(self) -> str:
        return {"draft": "mute", "active": "ok", "evaluated": "ok", "closed": "mute"}.get(self, "warn")


CHANGES = {
    FicheState.DRAFT: (FicheState.VALIDATED,),
    FicheState.VALIDATED: (FicheState.PRESENTED, FicheState.DRAFT),
    FicheState.PRESENTED: (FicheState.ACTIVE, FicheState.DRAFT),
    FicheState.ACTIVE: (FicheState.EVALUATED, FicheState.CLOSED),
    FicheState.EVALUATED: (FicheState.ACTIVE, FicheState.CLOSED),
    FicheState.CLOSED: (FicheState.ACTIVE,),
}
"""The changes of state that exist; everything else is refused."""

STATES = ", ".join(repr(str(each)) for each in FicheState)


class Fiche(Table):
    """An action of the project. Its `code` and `label` are free, two may share them: the key is the id.

    `progress` is out of 100; `priority` goes from 1, the first, to 3. `revision` grows with each version.
    """

    slug = CharField(max_length=80, unique=True)
    code = CharField(max_length=40, default="")
    label = CharField(max_length=60, default="")  # « Action 4 », as the project prints it
    title = CharField(max_length=160)
    mission = CharField(max_length=20, default="")
    state = CharField(max_length=12, default=FicheState.DRAFT)
    pilot = ForeignKeyField(Person, null=True, on_delete="SET NULL")
    progress = IntegerField(default=0)
    priority = IntegerField(null=True)
    is_public = BooleanField(default=False)
    summary = CharField(max_length=400, default="")
    context = TextField(default="")
    framework = TextField(default="")
    goals = TextField(default="")
    objectives = TextField(default="")
    actions = TextField(default="")
    actors = TextField(default="")
    partners = TextField(default="")
    means = TextField(default="")
    results = TextField(default="")
    schedule = TextField(default="")
    folded = CharField(max_length=400, default="")
    revision = IntegerField(default=1)
    created_at = DateTimeField(default=now)
    updated_at = DateTimeField(default=now)
    deleted_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("deleted_at", "mission", "id"), False),)
        constraints = [
            Check(f"state IN ({STATES})"),
            Check("progress BETWEEN 0 AND 100"),
            Check("priority BETWEEN 1 AND 3"),
            Check("title <> ''"),
        ]

    @property
    def standing(self) -> FicheState:
        return FicheState(self.state)

    @property
    def mission_label(self) -> str:
        mission = reference.missions().get(self.mission)
        return mission.label if mission else "Hors des missions du contrat"

    @property
    def full_title(self) -> str:
        """« Action 4 : Téléconsultation assistée »."""
        return f"{self.label} : {self.title}" if self.label else self.title

    @property
    def written(self) -> list[tuple[str, str, str]]:
        """The sections that say something: (name, label, Markdown)."""
        return [(name, label, getattr(self, name)) for name, label in SECTIONS.items() if getattr(self, name).strip()]

    def refresh_copies(self):
        self.folded = fold(" ".join((self.title, self.code, self.label, self.summary)))[:400]

    @classmethod
    def present(cls):
        """Return those that are not in the bin, pilot joined, in the order of the missions and of their writing."""
        return cls.select(cls, Person).left_outer_join(Person).where(cls.deleted_at.is_null())

    @classmethod
    def shown(cls):
        """Return those that everybody may read: made public, and past the draft."""
        return cls.present().where(cls.is_public, cls.state != FicheState.DRAFT).order_by(cls.id)


class FicheVersion(Table):
    """What a fiche said at one of its revisions, whole, in JSON."""

    fiche = ForeignKeyField(Fiche, on_delete="CASCADE", backref="versions")
    revision = IntegerField()
    at = DateTimeField(default=now)
    by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    values_json = TextField()

    class Meta:
        indexes = ((("fiche", "revision"), True),)

    @property
    def values(self) -> dict:
        return json.loads(self.values_json)


class FicheMove(Table):
    """A change of state: which, when, by whom."""

    fiche = ForeignKeyField(Fiche, on_delete="CASCADE", backref="moves")
    state = CharField(max_length=12, constraints=[Check(f"state IN ({STATES})")])
    at = DateTimeField(default=now)
    by = ForeignKeyField(Account, null=True, on_delete="SET NULL")

    @property
    def label(self) -> str:
        return FicheState(self.state).label


class Evaluation(Table):
    """What was achieved in a year of the contract, said once for each year; `progress` is out of 100."""

    fiche = ForeignKeyField(Fiche, on_delete="CASCADE", backref="evaluations")
    contract = ForeignKeyField(Contract, on_delete="RESTRICT")
    year = IntegerField()
    text = TextField()
    progress = IntegerField()
    at = DateTimeField(default=now)
    by = ForeignKeyField(Account, null=True, on_delete="SET NULL")

    class Meta:
        indexes = ((("fiche", "contract", "year"), True),)
        constraints = [Check("progress BETWEEN 0 AND 100"), Check("text <> ''")]
