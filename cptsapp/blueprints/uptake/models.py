"""How many professionals practise in a commune; by profession, the territory keeps them (`territory.Headcount`)."""

from datetime import date

from peewee import CharField, Check, DateField, ForeignKeyField, IntegerField

from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.db import Table


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
