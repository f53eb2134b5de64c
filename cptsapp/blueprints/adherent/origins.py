"""Where people come from: the tag of the link that they followed (`/adhesion/?de=cpam`), counted by day."""

import re
from datetime import date

from peewee import CharField, DateField, IntegerField, fn

from cptsapp.kernel.dates import today
from cptsapp.kernel.db import Table, db
from cptsapp.kernel.text import fold

LONGEST = 40
MOST_TAGS = 200  # of a day: beyond them, somebody is making words up


class OriginVisit(Table):
    """How many times the join page was opened with a tag, on a day. No trace of who."""

    tag = CharField(max_length=LONGEST)
    day = DateField()
    number = IntegerField(default=0)

    class Meta:
        indexes = ((("tag", "day"), True),)


def clean(text: str | None) -> str:
    """Return a tag as it is kept: small letters, digits and hyphens, 40 at most."""
    return re.sub(r"[^a-z0-9]+", "-", fold(text or "")[:200]).strip("-")[:LONGEST]


@db.atomic()
def count(tag: str) -> None:
    """Count one visit with a tag."""
    here = (OriginVisit.tag == tag) & (OriginVisit.day == today())
    if OriginVisit.update(number=OriginVisit.number + 1).where(here).execute():
        return
    if OriginVisit.select().where(OriginVisit.day == today()).count() < MOST_TAGS:
        OriginVisit.insert(tag=tag, day=today(), number=1).on_conflict_ignore().execute()


def visits(since: date) -> dict[str, int]:
    """Return the visits of each tag since a day, the most followed first."""
    total = fn.SUM(OriginVisit.number)
    query = OriginVisit.select(OriginVisit.tag, total).where(OriginVisit.day >= since).group_by(OriginVisit.tag)
    return dict(query.order_by(total.desc(), OriginVisit.tag).tuples())
