"""What the site shows of an event follows each write, in its transaction: the search and the pages kept ready."""

from cptsapp.kernel import markdown, search
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.db import revision

from .models import Audience, Event, Status


def visibility_of(event: Event) -> Visibility:
    """Return who may read an event's page: the coordination alone while it is a draft or for invited people."""
    if event.status == Status.DRAFT or event.deleted_at or event.audience == Audience.INVITED:
        return Visibility.COORDINATION
    return Visibility.PUBLIC if event.is_public else Visibility.ADHERENTS


def search_row(event: Event) -> dict:
    """Return what the site's search knows of an event."""
    words = (event.kind_label, event.summary, event.place, event.speakers, markdown.plain(event.description))
    return {
        "id": event.id,
        "title": event.heading,
        "body": " ".join(each for each in words if each),
        "url": event.url,
        "visibility": visibility_of(event),
        "at": event.starts_at,
    }


def show_changed(event: Event) -> None:
    """Make the search and the pages kept ready say what the event has become."""
    if event.status == Status.DRAFT or event.deleted_at:
        search.forget("event", event.id)
    else:
        search.index("event", **search_row(event))
    revision.bump()
