"""How many are written to, how many refuse, how many left: figures without names."""

from datetime import date, timedelta

from peewee import fn

from cptsapp.blueprints.adherent.models import Membership
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.dates import add_months, start_of
from cptsapp.kernel.mail import Kind
from cptsapp.kernel.mail.holds import REFUSALS, MailHold, Reason

from . import tallies
from .models import Counted, Partner, Refusal, Subscription


def subscribers(day: date | None = None) -> int:
    """Count the subscribers of today, or those of the end of a past day who are still known."""
    query = Subscription.select().join(Person).where(Person.deleted_at.is_null())
    if day is None:
        return query.where(Subscription.ended_at.is_null()).count()
    end = start_of(day + timedelta(days=1))
    running = Subscription.ended_at.is_null() | (Subscription.ended_at >= end)
    return query.where(Subscription.confirmed_at < end, running).count()


def partners() -> int:
    query = Partner.select().join(Person).where(Partner.removed_at.is_null(), Person.deleted_at.is_null())
    return query.count()


def opposed_members() -> int:
    """Count the members of today who refuse what is sent to everybody."""
    refusing = Refusal.select(Refusal.person).where(Refusal.kind == Kind.COLLECTIVE)
    return Membership.current().where(Membership.person.in_(refusing)).count()


def held() -> dict[str, int]:
    """Return {reason: how many addresses} for what is sent to everybody."""
    rows = MailHold.select(MailHold.reason, fn.COUNT(MailHold.id)).where(MailHold.kind == Kind.COLLECTIVE)
    return dict(rows.group_by(MailHold.reason).tuples())


def summary(day: date) -> dict[str, int]:
    """Return the figures above the list of subscribers."""
    why = held()
    month = add_months(day, -1)
    return {
        "subscribers": subscribers(),
        "partners": partners(),
        "opposed_members": opposed_members(),
        "refusals": sum(why.get(each, 0) for each in REFUSALS),
        "bounced": why.get(Reason.BOUNCED, 0),
        "confirmed": tallies.total(Counted.CONFIRMED, month, day),
        "unsubscribed": tallies.total(Counted.UNSUBSCRIBED, month, day) + tallies.total(Counted.OPPOSED, month, day),
    }
