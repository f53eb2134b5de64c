"""The communes in use, those of the territory, the figures of the contract, the professionals counted there."""

from peewee import CharField, Check, DateField, ForeignKeyField, IntegerField, TextField

from cptsapp.kernel.db import Table

from . import reference


class Commune(Table):
    """A commune that something points to, copied from the reference by `rules.use`; sorted by `sort_name`."""

    insee = CharField(max_length=5, primary_key=True)
    name = CharField(max_length=80)
    sort_name = CharField(max_length=80, index=True)
    postal_codes = CharField(max_length=200)  # joined by spaces
    departement = CharField(max_length=3)
    interco_siren = CharField(max_length=9)
    interco_name = CharField(max_length=120)
    population = IntegerField(constraints=[Check("population >= 0")])

    def __str__(self):
        return self.name

    @classmethod
    def of_territory(cls):
        """Return the communes of the association, in alphabetical order."""
        return cls.select().join(TerritoryCommune).order_by(cls.sort_name, cls.insee)


class TerritoryCommune(Table):
    """A commune of the association's territory."""

    commune = ForeignKeyField(Commune, primary_key=True, on_delete="RESTRICT")


class Quartier(Table):
    """A part of a commune, for an association whose territory is one commune."""

    commune = ForeignKeyField(Commune, on_delete="CASCADE", backref="quartiers")
    name = CharField(max_length=80)
    sort_name = CharField(max_length=80)

    class Meta:
        indexes = ((("commune", "sort_name"), True),)


class Territory(Table):
    """One row: what the signed contract says, which prevails over what is computed, and where it says so."""

    population = IntegerField(null=True, constraints=[Check("population > 0")])
    population_on = DateField(null=True)
    population_source = TextField(default="")
    size = IntegerField(null=True, constraints=[Check("size BETWEEN 1 AND 4")])
    size_on = DateField(null=True)
    size_source = TextField(default="")

    @classmethod
    def current(cls) -> "Territory":
        return cls.get_or_none(cls.id == 1) or cls()


class Headcount(Table):
    """How many professionals practise on the territory at a date; an empty profession is the total announced.

    The total may differ from the sum of the professions: both are kept.
    """

    profession = CharField(max_length=12)
    counted_on = DateField()
    number = IntegerField(constraints=[Check("number >= 0")])
    source = CharField(max_length=200, default="")

    class Meta:
        indexes = ((("profession", "counted_on"), True),)

    @property
    def label(self) -> str:
        return reference.professions()[self.profession].plural if self.profession else "Total annoncé"

    @classmethod
    def at(cls, day):
        """Return {profession code: row}, each the latest counted on or before `day`."""
        rows = cls.select().where(cls.counted_on <= day).order_by(cls.counted_on)
        return {row.profession: row for row in rows}
