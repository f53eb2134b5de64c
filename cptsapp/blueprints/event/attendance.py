"""Who was there: ticked at the door, on a phone that may lose its network, or keyed in from a sheet of paper.

Present is not registered: a tick belongs to one session. Of two ticks of one person, the last one holds, by the clock
of the phone; a clock that is fast counts as now.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import EXCLUDED

from cptsapp.kernel import journal
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import fold

from .models import Event, HeadCount, Session, Status
from .people import LIVING, Attendance, Registration

KEYED_IN = journal.declare("event.keyed_in", "Présences saisies d’après la feuille d’émargement")
COUNTED = journal.declare("event.counted", "Participants comptés")
# Ages are asked only where they serve prevention; "" is everybody, uncounted by age.
BANDS = {
    "": "Tous âges",
    "0-17": "Moins de 18 ans",
    "18-59": "18 à 59 ans",
    "60-74": "60 à 74 ans",
    "75": "75 ans et plus",
}
MOST_HEADS = 10_000


@dataclass(frozen=True)
class Tick:
    """That somebody is at a session, or is not after all; `at` is naive UTC, as the phone knew it."""

    registration_id: int
    session_id: int
    is_present: bool
    at: datetime


def sessions_of(event: Event) -> list[Session]:
    return list(Session.select().where(Session.event == event).order_by(Session.starts_at))


def at_hand(sessions: list[Session], moment: datetime | None = None) -> Session | None:
    """Return the session that people are coming to: the one under way or about to be, else the last one before."""
    moment = moment or now()
    coming = [each for each in sessions if each.ends_at + timedelta(hours=1) > moment]
    return coming[0] if coming else (sessions[-1] if sessions else None)


def expected(event: Event, words: str = ""):
    """Return who may come, in the order of a sheet: those registered, those who wait, those who came anyway."""
    mine = (Registration.event == event) & Registration.state.in_([str(each) for each in LIVING])
    query = Registration.select().where(mine)
    for word in fold(words).split():
        query = query.where(Registration.folded.contains(word))
    return query.order_by(Registration.folded, Registration.id)


def present_at(session: Session | int) -> set[int]:
    """Return the ids of the registrations that are ticked at a session."""
    here = (Attendance.session == session) & Attendance.is_present
    return {id for (id,) in Attendance.select(Attendance.registration).where(here).tuples()}


@db.atomic()
def record(event_id: int, ticks: Iterable[Tick], account_id: int | None) -> int:
    """Keep ticks of an event, whatever their order and however often they are sent; return how many are of it.

    A tick of a registration or a session that is no longer there, or of somebody who gave up their place, is left
    aside: the phone learns it by the count.
    """
    _event(event_id)
    ticks = list(ticks)
    living = Registration.select(Registration.id).where(Registration.state.in_([str(each) for each in LIVING]))
    known = _ids(living.where(Registration.event == event_id), {each.registration_id for each in ticks})
    sittings = _ids(Session.select(Session.id).where(Session.event == event_id), {each.session_id for each in ticks})
    mine = [each for each in ticks if each.registration_id in known and each.session_id in sittings]
    moment, last = now(), {}
    for each in sorted(mine, key=lambda tick: tick.at):
        last[each.registration_id, each.session_id] = each
    for tick in last.values():
        _keep(tick, moment, account_id)
    return len(mine)


def _event(event_id: int) -> Event:
    event = Event.get_or_none(Event.id == event_id, Event.deleted_at.is_null())
    if event is None or event.status not in (Status.PUBLISHED, Status.HELD):
        raise RuleError("La présence se note pour un événement publié ou tenu. Publiez-le d’abord.")
    return event


def _ids(query, asked: set[int]) -> set[int]:
    """Return those of the ids asked for that a query knows."""
    return {id for (id,) in query.where(query.model.id.in_(asked)).tuples()}


def _keep(tick: Tick, moment: datetime, account_id: int | None) -> None:
    row = {
        Attendance.registration: tick.registration_id,
        Attendance.session: tick.session_id,
        Attendance.is_present: tick.is_present,
        Attendance.ticked_at: min(tick.at, moment),
        Attendance.recorded_at: moment,
        Attendance.by: account_id,
    }
    kept = (Attendance.is_present, Attendance.ticked_at, Attendance.recorded_at, Attendance.by)
    Attendance.insert(row).on_conflict(
        conflict_target=[Attendance.registration, Attendance.session],
        update={field: EXCLUDED[field.column_name] for field in kept},
        where=(Attendance.ticked_at <= EXCLUDED["ticked_at"]),
    ).execute()


@db.atomic()
def key_in(event_id: int, session_id: int, present: set[int], account_id: int | None) -> int:
    """Write what a signed sheet says of one session: those of `present` were there, nobody else; return how many."""
    event = _event(event_id)
    session = Session.get_or_none(Session.id == session_id, Session.event == event)
    if session is None:
        raise RuleError("Cette séance n’existe plus. Rechargez la page.")
    before, moment = present_at(session), now()
    everybody = {id for (id,) in expected(event).select(Registration.id).order_by().tuples()}
    present &= everybody
    changed = [Tick(id, session.id, id in present, moment) for id in present ^ (before & everybody)]
    record(event_id, changed, account_id)
    journal.write(KEYED_IN, "event", event.id, session=session.id, count=len(present))
    return len(present)


@db.atomic()
def count_heads(event_id: int, session_id: int, counts: dict[str, tuple[int, int]]) -> int:
    """Write how many people came to a session, by age band: {band: (people, of whom professionals)}. Nobody is named.

    A band without anybody is left out; the count replaces the one before. Returns the number of people.
    """
    event = _event(event_id)
    session = Session.get_or_none(Session.id == session_id, Session.event == event)
    if session is None:
        raise RuleError("Cette séance n’existe plus. Rechargez la page.")
    for band, (people, professionals) in counts.items():
        if band not in BANDS or not 0 <= people <= MOST_HEADS:
            raise RuleError(f"Le nombre de personnes va de 0 à {MOST_HEADS}.", f"band-{band}")
        if not 0 <= professionals <= people:
            raise RuleError("Les professionnels ne peuvent pas être plus nombreux que les présents.", "professionals")
    HeadCount.delete().where(HeadCount.session == session).execute()
    for band, (people, professionals) in counts.items():
        if people:
            HeadCount.create(session=session, band=band, count=people, professionals=professionals)
    total = sum(people for people, _ in counts.values())
    journal.write(COUNTED, "event", event.id, session=session.id, count=total)
    return total


def split_name(text: str) -> tuple[str, str]:
    """Return (given name, family name) of what was typed in one field: « Anne DUPONT », « DUPONT Anne », « Anne »."""
    words = text.split()
    capitals = [each for each in words if len(each) > 1 and each.isupper()]
    if capitals and len(capitals) < len(words):
        return " ".join(each for each in words if each not in capitals), " ".join(capitals)
    return (words[0] if words else ""), " ".join(words[1:])
