"""How many professionals practise in a commune, and the readings of the register that tell so.

By profession, the territory keeps them (`territory.Headcount`).
"""

import json
from datetime import date

from peewee import (
    BigIntegerField,
    CharField,
    Check,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import to_paris
from cptsapp.kernel.db import Table, now


class CommuneHeadcount(Table):
    """How many professionals, all professions together, practise in a commune at a date, and where it is written."""

    commune = ForeignKeyField(Commune, on_delete="CASCADE")
    counted_on = DateField()
    number = IntegerField(constraints=[Check("number >= 0")])
    source = CharField(max_length=200, default="")

    class Meta:
        indexes = ((("commune", "counted_on"), True),)

    @classmethod
    def at(cls, day: date) -> dict[str, "CommuneHeadcount"]:
        """Return {INSEE code: row}, each the latest counted on or before `day`."""
        rows = cls.select().where(cls.counted_on <= day).order_by(cls.counted_on)
        return {row.commune_id: row for row in rows}


class CensusState(Choice):
    """Where a count by the register stands; `badge` is the kind of its badge."""

    RUNNING = "running", "En cours"
    READY = "ready", "À vérifier"
    KEPT = "kept", "Enregistré"
    FAILED = "failed", "Échoué"

    @property
    def badge(self) -> str:
        return {"ready": "warn", "kept": "ok", "failed": "bad"}.get(self.value, "")


class Stage(Choice):
    FETCHING = "fetching", "Téléchargement du fichier national"
    COUNTING = "counting", "Lecture du fichier"


class Census(Table):
    """One reading of the national register: numbers, and nobody's name. `done` and `total` are bytes of its stage."""

    state = CharField(max_length=8, default=CensusState.RUNNING, choices=CensusState.choices())
    stage = CharField(max_length=8, default=Stage.FETCHING, choices=Stage.choices())
    done = BigIntegerField(default=0)
    total = BigIntegerField(default=0)
    asked_at = DateTimeField(default=now)
    claimed_at = DateTimeField(null=True)
    published_on = DateField(null=True)
    found_json = TextField(default="{}")  # the fields of `register.Count`
    message = TextField(default="")

    class Meta:
        constraints = [Check("state IN ('running', 'ready', 'kept', 'failed')")]

    @property
    def state_choice(self) -> CensusState:
        return CensusState(self.state)

    @property
    def stage_label(self) -> str:
        return Stage(self.stage).label

    @property
    def found(self) -> dict:
        return json.loads(self.found_json)

    @property
    def counted_on(self) -> date:
        """Return the day that its numbers are of: when the register was published, else when it was read."""
        return self.published_on or to_paris(self.asked_at).date()


# One at a time: the file weighs as much as all the rest of an instance.
Census.add_index(
    Census.index(Census.state, unique=True, where=Census.state == CensusState.RUNNING, name="census_one_running")
)
