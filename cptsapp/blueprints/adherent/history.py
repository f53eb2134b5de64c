"""What a membership was on a past day: its type and its collège are remembered when they change."""

from datetime import date

from peewee import JOIN, SQL, Case, CharField, DateField, ForeignKeyField, Value, fn

from cptsapp.blueprints.association.models import College
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import Table
from cptsapp.kernel.registry import Personal

from .models import Membership
from .tags import BUREAU


class MembershipPast(Table):
    """What a membership was until a day, that day left out."""

    membership = ForeignKeyField(Membership, on_delete="CASCADE", backref="past")
    until = DateField()
    type = CharField(max_length=12)
    college = ForeignKeyField(College, null=True, on_delete="SET NULL", backref="+")

    class Meta:
        indexes = ((("membership", "until"), True),)  # of the changes of one day, the first tells what was before it
        personal = Personal(
            purpose="Registre des adhérents à une date passée",
            basis="Exécution de l’adhésion",
            kept="Avec l’adhésion",
            categories="Qualité et collège, jusqu’au jour où ils ont changé",
            recipients=BUREAU,
        )


def remember(*membership_ids: int) -> None:
    """Keep what these memberships are, just before a rule changes their type or their collège."""
    day, past = today(), MembershipPast
    known = past.select(SQL("1")).where(past.membership == Membership.id, past.until == day)
    now = Membership.select(Membership.id, Value(day, converter=False), Membership.type, Membership.college)
    begun = now.where(Membership.id.in_(membership_ids), Membership.started_on < day, ~fn.EXISTS(known))
    past.insert_from(begun, [past.membership, past.until, past.type, past.college]).execute()


TYPE = fn.COALESCE(MembershipPast.type, Membership.type)
COLLEGE = Case(None, ((MembershipPast.id.is_null(), Membership.college),), MembershipPast.college)


def on(query, day: date):
    """Return a query of memberships where TYPE and COLLEGE are those of `day`; the collège is `college_then`."""
    later = MembershipPast.alias()
    first = later.select(fn.MIN(later.until)).where(later.membership == Membership.id, later.until > day)
    then = (MembershipPast.membership == Membership.id) & (MembershipPast.until == first)
    query = query.switch(Membership).join(MembershipPast, JOIN.LEFT_OUTER, on=then, attr="then")
    return query.switch(Membership).join(College, JOIN.LEFT_OUTER, on=(College.id == COLLEGE), attr="college_then")
