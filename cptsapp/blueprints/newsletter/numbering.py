"""Numbers without holes, and one newsletter a month: which is next, which is missing."""

from dataclasses import dataclass
from datetime import date

from peewee import fn

from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import NBSP

from .models import Issue, Kind

LARGEST = 100_000


def first_of(day: date) -> date:
    return day.replace(day=1)


def _numbers() -> list[int]:
    query = Issue.select(Issue.number).where(Issue.number.is_null(False)).order_by(Issue.number)
    return [number for (number,) in query.tuples()]


def holes() -> list[int]:
    """Return the numbers that are missing between the first and the last."""
    return _between(_numbers())


def _between(taken: list[int]) -> list[int]:
    return sorted(set(range(taken[0], taken[-1])) - set(taken)) if taken else []


def free_number() -> int:
    """Return the number of the next newsletter: the first hole, else the one after the last."""
    missing = holes()
    return missing[0] if missing else (_numbers() or [0])[-1] + 1


def check_number(issue: Issue, number: int) -> None:
    """Refuse a number that is taken, or that would leave a hole. Raises RuleError."""
    others = [each for each in _numbers() if each != issue.number]
    if not 0 < number <= LARGEST:
        raise RuleError("Un numéro est un nombre entier, à partir de 1.", "number")
    if number in others:
        raise RuleError(f"Le n°{NBSP}{number} est déjà pris.", "number")
    if others and number not in (allowed := _between(others) or [others[-1] + 1, others[0] - 1]):
        raise RuleError(f"Les numéros se suivent sans trou : celui-ci est le {allowed[0]}.", "number")


def close_holes() -> None:
    """Give the newsletters in preparation the first free numbers, in their order: one of them has just gone."""
    drafts = Issue.living(Kind.NEWSLETTER).where(Issue.out_at.is_null()).order_by(Issue.number)
    for draft in drafts:
        wanted = free_number()
        if wanted < draft.number:
            Issue.update(number=wanted).where(Issue.id == draft.id).execute()


# Months


@dataclass(frozen=True)
class MonthOf:
    """A month of the calendar of newsletters."""

    month: date
    issues: tuple[Issue, ...]
    is_missing: bool

    @property
    def is_now(self) -> bool:
        return self.month == first_of(today())


def first_month() -> date | None:
    """Return the month of the first newsletter that came out: before it, nothing was expected."""
    query = Issue.select(fn.MIN(Issue.month)).where(Issue.kind == str(Kind.NEWSLETTER), Issue.out_at.is_null(False))
    found = query.scalar()
    return date.fromisoformat(found) if isinstance(found, str) else found


def calendar_of(year: int) -> list[MonthOf]:
    """Return the twelve months of a year; missing are those that ended without a newsletter since the first one."""
    start = first_month()
    query = Issue.living(Kind.NEWSLETTER).where(Issue.month.between(date(year, 1, 1), date(year, 12, 31)))
    found = list(query.order_by(Issue.month, Issue.number))
    months = []
    for number in range(1, 13):
        month = date(year, number, 1)
        issues = tuple(each for each in found if each.month == month)
        ended = start is not None and start <= month < first_of(today())
        months.append(MonthOf(month, issues, ended and not any(each.is_out for each in issues)))
    return months


def missing_months(upto: date | None = None) -> list[date]:
    """Return the months without a newsletter, from the first one to the month before today (or before `upto`)."""
    start, end = first_month(), first_of(upto or today())
    if start is None:
        return []
    query = Issue.select(Issue.month).where(Issue.kind == str(Kind.NEWSLETTER), Issue.out_at.is_null(False))
    there = {month for (month,) in query.tuples() if month}
    found = []
    while start < end:
        if start not in there:
            found.append(start)
        start = add_months(start, 1)
    return found


def next_month() -> date:
    """Return the month that a new newsletter is for: this one, or the first after it that has none yet."""
    query = Issue.living(Kind.NEWSLETTER).select(Issue.month)
    taken, month = {month for (month,) in query.tuples()}, first_of(today())
    while month in taken:
        month = add_months(month, 1)
    return month
