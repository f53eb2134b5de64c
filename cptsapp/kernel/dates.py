"""Dates as people in France read them. Stored: naive UTC datetimes; shown and typed: Europe/Paris."""

import calendar
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from .db import now
from .errors import RuleError
from .text import NBSP, plural

PARIS = ZoneInfo("Europe/Paris")
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
SHORT_MONTHS = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")
DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


def to_paris(moment: datetime) -> datetime:
    """Return a stored moment (naive UTC, or aware) as an aware Paris datetime."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(PARIS)


def to_utc(local: datetime) -> datetime:
    """Return what a person typed (naive, Paris) as a naive UTC datetime.

    An hour that happens twice, in October, is the first one. Raises RuleError for the hour skipped in March.
    """
    aware = local.replace(tzinfo=PARIS, fold=0)
    back = aware.astimezone(UTC).astimezone(PARIS).replace(tzinfo=None)
    if back != local:
        raise RuleError(
            f"Le {date_fr(local.date())}, {local:%H} h {local:%M} n’existe pas : cette nuit-là, l’heure d’été saute de "
            "2 h à 3 h. Choisissez une autre heure."
        )
    return aware.astimezone(UTC).replace(tzinfo=None)


def today() -> date:
    """Return today's date in Paris."""
    return _day_of_hour(now().replace(minute=0, second=0, microsecond=0))


@lru_cache(maxsize=32)
def _day_of_hour(hour: datetime) -> date:
    """Return the day in Paris of an hour of UTC: it never changes within one, and a list asks for it at each row."""
    return to_paris(hour).date()


def start_of(day: date) -> datetime:
    """Return the first moment of a Paris day, naive UTC."""
    return to_utc(datetime(day.year, day.month, day.day))


def span(start: date, end: date) -> tuple[datetime, datetime]:
    """Return the naive UTC bounds [from, to[ of the Paris days `start` to `end`, both included."""
    return start_of(start), start_of(end + timedelta(days=1))


def add_months(day: date, months: int) -> date:
    """Return the same day `months` later (or earlier); the last day of the month when that one has no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    return day.replace(year=year, month=month, day=min(day.day, calendar.monthrange(year, month)[1]))


def _day(value: date | datetime) -> date:
    return to_paris(value).date() if isinstance(value, datetime) else value


def date_fr(value: date | datetime | None) -> str:
    """« 18 novembre 2026 », « 1er novembre 2026 »; a datetime is a stored moment, shown as its day in Paris."""
    if value is None:
        return ""
    day = _day(value)
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number}{NBSP}{MONTHS[day.month - 1]}{NBSP}{day.year}"


def day_fr(value: date | datetime | None) -> str:
    """« mercredi 18 novembre 2026 »."""
    return "" if value is None else f"{DAYS[_day(value).weekday()]}{NBSP}{date_fr(value)}"


def time_fr(value: datetime | None) -> str:
    """« 14 h 30 », in Paris."""
    if value is None:
        return ""
    local = to_paris(value)
    return f"{local.hour}{NBSP}h{NBSP}{local.minute:02}"


def datetime_fr(value: datetime | None) -> str:
    """« 18 novembre 2026 à 14 h 30 », in Paris."""
    return "" if value is None else f"{date_fr(value)} à {time_fr(value)}"


def short_fr(value: date | datetime | None) -> str:
    """« 18 nov. 2026 », « 18 nov. 2026, 14 h 30 »: in the cells of a list."""
    if value is None:
        return ""
    day = _day(value)
    words = f"{day.day}{NBSP}{SHORT_MONTHS[day.month - 1]}{NBSP}{day.year}"
    return f"{words}, {time_fr(value)}" if isinstance(value, datetime) else words


def ago(value: datetime | None, *, at: datetime | None = None) -> str:
    """« à l’instant », « il y a 3 minutes », « dans 2 jours », of a stored moment."""
    if value is None:
        return ""
    seconds = ((at or now()) - value).total_seconds()
    size = abs(seconds)
    if size < 60:
        return "à l’instant"
    for unit, length, limit in (
        ("minute", 60, 3600),
        ("heure", 3600, 86400),
        ("jour", 86400, 30 * 86400),
        ("mois", 30.44 * 86400, 365 * 86400),
        ("an", 365.25 * 86400, float("inf")),
    ):
        if size < limit:
            count = max(1, int(size // length))
            words = plural(count, unit, "mois" if unit == "mois" else None)
            return f"il y a {words}" if seconds > 0 else f"dans {words}"
    raise AssertionError  # the last limit is infinite


def iso(value: date | datetime | None) -> str:
    """The value for <time datetime="…"> and for feeds: an offset for moments, a bare date for days."""
    if value is None:
        return ""
    return to_paris(value).isoformat(timespec="seconds") if isinstance(value, datetime) else value.isoformat()


FILTERS = {"date_fr": date_fr, "day_fr": day_fr, "time_fr": time_fr, "datetime_fr": datetime_fr, "ago": ago, "iso": iso}
