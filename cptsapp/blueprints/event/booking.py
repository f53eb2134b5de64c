"""What a registrant does: register, change, cancel, hand the place over. Each verb decides and writes under one lock.

Nobody learns who is registered: registering an address again changes nothing and sends its mail once more. The verbs
of the organisers are in `moves`, the counting in `seats`; all of them are called from here.
"""

from dataclasses import dataclass

from peewee import IntegrityError

from cptsapp.blueprints.adherent.models import is_adherent
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal
from cptsapp.kernel.db import locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import plural

from . import eligibility, letters
from .entries import (
    GIVEN,
    LENGTHS,
    NAMED,
    act,
    address_of,
    checked_answers,
    checked_guests,
    fill,
    keep_answers,
    known_by,
    new_code,
    questions_of,
    refuse,
    seat,
    sent_with,
)
from .models import Event
from .moves import add_by_hand, confirm, let_in, move_up, remove, set_capacity, walk_in
from .people import LIVING, Answer, Place, Registration
from .seats import (
    Standing,
    is_open,
    move,
    promote,
    promote_if_open,
    rank,
    seats_left,
    seats_taken,
    standing,
    tell_again,
    why_closed,
    writing,
)

__all__ = [
    "Outcome", "Standing", "add_by_hand", "cancel", "change", "confirm", "is_open", "let_in", "move", "move_up",
    "promote", "rank", "register", "remove", "resend", "seats_left", "seats_taken", "set_capacity", "standing",
    "transfer", "walk_in", "why_closed",
]  # fmt: skip

for _action, _sentence in {
    "event.changed_place": "Inscription modifiée par l’inscrit",
    "event.left": "Désinscription d’un événement",
    "event.handed_over": "Place transmise à un collègue",
}.items():
    journal.declare(_action, _sentence)

MOVED_ON = "Ce lien a changé de main : la place a été transmise à quelqu’un d’autre."


@dataclass(frozen=True)
class Outcome:
    """What came of a form: the registration of this person, made now or known already.

    `waits` is what a newcomer gets, whoever is registered: the page that answers a visitor says nothing else.
    """

    registration: Registration
    is_new: bool
    waits: bool = False


def register(
    event: Event,
    form_key: str,
    *,
    values: dict,
    guests: int = 0,
    answers: dict[int, str] | None = None,
    by: tuple[str, str] | None = None,
    person: Person | None = None,
) -> Outcome:
    """Register somebody, on the waiting list when there is no seat; the mail goes to who comes.

    `values` holds the names of LENGTHS and `speakers_question`; `answers` is by question id; `by` is the name and the
    address of a colleague who registers this person; `person` is the member who is logged in, and who comes unless
    `by` is given.
    The same form sent again is the same act; another form for an address that is registered sends its mail again.
    """
    given = (event.id, form_key, values, guests, answers or {}, by, person)
    try:
        return _register(*given)
    except IntegrityError:  # the same one came in by another door between the reading and the writing
        return _register(*given)


def _register(event_id, form_key, values, guests, answers, by, person) -> Outcome:
    with writing(event_id) as (event, before):
        key = act(form_key, values)
        known = sent_with(key)
        if known:
            return Outcome(known, is_new=False, waits=known.place == Place.WAITING)
        refuse(why_closed(event))
        booked = fill(Registration(event=event, form_key=key), values, person=None if by else person, by=by)
        who = _who_counts(booked, person)
        refuse(eligibility.refusal(event, profession=booked.profession, person=who, email=booked.email), _field(event))
        asked = questions_of(event)
        booked.guests = checked_guests(asked, guests)
        texts = checked_answers(asked, answers)
        known = known_by(event.id, booked.email_normalised)
        if known:
            tell_again(known, form_key)
            return Outcome(known, is_new=False, waits=before.is_full or not before.fits(booked.seats))
        booked = seat(booked, texts, event, before)
        return Outcome(booked, is_new=True, waits=booked.place == Place.WAITING)


def _who_counts(booked: Registration, member: Person | None) -> Person | None:
    """Return the person whose membership counts: the one logged in, or the colleague whom an adherent registers.

    An address alone proves nothing: answering a visitor by it would tell who is a member.
    """
    if member is None or not booked.by_name:
        return member
    return Person.with_email(booked.email).first() if is_adherent(member) else None


def _field(event: Event) -> str | None:
    """Return the field that a refusal of eligibility speaks of."""
    return "profession" if event.audience in eligibility.ASKS_PROFESSION else None


def resend(event: Event, email: str, form_key: str) -> None:
    """Send its mail again to an address that is registered, and do nothing for another: the page says the same."""
    with writing(event.id):
        known = known_by(event.id, address_of(email))
        if known:
            tell_again(known, form_key)


def _held(registration_id: int, link_version: int | None) -> Registration:
    """Return a registration, its row held; one that changed hands obeys its former link no more."""
    booked = locked(Registration.select().where(Registration.id == registration_id)).first()
    if booked is None or booked.forgotten_at:
        raise RuleError("Cette inscription n’existe plus.")
    if link_version is not None and booked.link_version != link_version:
        raise RuleError(MOVED_ON)
    return booked


