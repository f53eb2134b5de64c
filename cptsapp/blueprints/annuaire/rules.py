"""What is written in the directory: the portrait, what the public may read, and whether it is open to the public."""

from collections.abc import Iterable

from cptsapp.kernel import journal
from cptsapp.kernel.db import db, revision
from cptsapp.kernel.files import StoredFile

from .cards import CHOSEN
from .models import Directory, Portrait, PublicChoice

SETTING = journal.declare("annuaire.setting", "Annuaire public ouvert, fermé ou présenté autrement")


@db.atomic()
def set_directory(*, public_on: bool, introduction: str) -> Directory:
    """Open or close the public directory, and write what it says first."""
    row = Directory.current()
    new = row.id is None
    row.id, row.public_on, row.introduction = 1, public_on, introduction.replace("\0", "").strip()
    row.save(force_insert=new)
    journal.write(SETTING, "annuaire", 1, public=public_on)
    revision.bump()
    return row


@db.atomic()
def set_public_fields(person_id: int, names: Iterable[str]) -> None:
    """Say what the public may read of a person, in the place of what was said before."""
    PublicChoice.delete().where(PublicChoice.person == person_id).execute()
    PublicChoice.create(person=person_id, fields=" ".join(name for name in CHOSEN if name in set(names)))
    revision.bump()


@db.atomic()
def set_portrait(person_id: int, file: StoredFile | None) -> None:
    """Keep a portrait, or none."""
    Portrait.delete().where(Portrait.person == person_id).execute()
    if file:
        Portrait.create(person=person_id, file=file)
    revision.bump()


@db.atomic()
def forget_person(person_id: int) -> None:
    Portrait.delete().where(Portrait.person == person_id).execute()
    PublicChoice.delete().where(PublicChoice.person == person_id).execute()
