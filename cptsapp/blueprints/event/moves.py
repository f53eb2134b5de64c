"""What the organisers do with places: by hand, with a reason, and never one seat too many."""

from cptsapp.kernel import journal
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import plural

from . import entries, letters
from .models import Event, Session, Status
from .people import Attendance, Place, Registration
from .seats import enter, move, promote, promote_if_open, waiting_list, writing

for _action, _sentence in {
    "event.moved_up": "Personne remontée en tête de la liste d’attente",
    "event.confirmed": "Place confirmée par l’organisateur",
    "event.removed": "Inscription retirée par l’organisateur",
    "event.added": "Inscription ajoutée par l’organisateur",
    "event.walk_in": "Personne venue sans inscription ajoutée",
    "event.capacity": "Nombre de places changé",
    "event.let_in": "Personnes en attente admises par l’organisateur",
}.items():
    journal.declare(_action, _sentence)

LONGEST_REASON = 200


def _reason(text: str, needed: str) -> str:
    text = " ".join((text or "").replace("\0", "").split())
    if not text:
        raise RuleError(needed, "reason")
    if len(text) > LONGEST_REASON:
        raise RuleError(f"Écrivez {LONGEST_REASON} caractères au plus.", "reason")
    return text


def _of(registration_id: int) -> Registration:
    found = Registration.get_or_none(Registration.id == registration_id)
    if found is None:
        raise RuleError("Cette inscription n’existe plus. Rechargez la liste.")
    return found


def move_up(registration_id: int, reason: str) -> Registration:
    """Put somebody who waits at the head of the list; the reason is kept."""
    with writing(_of(registration_id).event_id) as (event, _):
        booked = _of(registration_id)
        if booked.place != Place.WAITING:
            raise RuleError("Cette personne n’est pas en liste d’attente.")
        booked.priority_reason = _reason(reason, "Dites pourquoi cette personne passe devant les autres.")
        head = waiting_list(event.id).first()
        booked.priority = head.priority + 1 if head.id != booked.id else booked.priority
        booked.save()
        journal.write("event.moved_up", "registration", booked.id)
        promote_if_open(event)
        return _of(registration_id)


def confirm(registration_id: int, reason: str = "") -> Registration:
    """Give a free seat to somebody who waits; passing before others takes a reason. There must be room."""
    with writing(_of(registration_id).event_id) as (event, before):
        booked = _of(registration_id)
        if booked.place != Place.WAITING:
            raise RuleError("Cette personne n’est pas en liste d’attente.")
        if not before.fits(booked.seats):
            raise RuleError(
                f"Il faut {plural(booked.seats, 'place')} et il en reste {before.left}. Augmentez d’abord la capacité."
            )
        if waiting_list(event.id).first().id != booked.id:
            booked.priority_reason = _reason(reason, "Dites pourquoi cette personne passe devant les autres.")
        booked.event = event
        enter(booked)
        journal.write("event.confirmed", "registration", booked.id)
        return booked


def let_in(event_id: int) -> int:
    """Give the free seats to those who wait, in order: what happens by itself only while registration is open."""
    with writing(event_id):
        count = len(promote(event_id))
        if count:
            journal.write("event.let_in", "event", event_id, count=count)
        return count


def remove(registration_id: int, reason: str = "", *, notify: bool = True) -> Registration:
    """Take a registration away, tell the person, and give the seats to the next in order."""
    with writing(_of(registration_id).event_id) as (event, _):
        booked = _of(registration_id)
        if booked.place == Place.REMOVED:
            return booked
        booked.event = event
        words = _reason(reason, "Dites pourquoi : la personne le lira dans son e-mail.") if notify else ""
        move(booked, Place.REMOVED)
        if notify and not event.is_past:
            letters.removed(booked, words)
        journal.write("event.removed", "registration", booked.id, event=event.id)
        promote_if_open(event)
        return booked


