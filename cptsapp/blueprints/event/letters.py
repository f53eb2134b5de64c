"""The mails of events. Each function queues in the caller's transaction; a key keeps a mail from leaving twice.

A mail speaks to one person, of their own registration alone. The webinar's link is in those of confirmed registrants,
once it may be shown; before, the mail says where it will be.
"""

from cptsapp.kernel import mail
from cptsapp.kernel.dates import datetime_fr
from cptsapp.kernel.db import now
from cptsapp.kernel.mail import Attached, Kind, identity_for, render
from cptsapp.kernel.settings import settings
from cptsapp.kernel.text import plural

from . import wording
from .calendar_file import event_ics
from .links import invitation_link, personal_link
from .models import Event, MailWords, Material, MaterialReaders, Status
from .people import Attendance, Interest, Invitation, Place, Registration

PREVIEWS: list[tuple[str, str]] = [
    ("confirmed", "Confirmation d’inscription"),
    ("waiting", "Liste d’attente"),
    ("promoted", "Une place s’est libérée"),
    ("changed", "Changement de date ou de lieu"),
    ("cancelled", "Annulation"),
    ("reminder", "Rappel"),
    ("thanks", "Remerciements"),
]
SOON = {"7d": "Dans une semaine", "1d": "Demain", "1h": "Dans une heure"}
FILE_NAME, FILE_TYPE = "rendez-vous.ics", "text/calendar; charset=utf-8; method={}"


def facts(event: Event) -> dict:
    """Return what people must know of an event (its dates, where it is): taken before a change, given to `changed`."""
    return {
        "when": wording.when_lines(event),
        "where": wording.where_line(event),
        "online": [event.online_url, event.online_note],
    }


def confirmation(registration: Registration, *, again: str = "") -> None:
    """Confirm a seat. Here as below, `again` names the act that sends the mail once more."""
    _personal("confirmed", registration, again=again, with_file=True, by=registration.by_name)


def waiting(registration: Registration, *, again: str = "", rank: int | None = None, is_back: bool = False) -> None:
    _personal("waiting", registration, again=again, rank=rank, is_back=is_back, by=registration.by_name)


def again(registration: Registration, act: str, *, rank: int | None = None) -> None:
    """Send somebody the mail that says where their registration stands; one `act` sends it once."""
    if registration.place == Place.WAITING:
        waiting(registration, again=act, rank=rank)
    elif registration.place == Place.REMOVED:
        removed(registration, "", again=act)
    else:
        confirmation(registration, again=act)


def promoted(registration: Registration) -> None:
    """Say that somebody who waited has a seat, once for each time they enter: they may be sent back, then let in."""
    _personal("promoted", registration, again=registration.state_at.isoformat(), with_file=True)


def left(registration: Registration) -> None:
    """Say that somebody is no longer registered, as they asked."""
    _personal("left", registration)


def removed(registration: Registration, reason: str, *, again: str = "") -> None:
    _personal("removed", registration, again=again, reason=reason)


def transferred(registration: Registration, former: str) -> None:
    """Tell the colleague who takes a place over from `former`, with their own link."""
    waits = registration.place == Place.WAITING
    again, with_file = str(registration.link_version), not waits
    _personal("transferred", registration, again=again, with_file=with_file, former=former, is_waiting=waits)


def reminder(registration: Registration, code: str, *, key: str, when: list[str] | None = None, soon: str = "") -> None:
    """Remind one registrant; `key` keeps it from leaving twice, `when` is the session it is about."""
    values = {"soon": soon or SOON[code]} | ({"when": when} if when else {})
    _personal("reminder", registration, kind=Kind.REMINDER, key=key, **values)


def changed(event: Event, before: dict) -> int:
    """Tell every living registrant of a new date or place; `before` is `facts(event)` taken before the change."""
    after = facts(event)
    values = {
        "when": after["when"],
        "where": after["where"],
        "when_before": before["when"] if before["when"] != after["when"] else [],
        "where_before": before["where"] if before["where"] != after["where"] else "",
        "online_changed": before["online"] != after["online"] and bool(before["online"][0]),
    }
    people = _living(event, Place.CONFIRMED, Place.WAITING)
    if not (values["when_before"] or values["where_before"]):  # the link alone: it is not for those who wait
        people = [each for each in people if each.place == Place.CONFIRMED]
    file, shared = _file(event), _shared("changed", event)
    for each in people:
        waits = each.place == Place.WAITING
        own = {"again": str(event.sequence), "file": None if waits else file, "is_waiting": waits}
        _personal("changed", each, shared=shared, **own, **values)
    return len(people)


