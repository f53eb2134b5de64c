"""What an import writes on members, many at once, and takes back."""

import hashlib
from collections import defaultdict
from datetime import date

from peewee import SQL, fn

from cptsapp.blueprints.person import finding
from cptsapp.blueprints.person.models import Kind, Person, saved_many
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel.db import db, insert_rows, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.flatrows import FlatRows
from cptsapp.kernel.importing import Effect

from . import additions, history, years
from .models import Membership, MemberType, Practice, Year

OF_PERSON = ("family_name", "given_name", "name", "email", "phone")
OF_PRACTICE = ("profession", "profession_other", "commune", "rpps", "adeli", "mode", "organisation")
ORIGIN = "import"


def profession_label(code: str) -> str:
    known = reference.professions().get(code)
    return known.label if known else code


def commune_label(insee: str) -> str:
    place = reference.place(insee)
    return f"{place.name} ({insee})" if place else insee


def create(values: list[dict], day: date) -> list[Effect]:
    """Make these persons members up to the end of the year of `day`; a few queries, whatever their number."""
    if not values:
        return []
    for insee in {each["commune"] for each in values if each.get("commune")}:
        territory.use(insee)
    persons = [_person(each) for each in values]
    columns = [Person.kind, Person.given_name, Person.family_name, Person.name, Person.email, Person.phone,
               Person.folded, Person.email_normalised, Person.created_at]  # fmt: skip
    ids = insert_rows(
        Person, columns, [[getattr(each, column.name) for column in columns] for each in persons], returning=True
    )
    for person, id in zip(persons, ids, strict=True):
        person.id = id
    rows = [[id, *(_text(each, name) for name in OF_PRACTICE)] for id, each in zip(ids, values, strict=True)]
    insert_rows(Practice, [Practice.person, *(getattr(Practice, name) for name in OF_PRACTICE)], rows)
    _admit([(id, each) for id, each in zip(ids, values, strict=True)], day)
    finding.put(persons, new=True)
    saved_many.send(persons)
    revision.bump()
    effects = []
    for id, each in zip(ids, values, strict=True):
        before, others = additions.put(id, each) if each.get("tags") or each.get("speaker") else ({}, [])
        effects += [Effect(id, True, before), *others]
    return effects


def _person(values) -> Person:
    person = Person(
        kind=Kind.STRUCTURE if values.get("name") else Kind.PERSON,
        email=values.get("email"),
        **{name: values.get(name, "") for name in ("family_name", "given_name", "name", "phone")},
    )
    person.refresh_copies()
    return person


def _text(values, name):
    return values.get(name) or (None if name == "commune" else "")


def _admit(pairs: list[tuple[int, dict]], day: date) -> list[int]:
    """Give persons without one a membership that covers the year of `day`."""
    period = years.period_at(day)
    columns = [Membership.person, Membership.type, Membership.started_on, Membership.ended_on, Membership.college,
               Membership.origin]  # fmt: skip
    rows = [
        [id, values.get("type") or MemberType.LIBERAL, values.get("started_on") or day, period.ends_on,
         values.get("college"), ORIGIN]
        for id, values in pairs
    ]  # fmt: skip
    ids = insert_rows(Membership, columns, rows, returning=True)
    fees = {kind: years.fee_cents(kind) for kind in {row[1] for row in rows}}
    covered = [[id, period.id, fees[row[1]]] for id, row in zip(ids, rows, strict=True)]
    insert_rows(Year, [Year.membership, Year.period, Year.fee_cents], covered)
    return ids


def change(person_id: int, values: dict, college_of, day: date) -> list[Effect]:
    """Write what a row says of a record that stands; return what it said before, and the records made beside it."""
    before = {}
    person = Person.get_by_id(person_id)
    named = {name: values[name] for name in OF_PERSON if name in values}
    if named:
        before["person"] = {name: getattr(person, name) for name in named}
        _set(person, named)
    practised = {name: values[name] for name in OF_PRACTICE if name in values}
    if "profession" in practised or "profession_other" in practised:
        practised = {"profession": "", "profession_other": ""} | practised
    if practised:
        before["practice"] = _practise(person_id, practised)
    membership = Membership.of_person(person_id)
    if membership is None:
        college = values.get("college") or college_of({"type": MemberType.LIBERAL} | values)
        _admit([(person_id, values | {"college": college})], day)
        before["admitted"] = True
    else:
        held = {name: values[name] for name in ("type", "college", "started_on") if name in values}
        if held:
            history.remember(membership.id)
            before["membership"] = {name: membership.__data__[name] for name in held} | {"id": membership.id}
            Membership.update(held).where(Membership.id == membership.id).execute()
    added, made = additions.put(person_id, values)
    finding.put([person])
    revision.bump()
    return [Effect(person_id, False, before | added), *made]


