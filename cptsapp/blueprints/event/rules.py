"""What the coordination does with an event: write it, publish it, hold it, cancel it, make others like it."""

import uuid
from collections.abc import Iterable
from contextlib import contextmanager

from cptsapp.kernel import journal
from cptsapp.kernel.dates import datetime_fr, to_paris
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import slugify

from . import checking, letters, moves, seats, timetable
from .models import STATUS_CHANGES, Booking, Event, Session, Status
from .showing import show_changed
from .timetable import Sitting

for action, sentence in (
    ("event.created", "Événement créé"),
    ("event.edited", "Événement modifié"),
    ("event.published", "Événement publié"),
    ("event.withdrawn", "Événement remis en brouillon"),
    ("event.held", "Événement marqué comme tenu"),
    ("event.reopened", "Événement marqué comme tenu par erreur : de nouveau publié"),
    ("event.cancelled", "Événement annulé"),
    ("event.trashed", "Brouillon d’événement mis à la corbeille"),
    ("event.restored", "Brouillon d’événement rétabli"),
    ("event.counted", "Participants d’un événement sans liste notés"),
):
    journal.declare(action, sentence)

UNDATED = "brouillon"  # ends the address of what has no date yet
SLUG_TITLE = 66  # characters of the address kept for the title


@db.atomic()
def create(*, sessions: Iterable = (), created_by: int | None = None, **values) -> Event:
    """Write a new draft. `sessions` are (starts_at, ends_at, label); `values` are columns (see checking.EDITABLE)."""
    event = Event(uid=str(uuid.uuid4()), created_by=created_by or journal.actor(), slug=uuid.uuid4().hex)
    asked = timetable.sittings(sessions)
    _write(event, checking.clean({"title": ""} | values), asked)
    event.slug = free_slug(event)
    event.save(force_insert=True)
    timetable.replace(event, asked)
    journal.write("event.created", "event", event.id)
    return event


@db.atomic()
def edit(event_id: int, *, sessions: Iterable | None = None, over: str = "", **values) -> Event:
    """Change an event. Once it is published, those registered hear once of another date or place.

    `over` says what becomes of those registered when the seats are fewer than they are (see moves.set_capacity).
    """
    event = editable(event_id)
    values = checking.clean(values)
    capacity = values.pop("capacity", event.capacity)
    checking.check_capacity(capacity)
    with _telling(event):
        asked = None if sessions is None else timetable.sittings(sessions)
        _write(event, values, asked)
        if asked is not None:
            timetable.replace(event, asked)
        if event.published_at is None:
            event.slug = free_slug(event)
    if capacity != event.capacity:
        event = moves.set_capacity(event.id, capacity, over=over)
    seats.promote_if_open(event)
    return event


def set_sessions(event_id: int, sessions: Iterable) -> Event:
    """Put the sessions of an event in place of those it had: (starts_at, ends_at, label), naive UTC."""
    return edit(event_id, sessions=sessions)


def _write(event: Event, values: dict, asked: list[Sitting] | None) -> None:
    for name, value in values.items():
        setattr(event, name, value)
    if asked is not None:
        if not asked and event.status != Status.DRAFT:
            raise RuleError("Un événement publié garde au moins une séance.", "sessions")
        event.starts_at = asked[0].starts_at if asked else None
        event.ends_at = max(each.ends_at for each in asked) if asked else None
    checking.check(event)


@contextmanager
def _telling(event: Event):
    """Write what the block changes in an event; another date or place of a published one is told, once."""
    is_followed = event.status == Status.PUBLISHED and not event.is_past
    before, hours = (letters.facts(event), _hours(event)) if is_followed else ({}, [])
    yield
    has_moved = is_followed and (hours != _hours(event) or _is_elsewhere(before, letters.facts(event)))
    event.sequence += int(has_moved)
    event.save()
    journal.write("event.edited", "event", event.id, moved=has_moved or None)
    show_changed(event)
    if has_moved:
        letters.changed(event, before)


def _hours(event: Event) -> list[tuple]:
    return list(event.sessions.select(Session.starts_at, Session.ends_at).order_by(Session.starts_at).tuples())


def _is_elsewhere(before: dict, after: dict) -> bool:
    """Tell whether the place changed, or a link that people had; a first link shows on their page and in reminders."""
    return before["where"] != after["where"] or (before["online"][0] != "" and before["online"] != after["online"])


@db.atomic()
def publish(event_id: int) -> Event:
    """Announce an event: from now on its address does not change. Its invited people receive their link."""
    event = _move(event_id, Status.PUBLISHED, from_=Status.DRAFT)
    _refuse_unready(event)
    if event.published_at is None:
        event.slug = free_slug(event)
        event.published_at = now()
    _moved(event, "event.published")
    if not event.is_past:
        letters.announce(event)
    return event


def _refuse_unready(event: Event) -> None:
    if event.starts_at is None:
        raise RuleError("Donnez d’abord une date à l’événement, puis publiez-le.", "sessions")
    if event.booking == Booking.ELSEWHERE and not event.booking_note:
        raise RuleError("Dites où s’inscrire (téléphone, adresse, site du partenaire), puis publiez.", "booking_note")


