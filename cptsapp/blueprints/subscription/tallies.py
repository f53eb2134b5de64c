"""Counts by day, kept whatever becomes of the people."""

from datetime import date

from peewee import fn

from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db

from .models import Counted, SubscriptionTally


@db.atomic()
def count(what: Counted, number: int = 1, day: date | None = None) -> None:
    SubscriptionTally.insert(day=day or today(), what=what, count=number).on_conflict(
        conflict_target=[SubscriptionTally.day, SubscriptionTally.what],
        update={SubscriptionTally.count: SubscriptionTally.count + number},
    ).execute()


def total(what: Counted, start: date, end: date) -> int:
    """Return how many happened in a period, both days included."""
    rows = SubscriptionTally.select(fn.SUM(SubscriptionTally.count)).where(
        SubscriptionTally.what == what, SubscriptionTally.day >= start, SubscriptionTally.day <= end
    )
    return rows.scalar() or 0