def add_by_hand(
    event_id: int, form_key: str, *, values: dict, guests: int = 0, answers: dict[int, str] | None = None
) -> Registration:
    """Register somebody who called or wrote, even once registration is closed; with no seat left they wait.

    `values` as for `booking.register`; the address may be missing, and nobody is refused for their profession.
    """
    with writing(event_id) as (event, before):
        key = entries.act(form_key, values)
        known = entries.sent_with(key)
        if known:
            return known
        if event.status not in (Status.PUBLISHED, Status.HELD):
            raise RuleError(
                "Publiez d’abord l’événement : on ne s’inscrit pas à un brouillon ni à un événement annulé."
            )
        booked = entries.fill(Registration(event=event, form_key=key), values, needed=entries.NAMED[:2])
        if entries.is_living(event.id, booked.email_normalised):
            raise RuleError("Une personne est déjà inscrite avec cette adresse.", "email")
        asked = entries.questions_of(event)
        booked.guests = entries.checked_guests(asked, guests)
        booked = entries.seat(booked, entries.checked_answers(asked, answers or {}, all_needed=False), event, before)
        journal.write("event.added", "registration", booked.id, event=event.id)
        return booked


def walk_in(
    event_id: int,
    session_id: int,
    form_key: str,
    *,
    given_name: str,
    family_name: str = "",
    profession: str = "",
    email: str = "",
    account_id: int | None = None,
) -> Registration:
    """Add somebody who came without being registered, present at a session; the same key again is the same person."""
    with writing(event_id) as (event, _):
        values = {"given_name": given_name, "family_name": family_name, "profession": profession, "email": email}
        key = entries.act(form_key, values)
        booked = entries.sent_with(key)
        session = Session.get_or_none(Session.id == session_id, Session.event == event.id)
        if session is None:
            raise RuleError("Cette séance n’existe plus. Rechargez la page.")
        if booked is None:
            booked = entries.fill(Registration(event=event, form_key=key), values, needed=entries.GIVEN)
            if entries.is_living(event.id, booked.email_normalised):
                raise RuleError("Une personne est inscrite avec cette adresse : cherchez-la dans la liste.", "email")
            booked.state, booked.confirmed_at = Place.WALK_IN, now()
            booked.save(force_insert=True)
            journal.write("event.walk_in", "registration", booked.id, event=event.id)
        present = Attendance.insert(registration=booked.id, session=session.id, by=account_id)
        present.on_conflict_ignore().execute()
        return booked


def set_capacity(event_id: int, capacity: int | None, *, over: str = "") -> Event:
    """Change the number of seats; more of them let in those who wait.

    Under the number registered, `over` says what to do: "keep" those who have a seat, or "wait" to send the last ones
    back to the head of the waiting list, by mail. Raises RuleError (field `over`) when it must be said and is not.
    """
    if capacity is not None and capacity < 1:
        raise RuleError("Le nombre de places est au moins 1. Laissez vide pour ne pas le limiter.", "capacity")
    with writing(event_id) as (event, before):
        if capacity is not None and capacity < before.taken and over not in ("keep", "wait"):
            raise RuleError(
                f"{plural(before.taken, 'place est prise', 'places sont prises')} : dites s’il faut garder tous les "
                "inscrits, ou remettre les derniers en tête de la liste d’attente.",
                "over",
            )
        event.capacity = capacity
        Event.update(capacity=capacity).where(Event.id == event.id).execute()
        journal.write("event.capacity", "event", event.id, seats_before=before.capacity, seats=capacity)
        if over == "wait" and capacity is not None and capacity < before.taken:
            _send_back(event, before.taken - capacity)
        else:
            promote_if_open(event)
        return event


def _send_back(event: Event, count: int) -> None:
    """Send the last confirmed back to the head of the waiting list until `count` seats are free."""
    last = (Registration.event == event.id) & (Registration.state == Place.CONFIRMED)
    order = Registration.confirmed_at.desc(), Registration.id.desc()
    head = waiting_list(event.id).first()
    priority = head.priority if head else 0
    for booked in list(Registration.select().where(last).order_by(*order)):
        if count <= 0:
            return
        priority += 1  # the last sent back was the first to come: it stands before the others
        booked.event = event
        move(booked, Place.WAITING, confirmed_at=None, priority=priority, priority_reason="Nombre de places réduit")
        letters.waiting(booked, again=f"back-{booked.state_at.isoformat()}", is_back=True)
        count -= booked.seats
