"""The figures above the list of members, counted again only when something has been written."""

from dataclasses import dataclass
from datetime import date

from peewee import SQL, fn

from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory.models import Headcount
from cptsapp.kernel.dates import today
from cptsapp.kernel.kept import kept

from .listing import belongs
from .models import Membership, MemberType, Status


@dataclass(frozen=True)
class Figures:
    """`liberals` out of `headcount` professionals counted on the territory; None when nobody counted."""

    active: int
    new: int
    to_renew: int
    liberals: int
    headcount: int | None
    undecided: int

    @property
    def share(self) -> int | None:
        return min(100, round(100 * self.liberals / self.headcount)) if self.headcount else None


def figures() -> Figures:
    return _figures(today())


@kept
def _figures(day: date) -> Figures:
    status = Membership.status_sql(day)
    count, there = fn.COUNT(1), Person.deleted_at.is_null()
    is_new = Membership.started_on >= day.replace(month=1, day=1)
    query = Membership.select(
        Membership.type, Membership.college.is_null(), status.alias("standing"), is_new.alias("is_new"), count
    ).join(Person)
    # What has values in it is grouped by its name: PostgreSQL does not see that it is the same twice.
    groups = (Membership.type, Membership.college.is_null(), SQL("standing"), SQL("is_new"))
    rows = list(query.where(belongs(), there).group_by(*groups).tuples())
    active = [row for row in rows if row[2] == Status.ACTIVE]
    return Figures(
        active=sum(row[-1] for row in active),
        new=sum(row[-1] for row in active if row[3]),
        to_renew=sum(row[-1] for row in rows if row[2] == Status.TO_RENEW),
        liberals=sum(row[-1] for row in active if row[0] == MemberType.LIBERAL),
        headcount=_headcount(day),
        undecided=sum(row[-1] for row in rows if row[1]),
    )


def _headcount(day) -> int | None:
    counted = Headcount.at(day)
    if "" in counted:
        return counted[""].number or None
    return sum(row.number for row in counted.values()) or None
