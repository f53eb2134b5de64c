"""Entries found: by words, commune and neighbours, the answers to a field; and what is written so that they are.

A word or a value is indexed with the rank of the readers of its field: a search by a reader matches what they may read
and nothing else, so that finding tells no more than showing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from peewee import OP, SQL, Expression, NodeList, fn

from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.db import insert_rows
from cptsapp.kernel.text import fold
from cptsapp.kernel.wordindex import WordIndex, asked, words_of

from . import values, viewing
from .definition import Definition, Kind, Readers
from .models import Entry, EntryValue
from .viewing import Viewer

WORDS = WordIndex("repertoire_words", prefixes="3 4")  # each word begins with the rank of its readers
FEW = 200  # answers, up to which the list need not be read in its order
VALUE_COLUMNS = (EntryValue.entry, EntryValue.directory, EntryValue.field, EntryValue.value, EntryValue.level)


@dataclass(frozen=True)
class Asked:
    """What a seeker asks: words, a commune (INSEE code) and its neighbours, {field key: value}, speakers alone."""

    q: str = ""
    commune: str = ""
    around: bool = False
    filters: dict[str, str] = field(default_factory=dict)
    speakers: bool = False


def visible(definition: Definition, viewer: Viewer):
    """Return the entries that a reader finds in a list today, in its order: as `viewing.may_see`, in SQL."""
    return _shown(Entry.joined(), definition, viewer)


def visible_ids(definition: Definition, viewer: Viewer, wanted: Asked):
    """Return the ids alone of the entries that a reader finds and that answer what is asked: read from one index."""
    return narrowed(_shown(Entry.select(Entry.id), definition, viewer), definition, viewer, wanted)


def _shown(query, definition: Definition, viewer: Viewer):
    gone = Person.select(Person.id).where(Person.deleted_at.is_null(False))
    query = query.where(Entry.directory == definition.slug, Entry.live())
    query = query.where(Entry.person.is_null() | Entry.person.not_in(gone))
    if viewer.is_partner:
        query = query.where(holding(definition, "@shared", ["oui"], viewer.rank))
    elif viewer.rank == Readers.PUBLIC.rank:
        query = query.where(Entry.is_public)
    if not viewing.may_see_list(definition, viewer):
        query = query.where(Entry.id.is_null())
    return query.order_by(Entry.sort_name, Entry.id)


def narrowed(query, definition: Definition, viewer: Viewer, wanted: Asked):
    """Return the entries of `query` that answer what is asked."""
    for condition in conditions(definition, viewer, wanted):
        query = query.where(condition)
    return query


def conditions(definition: Definition, viewer: Viewer, wanted: Asked) -> list[Expression]:
    found = []
    if words := asked(wanted.q):
        found.append(matching(words, viewer.rank))
    if wanted.commune:
        place = reference.place(wanted.commune)
        around = place.interco_siren if place and wanted.around else ""
        found.append(
            holding(definition, *(("@around", [around]) if around else ("@where", [wanted.commune])), viewer.rank)
        )
    if wanted.speakers:
        found.append(holding(definition, "@speaker", ["oui"], viewer.rank))
    for key, value in wanted.filters.items():
        found.append(holding(definition, key, [value], viewer.rank))
    return found


def rows_of(ids, limit: int, offset: int = 0) -> list[Entry]:
    """Return the rows of a part of `visible_ids`, in its order."""
    part = [id for (id,) in ids.limit(limit).offset(offset).tuples()]
    rows = {each.id: each for each in Entry.joined().where(Entry.id.in_(part))} if part else {}
    return [rows[id] for id in part if id in rows]


def holding(definition: Definition, key: str, wanted: list[str], rank: int) -> Expression:
    """Return the condition that an entry has one of the values `wanted`, and that a reader of this rank may know it.

    A few entries are looked up one by one; many are met while the list is read in its order.
    """
    rows = EntryValue.select(EntryValue.entry).where(
        EntryValue.directory == definition.slug,
        EntryValue.field == key,
        EntryValue.value.in_(wanted),
        EntryValue.level <= rank,
    )
    few = [id for (id,) in rows.limit(FEW + 1).tuples()]
    return Entry.id.in_(few) if len(few) <= FEW else fn.EXISTS(rows.where(EntryValue.entry == Entry.id))


def _among(rows) -> Expression:
    """Return the condition that an entry is in a sub-query, met while the list is read in its order.

    The bare sign keeps the database from sorting all that answers: a page of a wide answer costs what a page does.
    """
    return Expression(NodeList((SQL("+"), Entry.id), glue=""), OP.IN, rows)


def matching(words: list[str], rank: int) -> Expression:
    """Return the condition that an entry has every word in what a reader of this rank may read.

    A few answers are looked up one by one; many are met while the list is read in its order.
    """
    groups = [[f"{level}{word}" for level in range(rank + 1)] for word in words]
    few = WORDS.first(groups, FEW + 1)
    return Entry.id.in_(few) if len(few) <= FEW else _among(WORDS.found(groups))


@lru_cache(maxsize=500)
def neighbours(insee: str, around: bool) -> list[str]:
    """Return a commune, with those of its intercommunalité when they are asked too."""
    place = reference.place(insee)
    if not place or not around or not place.interco_siren:
        return [insee]
    return [each.insee for each in reference.members(place.interco_siren)]


# What is written


def put(definition: Definition, entries: Iterable[Entry], *, new: bool = False) -> None:
    """Index entries, in the transaction that wrote them; a few queries, whatever their number."""
    entries = list(entries)
    names = viewing.names_for(definition, entries, viewing.COORDINATION)
    if not new:
        EntryValue.delete().where(EntryValue.entry.in_([each.id for each in entries])).execute()
    rows = [row for each in entries for row in _values(definition, each)]
    insert_rows(EntryValue, VALUE_COLUMNS, rows)
    WORDS.put([(each.id, _words(definition, each, names)) for each in entries], new=new)


def drop(ids: Iterable[int]) -> None:
    WORDS.drop(ids)


def _values(definition: Definition, entry: Entry) -> list[tuple]:
    said, level = entry.values, definition.readers.rank
    found = {}
    for each in definition.fields:
        for value in values.keys_of(each, said.get(each.key)):
            found.setdefault((each.key, value), each.readers.rank)
            if each.kind == Kind.COMMUNES:
                for place in _places(value):
                    found[place] = min(found.get(place, each.readers.rank), each.readers.rank)
    if entry.commune_id:
        found |= dict.fromkeys([("@commune", entry.commune_id), *_places(entry.commune_id)], level)
    if entry.profession:
        found["@profession", entry.profession] = level
    if entry.is_speaker:
        found["@speaker", "oui"] = max(level, Readers.ADHERENTS.rank)
    if entry.is_shared:
        found["@shared", "oui"] = Readers.ADHERENTS.rank
    return [(entry.id, entry.directory, key, value, rank) for (key, value), rank in found.items()]


def _places(insee: str) -> list[tuple[str, str]]:
    """Return where a commune is sought: itself, and around it its intercommunalité."""
    place = reference.place(insee)
    around = [("@around", place.interco_siren)] if place and place.interco_siren else []
    return [("@where", insee), *around]


def _words(definition: Definition, entry: Entry, names: values.Names) -> str:
    """Return the words of an entry, each after the rank of its readers."""
    level = definition.readers.rank
    known = reference.professions().get(entry.profession)
    texts = [(level, entry.label), (level, entry.commune.name if entry.commune_id else "")]
    texts += [(level, text) for text in ((known.label, known.feminine) if known else ())]
    said = entry.values
    for each in definition.fields:
        texts.append((each.readers.rank, values.text_of(each, said.get(each.key), names)))
    texts += [
        (each.readers.rank, each.label) for each in definition.fields if each.kind == Kind.YES_NO and said.get(each.key)
    ]
    words = dict.fromkeys(f"{rank}{word}" for rank, text in texts if text for word in words_of(text))
    return " ".join(words)


def rebuild(definition: Definition) -> int:
    """Index every entry of a list again, after its definition has changed; return how many there are."""
    entries = list(Entry.joined().where(Entry.directory == definition.slug))
    for start in range(0, len(entries), 400):
        put(definition, entries[start : start + 400])
    return len(entries)


def sort_name(entry: Entry) -> str:
    """Return what orders an entry in its list: its title, or the name in the order of lists."""
    return fold(entry.title or entry.person.list_label)[:200]
