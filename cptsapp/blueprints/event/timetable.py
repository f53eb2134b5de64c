"""The sessions of an event and the days on which it comes back: computed on the clock of Paris, then stored."""

import calendar
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import date_fr, datetime_fr, to_paris, to_utc
from cptsapp.kernel.errors import RuleError

from .models import Session

MOST_SESSIONS = 60
MOST_TIMES = 60  # events that one recurrence may make
LONGEST_SESSION = timedelta(hours=24)
YEARS = range(1990, 2101)


class Sitting(NamedTuple):
    """A session as it is asked for; both moments are naive UTC."""

    starts_at: datetime
    ends_at: datetime
    label: str = ""


class Every(Choice):
    WEEK = "week", "Chaque semaine"
    TWO_WEEKS = "two_weeks", "Toutes les deux semaines"
    MONTH_DAY = "month_day", "Chaque mois, le même jour du mois"
    MONTH_RANK = "month_rank", "Chaque mois, le même jour de la semaine au même rang"


def typed(local: datetime) -> datetime:
    """Return what a person typed, in Paris, as it is stored. Raises RuleError on an hour or a year that cannot be."""
    if local.year not in YEARS:
        raise RuleError("Vérifiez l’année : elle se situe entre 1990 et 2100.")
    return to_utc(local)


def sittings(sessions: Iterable) -> list[Sitting]:
    """Return the sessions asked for, in order. Raises RuleError when one ends before it starts, or two overlap."""
    asked = [Sitting(each[0], each[1], each[2].strip() if len(each) > 2 else "") for each in sessions]
    asked.sort(key=lambda each: each.starts_at)
    if len(asked) > MOST_SESSIONS:
        raise RuleError(f"Un événement compte {MOST_SESSIONS} séances au plus. Faites-en plusieurs.", "sessions")
    for each in asked:
        _refuse_odd(each)
    for one, other in pairwise(asked):
        if other.starts_at < one.ends_at:
            raise RuleError(
                f"Deux séances se chevauchent : celle qui commence le {datetime_fr(one.starts_at)} finit après le "
                f"début de la suivante, le {datetime_fr(other.starts_at)}. Corrigez l’une des deux.",
                "sessions",
            )
    return asked


def _refuse_odd(session: Sitting) -> None:
    start, end = session.starts_at, session.ends_at
    if start.year not in YEARS or end.year not in YEARS:
        raise RuleError("Vérifiez l’année des séances : elle se situe entre 1990 et 2100.", "sessions")
    if end <= start:
        raise RuleError(
            f"La séance du {datetime_fr(start)} finirait avant d’avoir commencé. Corrigez l’heure de fin.", "sessions"
        )
    if end - start > LONGEST_SESSION:
        raise RuleError(
            f"La séance du {datetime_fr(start)} durerait plus d’un jour. Ajoutez une séance par jour.",
            "sessions",
        )


def replace(event, asked: list[Sitting]) -> None:
    """Make the sessions of an event those asked for; one that keeps its start, or its rank, keeps its attendance."""
    kept = {each.starts_at: each for each in event.sessions.order_by(Session.starts_at)}
    pairs = [(each, kept.pop(each.starts_at, None)) for each in asked]
    others = sorted(kept.values(), key=lambda each: each.starts_at)
    pairs = [(each, row or (others.pop(0) if others else None)) for each, row in pairs]
    for row in others:
        _refuse_when_noted(row)
        row.delete_instance()
    for each, row in pairs:
        row = row or Session(event=event)
        row.starts_at, row.ends_at, row.label = each
        row.save()
    event.starts_at = asked[0].starts_at if asked else None
    event.ends_at = max(each.ends_at for each in asked) if asked else None


def _refuse_when_noted(row: Session) -> None:
    if row.attendances.exists() or row.head_counts.exists():
        raise RuleError(
            f"La présence a déjà été notée à la séance du {datetime_fr(row.starts_at)} : elle ne se retire plus.",
            "sessions",
        )


def shifted(moment: datetime | None, days: int) -> datetime | None:
    """Return a stored moment `days` later at the same hour of Paris, across a change of hour.

    Raises RuleError when that hour is the one skipped in March.
    """
    return moment and to_utc(to_paris(moment).replace(tzinfo=None) + timedelta(days=days))


def days_of(first: date, every: Every, until: date) -> list[date]:
    """Return the days after `first` on which something comes back, `until` included.

    A month without that day (a 31st, a fifth Friday) is passed over. Raises RuleError when there is none, or too many.
    """
    found = []
    for day in _days(first, Every(every)):
        if day > until:
            break
        found.append(day)
        if len(found) > MOST_TIMES:
            raise RuleError(f"Cela ferait plus de {MOST_TIMES} dates. Choisissez une fin plus proche.", "until")
    if not found:
        raise RuleError(f"Aucune date ne tombe après le {date_fr(first)} et jusqu’à cette fin. Repoussez-la.", "until")
    return found


def _days(first: date, every: Every) -> Iterator[date]:
    if every in (Every.WEEK, Every.TWO_WEEKS):
        step = timedelta(days=7 if every == Every.WEEK else 14)
        day = first + step
        while True:
            yield day
            day += step
    for number in range(first.year * 12 + first.month, YEARS.stop * 12):
        year, month = divmod(number, 12)
        day = _same_day(first, year, month + 1) if every == Every.MONTH_DAY else _same_rank(first, year, month + 1)
        if day:
            yield day


def _same_day(first: date, year: int, month: int) -> date | None:
    return date(year, month, first.day) if first.day <= calendar.monthrange(year, month)[1] else None


def _same_rank(first: date, year: int, month: int) -> date | None:
    """Return the third Thursday of a month, when `first` is a third Thursday."""
    rank = (first.day - 1) // 7
    offset = (first.weekday() - date(year, month, 1).weekday()) % 7
    day = 1 + offset + 7 * rank
    return date(year, month, day) if day <= calendar.monthrange(year, month)[1] else None
