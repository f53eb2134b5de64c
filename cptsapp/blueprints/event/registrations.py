"""What events tell the floors below: what waits, a person's share in them, what is kept and erased of it."""

from datetime import date

from flask import url_for

from cptsapp.kernel import journal
from cptsapp.kernel.dates import to_paris
from cptsapp.kernel.db import now
from cptsapp.kernel.registry import (
    Waiting,
    participation,
    person_panel,
    personal_data,
    personal_eraser,
    purge,
    waiting,
)
from cptsapp.kernel.text import plural

from . import evidence as evidence  # what it proves is in the registry
from . import retention
from .announcements import init_app as init_app  # and with it menus, home page, search, segments
from .certificates import attended_by
from .models import Event, Question, Status
from .people import Answer, Attendance, Place, Registration

__all__ = ["init_app"]

SHOWN = 10  # registrations on a person's record


@journal.subject("event", "Événement")
def event_names(ids):
    rows = Event.select(Event.id, Event.title).where(Event.id.in_(ids))
    return {str(id): (title, url_for("event_gestion.show", id=id)) for id, title in rows.tuples()}


@journal.subject("registration", "Inscription à un événement")
def registration_names(ids):
    rows = Registration.joined().where(Registration.id.in_(ids))
    return {str(each.id): (each.label, url_for("event_gestion.people", id=each.event_id)) for each in rows}


@waiting("event.to_close", access=("coordination",))
def to_close():
    """Events that are over and that nobody has said held or cancelled: they count in no figure yet."""
    over = (Event.status == Status.PUBLISHED) & (Event.ends_at <= now()) & Event.deleted_at.is_null()
    count = Event.select().where(over).count()
    words = plural(count, "événement passé à marquer comme tenu", "événements passés à marquer comme tenus")
    yield Waiting(words, url_for("event_gestion.index", etat="a-cloturer"), count)


@waiting("event.queue", access=("coordination",))
def seats_to_give():
    """Free seats that nobody gets by themselves any more: registration is closed and people still wait."""
    closed = (Event.closes_at <= now()) & (Event.starts_at > now()) & (Event.status == Status.PUBLISHED)
    waiting_ones = Registration.select(Registration.event).where(Registration.state == Place.WAITING)
    for event in Event.select().where(closed, Event.deleted_at.is_null(), Event.id.in_(waiting_ones)):
        count = Registration.select().where(
            Registration.event == event, Registration.state == Place.WAITING
        ).count()  # fmt: skip
        words = f"{event.heading} : {plural(count, 'personne attend', 'personnes attendent')} une place"
        yield Waiting(words, url_for("event_gestion.queue", id=event.id), count)


@person_panel("Événements", template="event/_panel.html", access=("bureau", "coordination"), order=40)
def panel(person):
    found = retention.of_person(person.id)
    if not found:
        return None
    return {"entries": found[:SHOWN], "count": len(found), "present": set(attended_by([each.id for each in found]))}


@participation("event", "Événements")
def took_part(person_id: int):
    """Give (words, day, address) for each event at which a person was present, the last first."""
    found = retention.of_person(person_id)
    been = attended_by([each.id for each in found])
    for entry in found:
        if entry.id in been:
            address = url_for("event_gestion.show", id=entry.event_id)
            yield f"{entry.event.kind_label} : {entry.event.heading}", been[entry.id].days[0], address


@personal_data("event", "Inscriptions aux événements")
def exported(person_id: int) -> dict:
    found = retention.of_person(person_id)
    ids = [each.id for each in found]
    said: dict[int, list] = {}
    for each in Answer.select(Answer, Question).join(Question).where(Answer.registration.in_(ids)):
        said.setdefault(each.registration_id, []).append({"question": each.question.label, "reponse": each.text})
    ticks = Attendance.select().where(Attendance.registration.in_(ids), Attendance.is_present)
    seen: dict[int, int] = {}
    for each in ticks:
        seen[each.registration_id] = seen.get(each.registration_id, 0) + 1
    return {
        "inscriptions": [
            {
                "evenement": each.event.title,
                "date": each.event.starts_at and to_paris(each.event.starts_at),
                "nom": each.label,
                "adresse": each.email,
                "profession": each.profession_label,
                "organisme": each.organisation,
                "cpts": each.cpts,
                "etat": each.place.label,
                "accompagnants": each.guests,
                "question_aux_intervenants": each.speakers_question,
                "reponses": said.get(each.id, []),
                "seances_suivies": seen.get(each.id, 0),
                "attestation": each.certificate_code,
            }
            for each in found
        ]
    }


@personal_eraser()
def erase(person_id: int) -> None:
    retention.erase_person(person_id)


@purge("event", "Noms des inscrits aux événements passés")
def forget_old(today: date) -> int:
    return retention.purge(today)
