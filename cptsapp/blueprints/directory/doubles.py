"""Two declarations of one person, or that may be: noticed, shown side by side, told apart when they are two.

Persons are likely the same when they share an address, a phone or the words of their name; things, their title. In a
list where one person has an entry for each protocol, only entries about the same one are compared.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from peewee import JOIN

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import fold

from . import desk, viewing
from .definition import Definition
from .models import Entry, EntryApart, Status

MOST_SHOWN = 40
TOLD_APART = journal.declare("directory.told_apart", "Fiches de répertoire reconnues distinctes")


@dataclass
class Group:
    """Entries that are likely of one person or thing, with what they share."""

    entries: list[Entry]
    reasons: tuple[str, ...]


def _light(definition: Definition):
    columns = (Entry.id, Entry.sort_name, Entry.email, Person.email_normalised, Entry.phone, Entry.slot, Entry.person)
    query = Entry.select(*columns).join(Person, JOIN.LEFT_OUTER, on=(Entry.person == Person.id))
    here = (Entry.directory == definition.slug) & (Entry.status != Status.LEFT)
    return query.where(here, desk.is_present()).order_by(Entry.id)


def _signs(definition: Definition, row: tuple) -> Iterable[tuple[str, str, str]]:
    """Yield (slot, reason, sign) by which an entry is like another."""
    _, name, email, own_email, phone, slot, person = row
    slot = slot if definition.unique_by else ""
    words = " ".join(sorted(fold(name).replace("-", " ").split()))
    if words:
        yield slot, "même titre" if definition.is_of_things else "même nom", words
    if definition.is_of_things:
        return
    for address in {email, own_email or ""} - {""}:
        yield slot, "même adresse e-mail", address
    if phone:
        yield slot, "même téléphone", phone
    yield slot, "même personne", str(person)


def _links(definition: Definition, rows: list[tuple]) -> dict[tuple[int, int], set[str]]:
    """Return {(first, second): what they share}, without the pairs that somebody has told apart."""
    like = defaultdict(list)
    for row in rows:
        for sign in _signs(definition, row):
            like[sign].append(row[0])
    found = defaultdict(set)
    for (_, reason, _), ids in like.items():
        if 1 < len(ids) <= MOST_SHOWN:  # a switchboard that hundreds share says nothing
            for pair in combinations(ids, 2):
                found[pair].add(reason)
    if found:
        for pair in EntryApart.select(EntryApart.first, EntryApart.second).tuples():
            found.pop(pair, None)
    return found


def groups(definition: Definition) -> list[Group]:
    """Return what is likely declared twice in a list; a few queries, whatever its length."""
    links = _links(definition, list(_light(definition).tuples()))
    leader: dict[int, int] = {}

    def top(id: int) -> int:
        while leader.setdefault(id, id) != id:
            id = leader[id]
        return id

    for first, second in sorted(links):
        leader[top(second)] = top(first)
    members, reasons = defaultdict(set), defaultdict(set)
    for pair, shared in links.items():
        members[top(pair[0])].update(pair)
        reasons[top(pair[0])].update(shared)
    return _shown(definition, [(sorted(ids), tuple(sorted(reasons[key]))) for key, ids in members.items()])


def _shown(definition: Definition, found: list[tuple]) -> list[Group]:
    found = found[:MOST_SHOWN]
    ids = [id for those, _ in found for id in those]
    entries = list(Entry.joined().where(Entry.id.in_(ids))) if ids else []
    for entry, card in zip(entries, viewing.cards(definition, entries, viewing.COORDINATION), strict=True):
        entry.card = card
    by_id = {each.id: each for each in entries}
    return [Group([by_id[id] for id in those], reasons) for those, reasons in found]


def count(definition: Definition) -> int:
    return len(groups(definition))


def of(definition: Definition, entry: Entry) -> list[tuple[Entry, str]]:
    """Return the entries that are likely the same as one, with what they share."""
    rows = list(_light(definition).where(_near(definition, entry) | (Entry.id == entry.id)).tuples())
    links = {pair: shared for pair, shared in _links(definition, rows).items() if entry.id in pair}
    others = {next(id for id in pair if id != entry.id): shared for pair, shared in links.items()}
    found = Entry.joined().where(Entry.id.in_(list(others))) if others else []
    return [(each, ", ".join(sorted(others[each.id]))) for each in found]


def _near(definition: Definition, entry: Entry):
    """Return the condition that finds, by indexes, what may be like an entry."""
    names = {entry.sort_name, " ".join(reversed(entry.sort_name.split()))}
    near = Entry.sort_name.in_(list(names))
    emails = {entry.email, entry.person.email_normalised if entry.person_id else ""} - {""}
    if emails and not definition.is_of_things:
        near |= Entry.email.in_(list(emails))
        near |= Entry.person.in_(Person.select(Person.id).where(Person.email_normalised.in_(list(emails))))
    if entry.person_id:
        near |= Entry.person == entry.person_id
    return near


@db.atomic()
def tell_apart(slug: str, ids: Iterable[int]) -> int:
    """Say that entries of a list are as many persons or things; return how many pairs."""
    ids = sorted(set(ids))[:MOST_SHOWN]
    query = Entry.select(Entry.id).where(Entry.directory == slug, Entry.id.in_(ids)).order_by(Entry.id)
    known = [id for (id,) in query.tuples()]
    if len(known) < 2:
        raise RuleError("Ces fiches n’existent plus. Rechargez la page.")
    for first, second in combinations(known, 2):
        EntryApart.insert(first=first, second=second, by=journal.actor()).on_conflict_ignore().execute()
    journal.write(TOLD_APART, "repertoire", slug, entries=known)
    return len(known) * (len(known) - 1) // 2