def _refuse_past(event: Event) -> None:
    if event.is_past:
        raise RuleError("L’événement a déjà eu lieu : cette inscription ne change plus.")


def change(
    registration: Registration, *, values: dict, guests: int = 0, answers: dict[int, str] | None = None
) -> Registration:
    """Change what a registrant said; the address stays. More guests need as many free seats."""
    with writing(registration.event_id) as (event, before):
        booked = _held(registration.id, registration.link_version)
        _refuse_past(event)
        if booked.place not in LIVING:
            raise RuleError("Cette inscription est annulée. Inscrivez-vous de nouveau si vous souhaitez venir.")
        booked.event = event
        needed = NAMED if booked.email else GIVEN
        fill(booked, values | {"email": booked.email}, person=booked.person, needed=needed)
        refuse(_profession_refusal(event, booked), _field(event))
        _set_guests(event, before, booked, guests)
        booked.save()
        keep_answers(booked, checked_answers(questions_of(event), answers or {}))
        journal.write("event.changed_place", "registration", booked.id)
        promote_if_open(event)
        return booked


def _profession_refusal(event: Event, booked: Registration) -> str:
    if event.audience not in eligibility.ASKS_PROFESSION:
        return ""
    return eligibility.refusal(event, profession=booked.profession)


def _set_guests(event: Event, before: Standing, booked: Registration, guests: int) -> None:
    guests = checked_guests(questions_of(event), guests)
    more = guests - booked.guests
    if more > 0 and booked.place == Place.CONFIRMED:
        refuse(why_closed(event))
        if not before.fits(more) or before.waiting:
            raise RuleError("Il ne reste pas assez de places pour ces accompagnants.", "guests")
    if more > 0 and event.capacity is not None and 1 + guests > event.capacity:
        raise RuleError(f"Cet événement n’a que {plural(event.capacity, 'place')}. Venez moins nombreux.", "guests")
    booked.guests = guests


def cancel(registration_id: int, *, by_person: bool = True, link_version: int | None = None) -> Registration:
    """Cancel a registration and give its seats to the next in order, in one transaction.

    It does nothing to one that is cancelled or removed already: the link works in every state.
    """
    event_id = Registration.get_by_id(registration_id).event_id
    with writing(event_id) as (event, _):
        booked = _held(registration_id, link_version)
        if booked.place in (Place.CANCELLED, Place.REMOVED):
            return booked
        _refuse_past(event)
        _leave(booked, event, by_person=by_person)
        promote_if_open(event)
        return booked


def _leave(booked: Registration, event: Event, *, by_person: bool = True) -> None:
    booked.event = event
    move(booked, Place.CANCELLED)
    if by_person:
        letters.left(booked)
    journal.write("event.left", "registration", booked.id, event=event.id)


def transfer(registration: Registration, *, values: dict) -> Registration:
    """Hand a place over to a colleague, who gets the mail; the former link then says so.

    A colleague who waits gets this seat; one who is confirmed keeps their own, and this place is given up.
    """
    with writing(registration.event_id) as (event, _):
        booked = _held(registration.id, registration.link_version)
        _refuse_past(event)
        if booked.place not in (Place.CONFIRMED, Place.WAITING):
            raise RuleError("Cette place n’est plus à vous : elle ne peut pas être transmise.")
        booked.event = event
        other = known_by(event.id, address_of(values.get("email")))
        if other and other.id == booked.id:
            raise RuleError("Cette adresse est déjà la vôtre. Indiquez celle de votre collègue.", "email")
        taker = fill(Registration(event=event, code=new_code()), values)
        colleague = Person.with_email(taker.email).first()
        refuse(
            eligibility.refusal(event, profession=taker.profession, person=colleague, email=taker.email), _field(event)
        )
        if other and not (other.place == Place.WAITING and booked.place == Place.CONFIRMED):
            _leave(booked, event)
            tell_again(other, f"{booked.id}-{booked.link_version}")
            promote_if_open(event)
            return booked
        if other:
            move(other, Place.CANCELLED)
        return _hand_over(booked, taker)


def _hand_over(booked: Registration, taker: Registration) -> Registration:
    """Write the newcomer over the former holder: same seats, same rank, new link, new code, no answer of another's."""
    former = booked.label
    for name in (*LENGTHS, "email_normalised", "person", "is_professional", "insee", "folded", "code"):
        setattr(booked, name, getattr(taker, name))
    booked.by_name, booked.by_email, booked.speakers_question = former[:160], "", ""
    booked.link_version += 1
    booked.confirmed_at = booked.confirmed_at and now()
    booked.save()
    Answer.delete().where(Answer.registration == booked.id).execute()
    letters.transferred(booked, former)
    journal.write("event.handed_over", "registration", booked.id)
    return booked
