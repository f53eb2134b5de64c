"""Former members whose time is over: three years after they left or lapsed, their record is to be erased by hand.

Nothing is erased by itself: a person may still be known for another reason, which only people can tell.
"""

from datetime import date

from peewee import SQL, fn

from cptsapp.blueprints.account.models import Account, Grant
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.dates import add_months

from .models import Membership, StructureRole

KEPT_MONTHS = 36


def due(day: date):
    """Return the persons whose last membership ended more than three years before `day`, with `ended_on`.

    Who holds a role on the site, or speaks for a structure, is left out.
    """
    limit, other = add_months(day, -KEPT_MONTHS), Membership.alias()
    since = other.ended_on.is_null() | (other.ended_on >= limit)
    stayed = other.select(SQL("1")).where(other.person == Membership.person, since)
    holders = Account.select(Account.person).where(Account.id.in_(Grant.select(Grant.account)))
    speakers = StructureRole.select(StructureRole.representative).where(StructureRole.representative.is_null(False))
    query = Person.select(Person, fn.MAX(Membership.ended_on).alias("ended_on")).join(Membership)
    query = query.where(Membership.ended_on < limit, ~fn.EXISTS(stayed), Person.deleted_at.is_null())
    return query.where(Person.id.not_in(holders), Person.id.not_in(speakers)).group_by(Person.id)


def due_count(day: date) -> int:
    return due(day).count()
