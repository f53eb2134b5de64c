"""Entries found: by words, commune and neighbours, the answers to a field; and what is written so that they are.

A word or a value is indexed with the rank of the readers of its field: a search by a reader matches what they may read
and nothing else, so that finding tells no more than showing.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from peewee import JOIN, OP, SQL, Expression, NodeList, fn

from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import among, insert_rows
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.text import fold
from cptsapp.kernel.wordindex import WordIndex, asked, words_of

from . import values, viewing
from .definition import Definition, Kind, Readers
from .models import Entry, EntryValue
from .viewing import Viewer

WORDS = WordIndex("repertoire_words", prefixes="3 4")  # each word begins with the rank of its readers
# The bare sign keeps the database from sorting all that answers: a page of a wide answer costs what a page does.
_UNSORTED = NodeList((SQL("+"), Entry.id), glue="")
FEW = 500  # answers, up to which the list need not be read in its order
VALUE_COLUMNS = (
    EntryValue.entry, EntryValue.directory, EntryValue.field, EntryValue.value, EntryValue.sort_name, EntryValue.level,
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What a seeker asks: words, a commune (INSEE code) and its neighbours, {field key: value}, speakers alone."""

    q: str = ""
    commune: str = ""
    around: bool = False
    filters: dict[str, str] = field(default_factory=dict)
    speakers: bool = False


@dataclass(frozen=True)
class Condition:
    """Something asked of entries: `way` writes it in SQL of its `values`, or of places where they will go."""

    way: Callable[..., Expression]
    values: tuple

    @property
    def sql(self) -> Expression:
        return self.way(*self.values)


def visible(definition: Definition, viewer: Viewer):
    """Return the entries that a reader finds in a list today, in its order: as `viewing.may_see`, in SQL."""
    query = narrowed(Entry.joined(), definition, viewer, Asked())
    if not viewing.may_see_list(definition, viewer):
        query = query.where(Entry.id.is_null())
    query = shown(query, definition.slug, today(), is_public=is_public(viewer))
    return query.order_by(Entry.sort_name, Entry.id)


def is_public(viewer: Viewer) -> bool:
    """Tell whether a reader finds only those who agreed to the public page."""
    return viewer.rank == Readers.PUBLIC.rank and not viewer.is_partner


def shown(query, slug, day, *, is_public: bool):
    """Return the entries of a list that are shown on a day."""
    gone = Person.select(Person.id).where(Person.deleted_at.is_null(False))
    query = query.where(Entry.directory == slug, Entry.live(day))
    query = query.where(Entry.person.is_null() | Entry.person.not_in(gone))
    return query.where(Entry.is_public) if is_public else query


def in_order(conditions: list[Condition], slug, day, *, is_public: bool):
    """Return the query of the ids of those shown that meet conditions, in the order of the list.

    They are read in an index that has this order, no further than asked: that of the first value when only values with
    many holders are asked, else that of the list; a few entries are looked up and sorted.
    """
    order, query = (Entry.sort_name, Entry.id), Entry.select(Entry.id)
    if conditions and all(each.way is holding for each in conditions):
        first, *conditions = conditions
        order = EntryValue.sort_name, EntryValue.entry
        query = _holders_of(*first.values).join(Entry, JOIN.CROSS).where(Entry.id == EntryValue.entry)
    for each in conditions:
        query = query.where(each.sql)
    return shown(query, slug, day, is_public=is_public).order_by(*order)


def narrowed(query, definition: Definition, viewer: Viewer, wanted: Asked):
    """Return the entries of `query` that answer what is asked."""
    for condition in conditions(definition, viewer, wanted):
        query = query.where(condition.sql)
    return query


def conditions(definition: Definition, viewer: Viewer, wanted: Asked) -> list[Condition]:
    """Return what an entry must have for this reader to find it, besides being in the list."""
    values = []
    if wanted.commune:
        place = reference.place(wanted.commune)
        around = place.interco_siren if place and wanted.around else ""
        values.append(("@around", around) if around else ("@where", wanted.commune))
    values += [("@speaker", "oui")] if wanted.speakers else []
    values += wanted.filters.items()
    values += [("@shared", "oui")] if viewer.is_partner else []  # last: most have it
    words = asked(wanted.q)
    if len(values) == 1 and not words:  # its own index has the order of the list, however many have it
        return [Condition(holding, (definition.slug, *values[0], viewer.rank))]
    found = [having(definition, key, value, viewer.rank) for key, value in values]
    return [matching(definition, words, viewer.rank), *found] if words else found


def having(definition: Definition, key: str, value: str, rank: int) -> Condition:
    """Return the condition that an entry has a value, and that a reader of this rank may know it.

    A few entries are looked up one by one; many are met while the list is read in its order.
    """
    wanted = (definition.slug, key, value, rank)
    few = _some.ids(*wanted, FEW + 1)
    return Condition(_few, (json.dumps(few),)) if len(few) <= FEW else Condition(holding, wanted)


def matching(definition: Definition, words: list[str], rank: int) -> Condition:
    """Return the condition that an entry of a list has every word in what a reader of this rank may read.

    A few answers are looked up one by one; many are met while the list is read in its order.
    """
    levels = [level for level in definition.levels if level <= rank]
    groups = [[f"{level}{word}" for level in levels] for word in words]
    few = WORDS.first(groups, FEW + 1) if levels else []
    return Condition(_few, (json.dumps(few),)) if len(few) <= FEW else Condition(_worded, (WORDS.match(groups),))


def _holders_of(slug, key, value, rank):
    mine = (EntryValue.directory == slug) & (EntryValue.field == key) & (EntryValue.value == value)
    return EntryValue.select(EntryValue.entry).where(mine, EntryValue.level <= rank)


@prepared
def _some(slug, key, value, rank, most):
    return _holders_of(slug, key, value, rank).limit(most)


def holding(slug, key, value, rank) -> Expression:
    same = (EntryValue.sort_name == Entry.sort_name) & (EntryValue.entry == _UNSORTED)
    return fn.EXISTS(_holders_of(slug, key, value, rank).where(same))


def _few(ids) -> Expression:
    return among(Entry.id, ids)


def _worded(match) -> Expression:
    return Expression(_UNSORTED, OP.IN, WORDS.within(match))


def _met(match) -> Expression:
    """The same condition, for who counts: no order to read in, so those that the words find are looked up first."""
    return Expression(NodeList((Entry.id,)), OP.IN, WORDS.within(match))


WHEN_COUNTED = {_worded: _met}


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
    return [(entry.id, entry.directory, key, value, entry.sort_name, rank) for (key, value), rank in found.items()]


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
