"""What each side may know of the other: before both agreed, answers that name nobody; after, how to reach them.

The one place that decides it: pages and mails are given what these functions return, and nothing else of an entry.
"""

from dataclasses import dataclass

from cptsapp.blueprints.directory import catalogue, letters, viewing
from cptsapp.blueprints.directory.definition import Kind, Readers
from cptsapp.blueprints.directory.models import Entry, Status
from cptsapp.blueprints.directory.viewing import Viewer

from .models import Introduction, Side, State

# Words that people typed could say who they are; a list of choices, a number, a date cannot.
TELLS_NOBODY = (Kind.CHOICE, Kind.CHOICES, Kind.NUMBER, Kind.DATE, Kind.YES_NO, Kind.COMMUNES)
SHARE = "partage_formation"  # what is agreed with training bodies concerns nobody else
READER = Viewer(Readers.ADHERENTS.rank)


@dataclass(frozen=True)
class Contact:
    name: str
    email: str
    phone: str


def described(entry: Entry) -> list[tuple[str, str]]:
    """Return (label, words) of what may be said of an entry to whoever does not know yet whose it is."""
    definition = catalogue.of(entry)
    kinds = {field.key: field.kind for field in definition.fields}
    card = viewing.card(definition, entry, READER)
    place = [("Commune", card.commune)] if card.commune else []
    return place + [
        (line.label, line.text) for line in card.lines if kinds[line.key] in TELLS_NOBODY and line.key != SHARE
    ]


def may_see_contact(introduction: Introduction) -> bool:
    """Tell whether the two sides may reach one another: both agreed, neither has left, nothing is over."""
    return introduction.state == State.AGREED and still_stands(introduction)


def still_stands(introduction: Introduction) -> bool:
    """Tell whether both entries are still in their directories."""
    return all(is_there(introduction.entry(side)) for side in Side)


def is_there(entry: Entry | None) -> bool:
    if entry is None or entry.state == Status.LEFT:
        return False
    return entry.person_id is None or entry.person.deleted_at is None


def contact_of(introduction: Introduction, side: Side) -> Contact | None:
    """Return how to reach a side, or None while the other may not know it."""
    if not may_see_contact(introduction):
        return None
    entry = introduction.entry(side)
    email, person = letters.reached_at(entry)
    phone = entry.phone or (person.phone if person else "")
    return Contact(entry.label, email, phone)
