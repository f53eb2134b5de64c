"""What the bureau and the coordination write on a member's record, on one or on many at once."""

from datetime import timedelta

from cptsapp.blueprints.person import rules as people
from cptsapp.blueprints.person.models import Kind, Person
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel import journal
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, locked, now, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import fold, number

from . import answering, colleges, rules, years
from .models import OTHER, Membership, Period, PersonNote, PersonTag, Practice, SavedView, StructureRole, Tag

MOST_AT_ONCE = 10_000
MOST_TAGS, MOST_VIEWS, LONGEST_NOTE = 200, 100, 4_000
for _action, _sentence in {
    "adherent.practice": "Exercice d’un adhérent modifié",
    "adherent.tagged": "Étiquette posée",
    "adherent.untagged": "Étiquette retirée",
    "adherent.note": "Note de suivi ajoutée",
    "adherent.note_removed": "Note de suivi supprimée",
    "adherent.represented": "Représentant d’une structure modifié",
    "adherent.confirmed": "Fiche vérifiée",
    "adherent.view": "Vue enregistrée",
    "adherent.renewed_together": "Adhésions renouvelées ensemble",
}.items():
    journal.declare(_action, _sentence)


def present(person_id: int) -> Person:
    """Return a person, locked for the rule that asks; raise RuleError when it is gone."""
    person = locked(Person.select().where(Person.id == person_id, Person.deleted_at.is_null())).first()
    if person is None:
        raise RuleError("Cette fiche n’existe plus. Revenez à la liste.")
    return person


@db.atomic()
def add(*, kind: str, type: str, college_id: int | None = None, tag: str = "", started_on=None, **values) -> Person:
    """Make a member by hand: the record, the practice, the membership, in one go. A RuleError names the wrong field."""
    own = ("given_name", "family_name", "name", "email", "phone")
    person = people.create(kind=Kind(kind), **{name: values.pop(name) for name in own if name in values})
    if values:
        set_practice(person.id, **values)
    college = college_id or colleges.deduce(type, Practice.of(person.id).profession)
    membership = rules.admit(person.id, type=type, college=college, started_on=started_on, origin="gestion")
    if college_id:
        membership.college_decided = True
        membership.save()
    if tag.strip():
        put_tag([person.id], tag)
    return person


@db.atomic()
def set_practice(person_id: int, *, insee: str = "", works_at: int | None = None, **values) -> Practice:
    """Replace what a record says of the practice; `values` are columns of Practice."""
    present(person_id)
    practice = Practice.get_or_none(Practice.person == person_id)
    is_new, practice = practice is None, practice or Practice(person=person_id)
    code = values.pop("profession", practice.profession)
    other = people.one_line(values.pop("profession_other", practice.profession_other))
    if code and code != OTHER and code not in reference.professions():
        raise RuleError("Choisissez une profession dans la liste.", field="profession")
    practice.profession, practice.profession_other = ("", other) if code == OTHER or not code else (code, "")
    for name, value in values.items():
        longest = getattr(Practice, name).max_length if hasattr(getattr(Practice, name), "max_length") else LONGEST_NOTE
        if len(value or "") > longest:
            raise RuleError(f"Écrivez {longest} caractères au plus.", field=name)
        setattr(practice, name, (value or "").replace("\0", "").strip())
    practice.commune = territory.use(insee) if insee else None
    practice.works_at = _structure(works_at)
    practice.save(force_insert=is_new)
    if not is_new:
        revision.bump()
    journal.write("adherent.practice", "person", person_id)
    return practice


def _structure(person_id) -> int | None:
    if not person_id:
        return None
    if not Person.select().where(Person.id == person_id, Person.kind == Kind.STRUCTURE).exists():
        raise RuleError("Choisissez une structure dans la liste.", field="works_at")
    return person_id


@db.atomic()
def represent(structure_id: int, *, representative_id: int | None, deputy_id: int | None) -> None:
    """Say who speaks for a structure and who stands in; its membership stays as it is."""
    structure = present(structure_id)
    if not structure.is_structure:
        raise RuleError("Seule une structure a un représentant.")
    if representative_id and representative_id == deputy_id:
        raise RuleError("Choisissez deux personnes différentes.", field="deputy")
    for each in filter(None, (representative_id, deputy_id)):
        if present(each).is_structure:
            raise RuleError("Choisissez une personne, pas une structure.")
    StructureRole.delete().where(StructureRole.structure == structure_id).execute()
    if representative_id or deputy_id:
        StructureRole.create(structure=structure_id, representative=representative_id, deputy=deputy_id)
    journal.write("adherent.represented", "person", structure_id, representative=representative_id, deputy=deputy_id)


@db.atomic()
def confirm(person_id: int) -> None:
    """Note that somebody has just checked the record."""
    membership = Membership.of_person(present(person_id).id)
    if membership is None:
        raise RuleError("Cette personne n’est pas adhérente.")
    Membership.update(confirmed_on=today()).where(Membership.id == membership.id).execute()
    journal.write("adherent.confirmed", "person", person_id)


# Tags


