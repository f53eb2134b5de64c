"""Measures, their definition in each year of a contract, and the dated history of their values."""

import json
from dataclasses import dataclass
from decimal import Decimal

from peewee import (
    BigIntegerField,
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
from cptsapp.blueprints.contract.models import MOST_YEARS, Contract
from cptsapp.blueprints.project.models import Fiche
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.freezing import all_but, keep

from .numbers import from_thousandths, to_thousandths


class MeasureKind(Choice):
    YES_NO = "yes_no", "Oui ou non"
    COUNTER = "counter", "Compteur"
    RATE = "rate", "Taux"
    SERIES = "series", "Série datée"
    LEVELS = "levels", "Paliers"


class Direction(Choice):
    """Which way is better; « oui » is, of a yes or no."""

    UP = "up", "À la hausse"
    DOWN = "down", "À la baisse"
    BINARY = "binary", "Oui ou non"


class Origin(Choice):
    """Where the value comes from. `badge` is the kind of its badge."""

    COMPUTED = "computed", "Calculé"
    TYPED = "typed", "Saisi"
    IMPORTED = "imported", "Importé"
    UNWIRED = "unwired", "Sans source"

    @property
    def badge(self) -> str:
        return {"computed": "ok", "unwired": "warn"}.get(self.value, "")


class Since(Choice):
    """From when a computed value counts: what is done once stays done."""

    YEAR = "year", "Depuis le début de l’année du contrat"
    CONTRACT = "contract", "Depuis la signature du contrat"


@dataclass(frozen=True)
class Level:
    """What a value is worth once it reaches a threshold, in cents."""

    threshold: Decimal
    amount_cents: int


class Measure(Table):
    """An indicator of the project, whatever it counts this year. `code` is that of the file it came from, or ""."""

    code = CharField(max_length=40, default="")
    fiche = ForeignKeyField(Fiche, null=True, on_delete="SET NULL", backref="measures")
    mission = CharField(max_length=20, default="")  # used when there is no fiche
    position = IntegerField(default=0)
    is_public = BooleanField(default=False)
    archived_at = DateTimeField(null=True)
    created_at = DateTimeField(default=now)

    class Meta:
        indexes = ((("fiche", "position", "id"), False), (("archived_at", "position"), False))

    @property
    def mission_code(self) -> str:
        return self.fiche.mission if self.fiche_id else self.mission

    @property
    def mission_label(self) -> str:
        mission = reference.missions().get(self.mission_code)
        return mission.label if mission else "Hors des missions du contrat"


class MeasureTerm(Table):
    """What a measure counts in a year of a contract; without a contract, what it counts before any (`year` is 0).

    A year without a term of its own is counted as the year before. `definition` tells exactly what is counted. Numbers
    are whole thousandths. `over_key` is the computation that a rate divides by.
    """

    measure = ForeignKeyField(Measure, on_delete="CASCADE", backref="terms")
    contract = ForeignKeyField(Contract, null=True, on_delete="RESTRICT", backref="measure_terms")
    year = IntegerField(default=0)
    label = CharField(max_length=200)
    definition = CharField(max_length=600, default="")
    kind = CharField(max_length=10, default=MeasureKind.COUNTER)
    unit = CharField(max_length=40, default="")
    direction = CharField(max_length=8, default=Direction.UP)
    initial_thousandths = BigIntegerField(null=True)
    target_thousandths = BigIntegerField(null=True)
    levels_json = TextField(default="[]")
    amount_cents = IntegerField(null=True)
    weight = IntegerField(default=1)
    origin = CharField(max_length=10, default=Origin.TYPED)
    origin_note = CharField(max_length=200, default="")  # who gives it, or why it is not wired
    key = CharField(max_length=80, default="")
    parameters_json = TextField(default="{}")
    over_key = CharField(max_length=80, default="")
    over_parameters_json = TextField(default="{}")
    since = CharField(max_length=10, default=Since.YEAR)
    frozen_at = DateTimeField(null=True)
    frozen_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    updated_at = DateTimeField(default=now)

    class Meta:
        indexes = ((("measure", "contract", "year"), True),)
        constraints = [
            Check("label <> ''"),
            Check("kind IN ('yes_no', 'counter', 'rate', 'series', 'levels')"),
            Check("direction IN ('up', 'down', 'binary')"),
            Check("(kind = 'yes_no') = (direction = 'binary')"),
            Check("origin IN ('computed', 'typed', 'imported', 'unwired')"),
            Check("(origin = 'computed') = (key <> '')"),
            Check("over_key = '' OR kind = 'rate'"),
            Check("since IN ('year', 'contract')"),
            Check("(kind = 'levels') = (levels_json <> '[]')"),
            Check("amount_cents IS NULL OR (amount_cents >= 0 AND kind <> 'levels')"),
            Check("initial_thousandths >= 0"),
            Check("target_thousandths >= 0"),
            Check("weight BETWEEN 1 AND 10"),
            Check(f"year BETWEEN 0 AND {MOST_YEARS}"),
            Check("(contract_id IS NULL) = (year = 0)"),
            Check("frozen_at IS NULL OR contract_id IS NOT NULL"),
        ]

    @property
    def initial(self) -> Decimal | None:
        return from_thousandths(self.initial_thousandths)

    @initial.setter
    def initial(self, value: Decimal | None):
        self.initial_thousandths = to_thousandths(value)

    @property
    def target(self) -> Decimal | None:
        """The value to reach; « oui » of a yes or no, the best level of levels."""
        if self.kind == MeasureKind.YES_NO:
            return Decimal(1)
        if self.target_thousandths is None and self.levels:
            return self.levels[-1].threshold
        return from_thousandths(self.target_thousandths)

    @target.setter
    def target(self, value: Decimal | None):
        self.target_thousandths = to_thousandths(value)

    @property
    def levels(self) -> list[Level]:
        """The levels, the easiest first."""
        return [Level(from_thousandths(at), cents) for at, cents in json.loads(self.levels_json)]

    @levels.setter
    def levels(self, levels: list[Level]):
        self.levels_json = json.dumps([[to_thousandths(each.threshold), each.amount_cents] for each in levels])

    @property
    def parameters(self) -> dict[str, str]:
        return json.loads(self.parameters_json)

    @property
    def over_parameters(self) -> dict[str, str]:
        return json.loads(self.over_parameters_json)

    @property
    def kind_label(self) -> str:
        return MeasureKind(self.kind).label

    @property
    def counts(self) -> tuple:
        """What is counted, and how: two years that differ here cannot be compared as they are."""
        how = (self.key, self.parameters_json, self.over_key, self.over_parameters_json)
        return (self.kind, self.unit, self.definition, self.origin == Origin.COMPUTED, *how)


MeasureTerm.add_index(
    MeasureTerm.index(
        MeasureTerm.measure, unique=True, where=MeasureTerm.contract.is_null(), name="measure_term_one_before"
    )
)
# A definition that was frozen is the one that the year is paid on: nobody rewrites it, not even by hand in the base.
keep(
    MeasureTerm,
    all_but(MeasureTerm, MeasureTerm.frozen_by, MeasureTerm.updated_at),
    frozen="OLD.frozen_at IS NOT NULL",
)


class MeasureValue(Table):
    """A value at a date. Nothing is written over: a correction is another row, that names the one it `replaces`.

    `band` is the band of a series, "" for the whole; a rate has its denominator in `over`.
    """

    measure = ForeignKeyField(Measure, on_delete="CASCADE", backref="values")
    on = DateField(column_name="valued_on")
    band = CharField(max_length=40, default="")
    number_thousandths = BigIntegerField()
    over_thousandths = BigIntegerField(null=True)
    origin = CharField(max_length=10, default=Origin.TYPED)
    source = CharField(max_length=200)
    note = CharField(max_length=300, default="")
    replaces = ForeignKeyField("self", null=True, on_delete="RESTRICT", unique=True, backref="replaced_by")
    entered_at = DateTimeField(default=now)
    entered_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")

    class Meta:
        indexes = ((("measure", "on", "band"), False),)
        constraints = [
            Check("source <> ''"),
            Check("number_thousandths >= 0"),
            Check("over_thousandths >= 0"),
            Check("origin IN ('computed', 'typed', 'imported')"),
        ]

    @property
    def number(self) -> Decimal:
        return from_thousandths(self.number_thousandths)

    @property
    def over(self) -> Decimal | None:
        return from_thousandths(self.over_thousandths)

    @property
    def origin_label(self) -> str:
        return Origin(self.origin).label

    @classmethod
    def living(cls):
        """Select the values that no other one replaces."""
        later = cls.alias()
        replaced = later.select(later.replaces).where(later.replaces.is_null(False))
        return cls.select().where(cls.id.not_in(replaced))
