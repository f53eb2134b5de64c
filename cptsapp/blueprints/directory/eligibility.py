"""Who may be in a list, for whom one may declare, whose entry one may change."""

from cptsapp.blueprints.adherent.models import Practice, StructureRole
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.prepared import prepared

from .definition import Definition
from .models import Entry


def represented(person_id: int) -> list[Person]:
    """Return the structures for which a person may declare: they speak for it, stand in, or practise there."""
    return _represented.all(person_id)


@prepared
def _represented(person):
    speaks = StructureRole.select(StructureRole.structure).where(
        (StructureRole.representative == person) | (StructureRole.deputy == person)
    )
    works = Practice.select(Practice.works_at).where(Practice.person == person, Practice.works_at.is_null(False))
    return Person.present().where(Person.id.in_(speaks) | Person.id.in_(works))


def subjects_for(definition: Definition, person: Person) -> list[Person]:
    """Return those for whom a person may declare in a list: themselves, the structures they represent."""
    found = []
    if definition.is_of_things or (definition.takes_persons and not refusal(definition, profession_of(person.id))):
        found.append(person)
    return found + (represented(person.id) if definition.takes_structures else [])


def joinable(definitions, person: Person) -> list[str]:
    """Return the slugs of the directories in which a person may declare; two queries for them all."""
    profession, houses = profession_of(person.id), represented(person.id)
    return [
        each.slug
        for each in definitions
        if not each.is_keyed_only
        and (
            each.is_of_things
            or (each.takes_structures and houses)
            or (each.takes_persons and not refusal(each, profession))
        )
    ]


def profession_of(person_id: int) -> str:
    """Return the code of the profession that a person practises, "" when it is unknown."""
    return _profession.value(person_id) or ""


@prepared
def _profession(person):
    return Practice.select(Practice.profession).where(Practice.person == person)


def refusal(definition: Definition, profession: str) -> str:
    """Return why somebody of this profession may not be in a list, or nothing."""
    if definition.takes_profession(profession):
        return ""
    if not profession:
        return f"Ce répertoire est ouvert à : {definition.profession_words}. Indiquez d’abord la profession."
    return f"Ce répertoire est ouvert à : {definition.profession_words}."


def check(definition: Definition, person: Person | None, profession: str, title: str) -> None:
    """Raise RuleError when this person, structure or thing cannot be in the list."""
    if definition.is_of_things:
        if not title:
            raise RuleError(f"Remplissez ce champ : {definition.title_label.lower()}.", "title")
        return
    if person is None or person.deleted_at:
        raise RuleError("Choisissez la personne dont parle cette fiche.", "person")
    if person.is_structure:
        if not definition.takes_structures:
            raise RuleError("Ce répertoire est fait pour des personnes, pas pour des structures.", "person")
        return
    if not definition.takes_persons:
        raise RuleError("Ce répertoire est fait pour des structures, pas pour des personnes.", "person")
    if sentence := refusal(definition, profession):
        raise RuleError(sentence, "profession")


def may_edit(entry: Entry, person_id: int | None) -> bool:
    """Tell whether an entry is a person's own: it speaks of them, they declared it, or they represent its structure."""
    if not person_id:
        return False
    if person_id == entry.person_id or (person_id == entry.declared_by_id and _is_of_a_body(entry)):
        return True
    return any(each.id == entry.person_id for each in represented(person_id))


def _is_of_a_body(entry: Entry) -> bool:
    return bool(entry.title) or entry.person.is_structure


def mine(person_id: int) -> list[Entry]:
    """Return the entries that a person may change, the latest first; those they left too."""
    ids = [person_id, *(each.id for each in represented(person_id))]
    query = Entry.joined().where(Entry.person.in_(ids) | (Entry.declared_by == person_id))
    return list(query.order_by(Entry.created_at.desc(), Entry.id.desc()))


def commune_of(person_id: int) -> str | None:
    """Return the commune (INSEE code) where a person practises, if it is known."""
    practice = Practice.get_or_none(Practice.person == person_id)
    return practice.commune_id if practice else None
