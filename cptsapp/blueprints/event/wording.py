"""When and where an event is, in the words of its page and of its mails; when its webinar opens to registrants."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from cptsapp.kernel.dates import day_fr, time_fr, to_paris
from cptsapp.kernel.db import as_they_are, now
from cptsapp.kernel.text import NBSP, plural

from .models import Event, EventKind, Session


def sessions_of(event: Event) -> list[Session]:
    return list(as_they_are(Session, "event_id = ? ORDER BY starts_at", event.id))


def hours_fr(starts_at: datetime, ends_at: datetime) -> str:
    """« jeudi 3 décembre 2026, de 20 h 00 à 21 h 30 », in Paris."""
    start, end = time_fr(starts_at), time_fr(ends_at)
    if to_paris(starts_at).date() == to_paris(ends_at).date():
        return f"{day_fr(starts_at)}, de {start} à {end}"
    return f"du {day_fr(starts_at)} à {start} au {day_fr(ends_at)} à {end}"


def when_lines(event: Event, sessions: Iterable[Session] | None = None) -> list[str]:
    """Return one line a session, with its label; the time is said to be that of Paris when one attends from afar."""
    rows = sessions_of(event) if sessions is None else list(sessions)
    zone = " (heure de Paris)" if is_online(event) else ""
    lines = [(f"{each.label}{NBSP}: " if each.label else "") + hours_fr(each.starts_at, each.ends_at) for each in rows]
    if not lines and event.starts_at:
        lines = [hours_fr(event.starts_at, event.ends_at)]
    return [line + zone for line in lines]


def is_online(event: Event) -> bool:
    return bool(event.online_url) or (event.kind == EventKind.WEBINAR and not event.place)


def where_line(event: Event) -> str:
    """« Salle des fêtes, 1 rue des Lilas, Gretz-Armainvilliers », « En ligne », or both."""
    parts = [event.place, event.address, event.commune.name if event.commune_id else ""]
    here = ", ".join(dict.fromkeys(part for part in parts if part))
    if not is_online(event):
        return here
    return f"{here}, ou en ligne" if here else "En ligne"


def shows_link(event: Event, at: datetime | None = None) -> bool:
    """Tell whether confirmed registrants may have the webinar's link at `at` (now)."""
    if not event.online_url:
        return False
    if event.online_minutes is None or event.starts_at is None:
        return True
    return (at or now()) >= event.starts_at - timedelta(minutes=event.online_minutes)


def link_comes(event: Event) -> str:
    """Return when the webinar's link shows: « 30 minutes avant le début »; "" when it needs no telling."""
    if not is_online(event):
        return ""
    if not event.online_url:
        return "dès qu’il sera connu"
    if event.online_minutes is None:
        return ""
    hours, minutes = divmod(event.online_minutes, 60)
    if hours and not minutes and hours % 24 == 0:
        return f"{plural(hours // 24, 'jour')} avant le début"
    long = plural(hours, "heure") if hours and not minutes else plural(event.online_minutes, "minute")
    return f"{long} avant le début"
