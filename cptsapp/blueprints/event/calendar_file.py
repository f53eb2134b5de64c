"""Calendar files (RFC 5545): one event for whoever registers, and the feeds that a calendar reads again and again.

An event keeps its UID for life and its SEQUENCE grows with each change of date or place, so that calendars replace
what they hold. The link of a webinar is in the file of a confirmed registrant alone, and only once it may be known.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel.later import Later
from cptsapp.kernel.settings import settings

from . import wording
from .models import Event, Session, Status
from .people import Place, Registration

icalendar = Later("icalendar")

PRODUCT = "-//cptsapp//Evenements//FR"
REMIND_BEFORE = timedelta(hours=1)


def event_ics(event: Event, *, registration: Registration | None = None, method: str = "PUBLISH") -> str:
    """Return the calendar file of one event, one entry a session; with an alarm for a registrant."""
    calendar = _calendar(method)
    for entry in _entries(event, wording.sessions_of(event), registration, method):
        calendar.add_component(entry)
    return calendar.to_ical().decode()


def feed_ics(events: Iterable[Event], name: str, registrations: dict[int, Registration] | None = None) -> bytes:
    """Return a feed of events; `registrations`, by event id, are those of the person whose feed it is."""
    events, mine = list(events), registrations or {}
    sessions: dict[int, list[Session]] = {each.id: [] for each in events}
    for each in Session.select().where(Session.event.in_(list(sessions))).order_by(Session.starts_at):
        sessions[each.event_id].append(each)
    calendar = _calendar("PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-published-ttl", "PT6H")
    for event in events:
        for entry in _entries(event, sessions[event.id], mine.get(event.id), "PUBLISH"):
            calendar.add_component(entry)
    return calendar.to_ical()


def _calendar(method: str) -> "icalendar.Calendar":
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _entries(event: Event, sessions: list[Session], registration: Registration | None, method: str):
    for rank, session in enumerate(sessions, start=1):
        yield _entry(event, session, rank, len(sessions), registration, method)


def _entry(event, session, rank, count, registration, method) -> "icalendar.Event":
    entry = icalendar.Event()
    entry.add("uid", event.uid if rank == 1 else f"{event.uid}-{rank}")
    entry.add("sequence", event.sequence)
    entry.add("dtstamp", _utc(event.published_at or event.created_at))
    entry.add("dtstart", _utc(session.starts_at))
    entry.add("dtend", _utc(session.ends_at))
    label = session.label or (f"{rank} sur {count}" if count > 1 else "")
    entry.add("summary", _fit(f"{event.heading} ({label})" if label else event.heading))
    entry.add("description", _fit(_description(event, registration)))
    if where := wording.where_line(event):
        entry.add("location", _fit(where))
    entry.add("url", settings.base_url + event.url)
    is_off = event.status == Status.CANCELLED or method == "CANCEL" or _has_left(registration)
    entry.add("status", "CANCELLED" if is_off else "TENTATIVE" if _waits(registration) else "CONFIRMED")
    entry.add("categories", [event.kind_label])
    if identity().email:
        entry.add("organizer", _organiser())
    if registration is not None and not is_off:
        entry.add_component(_alarm(event))
    return entry


def _description(event: Event, registration: Registration | None) -> str:
    lines = [event.summary, *(f"Avec {each}" for each in event.speaker_lines)]
    if _waits(registration):
        lines.append("Vous êtes en liste d’attente : ce rendez-vous n’est pas encore confirmé.")
    if registration is not None and registration.place == Place.CONFIRMED and wording.shows_link(event):
        lines += [f"Se connecter : {event.online_url}", event.online_note]
    lines.append(settings.base_url + event.url)
    return "\n".join(line for line in lines if line)


def _waits(registration: Registration | None) -> bool:
    return registration is not None and registration.place == Place.WAITING


def _has_left(registration: Registration | None) -> bool:
    return registration is not None and registration.place in (Place.CANCELLED, Place.REMOVED)


def _organiser() -> "icalendar.vCalAddress":
    own = identity()
    organiser = icalendar.vCalAddress(f"mailto:{own.email}")
    organiser.params["CN"] = _fit(own.name).replace('"', "'")
    return organiser


def _alarm(event: Event) -> "icalendar.Alarm":
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _fit(event.heading))
    alarm.add("trigger", -REMIND_BEFORE)
    return alarm


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _fit(text: str) -> str:
    """Return a text without the control characters that a calendar refuses; line breaks stay."""
    return "".join(each for each in text.replace("\r\n", "\n") if each == "\n" or each.isprintable() or each == "\t")