def cancelled(event: Event, reason: str) -> int:
    """Tell everybody registered or waiting that an event is cancelled; their calendars drop it."""
    people = _living(event, Place.CONFIRMED, Place.WAITING)
    file, shared = _file(event), _shared("cancelled", event)
    for each in people:
        mine = file if each.place == Place.CONFIRMED else None
        _personal("cancelled", each, shared=shared, file=mine, reason=reason)
    return len(people)


def thanks(event: Event) -> int:
    """Thank those who were there (everybody confirmed, when attendance was not taken), once; return how many."""
    people = _living(event, Place.CONFIRMED, Place.WALK_IN)
    present = Attendance.select(Attendance.registration).join(Registration).where(Attendance.is_present)
    present = {id for (id,) in present.where(Registration.event == event.id).tuples()}
    people = [each for each in people if each.id in present] if present else people
    readers = [MaterialReaders.REGISTERED, MaterialReaders.PUBLIC] + ([MaterialReaders.PRESENT] if present else [])
    mine = (Material.event == event.id) & Material.readers.in_([str(each) for each in readers])
    titles = [title for (title,) in Material.select(Material.title).where(mine).order_by(Material.position).tuples()]
    values = {"materials": titles, "certificate": event.gives_certificate and bool(present)}
    values |= {"was_there": bool(present), "satisfaction_url": _safe(event.satisfaction_url)}
    shared = _shared("thanks", event)
    for each in people:
        _personal("thanks", each, shared=shared, kind=Kind.REMINDER, **values)
    Event.update(thanked_at=now()).where(Event.id == event.id, Event.thanked_at.is_null()).execute()
    return len([each for each in people if each.email])


def announce(event: Event) -> int:
    """Call when an event is published: its invited people get their link, and those who asked to be told of the
    next session of its series are told, once. Return how many mails were queued."""
    if event.status != Status.PUBLISHED:
        return 0
    return _invite(event) + _tell_of_next(event)


def _invite(event: Event) -> int:
    """Mail the invited people who have not been yet, each with their own link."""
    values = _of_event(event) | {"summary": event.summary, "until": datetime_fr(event.last_day_to_register)}
    waiting_for = Invitation.select().where(Invitation.event == event.id, Invitation.sent_at.is_null())
    invited = list(waiting_for.order_by(Invitation.id))
    for each in invited:
        each.event = event
        own = {"name": each.name, "link": invitation_link(each)}
        _queue(
            "invitation",
            each.email,
            values | own,
            key=f"event-{event.id}-invitation-{each.id}",
            person_id=each.person_id,
        )
    Invitation.update(sent_at=now()).where(Invitation.id.in_([each.id for each in invited])).execute()
    return len(invited)


def _tell_of_next(event: Event) -> int:
    """Tell those who asked, at another event of the series, to hear of the next session."""
    if event.series_id is None:
        return 0
    others = Event.select(Event.id).where(Event.series == event.series_id, Event.id != event.id)
    asked = Interest.select().where(Interest.event.in_(others), Interest.told_at.is_null())
    told = list(asked.order_by(Interest.id))
    invited = {one for (one,) in _addresses(Invitation, event)} | {one for (one,) in _addresses(Registration, event)}
    values = _of_event(event) | {"summary": event.summary}
    for each in told:
        if each.email_normalised not in invited:  # those have their own mail already
            invited.add(each.email_normalised)
            key = f"event-{event.id}-next-{each.id}"
            _queue("next_session", each.email, values | {"name": each.name}, key=key, person_id=each.person_id)
    Interest.update(told_at=now()).where(Interest.id.in_([each.id for each in told])).execute()
    return len(told)


def _addresses(table, event: Event):
    return table.select(table.email_normalised).where(table.event == event.id).tuples()


def preview(event: Event, key: str) -> tuple[str, str]:
    """Return the subject and the text of one of PREVIEWS, as a fictitious registrant would read it."""
    return preview_parts(event, key)[:2]


