"""What an import adds beside a record: tags, and who speaks for a structure. It adds, and never takes away.

Who is named for a structure gets a record of their own, unless one of the people who work there bears the name. Nobody
who has an account is chosen: to speak for a structure opens the member space, and an import gives no rights.
"""

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person import rules as people
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.importing import Effect
from cptsapp.kernel.text import fold

from . import record
from .models import PersonTag, Practice, StructureRole, Tag


def tags_of(ids: list[int]) -> dict[int, set[str]]:
    """Return the folded tags that persons wear."""
    found: dict[int, set[str]] = {}
    query = PersonTag.select(PersonTag.person, Tag.folded).join(Tag).where(PersonTag.person.in_(ids)).tuples()
    for id, name in query:
        found.setdefault(id, set()).add(name)
    return found


def speakers_of(ids: list[int]) -> dict[int, Person]:
    """Return who represents these structures."""
    query = StructureRole.select(StructureRole, Person).join(Person, on=StructureRole.representative)
    return {row.structure_id: row.representative for row in query.where(StructureRole.structure.in_(ids))}


def put(id: int, values: dict) -> tuple[dict, list[Effect]]:
    """Add what a row says; return what is to be taken back, and the records made."""
    before, made = {}, []
    tags = [record.tag_named(name).id for name in values.get("tags", ())]
    if tags:
        worn = {tag for (tag,) in PersonTag.select(PersonTag.tag).where(PersonTag.person == id).tuples()}
        before["tags"] = [tag for tag in dict.fromkeys(tags) if tag not in worn]
        PersonTag.insert_many([(id, tag) for tag in before["tags"]], [PersonTag.person, PersonTag.tag]).execute()
    if values.get("speaker"):
        made = _represent(id, values["speaker"])
        before["speaker"] = True
    return before, made


def _represent(structure_id, named) -> list[Effect]:
    speaker = _working_there(structure_id, named)
    made = []
    if speaker is None:
        speaker = people.create(**named)
        Practice.create(person=speaker, works_at=structure_id)
        made.append(Effect(speaker.id, True, beside=True))
    StructureRole.delete().where(StructureRole.structure == structure_id).execute()
    StructureRole.create(structure=structure_id, representative=speaker)
    return made


def _working_there(structure_id, named) -> Person | None:
    accounts = Account.select(Account.person)
    query = Person.present().join(Practice, on=(Practice.person == Person.id))
    query = query.where(Practice.works_at == structure_id, Person.id.not_in(accounts))
    return next((each for each in query if same_name(each, named)), None)


def same_name(person: Person, named: dict) -> bool:
    wanted = (fold(named["family_name"]), fold(named.get("given_name", "")))
    return (fold(person.family_name), fold(person.given_name)) == wanted


def take_back(id: int, before: dict) -> None:
    """Take off what `put` added to a record that stays."""
    for tag in before.get("tags", ()):
        record.take_tag([id], tag)
    if before.get("speaker"):
        StructureRole.delete().where(StructureRole.structure == id).execute()


def forget_unworn(tags: set[int]) -> None:
    """Forget the tags that nobody wears once the members that an import made are gone."""
    worn = PersonTag.select(PersonTag.tag)
    Tag.delete().where(Tag.id.in_(list(tags)), Tag.id.not_in(worn)).execute()
