"""What is kept of registrants, and for how long: the names go, the figures stay as they were.

A registration that is forgotten keeps what figures need: its state, its guests, the profession, the commune, the CPTS
of origin and the sessions attended.
"""

from datetime import date

from cptsapp.blueprints.adherent.models import Membership
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.dates import add_months, start_of
from cptsapp.kernel.db import db, now
from cptsapp.kernel.kept import once
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.settings import settings
from cptsapp.kernel.text import fold

from . import booking
from .entries import new_code
from .models import Event
from .people import Answer, Interest, Invitation, Place, Registration

INTEREST_MONTHS = 24
BATCH = 500


@once
def of_person(person_id: int) -> list[Registration]:
    """Return the registrations of a person, the last event first: their own, and those made with their address.

    When others share the address, the name tells whose they are.
    """
    person = Person.with_id(person_id)
    if person is None:
        return []
    found = _registrations_of.all(person_id, person.email_normalised)
    if found and Person.shares_address(person):
        name = fold(person.family_name or person.name)
        found = [each for each in found if each.person_id == person_id or name in fold(each.family_name)]
    return found


@prepared
def _registrations_of(person, email):
    has_address = (Registration.email_normalised == email) & (Registration.email_normalised != "")
    is_mine = (Registration.person == person) | (Registration.person.is_null() & has_address)
    query = Registration.joined().where(is_mine)
    return query.where(Registration.forgotten_at.is_null()).order_by(Event.starts_at.desc(), Registration.id.desc())


@db.atomic()
def forget(registrations: list[Registration]) -> int:
    """Erase what says who these registrants are; return how many they are."""
    for entry in registrations:
        Registration.update(
            person=None, given_name="", family_name="", email="", email_normalised="", profession_other="",
            organisation="", speakers_question="", by_name="", by_email="", priority_reason="", folded="",
            code=new_code(), certificate_code=None, forgotten_at=now(),
        ).where(Registration.id == entry.id).execute()  # fmt: skip
    ids = [each.id for each in registrations]
    Answer.delete().where(Answer.registration.in_(ids)).execute()
    return len(ids)


@db.atomic()
def erase_person(person_id: int) -> None:
    """Forget a person everywhere; the seats they held at events to come go to the next in order."""
    mine = of_person(person_id)
    for entry in mine:
        if entry.place in (Place.CONFIRMED, Place.WAITING) and not entry.event.is_past:
            booking.cancel(entry.id, by_person=False)
    forget(mine)
    person = Person.get_or_none(Person.id == person_id)
    for table in (Invitation, Interest):
        is_mine = table.person == person_id
        if person and person.email_normalised:
            is_mine |= table.person.is_null() & (table.email_normalised == person.email_normalised)
        table.delete().where(is_mine).execute()


def purge(today: date) -> int:
    """Forget the registrants of old events who are no members, their answers, who was invited; return how many rows."""
    before = start_of(add_months(today, -settings.event_person_months))
    old = Event.select(Event.id).where(Event.ends_at < before)
    members = Membership.current(today).select(Membership.person)
    strangers = Registration.person.is_null() | Registration.person.not_in(members)
    due = Registration.select().where(Registration.event.in_(old), Registration.forgotten_at.is_null(), strangers)
    count = 0
    while batch := list(due.limit(BATCH)):
        count += forget(batch)
    with db.atomic():
        answered = Registration.select(Registration.id).where(Registration.event.in_(old))
        count += Answer.delete().where(Answer.registration.in_(answered)).execute()
        count += Invitation.delete().where(Invitation.event.in_(old)).execute()
        asked_long_ago = Interest.asked_at < start_of(add_months(today, -INTEREST_MONTHS))
        count += Interest.delete().where(Interest.told_at.is_null(False) | asked_long_ago).execute()
    return count
