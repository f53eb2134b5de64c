"""Former members whose time is over: three years after they left or lapsed, their record is to be erased by hand.

Nothing is erased by itself: a person may still be known for another reason, which only people can tell.
"""

from datetime import date

from peewee import SQL, fn

from cptsapp.blueprints.account.models import Account, Grant
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.dates import add_months
from cptsapp.kernel.sources import read_in_turn

from .models import Membership, StructureRole

KEPT_MONTHS = 36


def due(day: date):
    """Return the persons whose last membership ended more than three years before `day`, with `ended_on`.

    Who holds a role on the site, or speaks for a structure, is left out.
    """
    query = Person.select(Person, fn.MAX(Membership.ended_on).alias("ended_on")).join(Membership)
    return query.where(*_is_over(add_months(day, -KEPT_MONTHS))).group_by(Person.id)


def _is_over(limit: date):
    other = Membership.alias()
    since = other.ended_on.is_null() | (other.ended_on >= limit)
    stayed = other.select(SQL("1")).where(other.person == Membership.person, since)
    holders = Account.select(Account.person).where(Account.id.in_(Grant.select(Grant.account)))
    speakers = StructureRole.select(StructureRole.representative).where(StructureRole.representative.is_null(False))
    known_otherwise = Person.id.in_(holders) | Person.id.in_(speakers)
    return Membership.ended_on < limit, ~fn.EXISTS(stayed), Person.deleted_at.is_null(), ~known_otherwise


def due_count(day: date) -> int:
    """Count them, from the memberships that ended: they are few among many."""
    query = Membership.select(fn.COUNT(Membership.person.distinct())).from_(read_in_turn([Membership, Person]))
    return query.where(Person.id == Membership.person, *_is_over(add_months(day, -KEPT_MONTHS))).scalar()
