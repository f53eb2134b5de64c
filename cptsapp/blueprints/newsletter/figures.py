"""The figures of letters: what left, what was taken, what was refused, who left us, how much the archives are read."""

from dataclasses import dataclass
from datetime import date

from peewee import fn

from cptsapp.blueprints.mailing.models import Mailing
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.mail import OutgoingMail
from cptsapp.kernel.mail import State as MailState

from . import readings
from .models import Issue, Kind
from .numbering import first_of

SHOWN = 36  # letters
MONTHS = 12


@dataclass(frozen=True)
class Line:
    """The figures of one letter. `recipients` counts addresses; those left alone are apart."""

    issue: Issue
    recipients: int
    accepted: int
    refused: int
    skipped: int
    read: int

    @property
    def accepted_share(self) -> int | None:
        return round(100 * self.accepted / self.recipients) if self.recipients else None


def latest() -> list[Line]:
    """Return the figures of the last letters that came out, the last first."""
    query = Issue.select().where(Issue.out_at.is_null(False)).order_by(Issue.out_at.desc(), Issue.id.desc())
    return lines_of(list(query.limit(SHOWN)))


def lines_of(issues: list[Issue]) -> list[Line]:
    sent, read = _states(issues), readings.by_issue([each.id for each in issues])
    return [_line(each, sent.get(each.id, {}), read.get(each.id, 0)) for each in issues]


def _line(issue: Issue, states: dict[str, int], read: int) -> Line:
    skipped = states.get(MailState.SKIPPED, 0)
    return Line(
        issue=issue,
        recipients=sum(states.values()) - skipped,
        accepted=states.get(MailState.SENT, 0) + states.get(MailState.UNCERTAIN, 0),
        refused=states.get(MailState.REFUSED, 0),
        skipped=skipped,
        read=read,
    )


def _states(issues: list[Issue]) -> dict[int, dict[str, int]]:
    """Return, by letter, how many of its mails are in each state; all its sendings together."""
    mine = Mailing.select(Mailing.id, Mailing.source_id).where(
        Mailing.source_key.in_([str(Kind.NEWSLETTER), str(Kind.MESSAGE)]),
        Mailing.source_id.in_([each.id for each in issues]),
    )
    letters = dict(mine.tuples()) if issues else {}
    if not letters:
        return {}
    query = OutgoingMail.select(OutgoingMail.campaign_id, OutgoingMail.state, fn.COUNT(1))
    query = query.where(OutgoingMail.campaign_id.in_(list(letters))).group_by(
        OutgoingMail.campaign_id, OutgoingMail.state
    )
    found: dict[int, dict[str, int]] = {}
    for campaign, state, number in query.tuples():
        states = found.setdefault(letters[campaign], {})
        states[state] = states.get(state, 0) + number
    return found


def totals(lines: list[Line]) -> Line | None:
    """Return the sum of some lines, without a letter; None of no line."""
    if not lines:
        return None
    names = ("recipients", "accepted", "refused", "skipped", "read")
    return Line(None, *(sum(getattr(each, name) for each in lines) for name in names))


@dataclass(frozen=True)
class MonthLine:
    month: date
    issues: int
    read: int


def months() -> list[MonthLine]:
    """Return the last twelve months: letters that came out, readings of the archives; the first first."""
    start = add_months(first_of(today()), 1 - MONTHS)
    read = readings.by_month(start, today())
    out: dict[date, int] = {}
    for (moment,) in Issue.select(Issue.out_at).where(Issue.out_at.is_null(False)).tuples():
        out[first_of(moment.date())] = out.get(first_of(moment.date()), 0) + 1
    line = [add_months(start, step) for step in range(MONTHS)]
    return [MonthLine(each, out.get(each, 0), read.get(each, 0)) for each in line]