def tag_named(name: str) -> Tag:
    """Return the tag of this name, made when there is none; accents and case do not matter."""
    name = people.one_line(name)
    if not fold(name):
        raise RuleError("Écrivez une étiquette.", field="tag")
    if len(name) > 60:
        raise RuleError("Une étiquette compte 60 caractères au plus.", field="tag")
    found = Tag.get_or_none(Tag.folded == fold(name)[:60])
    if found is None and Tag.select().count() >= MOST_TAGS:
        raise RuleError(f"{MOST_TAGS} étiquettes suffisent : reprenez-en une, ou retirez celles qui ne servent plus.")
    return found or Tag.create(name=name, folded=fold(name)[:60])


@db.atomic()
def put_tag(person_ids: list[int], name: str) -> int:
    """Put a tag on persons; return how many did not have it."""
    _refuse_too_many(person_ids)
    tag = tag_named(name)
    has = {id for (id,) in PersonTag.select(PersonTag.person).where(PersonTag.tag == tag).tuples()}
    rows = [(id, tag.id) for id in dict.fromkeys(person_ids) if id not in has]
    for start in range(0, len(rows), 500):
        PersonTag.insert_many(rows[start : start + 500], fields=[PersonTag.person, PersonTag.tag]).execute()
    if rows:
        journal.write("adherent.tagged", "tag", tag.id, persons=len(rows))
    return len(rows)


@db.atomic()
def take_tag(person_ids: list[int], tag_id: int) -> int:
    """Take a tag off persons; one that nobody wears any more is forgotten."""
    removed = 0
    for start in range(0, len(person_ids), 500):
        worn = (PersonTag.tag == tag_id) & PersonTag.person.in_(person_ids[start : start + 500])
        removed += PersonTag.delete().where(worn).execute()
    if removed:
        journal.write("adherent.untagged", "tag", tag_id, persons=removed)
    if not PersonTag.select().where(PersonTag.tag == tag_id).exists():
        Tag.delete().where(Tag.id == tag_id).execute()
    return removed


# Notes


@db.atomic()
def write_note(person_id: int, text: str, *, account_id: int | None) -> PersonNote:
    present(person_id)
    text = text.replace("\0", "").strip()
    if not text:
        raise RuleError("Écrivez la note.", field="text")
    if len(text) > LONGEST_NOTE:
        raise RuleError(f"Écrivez {number(LONGEST_NOTE)} caractères au plus.", field="text")
    note = PersonNote.create(person=person_id, author=account_id, text=text)
    journal.write("adherent.note", "person", person_id)
    return note


@db.atomic()
def remove_note(person_id: int, note_id: int) -> None:
    if PersonNote.delete().where(PersonNote.id == note_id, PersonNote.person == person_id).execute():
        journal.write("adherent.note_removed", "person", person_id)


# Many at once


@db.atomic()
def renew_many(person_ids: list[int], period_id: int) -> tuple[int, int]:
    """Cover a period for members; return (renewed, left aside: covered already, or gone)."""
    _refuse_too_many(person_ids)
    period = Period.get_or_none(Period.id == period_id)
    if period is None:
        raise RuleError("Choisissez une année dans la liste.", field="period")
    done, covered = 0, period.years.count()
    for start in range(0, len(person_ids), 500):
        mine = Membership.person.in_(person_ids[start : start + 500])
        for membership in Membership.select().where(mine, Membership.left_at.is_null()):
            answering.renew(membership, period)
    done = period.years.count() - covered
    journal.write("adherent.renewed_together", "period", period.id, renewed=done)
    return done, len(person_ids) - done


def periods_to_cover() -> list[Period]:
    """Return the present period and the next one, made when they are not there yet."""
    with db.atomic():
        present_one = years.period_at()
        return [present_one, years.period_at(present_one.ends_on + timedelta(days=1))]


def _refuse_too_many(person_ids):
    if len(person_ids) > MOST_AT_ONCE:
        raise RuleError(f"{number(MOST_AT_ONCE)} fiches à la fois au plus : filtrez la liste, puis recommencez.")


# Views


@db.atomic()
def save_view(list_key: str, name: str, query: str, *, owner_id: int | None) -> SavedView:
    """Keep a reading of a list under a name; the same name again replaces it."""
    name = people.one_line(name)
    if not name or len(name) > 80:
        raise RuleError("Donnez à la vue un nom de 80 caractères au plus.", field="name")
    if SavedView.select().where(SavedView.list == list_key).count() >= MOST_VIEWS:
        raise RuleError(f"{MOST_VIEWS} vues suffisent : retirez celles qui ne servent plus.", field="name")
    mine = SavedView.owner == owner_id if owner_id else SavedView.owner.is_null()
    SavedView.delete().where(SavedView.list == list_key, SavedView.name == name, mine).execute()
    view = SavedView.create(list=list_key, name=name, query=query[:1000], owner=owner_id, created_at=now())
    journal.write("adherent.view", "view", view.id)
    return view


@db.atomic()
def forget_view(view_id: int, *, account_id: int) -> None:
    """Forget a view that one shares or owns."""
    mine = SavedView.owner.is_null() | (SavedView.owner == account_id)
    SavedView.delete().where(SavedView.id == view_id, mine).execute()
