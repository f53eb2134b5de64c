"""Which events whom may find: in lists, in the month, in feeds, in the search."""

from datetime import date, datetime

from peewee import JOIN

from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.access import Visibility, readable
from cptsapp.kernel.dates import span
from cptsapp.kernel.db import now
from cptsapp.kernel.files import StoredFile
from cptsapp.kernel.text import fold

from .models import Audience, Event, Status

SHOWN = (Status.PUBLISHED, Status.HELD, Status.CANCELLED)


def announced(held=None):
    """Select what `held` roles (those of whoever asks) find: what is published, not only for invited people."""
    query = Event.select(Event, Commune, StoredFile).join(Commune, JOIN.LEFT_OUTER).switch(Event)
    query = query.join(StoredFile, JOIN.LEFT_OUTER).where(
        Event.deleted_at.is_null(),
        Event.status.in_([str(each) for each in SHOWN]),
        Event.starts_at.is_null(False),
        Event.audience != Audience.INVITED,
    )
    return query if Visibility.ADHERENTS in readable(held) else query.where(Event.is_public)


def coming(query, at: datetime | None = None):
    """Keep the events that are not over, the next first."""
    return query.where(Event.ends_at > (at or now())).order_by(Event.starts_at, Event.id)


def past(query, at: datetime | None = None):
    """Keep the events that took place, the last first."""
    over = (Event.ends_at <= (at or now())) & (Event.status != Status.CANCELLED)
    return query.where(over).order_by(Event.starts_at.desc(), Event.id.desc())


def between(query, start: date, end: date):
    """Keep the events that are on between two days, both included."""
    after, before = span(start, end)
    return query.where(Event.starts_at < before, Event.ends_at > after).order_by(Event.starts_at, Event.id)


def narrowed(query, *, words: str = "", kind: str = "", theme: str = ""):
    """Keep the events that answer what is asked; empty values ask for everything."""
    for word in fold(words).split():
        query = query.where(Event.folded.contains(word))
    if kind:
        query = query.where(Event.kind == kind)
    return query.where(Event.theme == theme) if theme else query
