"""A member's own calendar: a secret address that holds nothing but a signature, and that renewing closes."""

from datetime import timedelta

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.adherent.models import is_adherent
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, now
from cptsapp.kernel.settings import settings

from . import retention, scopes
from .links import read_pair, sign_pair
from .models import Event, FeedKey
from .people import Place, Registration

RENEWED = journal.declare("event.feed_renewed", "Adresse du calendrier personnel renouvelée")
BACK_DAYS = 60


def address_of(person: Person) -> str:
    """Return the secret address of a person's calendar."""
    key = FeedKey.get_or_none(FeedKey.person == person.id)
    token = sign_pair("feed", person.id, key.version if key else 1)
    return f"{settings.base_url}/evenements/agenda/{token}.ics"


def person_of(token: str) -> Person | None:
    """Return whose calendar an address opens, or None when it was altered, renewed, or its person is gone."""
    read = read_pair("feed", token)
    person = Person.get_or_none(Person.id == read[0], Person.deleted_at.is_null()) if read else None
    if person is None:
        return None
    key = FeedKey.get_or_none(FeedKey.person == person.id)
    return person if (key.version if key else 1) == read[1] else None


@db.atomic()
def renew(person_id: int) -> None:
    """Close the present address of a person's calendar and open another."""
    key = FeedKey.get_or_none(FeedKey.person == person_id)
    if key is None:
        FeedKey.create(person=person_id, version=2)
    else:
        key.version, key.renewed_at = key.version + 1, now()
        key.save()
    journal.write(RENEWED, "person", person_id)


def events_of(person: Person) -> tuple[list[Event], dict[int, Registration]]:
    """Return the events of a person's calendar, and their registrations by event id.

    Those they are registered for, and while they are adherents, what adherents find.
    """
    since = today() - timedelta(days=BACK_DAYS)
    mine = {}
    for entry in retention.of_person(person.id):
        if entry.place in (Place.CONFIRMED, Place.WAITING) and entry.event.starts_at:
            mine.setdefault(entry.event_id, entry)
    held = frozenset({"adherent"}) if is_adherent(person) and _has_account(person) else frozenset({"visitor"})
    found = scopes.between(scopes.announced(held), since, today() + timedelta(days=730))
    events = {each.id: each for each in found}
    events |= {id: entry.event for id, entry in mine.items() if entry.event.deleted_at is None}
    return sorted(events.values(), key=lambda each: (each.starts_at, each.id)), mine


def _has_account(person: Person) -> bool:
    return Account.select().where(Account.person == person.id, Account.disabled_at.is_null()).exists()
