"""What the record tells the floors below: a copy for the person it is about, and its end."""

from peewee import IntegrityError

from cptsapp.kernel.db import db, now
from cptsapp.kernel.registry import personal_data, personal_eraser

from . import finding
from .models import Kind, Person

ERASED = "Personne effacée"


@personal_data("person", "Fiche")
def exported(person_id: int) -> dict:
    person = Person.get_or_none(Person.id == person_id)
    if person is None:
        return {}
    return {
        "nom": person.label,
        "type": person.kind_label,
        "adresse": person.email,
        "telephone": person.phone,
        "note_de_suivi": person.note,
        "creee_le": person.created_at,
    }


@personal_eraser(order=99)
def erase(person_id: int) -> None:
    """Delete the record, once every other feature has erased what stands on it; empty it where accounts must stay."""
    finding.drop([person_id])
    here = Person.id == person_id
    try:
        with db.atomic():
            Person.delete().where(here).execute()
    except IntegrityError:  # a payment that the law keeps still stands on it: without the name
        blank = dict.fromkeys(("given_name", "phone", "note", "folded", "email_normalised"), "")
        named = {"kind": Kind.PERSON, "name": "", "family_name": ERASED, "email": None}
        Person.update(**blank, **named, deleted_at=now()).where(here).execute()
