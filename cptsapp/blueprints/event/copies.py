"""Events made from another: a copy in one click, or as many as a recurrence has days."""

from collections.abc import Iterable
from datetime import date

from cptsapp.kernel import journal
from cptsapp.kernel.dates import to_paris
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import normalise_email

from . import checking, rules, timetable
from .models import Audience, CoOrganiser, Event, MailWords, Question, Series, Session, Status
from .people import LIVING, Interest, Invitation, Registration
from .timetable import Every, shifted

journal.declare("event.duplicated", "Événement dupliqué")
journal.declare("event.repeated", "Événement répété")

MOST_WEEKS = 520
COPIED = [name for name in checking.EDITABLE if name not in ("opens_at", "closes_at")]


@db.atomic()
def duplicate(event_id: int, *, weeks: int | None = None, with_people: bool = False, in_series: bool = False) -> Event:
    """Make a draft like an event: without dates, or `weeks` later at the same hour of Paris.

    Its questions, co-organisers and mails' words come with it, never its materials nor its registrations. With
    `with_people`, those who were registered or asked to hear of the next session are on the list of the first told.
    """
    source = rules.living(event_id)
    if weeks is not None and not 1 <= weeks <= MOST_WEEKS:
        raise RuleError("Écrivez un nombre de semaines entre 1 et 520, ou laissez vide.", "weeks")
    if in_series:
        _put_in_series(source)
    event = _copy(source, None if weeks is None else 7 * weeks)
    if with_people:
        _invite_first(source, event)
    journal.write("event.duplicated", "event", event.id, source=source.id)
    return event


@db.atomic()
def repeat(event_id: int, every: Every, until: date, except_days: Iterable[date] = ()) -> list[Event]:
    """Make the events that follow one another from this one, in one series, up to a day; return them.

    Each is its own event: published at once when this one is, unless it is for invited people, who would get all
    their links on the same day; a draft otherwise. A day that the series has already is left alone.
    """
    source = rules.editable(event_id)
    days = days_to_come(source, every, until)
    passed = set(except_days)
    days = [day for day in days if day not in passed]
    if not days:
        raise RuleError("Toutes les dates sont retirées ou existent déjà : il n’y a rien à créer.", "except_days")
    _put_in_series(source)
    first = to_paris(source.starts_at).date()
    made = [_copy(source, (day - first).days) for day in days]
    if is_published_with(source):
        made = [rules.publish(each.id) for each in made]
    journal.write("event.repeated", "event", source.id, count=len(made))
    return made


def is_published_with(source: Event) -> bool:
    """Tell whether the events repeated from this one are announced at once, as it is."""
    return source.status == Status.PUBLISHED and source.audience != Audience.INVITED


def days_to_come(source: Event, every: Every, until: date) -> list[date]:
    """Return the days that a recurrence adds, without those on which the series has an event already."""
    if source.starts_at is None:
        raise RuleError("Donnez d’abord une date à l’événement : les suivantes partent d’elle.")
    days = timetable.days_of(to_paris(source.starts_at).date(), every, until)
    taken = set()
    if source.series_id:
        same = Event.select(Event.starts_at).where(
            Event.series == source.series_id, Event.deleted_at.is_null(), Event.starts_at.is_null(False)
        )
        taken = {to_paris(starts_at).date() for (starts_at,) in same.tuples()}
    return [day for day in days if day not in taken]


def _put_in_series(source: Event) -> None:
    if source.series_id is None:
        source.series = Series.create(title=source.title)
        source.save()


def _copy(source: Event, days: int | None) -> Event:
    """Write a draft like `source`, `days` later at the same hours of Paris; None leaves it without dates."""
    values = {name: getattr(source, name) for name in COPIED}
    sessions = []
    if days is not None:
        rows = source.sessions.order_by(Session.starts_at)
        sessions = [(shifted(each.starts_at, days), shifted(each.ends_at, days), each.label) for each in rows]
        values |= {name: shifted(getattr(source, name), days) for name in ("opens_at", "closes_at")}
    event = rules.create(sessions=sessions, **values)
    _copy_rows(Question, source, event)
    _copy_rows(CoOrganiser, source, event)
    _copy_rows(MailWords, source, event)
    if source.audience == Audience.INVITED:
        _copy_rows(Invitation, source, event, sent_at=None, added_at=now())
    return event


def _copy_rows(model, source: Event, event: Event, **changes) -> None:
    for row in model.select().where(model.event == source).order_by(model.id).dicts():
        model.create(**{name: value for name, value in row.items() if name != "id"} | {"event": event} | changes)


def _invite_first(source: Event, event: Event) -> None:
    """Put on the list those who were registered for `source`, and those who asked to hear of the next session."""
    registered = Registration.select().where(
        Registration.event == source, Registration.state.in_(LIVING), Registration.email_normalised != ""
    )
    asked = Interest.select().where(Interest.event == source, Interest.told_at.is_null())
    people = [(each.email, each.label, each.person_id) for each in registered.order_by(Registration.id)]
    people += [(each.email, each.name, each.person_id) for each in asked.order_by(Interest.id)]
    for email, name, person_id in people:
        row = {"event": event, "email": email, "name": name, "person": person_id}
        Invitation.insert(email_normalised=normalise_email(email), **row).on_conflict_ignore().execute()