@db.atomic()
def withdraw(event_id: int) -> Event:
    """Take an event back to a draft, while nobody has registered."""
    event = _move(event_id, Status.DRAFT, from_=Status.PUBLISHED)
    if event.registrations.exists():
        raise RuleError("Quelqu’un s’est déjà inscrit : annulez l’événement plutôt que de le retirer du site.")
    return _moved(event, "event.withdrawn")


@db.atomic()
def hold(event_id: int) -> Event:
    """Say that an event took place: it counts in the figures from now on."""
    event = _move(event_id, Status.HELD, from_=Status.PUBLISHED)
    if event.starts_at > now():
        raise RuleError(f"Cet événement commence le {datetime_fr(event.starts_at)} : il se dira tenu ensuite.")
    event.held_at = now()
    return _moved(event, "event.held")


@db.atomic()
def reopen(event_id: int) -> Event:
    """Take back « tenu », said by mistake."""
    event = _move(event_id, Status.PUBLISHED, from_=Status.HELD)
    event.held_at = None
    return _moved(event, "event.reopened")


@db.atomic()
def cancel(event_id: int, reason: str) -> Event:
    """Cancel an event; everybody registered or waiting is told, and their calendars with them."""
    event = _move(event_id, Status.CANCELLED, from_=Status.PUBLISHED)
    reason = " ".join(reason.replace("\0", "").split())
    if not reason:
        raise RuleError("Dites pourquoi l’événement est annulé : les personnes inscrites le liront.", "reason")
    if len(reason) > Event.cancel_reason.max_length:
        raise RuleError("Dites-le en 300 caractères au plus.", "reason")
    event.cancelled_at, event.cancel_reason = now(), reason
    event.sequence += 1
    _moved(event, "event.cancelled")
    if not event.is_past:
        letters.cancelled(event, reason)
    return event


def _move(event_id: int, to: Status, *, from_: Status) -> Event:
    """Return the event in its new status, not yet saved. Raises RuleError when the change is not allowed."""
    event = living(event_id)
    if event.status != from_ or to not in STATUS_CHANGES[event.state]:
        raise RuleError(
            f"Cet événement est dans l’état « {event.state.label} » : il ne peut pas passer à « {to.label} » ainsi. "
            "Rechargez la page."
        )
    event.status = to
    return event


def _moved(event: Event, action: str) -> Event:
    event.save()
    journal.write(action, "event", event.id)
    show_changed(event)
    return event


@db.atomic()
def trash(event_id: int) -> None:
    """Put a draft in the trash; it can be put back."""
    event = living(event_id)
    if event.status != Status.DRAFT:
        raise RuleError("Seul un brouillon se met à la corbeille. Un événement publié s’annule.")
    event.deleted_at = now()
    _moved(event, "event.trashed")


@db.atomic()
def restore(event_id: int) -> None:
    """Take a draft out of the trash."""
    event = locked(Event.select().where(Event.id == event_id)).get()
    if event.deleted_at:
        event.deleted_at = None
        _moved(event, "event.restored")


@db.atomic()
def count_by_hand(event_id: int, *, participants: int | None, professionals: int | None, source: str = "") -> None:
    """Note how many people came to an event of before, of which there is no list, and where the figure comes from."""
    event = living(event_id)
    source = " ".join(source.split())
    for name, number in (("participants", participants), ("professionals", professionals)):
        if number is not None and not 0 <= number <= checking.MOST_SEATS:
            raise RuleError("Écrivez un nombre entre 0 et 100 000.", name)
    if professionals is not None and (participants is None or professionals > participants):
        raise RuleError("Les professionnels sont parmi les participants : corrigez l’un des nombres.", "professionals")
    if participants is not None and not source:
        raise RuleError("Dites d’où vient ce nombre : « feuille d’émargement », « rapport 2024 »…", "source")
    event.typed_participants, event.typed_professionals = participants, professionals
    event.typed_source = source[: Event.typed_source.max_length] if participants is not None else ""
    _moved(event, "event.counted")


def free_slug(event: Event) -> str:
    """Return the end of an event's address: its title and its day."""
    day = to_paris(event.starts_at).date().isoformat() if event.starts_at else UNDATED
    wanted = f"{slugify(event.title, limit=SLUG_TITLE)}-{day}"
    others = Event.select(Event.slug).where(Event.slug.startswith(wanted), Event.id != (event.id or 0))
    taken = {slug for (slug,) in others.tuples()}
    return next(each for each in (wanted, *(f"{wanted}-{n}" for n in range(2, len(taken) + 3))) if each not in taken)


def living(event_id: int) -> Event:
    """Return an event, its row held until the end of the transaction. Raises RuleError when it is in the trash."""
    event = locked(Event.select().where(Event.id == event_id)).get()
    if event.deleted_at:
        raise RuleError("Cet événement est à la corbeille. Rétablissez-le d’abord.")
    return event


def editable(event_id: int) -> Event:
    """Return an event that may be written. Raises RuleError when it is cancelled or in the trash."""
    event = living(event_id)
    if event.status == Status.CANCELLED:
        raise RuleError("Cet événement est annulé : il ne se modifie plus. Dupliquez-le pour en faire un autre.")
    return event
