"""The contracts, the missions that they engage, what they say of each year, and what each year is meant to cost."""

from datetime import date, timedelta

from peewee import CharField, Check, DateField, ForeignKeyField, IntegerField

from cptsapp.kernel.dates import add_months
from cptsapp.kernel.db import Table
from cptsapp.kernel.kept import once

MOST_YEARS = 10


class Contract(Table):
    """A contract with the CPAM and the ARS. Its years go from anniversary to anniversary, never by calendar year.

    `size` (1 to 4) and `population` (inhabitants) are those of the day it was signed.
    """

    signed_on = DateField(unique=True)
    years = IntegerField(default=5)
    size = IntegerField()
    population = IntegerField(null=True)
    note = CharField(max_length=500, default="")

    class Meta:
        constraints = [
            Check(f"years BETWEEN 1 AND {MOST_YEARS}"),
            Check("size BETWEEN 1 AND 4"),
            Check("population > 0"),
        ]

    @property
    def ends_on(self) -> date:
        """The last day of the last year."""
        return self.bounds(self.years)[1]

    def bounds(self, year: int) -> tuple[date, date]:
        """Return the first and the last day of the `year`-th year, from 1."""
        start = add_months(self.signed_on, 12 * (year - 1))
        return start, add_months(self.signed_on, 12 * year) - timedelta(days=1)

    def year_at(self, day: date) -> int:
        """Return the year that `day` falls in, the first or the last one when it falls outside."""
        after = (year for year in range(1, self.years + 1) if day <= self.bounds(year)[1])
        return next(after, self.years)

    @classmethod
    def ordered(cls):
        """Return the contracts, the latest first."""
        return cls.select().order_by(cls.signed_on.desc())

    @classmethod
    def at(cls, day: date) -> "Contract | None":
        """Return the contract of a day: the one signed last before it, else the first one to come."""
        return _at(day)


@once
def _at(day: date) -> Contract | None:
    signed = Contract.ordered().where(Contract.signed_on <= day).first()
    return signed or Contract.select().order_by(Contract.signed_on).first()


class Engagement(Table):
    """A mission that a contract engages, and the days on which it really started and was deployed."""

    contract = ForeignKeyField(Contract, on_delete="CASCADE", backref="engagements")
    mission = CharField(max_length=20)
    started_on = DateField(null=True)
    deployed_on = DateField(null=True)

    class Meta:
        indexes = ((("contract", "mission"), True),)
        constraints = [Check("deployed_on IS NULL OR (started_on IS NOT NULL AND started_on <= deployed_on)")]


class YearLine(Table):
    """What the contract says of a line in one of its years: amounts in cents, and the share of the results kept.

    An amount left null is the published one; `achieved` is out of 100, null until the year has been evaluated.
    """

    contract = ForeignKeyField(Contract, on_delete="CASCADE", backref="lines")
    year = IntegerField()
    line = CharField(max_length=20)
    fixed_cents = IntegerField(null=True)
    variable_cents = IntegerField(null=True)
    achieved = IntegerField(null=True)
    source = CharField(max_length=200, default="")

    class Meta:
        indexes = ((("contract", "year", "line"), True),)
        constraints = [
            Check(f"year BETWEEN 1 AND {MOST_YEARS}"),
            Check("fixed_cents >= 0"),
            Check("variable_cents >= 0"),
            Check("achieved BETWEEN 0 AND 100"),
        ]


class Envelope(Table):
    """What is meant for a line in a year of a contract, and what was spent; null where nobody has said it."""

    contract = ForeignKeyField(Contract, on_delete="CASCADE", backref="envelopes")
    year = IntegerField()
    line = CharField(max_length=20)
    planned_cents = IntegerField(null=True)
    spent_cents = IntegerField(null=True)
    note = CharField(max_length=200, default="")

    class Meta:
        indexes = ((("contract", "year", "line"), True),)
        constraints = [
            Check(f"year BETWEEN 1 AND {MOST_YEARS}"),
            Check("planned_cents >= 0"),
            Check("spent_cents >= 0"),
            Check("planned_cents IS NOT NULL OR spent_cents IS NOT NULL"),
        ]
