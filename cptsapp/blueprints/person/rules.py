"""What may be written about persons and structures."""

from blinker import Signal

from cptsapp.kernel import journal
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import spaced_phone

from .models import Kind, Person

journal.declare("person.created", "Fiche créée")
journal.declare("person.updated", "Fiche modifiée")
journal.declare("person.deleted", "Fiche mise à la corbeille")
journal.declare("person.restored", "Fiche reprise de la corbeille")

deleting = Signal("A person is about to be put in the bin; a receiver may refuse with a RuleError.")
LENGTHS = {"given_name": 80, "family_name": 80, "name": 160, "email": 254, "phone": 30}


@db.atomic()
def create(
    *,
    kind: Kind = Kind.PERSON,
    given_name: str = "",
    family_name: str = "",
    name: str = "",
    email: str | None = None,
    phone: str = "",
    note: str = "",
) -> Person:
    """Add a person (a family name is needed) or a structure (its name is); a RuleError names the wrong field."""
    person = Person()
    _fill(person, Kind(kind), given_name, family_name, name, email, phone, note)
    person.save(force_insert=True)
    journal.write("person.created", "person", person.id)
    return person


@db.atomic()
def update(
    person_id: int,
    *,
    given_name: str = "",
    family_name: str = "",
    name: str = "",
    email: str | None = None,
    phone: str = "",
    note: str = "",
) -> Person:
    """Replace what a record says; its kind stays."""
    person = _present(person_id)
    _fill(person, Kind(person.kind), given_name, family_name, name, email, phone, note)
    person.save()
    journal.write("person.updated", "person", person.id)
    return person


@db.atomic()
def delete(person_id: int) -> None:
    """Put a record in the bin: it leaves the lists and its account opens nothing more, until it is restored."""
    person = _present(person_id)
    deleting.send(person)
    Person.update(deleted_at=now()).where(Person.id == person.id).execute()
    journal.write("person.deleted", "person", person.id)


@db.atomic()
def restore(person_id: int) -> None:
    """Take a record back from the bin; do nothing to one that is not there."""
    if Person.update(deleted_at=None).where(Person.id == person_id, Person.deleted_at.is_null(False)).execute():
        journal.write("person.restored", "person", person_id)


def _present(person_id: int) -> Person:
    person = locked(Person.select().where(Person.id == person_id, Person.deleted_at.is_null())).first()
    if person is None:
        raise RuleError("Cette fiche n’existe plus. Revenez à la liste des personnes.")
    return person


def _fill(person, kind, given_name, family_name, name, email, phone, note):
    values = {"given_name": given_name, "family_name": family_name, "name": name, "email": email, "phone": phone}
    values = {key: one_line(value or "") for key, value in values.items()}
    values["phone"] = spaced_phone(values["phone"])
    other_kind = ("name",) if kind == Kind.PERSON else ("given_name", "family_name")
    values |= dict.fromkeys(other_kind, "")
    for key, longest in LENGTHS.items():
        if len(values[key]) > longest:
            raise RuleError(f"Écrivez {longest} caractères au plus.", field=key)
    if kind == Kind.PERSON and not values["family_name"]:
        raise RuleError("Indiquez le nom de famille.", field="family_name")
    if kind == Kind.STRUCTURE and not values["name"]:
        raise RuleError("Indiquez le nom de la structure.", field="name")
    for key, value in values.items():
        setattr(person, key, value)
    person.kind, person.email, person.note = kind, values["email"] or None, (note or "").replace("\0", "").strip()
    person.refresh_copies()


def one_line(text: str) -> str:
    """Return `text` on one line, without control characters: names reach mail headers and calendars."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
