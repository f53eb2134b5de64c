"""The answers of an entry: checked before they are kept, written as people read them, cut into what filters compare."""

from collections.abc import Iterable
from datetime import date

from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.dates import date_fr
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import number

from .definition import Definition, Field, FilledBy, Kind

BLANK = ("", None, [])


class Names:
    """The names of the persons and entries that answers point to, looked up once for many entries."""

    def __init__(self, persons: dict[int, str] | None = None, entries: dict[int, str] | None = None):
        self.persons, self.entries = persons or {}, entries or {}


def checked(
    definition: Definition, given: dict, *, filled_by: FilledBy = FilledBy.VOLUNTEER, before: dict | None = None
) -> dict:
    """Return what to keep of the answers `given`: the fields asked, the others as they were `before`.

    Raises RuleError, its `field` the key, when an answer is not of its kind or one that is required is missing.
    """
    asked = {field.key for field in definition.asked(filled_by)}
    kept = {key: value for key, value in (before or {}).items() if key not in asked and key in definition._by_key}
    for field in definition.asked(filled_by):
        value = clean(field, given.get(field.key))
        if value is None:
            if field.required:
                raise RuleError("Remplissez ce champ.", field.key)
            continue
        kept[field.key] = value
    for each in definition.requirements:
        missing = [key for key in each.needs if key not in kept]
        if missing and has_value(definition.field(each.field), kept.get(each.field), each.value):
            raise RuleError(each.sentence, missing[0])
    return kept


def clean(field: Field, value):
    """Return an answer as it is stored, None for a blank one; raise RuleError when it is not of the field's kind."""
    if value in BLANK or (isinstance(value, str) and not value.strip()):
        return None
    return _CLEAN[field.kind](field, value)


def _refuse(field: Field, sentence: str):
    raise RuleError(sentence, field.key)


def _text(field: Field, value):
    if not isinstance(value, str):
        _refuse(field, "Écrivez un texte.")
    text = value.replace("\0", "").replace("\r\n", "\n").strip()
    text = text if field.kind == Kind.TEXT else " ".join(text.split())
    if len(text) > field.longest:
        _refuse(field, f"Écrivez {field.longest} caractères au plus.")
    return text or None


def _choice(field: Field, value):
    if not isinstance(value, str) or value not in field.labels:
        _refuse(field, "Choisissez une réponse de la liste.")
    return value


def _choices(field: Field, value):
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) and each in field.labels for each in value):
        _refuse(field, "Choisissez des réponses de la liste.")
    return [key for key, _ in field.choices if key in value] or None


def _number(field: Field, value):
    if not isinstance(value, int) or isinstance(value, bool):
        _refuse(field, "Écrivez un nombre entier, en chiffres.")
    if not field.least <= value <= field.most:
        limits = f"de {number(field.least)} à {number(field.most)}"
        _refuse(field, f"Écrivez un nombre {limits}.")
    return value


def _date(field: Field, value):
    try:
        day = value if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError):
        _refuse(field, "Cette date n’existe pas. Écrivez-la ainsi : 2026-11-18.")
    if not 1930 <= day.year <= 2100:
        _refuse(field, "Vérifiez l’année de cette date.")
    return day.isoformat()


def _yes_no(field: Field, value):
    known = {True: True, False: False, "oui": True, "non": False}
    if not isinstance(value, bool | str) or value not in known:
        _refuse(field, "Répondez par oui ou par non.")
    return known[value]


def _communes(field: Field, value):
    given = value if isinstance(value, list | tuple) else [None]
    places = [reference.place(each) if isinstance(each, str) else None for each in given]
    if not all(places):
        _refuse(field, "Choisissez des communes de la liste.")
    return list(dict.fromkeys(place.insee for place in places))[:200]


def _id(field: Field, value):
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        _refuse(field, "Choisissez une réponse de la liste.")
    return value


_CLEAN = {
    Kind.LINE: _text,
    Kind.TEXT: _text,
    Kind.CHOICE: _choice,
    Kind.CHOICES: _choices,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.YES_NO: _yes_no,
    Kind.COMMUNES: _communes,
    Kind.PERSON: _id,
    Kind.ENTRY: _id,
}


def keys_of(field: Field, value) -> list[str]:
    """Return the texts under which filters know an answer."""
    if value is None:
        return []
    match field.kind:
        case Kind.YES_NO:
            return ["oui" if value else "non"]
        case Kind.CHOICES | Kind.COMMUNES:
            return list(value)
        case Kind.CHOICE | Kind.PERSON | Kind.ENTRY | Kind.NUMBER:
            return [str(value)]
        case _:
            return []


def has_value(field: Field, value, wanted: str) -> bool:
    """Tell whether an answer is, or holds, the value that a definition names."""
    return wanted in keys_of(field, value)


def text_of(field: Field, value, names: Names | None = None) -> str:
    """Return an answer as people read it; a person or an entry that is gone reads as nothing."""
    if value is None:
        return ""
    names = names or Names()
    match field.kind:
        case Kind.CHOICE:
            return field.labels.get(value, "")
        case Kind.CHOICES:
            return ", ".join(field.labels[each] for each in value if each in field.labels)
        case Kind.NUMBER:
            return number(value)
        case Kind.DATE:
            return date_fr(date.fromisoformat(value))
        case Kind.YES_NO:
            return "oui" if value else "non"
        case Kind.COMMUNES:
            places = sorted(filter(None, map(reference.place, value)), key=lambda each: reference.sort_name(each.name))
            return ", ".join(each.name for each in places)
        case Kind.PERSON:
            return names.persons.get(value, "")
        case Kind.ENTRY:
            return names.entries.get(value, "")
        case _:
            return value


def pointed(definition: Definition, many: Iterable[dict], kind: Kind) -> set[int]:
    """Return the ids that the answers of a kind (PERSON or ENTRY) point to."""
    keys = [field.key for field in definition.fields if field.kind == kind]
    return {values[key] for values in many for key in keys if key in values}


def person_names(ids: Iterable[int]) -> dict[int, str]:
    ids = list(ids)
    found = Person.select().where(Person.id.in_(ids), Person.deleted_at.is_null()) if ids else []
    return {each.id: each.label for each in found}