def _set(person: Person, values: dict):
    for name, value in values.items():
        setattr(person, name, value)
    person.refresh_copies()
    person.save()


def _practise(person_id: int, values: dict) -> dict | None:
    """Write on the practice of a person; return the values replaced, or None when there was no practice."""
    if values.get("commune"):
        territory.use(values["commune"])
    practice = Practice.get_or_none(Practice.person == person_id)
    if practice is None:
        Practice.create(person=person_id, **values)
        return None
    Practice.update(values).where(Practice.person == person_id).execute()
    return {name: practice.__data__[name] for name in values}


# Taking back

PERSONS = FlatRows(*Person._meta.sorted_fields, of=Person.id)
PRACTICES = FlatRows(*Practice._meta.sorted_fields, of=Practice.person)
MEMBERSHIPS = FlatRows(*Membership._meta.sorted_fields, of=Membership.person)
YEARS = FlatRows(*Year._meta.sorted_fields, of=Membership.person)


def fingerprints(ids: list[int]) -> dict[int, str]:
    """Return {person: a text that changes with anything written on the record or pointing to it}."""
    parts, among = defaultdict(list), SQL("(" + ", ".join(map(str, map(int, ids))) + ")")
    for *row, id in PERSONS.read(db.execute(PERSONS.of(Person).where(Person.id.in_(among)))):
        parts[id].append(tuple(row))
    for model, rows in ((Practice, PRACTICES), (Membership, MEMBERSHIPS)):
        query = rows.of(model).where(model.person.in_(among)).order_by(model._meta.primary_key)
        _add(parts, rows.read(db.execute(query)))
    own = YEARS.of(Year).join(Membership).where(Membership.person.in_(among)).order_by(Year.id)
    _add(parts, YEARS.read(db.execute(own)))
    for key, query in _pointing():
        for id, count in query.where(key.in_(among)).group_by(key).tuples():
            parts[id].append((query.model._meta.table_name, count))
    return {id: hashlib.blake2b(repr(found).encode(), digest_size=16).hexdigest() for id, found in parts.items()}


def _add(parts, rows):
    for *row, id in rows:
        parts[id].append((id, *row))


def _pointing():
    """Yield (column of the person, query of it and a count) of every table that points to a person or a membership."""
    for key in Person._meta.backrefs:
        if key.model not in (Practice, Membership):
            yield key, key.model.select(key, fn.COUNT(1))
    for key in Membership._meta.backrefs:
        if key.model is not Year:
            query = key.model.select(Membership.person, fn.COUNT(1)).join(Membership, on=(key == Membership.id))
            yield Membership.person, query


def undo(effects: list[Effect]) -> None:
    """Remove the members that an import made, and give back to the others what it changed."""
    made = [each.subject for each in effects if each.created]
    if made:
        _remove_memberships(made)
        Practice.delete().where(Practice.person.in_(made)).execute()
        finding.drop(made)
        Person.delete().where(Person.id.in_(made)).execute()
        additions.forget_unworn({tag for each in effects if each.created for tag in each.before.get("tags", ())})
    for each in effects:
        if not each.created:
            _restore(each.subject, each.before)
    revision.bump()


def _remove_memberships(ids):
    mine = Membership.select(Membership.id).where(Membership.person.in_(ids))
    Year.delete().where(Year.membership.in_(mine)).execute()
    Membership.delete().where(Membership.person.in_(ids)).execute()


def _restore(person_id, before):
    additions.take_back(person_id, before)
    if before.get("admitted"):
        _remove_memberships([person_id])
    if values := before.get("membership"):
        id = values.pop("id")
        if "started_on" in values:
            values["started_on"] = date.fromisoformat(values["started_on"])
        history.remember(id)
        Membership.update(values).where(Membership.id == id).execute()
    if "practice" in before:
        mine = Practice.person == person_id
        query = Practice.update(before["practice"]) if before["practice"] else Practice.delete()
        query.where(mine).execute()
    person = Person.get_or_none(Person.id == person_id)
    if person is None:
        raise RuleError("Une fiche de cet import a été effacée depuis : il ne peut plus être annulé d’un bloc.")
    _set(person, before.get("person", {}))