def preview_parts(event: Event, key: str, *, words: str | None = None) -> tuple[str, str, str]:
    """Return the subject, the text and the HTML of one of PREVIEWS; `words` stand for those kept, while typing."""
    reader = Registration(id=0, event=event, given_name="Camille", family_name="Exemple", email="camille@exemple.fr")
    reader.state = Place.WAITING if key == "waiting" else Place.CONFIRMED
    when = wording.when_lines(event)
    samples = {
        "waiting": {"rank": 3},
        "changed": {"when_before": when, "where_before": wording.where_line(event)},
        "cancelled": {"reason": event.cancel_reason or "le motif que vous écrirez"},
        "reminder": {"soon": SOON[event.reminder_codes[-1] if event.reminder_codes else "1d"]},
        "thanks": {"was_there": True, "certificate": event.gives_certificate},
    }
    values = _shared(key, event) | _own(reader) | samples.get(key, {})
    values["has_file"] = key in ("confirmed", "promoted", "changed", "cancelled")
    values["satisfaction_url"] = _safe(event.satisfaction_url)
    if words is not None:
        values["words"] = words
    subject = render.subject_of(f"event/{key}", values)
    return subject, *render.parts(f"event/{key}", values, identity_for(Kind.PERSONAL), subject=subject)


def _living(event: Event, *places: Place) -> list[Registration]:
    """Return those whom a mail of an event can reach, in the order in which they registered."""
    chosen = Registration.state.in_([str(each) for each in places]) & (Registration.event == event.id)
    people = list(Registration.select().where(chosen, Registration.email != "").order_by(Registration.id))
    for each in people:
        each.event = event
    return people


def _personal(
    template: str,
    registration: Registration,
    *,
    again: str = "",
    key: str = "",
    kind: Kind = Kind.PERSONAL,
    with_file: bool = False,
    file: Attached | None = None,
    shared: dict | None = None,
    **values,
) -> None:
    """Queue a mail about a registration; one without an address has its page alone.

    `shared` is what `_shared` gave, when the same mail goes to many.
    """
    if not registration.email:
        return
    file = _file(registration.event, registration) if with_file else file
    key = key or "-".join(
        part for part in (f"event-{registration.event_id}-{template}-{registration.id}", again) if part
    )
    shared = _shared(template, registration.event) if shared is None else shared
    values = shared | _own(registration) | {"has_file": file is not None} | values
    files, person_id = [file] if file else [], registration.person_id
    _queue(template, registration.email, values, key=key[:190], kind=kind, files=files, person_id=person_id)


def _queue(template: str, to: str, values: dict, *, kind: Kind = Kind.REMINDER, **options) -> None:
    mail.queue(f"event/{template}", to=to, kind=kind, values=values, secret=[*({"link"} & values.keys())], **options)


def _of_event(event: Event) -> dict:
    return {
        "title": event.title,
        "when": wording.when_lines(event),
        "where": wording.where_line(event),
        "event_link": settings.base_url + event.url,
    }


def _shared(template: str, event: Event) -> dict:
    """Return what a mail says to everybody, the organiser's own words included."""
    own = MailWords.select(MailWords.words).where(MailWords.event == event.id, MailWords.mail == template)
    return _of_event(event) | {"words": own.scalar() or ""}


def _own(registration: Registration) -> dict:
    """Return what a mail says to one person; the link of the webinar is for a confirmed seat alone."""
    event = registration.event
    values = {
        "name": registration.given_name,
        "guests": plural(registration.guests, "personne") if registration.guests else "",
        "link": personal_link(registration),
    }
    if registration.place == Place.CONFIRMED:
        if wording.shows_link(event):
            values |= {"online_url": _safe(event.online_url), "online_note": event.online_note}
        else:
            values["online_from"] = wording.link_comes(event)
    return values


def _safe(address: str) -> str:
    """Return an address that a link of a mail can hold whole."""
    return address.replace("(", "%28").replace(")", "%29")


def _file(event: Event, registration: Registration | None = None) -> Attached:
    has_left = registration is not None and registration.place in (Place.CANCELLED, Place.REMOVED)
    method = "CANCEL" if event.status == Status.CANCELLED or has_left else "PUBLISH"
    content = event_ics(event, registration=registration, method=method)
    return Attached(FILE_NAME, FILE_TYPE.format(method), content.encode())
