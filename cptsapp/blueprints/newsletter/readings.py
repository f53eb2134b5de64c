"""How much the archives are read: one number for each letter and day, nothing of who."""

import re
from datetime import date

from peewee import fn

from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db

from .models import Issue, IssueReading

ROBOTS = re.compile(r"bot\b|bot/|crawl|spider|slurp|preview|curl|wget|python|monitor", re.IGNORECASE)


@db.atomic()
def count(issue_id: int) -> None:
    """Count one reading of a letter today."""
    here = (IssueReading.issue == issue_id) & (IssueReading.day == today())
    if IssueReading.update(number=IssueReading.number + 1).where(here).execute():
        return
    row = IssueReading.insert(issue=issue_id, day=today(), number=1)
    row.on_conflict(
        conflict_target=[IssueReading.issue, IssueReading.day],
        update={IssueReading.number: IssueReading.number + 1},
    ).execute()


def count_at(slug: str) -> None:
    """Count one reading of the letter at an address, if it is there."""
    issue = Issue.select(Issue.id).where(Issue.slug == slug, Issue.out_at.is_null(False)).first()
    if issue:
        count(issue.id)


def is_person(agent: str | None) -> bool:
    """Tell whether a reading is probably somebody's: robots say what they are."""
    return bool(agent) and not ROBOTS.search(agent)


def by_issue(ids: list[int]) -> dict[int, int]:
    """Return the readings of each letter."""
    total = fn.SUM(IssueReading.number)
    query = IssueReading.select(IssueReading.issue, total).where(IssueReading.issue.in_(ids))
    return dict(query.group_by(IssueReading.issue).tuples()) if ids else {}


def between(start: date, end: date) -> int:
    query = IssueReading.select(fn.SUM(IssueReading.number)).where(IssueReading.day.between(start, end))
    return query.scalar() or 0


def by_month(start: date, end: date) -> dict[date, int]:
    """Return the readings of each month of a period that has some."""
    found: dict[date, int] = {}
    query = IssueReading.select(IssueReading.day, fn.SUM(IssueReading.number))
    for day, number in query.where(IssueReading.day.between(start, end)).group_by(IssueReading.day).tuples():
        month = day.replace(day=1)
        found[month] = found.get(month, 0) + number
    return found
