"""The seats of an event: counted, never stored. Who decides on them holds the event's row until the end."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from peewee import fn

from cptsapp.kernel import journal
from cptsapp.kernel.db import as_they_are, db, is_sqlite, now, revision
from cptsapp.kernel.errors import RuleError

from . import letters
from .models import Booking, Event, Status
from .people import PLACE_CHANGES, Place, Registration

PROMOTED = journal.declare("event.promoted", "Inscrit passé de la liste d’attente aux places confirmées")
FEW = 5  # seats left: their number is then said


@dataclass(frozen=True)
class Standing:
    """What an event's seats come to at one moment: confirmed seats taken, people waiting, room in all."""

    taken: int
    waiting: int
    capacity: int | None

    @property
    def left(self) -> int | None:
        """The seats that nobody has, or None without a limit."""
        return None if self.capacity is None else max(0, self.capacity - self.taken)

    @property
    def is_full(self) -> bool:
        """Tell whether whoever comes now waits: no seat, or others before them."""
        return self.left == 0 or self.waiting > 0

    def fits(self, seats: int) -> bool:
        return self.left is None or seats <= self.left

    @property
    def words(self) -> str:
        """What pages say of it."""
        if self.is_full:
            return "Complet"
        if self.left is None:
            return ""
        if self.left <= FEW:
            return "Dernière place" if self.left == 1 else f"Plus que {self.left} places"
        return "Places disponibles"


def standing(event: Event) -> Standing:
    """Count the seats of an event, in one query."""
    taken, waiting = db.execute_sql(_STANDING.replace("?", db.obj.param), (event.id,)).fetchone()
    return Standing(int(taken), int(waiting), event.capacity)


_STANDING = (
    "SELECT COALESCE(SUM(CASE WHEN state = 'confirmed' THEN 1 + guests ELSE 0 END), 0), "
    "COALESCE(SUM(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END), 0) FROM registration WHERE event_id = ?"
)


def seats_taken(event_id: int) -> int:
    """Count the confirmed seats, guests included."""
    mine = (Registration.event == event_id) & (Registration.state == Place.CONFIRMED)
    return Registration.select(fn.COALESCE(fn.SUM(1 + Registration.guests), 0)).where(mine).scalar()


def seats_left(event: Event) -> int | None:
    """Return how many seats nobody has, or None without a limit."""
    return None if event.capacity is None else max(0, event.capacity - seats_taken(event.id))


def is_open(event: Event, at: datetime | None = None) -> bool:
    """Tell whether one may register at `at` (naive UTC; now)."""
    return not why_closed(event, at)


def why_closed(event: Event, at: datetime | None = None) -> str:
    """Return why nobody may register at `at`, as a sentence, or "" while registration is open."""
    at = at or now()
    if event.booking != Booking.ONLINE or event.counts_heads:
        return "Cet événement ne demande pas d’inscription sur ce site."
    if event.status == Status.CANCELLED:
        return "Cet événement est annulé."
    if event.status != Status.PUBLISHED or event.deleted_at:
        return "Les inscriptions à cet événement ne sont pas ouvertes."
    if event.opens_at and at < event.opens_at:
        return "Les inscriptions ne sont pas encore ouvertes."
    if at > event.last_day_to_register:
        return "Les inscriptions sont closes."
    return ""


@contextmanager
def writing(event_id: int):
    """Hold an event for one write transaction; public pages are told when what they say of its seats changes."""
    with db.atomic():
        event = lock(event_id)
        before = standing(event)
        yield event, before
        if standing(event).words != before.words:
            revision.bump()


def lock(event_id: int) -> Event:
    """Return an event whose row is held until the transaction ends: seats are counted and given one at a time."""
    hold = "" if is_sqlite() else " FOR UPDATE"  # SQLite holds the whole file already
    event = next(iter(as_they_are(Event, f"id = ? AND deleted_at IS NULL{hold}", event_id)), None)
    if event is None:
        raise RuleError("Cet événement n’existe plus. Revenez à la liste des événements.")
    return event


def move(registration: Registration, to: Place, **changes) -> None:
    """Change the place of a registration; a change that the table does not allow is refused."""
    if to not in PLACE_CHANGES[registration.place]:
        raise RuleError(
            f"Cette inscription est « {registration.place.label} » : elle ne peut pas devenir « {to.label} »."
        )
    registration.state, registration.state_at = to, now()
    for name, value in changes.items():
        setattr(registration, name, value)
    registration.save()


def waiting_list(event_id: int):
    """Return who waits, the next to enter first."""
    mine = (Registration.event == event_id) & (Registration.state == Place.WAITING)
    return Registration.select().where(mine).order_by(Registration.priority.desc(), Registration.id)


def rank(registration: Registration) -> int:
    """Return the place of somebody who waits: 1 is the next to enter."""
    ahead = (Registration.priority > registration.priority) | (
        (Registration.priority == registration.priority) & (Registration.id < registration.id)
    )
    return waiting_list(registration.event_id).where(ahead).count() + 1


def tell_again(registration: Registration, act: str) -> None:
    """Mail somebody once more where they stand, with their rank as it now is."""
    letters.again(registration, act, rank=rank(registration) if registration.place == Place.WAITING else None)


def promote(event_id: int) -> list[Registration]:
    """Let those who wait enter in their strict order while they fit, and mail them, in the caller's transaction.

    The first who does not fit, guests included, keeps the others behind.
    """
    event = lock(event_id)
    left, entered = seats_left(event), []
    for registration in list(waiting_list(event_id)):
        if left is not None and registration.seats > left:
            break
        registration.event = event
        enter(registration)
        entered.append(registration)
        left = None if left is None else left - registration.seats
    return entered


def enter(registration: Registration) -> None:
    """Give a seat to one who waits, and say so by mail."""
    move(registration, Place.CONFIRMED, confirmed_at=now())
    letters.promoted(registration)
    journal.write(PROMOTED, "registration", registration.id)


def promote_if_open(event: Event) -> list[Registration]:
    """Promote by itself only while people may register: later, nobody would read the mail in time."""
    return promote(event.id) if is_open(event) else []
