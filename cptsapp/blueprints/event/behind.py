"""What is behind the figures of events: which were held, and who was there, for those who may read the lists."""

from collections.abc import Iterator
from datetime import date

from flask import url_for
from peewee import fn

from cptsapp.kernel.dates import to_paris
from cptsapp.kernel.registry import Behind, rows_behind
from cptsapp.kernel.text import plural

from . import figures
from .models import Event, EventKind, HeadCount, Session
from .people import Place, Registration


@rows_behind("event.held", access=("bureau", "coordination"))
def events(start: date, end: date, **which: str) -> Iterator[Behind]:
    for event, counts in figures.narrowed(start, end, **which):
        present = plural(counts.present, "participant")
        words = f"{event.kind_label} : {event.heading}, {present}"
        yield Behind(words, _day(event), url_for("event_gestion.show", id=event.id))


@rows_behind("event.participants", access=("coordination",))
def participants(start: date, end: date, **which: str) -> Iterator[Behind]:
    return _present(start, end, which, professionals=False)


@rows_behind("event.professionals", access=("coordination",))
def professionals(start: date, end: date, **which: str) -> Iterator[Behind]:
    return _present(start, end, which, professionals=True)


@rows_behind("event.trained", access=("coordination",))
def trained(start: date, end: date) -> Iterator[Behind]:
    return _present(start, end, {"kind": EventKind.TRAINING}, professionals=True)


@rows_behind("event.registered", access=("coordination",))
def registered(start: date, end: date, **which: str) -> Iterator[Behind]:
    found = {event.id: event for event, _ in figures.narrowed(start, end, **which)}
    mine = Registration.event.in_(list(found)), Registration.state == Place.CONFIRMED
    for each in Registration.select().where(*mine).order_by(Registration.event, Registration.folded):
        yield _named(each, found[each.event_id])


def _present(start: date, end: date, which: dict, *, professionals: bool) -> Iterator[Behind]:
    """Give each person present, then those of whom only the number is known, event by event."""
    found = figures.narrowed(start, end, **which)
    listed = {event.id: event for event, _ in found if event.typed_participants is None}
    here = figures.present_in(list(listed))
    if professionals:
        here = here.where(Registration.is_professional)
    for each in here.order_by(Registration.event, Registration.folded):
        yield _named(each, listed[each.event_id])
    unnamed = HeadCount.professionals if professionals else HeadCount.count
    heads = HeadCount.select(Session.event, fn.SUM(unnamed)).join(Session).where(Session.event.in_(list(listed)))
    for id, number in heads.group_by(Session.event).tuples():
        yield from _unnamed(listed[id], int(number), "comptés sans nom")
    for event, _ in found:
        if event.typed_participants is not None:
            number = event.typed_professionals if professionals else event.typed_participants
            yield from _unnamed(event, number or 0, "chiffre saisi, sans liste")


def _named(entry: Registration, event: Event) -> Behind:
    profession = f", {entry.profession_label}" if entry.profession_label else ""
    words = f"{entry.list_label}{profession} ({event.heading})"
    return Behind(words, _day(event), url_for("event_gestion.people", id=event.id))


def _unnamed(event: Event, number: int, how: str) -> Iterator[Behind]:
    if number:
        yield Behind(f"{event.heading} : {how}", _day(event), url_for("event_gestion.show", id=event.id), number)


def _day(event: Event) -> date:
    return to_paris(event.starts_at).date()
