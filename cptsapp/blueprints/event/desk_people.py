"""What organisers do with several registrations at once, each on its own: one that is refused stops no other."""

from collections.abc import Iterable
from datetime import datetime

from cptsapp.kernel import bulk, journal
from cptsapp.kernel.bulk import Done
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError

from . import moves, seats
from .models import Event
from .people import LIVING, Place, Registration

journal.declare("event.resent", "E-mail d’inscription envoyé de nouveau")


def remove(ids: Iterable[int], reason: str, *, notify: bool) -> Done:
    """Take registrations away, with one reason for all."""
    if notify and not reason.strip():
        raise RuleError("Dites pourquoi : les personnes le liront dans leur e-mail.", "reason")
    return bulk.each(ids, lambda id: moves.remove(id, reason, notify=notify))


def confirm(ids: Iterable[int], reason: str = "") -> Done:
    """Give free seats to people who wait, in the order of the list; passing before others takes a reason."""
    rows = Registration.select(Registration.id).where(Registration.id.in_(list(ids)))
    order = rows.order_by(Registration.priority.desc(), Registration.id).tuples()
    return bulk.each([id for (id,) in order], lambda id: moves.confirm(id, reason))


def resend(ids: Iterable[int]) -> Done:
    return bulk.each(ids, resend_one)


@db.atomic()
def resend_one(registration_id: int, *, at: datetime | None = None) -> None:
    """Send somebody again the mail that says where their registration stands; twice in a minute is once."""
    entry = Registration.select(Registration, Event).join(Event).where(Registration.id == registration_id).first()
    if entry is None or entry.place not in LIVING or entry.place == Place.WALK_IN:
        raise RuleError("On n’écrit qu’aux personnes inscrites ou en attente.")
    if not entry.email:
        raise RuleError(f"{entry.label} n’a pas donné d’adresse e-mail.")
    seats.tell_again(entry, f"desk-{at or now():%Y%m%d%H%M}")
    journal.write("event.resent", "registration", entry.id, event=entry.event_id)
