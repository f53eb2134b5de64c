"""The figures of letters: what left, what was taken, what was refused, who left us, how much the archives are read."""

from dataclasses import dataclass
from datetime import date

from cptsapp.blueprints.mailing import progress
from cptsapp.blueprints.mailing.models import LEFT, Mailing
from cptsapp.blueprints.mailing.progress import Progress
from cptsapp.blueprints.subscription.models import Counted, SubscriptionTally
from cptsapp.kernel.dates import add_months, to_paris, today

from . import readings
from .models import Issue, Kind
from .numbering import first_of

SHOWN = 36  # letters
MONTHS = 12
GOODBYES = (Counted.UNSUBSCRIBED, Counted.OPPOSED, Counted.COMPLAINED)


@dataclass(frozen=True)
class Line:
    """The figures of one letter. `recipients` counts addresses; those left alone are apart. `left` are the goodbyes
    said until the next letter: which one they answer, nobody is asked."""

    issue: Issue | None
    recipients: int
    accepted: int
    refused: int
    skipped: int
    left: int
    read: int

    @property
    def accepted_share(self) -> int | None:
        return round(100 * self.accepted / self.recipients) if self.recipients else None


def latest() -> list[Line]:
    """Return the figures of the last letters that came out, the last first."""
    query = Issue.select().where(Issue.out_at.is_null(False)).order_by(Issue.out_at.desc(), Issue.id.desc())
    return lines_of(list(query.limit(SHOWN)))


def lines_of(issues: list[Issue]) -> list[Line]:
    """Return the figures of letters given the last first."""
    sent, read = _sendings(issues), readings.by_issue([each.id for each in issues])
    left = _goodbyes([_day(each) for each in issues])
    return [
        _line(each, sent.get(each.id, []), goodbyes, read.get(each.id, 0))
        for each, goodbyes in zip(issues, left, strict=True)
    ]


def _day(issue: Issue) -> date:
    return to_paris(issue.out_at).date()


def _line(issue: Issue, sendings: list[Progress], left: int, read: int) -> Line:
    return Line(
        issue=issue,
        recipients=sum(each.recipients for each in sendings),
        accepted=sum(each.sent + each.doubtful for each in sendings),
        refused=sum(each.refused for each in sendings),
        skipped=sum(each.skipped for each in sendings),
        left=left,
        read=read,
    )


def _sendings(issues: list[Issue]) -> dict[int, list[Progress]]:
    """Return the figures of the sendings of each letter."""
    mine = Mailing.select(Mailing.id, Mailing.source_id).where(
        Mailing.source_key.in_([str(Kind.NEWSLETTER), str(Kind.MESSAGE)]),
        Mailing.source_id.in_([each.id for each in issues]),
        Mailing.state.in_([str(each) for each in LEFT]),
    )
    letters = dict(mine.tuples()) if issues else {}
    found: dict[int, list[Progress]] = {}
    for id, figures in progress.counts_of(list(letters)).items() if letters else ():
        found.setdefault(letters[id], []).append(figures)
    return found


def _goodbyes(days: list[date]) -> list[int]:
    """Return, for each day (the last first), the goodbyes from it to the day before the next one."""
    counts = [0] * len(days)
    if not days:
        return counts
    query = SubscriptionTally.select(SubscriptionTally.day, SubscriptionTally.count)
    mine = SubscriptionTally.what.in_([str(each) for each in GOODBYES]) & (SubscriptionTally.day >= days[-1])
    for day, number in query.where(mine).tuples():
        counts[next(rank for rank, start in enumerate(days) if start <= day)] += number
    return counts


def totals(lines: list[Line]) -> Line | None:
    """Return the sum of some lines, without a letter; None of no line."""
    if not lines:
        return None
    names = ("recipients", "accepted", "refused", "skipped", "left", "read")
    return Line(None, *(sum(getattr(each, name) for each in lines) for name in names))


@dataclass(frozen=True)
class MonthLine:
    month: date
    issues: int
    accepted: int
    left: int
    read: int


def months(lines: list[Line]) -> list[MonthLine]:
    """Return the last twelve months: letters that came out, what they reached, readings; the first first."""
    start = add_months(first_of(today()), 1 - MONTHS)
    read = readings.by_month(start, today())
    found = []
    for month in (add_months(start, step) for step in range(MONTHS)):
        mine = [each for each in lines if first_of(_day(each.issue)) == month]
        sums = [sum(getattr(each, name) for each in mine) for name in ("accepted", "left")]
        found.append(MonthLine(month, len(mine), *sums, read.get(month, 0)))
    return found
