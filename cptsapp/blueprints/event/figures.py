"""The figures of events: of one, or of all those held in a period. Only those said held count.

Participants are the people present, those counted without names, and those of events of before of which only a number
is known. Professionals are told apart; somebody present at three sessions of an event is one participant.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from peewee import JOIN, fn

from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.dates import span, start_of
from cptsapp.kernel.kept import kept

from .counts import Counts, counts_of
from .models import CoOrganiser, Event, EventKind, Session, Status
from .people import Attendance, Place, Registration

UNSAID = "Non précisé"


def held(start: date, end: date):
    """Select the events held that started in a period, both days included."""
    after, before = span(start, end)
    return Event.select().where(
        Event.status == Status.HELD, Event.deleted_at.is_null(), Event.starts_at >= after, Event.starts_at < before
    )


FIRST_DAY = date(1990, 1, 1)


@kept
def _counted_until(end: date) -> list[tuple[Event, Counts]]:
    """Return all the events held until a day with their counts: whatever is then asked of them, they are read once."""
    columns = (Event.id, Event.title, Event.kind, Event.action, Event.mission, Event.starts_at)
    events = list(held(FIRST_DAY, end).select(*columns, Event.typed_participants, Event.typed_professionals))
    counts = counts_of(events)
    return [(each, counts[each.id]) for each in events]


def counted(start: date, end: date) -> list[tuple[Event, Counts]]:
    """Return the events held in a period with their counts."""
    after = start_of(start)
    return [(event, counts) for event, counts in _counted_until(end) if event.starts_at >= after]


def narrowed(start: date, end: date, **which: str) -> list[tuple[Event, Counts]]:
    """Return the events held of one `kind`, `mission` or `action` (the code of a fiche), with their counts."""
    return [
        (event, counts)
        for event, counts in counted(start, end)
        if all(getattr(event, name) == value for name, value in which.items() if value)
    ]


def participants(start: date, end: date, **which: str) -> int:
    return sum(counts.present for _, counts in narrowed(start, end, **which))


def professionals(start: date, end: date, **which: str) -> int:
    return sum(counts.professionals for _, counts in narrowed(start, end, **which))


def registered(start: date, end: date, **which: str) -> int:
    return sum(counts.confirmed for _, counts in narrowed(start, end, **which))


def split(start: date, end: date, key) -> dict[str, tuple[int, int, int, int]]:
    """Return {label: (events, participants, professionals, registered)}, the most numerous first.

    `key(event)` gives the label.
    """
    found: dict[str, list[int]] = {}
    for each, counts in counted(start, end):
        line = found.setdefault(key(each) or UNSAID, [0, 0, 0, 0])
        line[0] += 1
        line[1] += counts.present
        line[2] += counts.professionals
        line[3] += counts.confirmed
    ordered = sorted(found.items(), key=lambda item: (-item[1][0], -item[1][1], item[0]))
    return {label: tuple(line) for label, line in ordered}


def kind_of(event: Event) -> str:
    return EventKind(event.kind).label


def mission_of(event: Event) -> str:
    return reference.missions()[event.mission].label if event.mission in reference.missions() else ""


def action_of(event: Event) -> str:
    return event.action


def by_partner(start: date, end: date) -> dict[str, int]:
    """Count the events held with each co-organiser."""
    events = held(start, end).select(Event.id)
    query = CoOrganiser.select(CoOrganiser.name, fn.COUNT(1)).where(CoOrganiser.event.in_(events))
    return dict(query.group_by(CoOrganiser.name).order_by(fn.COUNT(1).desc(), CoOrganiser.name).tuples())


def present_in(events):
    """Select the registrations of those present at one session at least of `events` (a query of their ids)."""
    sittings = Session.select(Session.id).where(Session.event.in_(events))
    here = Attendance.select(Attendance.registration).where(Attendance.session.in_(sittings), Attendance.is_present)
    return Registration.select().where(Registration.id.in_(here), Registration.state != Place.REMOVED)


def by_profession(people) -> dict[str, int]:
    """Count registrations (a query) by profession; what was written by hand counts as other."""
    known = reference.professions()
    found: Counter = Counter()
    for code, count in people.select(Registration.profession, fn.COUNT(1)).group_by(Registration.profession).tuples():
        found[known[code].label if code in known else "Autre ou non précisée"] += count
    return dict(found.most_common())


def by_commune(people) -> dict[str, int]:
    query = people.select(Commune.name, fn.COUNT(1)).join(
        Commune, JOIN.LEFT_OUTER, on=(Commune.insee == Registration.insee)
    )
    ordered = query.group_by(Commune.name).order_by(fn.COUNT(1).desc(), Commune.name)
    return {name or "Non précisée": count for name, count in ordered.tuples()}


def by_cpts(people) -> dict[str, int]:
    """Count registrations by the CPTS they come from; nothing said is ours or none."""
    query = people.select(Registration.cpts, fn.COUNT(1)).group_by(Registration.cpts).order_by(fn.COUNT(1).desc())
    return {name or "La nôtre, ou aucune": count for name, count in query.tuples()}


@dataclass(frozen=True)
class Sitting:
    session: Session
    present: int


@dataclass(frozen=True)
class Balance:
    """What an event came to. `rate` is the share of the registered who came, out of 100, or None."""

    counts: Counts
    rate: int | None
    guests: int
    sittings: list[Sitting]
    professions: dict[str, int] = field(default_factory=dict)
    communes: dict[str, int] = field(default_factory=dict)
    cpts: dict[str, int] = field(default_factory=dict)


def balance(event: Event) -> Balance:
    """Return the figures of one event."""
    counts = counts_of([event])[event.id]
    people = present_in([event.id])
    confirmed = (Registration.event == event) & (Registration.state == Place.CONFIRMED)
    guests = Registration.select(fn.COALESCE(fn.SUM(Registration.guests), 0)).where(confirmed).scalar()
    came = people.where(Registration.state == Place.CONFIRMED).count()
    by_session = dict(
        Attendance.select(Attendance.session, fn.COUNT(1))
        .join(Session)
        .where(Session.event == event, Attendance.is_present)
        .group_by(Attendance.session)
        .tuples()
    )
    sessions = Session.select().where(Session.event == event).order_by(Session.starts_at)
    return Balance(
        counts=counts,
        rate=round(100 * came / counts.confirmed) if counts.confirmed else None,
        guests=int(guests),
        sittings=[Sitting(each, by_session.get(each.id, 0)) for each in sessions],
        professions=by_profession(people),
        communes=by_commune(people),
        cpts=by_cpts(people),
    )
