"""A person's data, gathered from every feature or erased from all of them."""

import io
import json
import zipfile
from pathlib import Path

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal, registry
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import StoredFile

from . import copies

KEPT = {"journal"}  # the acts stay, without the name
journal.declare("privacy.exported", "Données d’une personne remises")
journal.declare("privacy.erased", "Données d’une personne effacées")


def gather(person_id: int) -> dict[str, tuple[str, dict]]:
    """Return what each feature holds about a person: key -> (French label, data), those that hold nothing left out."""
    found = {each.key: (each.label, each.call(person_id)) for each in registry.personal_exporters}
    return {key: (label, data) for key, (label, data) in found.items() if _says_something(data)}


def _says_something(data) -> bool:
    return any(value not in (None, "", [], {}) for value in data.values()) if data else False


def held(person_id: int) -> list[str]:
    """Return the French labels of what is held about a person."""
    return [label for label, _ in gather(person_id).values()]


def erasable(person_id: int) -> list[str]:
    """Return the French labels of what an erasure takes away."""
    return [label for key, (label, _) in gather(person_id).items() if key not in KEPT]


def export_person(person_id: int) -> io.BytesIO:
    """Return the ZIP handed to a person: a page, one JSON file for each kind of data, their files. Journaled."""
    person = _person(person_id)
    data, files = _told_apart(gather(person_id))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, path in files.items():
            file.write(path, name)
        file.writestr("vos-donnees.html", copies.page_of(person, data))
        for key, (_, values) in data.items():
            file.writestr(f"{key}.json", json.dumps(values, ensure_ascii=False, indent=2, default=_as_json))
    with db.atomic():
        journal.write("privacy.exported", "person", person_id)
    archive.seek(0)
    return archive


def _told_apart(data) -> tuple[dict, dict[str, Path]]:
    """Return the data with each stored file replaced by its place in the archive, and {place: path on disk}."""
    files = {}

    def replaced(value):
        if not isinstance(value, StoredFile) or not value.path.is_file():
            return None if isinstance(value, StoredFile) else value
        place = f"fichiers/{value.name}"
        files[place] = value.path
        return place

    kept = {
        key: (label, {name: replaced(value) for name, value in held.items()}) for key, (label, held) in data.items()
    }
    return kept, files


def _as_json(value):
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


@db.atomic()
def erase_person(person_id: int) -> None:
    """Erase a person everywhere, the record last. A feature that must keep them raises RuleError: nothing is done."""
    _person(person_id)
    for eraser in sorted(registry.personal_erasers, key=lambda eraser: eraser.order):
        eraser.call(person_id)
    journal.write("privacy.erased", "person", person_id)


def _person(person_id: int) -> Person:
    person = Person.get_or_none(Person.id == person_id)
    if person is None:
        raise RuleError("Cette fiche n’existe pas, ou a déjà été effacée.")
    return person
