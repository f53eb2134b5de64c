"""Entries found: by words, commune and neighbours, the answers to a field; and what is written so that they are.

A word or a value is indexed with the rank of the readers of its field: a search by a reader matches what they may read
and nothing else, so that finding tells no more than showing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from peewee import Expression

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
    query = Entry.joined().where(Entry.directory == definition.slug, Entry.live())
    query = query.where(Entry.person.is_null() | Person.deleted_at.is_null())
    if viewer.rank == Readers.PUBLIC.rank:
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
        found.append(Entry.id.in_(matching(definition.slug, words, viewer.rank)))
    if wanted.commune:
        found.append(holding(definition, "@where", neighbours(wanted.commune, wanted.around), viewer.rank))
    if wanted.speakers:
        found.append(holding(definition, "@speaker", ["oui"], viewer.rank))
    for key, value in wanted.filters.items():
        found.append(holding(definition, key, [value], viewer.rank))
    return found


def holding(definition: Definition, key: str, wanted: list[str], rank: int) -> Expression:
    """Return the condition that an entry has one of the values `wanted`, and that a reader of this rank may know it."""
    rows = EntryValue.select(EntryValue.entry).where(
        EntryValue.directory == definition.slug,
        EntryValue.field == key,
        EntryValue.value.in_(wanted),
        EntryValue.level <= rank,
    )
    return Entry.id.in_(rows)


def matching(slug: str, words: list[str], rank: int):
    """Return the sub-query of the entries of a list that have every word in what a reader of this rank may read."""
    groups = [[f"{level}{word}" for level in range(rank + 1)] for word in words]
    return WORDS.found([*groups, [_list_word(slug)]])


def _list_word(slug: str) -> str:
    return "z" + re.sub("[^a-z0-9]", "", slug) + "z"


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
                place = ("@where", value)
                found[place] = min(found.get(place, each.readers.rank), each.readers.rank)
    if entry.commune_id:
        found["@commune", entry.commune_id] = found["@where", entry.commune_id] = level
    if entry.profession:
        found["@profession", entry.profession] = level
    if entry.is_speaker:
        found["@speaker", "oui"] = max(level, Readers.ADHERENTS.rank)
    return [(entry.id, entry.directory, key, value, rank) for (key, value), rank in found.items()]


def _words(definition: Definition, entry: Entry, names: values.Names) -> str:
    """Return the words of an entry, each after the rank of its readers, and the word of its list."""
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
    return " ".join([_list_word(entry.directory), *words])


def rebuild(definition: Definition) -> int:
    """Index every entry of a list again, after its definition has changed; return how many there are."""
    entries = list(Entry.joined().where(Entry.directory == definition.slug))
    for start in range(0, len(entries), 400):
        put(definition, entries[start : start + 400])
    return len(entries)


def sort_name(entry: Entry) -> str:
    """Return what orders an entry in its list: its title, or the name in the order of lists."""
    return fold(entry.title or entry.person.list_label)[:200]
