"""How many people an event has, for the lists and the pages of its organisers: a few queries, whatever their number."""

from collections.abc import Iterable
from dataclasses import dataclass

from peewee import Case, fn

from .models import Event, HeadCount, Session
from .people import Attendance, Invitation, Place, Registration


@dataclass
class Counts:
    """`seats` are those of the confirmed, guests included; `heads` those counted without names, sessions together."""

    confirmed: int = 0
    seats: int = 0
    waiting: int = 0
    walk_ins: int = 0
    present: int = 0
    professionals: int = 0
    heads: int | None = None
    invited: int = 0
    asked: int = 0


def counts_of(events: Iterable[Event]) -> dict[int, Counts]:
    """Return the counts of each event, by its id; a figure typed for an event without a list stands for its list."""
    events = list(events)
    counts = {each.id: Counts() for each in events}
    if events:
        for count in (_count_places, _count_present, _count_heads):
            count(counts)
    for each in events:
        if each.typed_participants is not None:
            counts[each.id].present = each.typed_participants
            counts[each.id].professionals = each.typed_professionals or 0
    return counts


def _count_places(counts: dict[int, Counts]) -> None:
    entry = Registration
    sums = (fn.COUNT(1), fn.SUM(1 + entry.guests))
    query = entry.select(entry.event, entry.state, *sums).where(entry.event.in_(list(counts)))
    for event, state, people, seats in query.group_by(entry.event, entry.state).tuples():
        match state:
            case Place.CONFIRMED:
                counts[event].confirmed, counts[event].seats = people, int(seats)
            case Place.WAITING:
                counts[event].waiting = people
            case Place.WALK_IN:
                counts[event].walk_ins = people


def _count_present(counts: dict[int, Counts]) -> None:
    came = Attendance.select(Attendance.registration).where(Attendance.is_present)
    professional = fn.SUM(Case(None, ((Registration.is_professional, 1),), 0))
    query = Registration.select(Registration.event, fn.COUNT(1), professional).where(
        Registration.event.in_(list(counts)), Registration.id.in_(came), Registration.state != Place.REMOVED
    )
    for event, present, professionals in query.group_by(Registration.event).tuples():
        counts[event].present, counts[event].professionals = present, int(professionals)


def _count_heads(counts: dict[int, Counts]) -> None:
    query = HeadCount.select(Session.event, fn.SUM(HeadCount.count), fn.SUM(HeadCount.professionals)).join(Session)
    for event, heads, professionals in query.where(Session.event.in_(list(counts))).group_by(Session.event).tuples():
        counts[event].heads = int(heads)
        counts[event].present += int(heads)
        counts[event].professionals += int(professionals)


def of_one(event: Event) -> Counts:
    """Return the counts of one event, with the people invited and the questions asked of its speakers."""
    counts = counts_of([event])[event.id]
    counts.invited = Invitation.select().where(Invitation.event == event).count()
    asked = (Registration.event == event) & (Registration.speakers_question != "")
    counts.asked = Registration.select().where(asked).count()
    return counts
