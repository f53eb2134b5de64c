"""The reminders of events: when each is due on the clock of Paris, and who has it, once."""

from datetime import datetime, timedelta
from typing import NamedTuple

from cptsapp.kernel.dates import PARIS, to_paris
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.mail import OutgoingMail

from . import letters, wording
from .models import Event, Session, Status
from .people import Place, Registration

DAYS = {"7d": 7, "1d": 1}
LATEST = {"7d": timedelta(days=2), "1d": timedelta(hours=15), "1h": timedelta(minutes=50)}  # then it is of no use
FARTHEST = timedelta(days=8)  # no reminder is due earlier


class Due(NamedTuple):
    """A reminder of one session: its code, and the moment from which it leaves."""

    code: str
    session: Session
    at: datetime


def moment(starts_at: datetime, code: str) -> datetime:
    """Return when a reminder leaves (naive UTC): an hour before, or some days before at the same hour of Paris."""
    if code == "1h":
        return starts_at - timedelta(hours=1)
    local = to_paris(starts_at).replace(tzinfo=None) - timedelta(days=DAYS[code])
    # An hour that the clocks skip that day is the next one: a reminder is not refused for it.
    return _utc(local)


def _utc(local: datetime) -> datetime:
    aware = local.replace(tzinfo=PARIS)
    return (aware - aware.utcoffset()).replace(tzinfo=None)


def due(event: Event, at: datetime) -> list[Due]:
    """Return the reminders of an event that leave at `at`: due, and not too late to be of use.

    An event of several sessions reminds of the first of each day.
    """
    found, days = [], set()
    for session in wording.sessions_of(event):
        day = to_paris(session.starts_at).date()
        if day in days:
            continue
        days.add(day)
        for code in event.reminder_codes:
            leaves = moment(session.starts_at, code)
            if leaves <= at < min(leaves + LATEST[code], session.starts_at):
                found.append(Due(code, session, leaves))
    return found


def send_due(at: datetime | None = None) -> int:
    """Queue the reminders due at `at` (now), each once for a registration, a code and a date; return how many."""
    at = at or now()
    return sum(_remind_of(id, at) for (id,) in list(_coming(at).select(Event.id).tuples()))


def _coming(at: datetime):
    near = (Event.status == Status.PUBLISHED) & Event.deleted_at.is_null() & (Event.reminders != "")
    return Event.select().where(near, (Event.ends_at > at) & (Event.starts_at <= at + FARTHEST))


@db.atomic()
def _remind_of(event_id: int, at: datetime) -> int:
    """Queue what is due of an event, held meanwhile: it may have been cancelled or moved while others were reminded."""
    event = locked(_coming(at).where(Event.id == event_id)).first()
    return sum(_remind(event, each, at) for each in due(event, at)) if event else 0


def _remind(event: Event, reminder: Due, at: datetime) -> int:
    """Remind those confirmed before the reminder's moment: whoever registered later has just read the date."""
    prefix = f"event-{event.id}-reminder-{reminder.code}-{reminder.session.starts_at:%Y%m%d%H%M}-"
    confirmed = (Registration.event == event.id) & (Registration.state == Place.CONFIRMED)
    reached = confirmed & (Registration.email != "") & (Registration.confirmed_at <= reminder.at)
    people = {f"{prefix}{each.id}": each for each in Registration.select().where(reached).order_by(Registration.id)}
    known = OutgoingMail.select(OutgoingMail.key).where(OutgoingMail.key.in_(list(people)))
    for (key,) in known.tuples():
        people.pop(key)
    when = wording.when_lines(event, [reminder.session])
    for key, registration in people.items():
        registration.event = event
        letters.reminder(registration, reminder.code, key=key, when=when, soon=soon(reminder, at))
    return len(people)


def soon(reminder: Due, at: datetime) -> str:
    """Return how far the session is from the day on which its reminder leaves."""
    days = (to_paris(reminder.session.starts_at).date() - to_paris(at).date()).days
    if reminder.code == "1h":
        return "Dans une heure" if reminder.session.starts_at - at > timedelta(minutes=45) else "Tout à l’heure"
    named = {0: "Aujourd’hui", 1: "Demain", 7: "Dans une semaine"}
    return named.get(days, f"Dans {days} jours")
