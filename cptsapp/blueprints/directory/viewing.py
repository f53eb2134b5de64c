"""What a reader may see, decided in this one place: pages, parts, searches, exports, vCards and prints all ask it.

    viewer = viewer_of(roles, person_id)         ranks: 0 visitor, 1 adherent, 2 professional adherent, 3 coordination
                                                 a partner reads as an adherent, but a few lists, and who agreed to it
    may_see_list(definition, viewer)             the list exists for this reader
    may_see(definition, entry, viewer)           this entry of it, today
    cards(definition, entries, viewer)           the entries as cards that hold nothing that the viewer may not read

A card is all that a template, an export or a search result is given: what is hidden is absent, not blanked later.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune

from . import places, values
from .definition import Definition, Field, Kind, Readers
from .eligibility import profession_of
from .models import Entry, Partner
from .values import Names

ADHERENT = Readers.ADHERENTS.rank
MUTE = (Kind.NUMBER, Kind.DATE, Kind.YES_NO)
MOST_KEPT = 1_000  # cards, the least used forgotten first


@dataclass(frozen=True)
class Viewer:
    """Whoever reads. `rank` is that of the narrowest Readers they are among.

    A partner has the rank of an adherent in the lists opened to them (`lists`), and finds there only those who agreed
    to be shown to partners; for who is no partner, `lists` is None.
    """

    rank: int = 0
    person_id: int | None = None
    lists: frozenset[str] | None = None

    @property
    def is_partner(self) -> bool:
        return self.lists is not None


VISITOR = Viewer()
COORDINATION = Viewer(Readers.COORDINATION.rank)


def viewer_of(held: Collection[str], person_id: int | None) -> Viewer:
    """Return the viewer that somebody is, from the roles they hold and the profession they practise."""
    if "coordination" in held:
        return Viewer(Readers.COORDINATION.rank, person_id)
    if "partenaire" in held and "adherent" not in held:
        return Viewer(ADHERENT, person_id, Partner.lists_of(person_id))
    if "adherent" not in held:
        return Viewer(Readers.PUBLIC.rank, person_id)
    profession = reference.professions().get(profession_of(person_id))
    is_health = profession is not None and profession.is_health
    return Viewer((Readers.PROFESSIONALS if is_health else Readers.ADHERENTS).rank, person_id)


def may_see_list(definition: Definition, viewer: Viewer) -> bool:
    if viewer.is_partner and not (definition.has_partners and definition.slug in viewer.lists):
        return False
    return viewer.rank >= definition.readers.rank


def may_see(definition: Definition, entry: Entry, viewer: Viewer) -> bool:
    """Tell whether a reader finds an entry in the list today: as `finding.visible`, in SQL."""
    present = entry.person_id is None or entry.person.deleted_at is None
    shown = entry.is_shared if viewer.is_partner else viewer.rank > Readers.PUBLIC.rank or entry.is_public
    return may_see_list(definition, viewer) and entry.is_live and present and shown


def may_see_field(field: Field, viewer: Viewer) -> bool:
    return viewer.rank >= field.readers.rank


def may_see_contact(definition: Definition, viewer: Viewer) -> bool:
    return viewer.rank >= definition.contact_readers.rank


def may_see_speakers(definition: Definition, viewer: Viewer) -> bool:
    return definition.has_speakers and viewer.rank >= ADHERENT and not viewer.is_partner


def may_export(definition: Definition, viewer: Viewer) -> bool:
    """Tell whether a reader may take the list away as a file; the coordination's own tables ask the same."""
    is_member = viewer.rank > Readers.PUBLIC.rank and not viewer.is_partner
    return definition.is_exportable and is_member and may_see_list(definition, viewer)


@dataclass(frozen=True)
class Line:
    """An answer; `speaks` when it is understood without its label, as a number or a « oui » is not."""

    key: str
    label: str
    text: str
    speaks: bool


@dataclass(frozen=True)
class Card:
    """One entry for one reader. `email` and `phone` are empty when hidden; `may_write` then offers the relay form."""

    id: int
    directory: str
    label: str
    profession: str
    commune: str
    insee: str
    lines: tuple[Line, ...]
    tags: tuple[str, ...]
    stage: str
    email: str
    phone: str
    may_write: bool
    is_speaker: bool
    confirmed_on: date
    left: int | None
    is_thing: bool
    given_name: str
    family_name: str

    def __hash__(self):
        return hash(
            (self.id, self.confirmed_on)
        )  # what equal cards share, and cheap: their drawing is looked up by them

    def line(self, key: str) -> str:
        return next((each.text for each in self.lines if each.key == key), "")


class Row(NamedTuple):
    """All that a card is made of, as the database gives it."""

    id: int
    directory: str
    title: str
    profession: str
    insee: str | None
    commune: str | None
    email: str
    phone: str
    show_email: bool
    show_phone: bool
    is_speaker: bool
    values_json: str
    stage: str
    confirmed_on: date | str
    given_name: str | None
    family_name: str | None
    name: str | None
    own_email: str | None

    @classmethod
    def of(cls, entry: Entry) -> "Row":
        """Return the row of an entry read with its person and its commune."""
        own = [getattr(entry, field.name) for field in _OF_ENTRY]
        person = entry.person if entry.person_id else None
        names = [getattr(person, field.name) if person else None for field in _OF_PERSON]
        return cls(*own[:4], entry.commune_id, entry.commune.name if entry.commune_id else None, *own[4:], *names)


_OF_ENTRY = (
    Entry.id, Entry.directory, Entry.title, Entry.profession, Entry.email, Entry.phone, Entry.show_email,
    Entry.show_phone, Entry.is_speaker, Entry.values_json, Entry.stage, Entry.confirmed_on,
)  # fmt: skip
_OF_PERSON = (Person.given_name, Person.family_name, Person.name, Person.email)


def rows_of(condition):
    """Return the query of the rows of entries."""
    columns = (*_OF_ENTRY[:4], Entry.commune, Commune.name, *_OF_ENTRY[4:], *_OF_PERSON)
    return Entry.joined().select(*columns).where(condition)


def cards(definition: Definition, entries: Iterable[Entry], viewer: Viewer) -> list[Card]:
    """Return what a reader may see of entries that they may see; a few queries, whatever their number."""
    return cards_of(definition, [Row.of(entry) for entry in entries], viewer)


def card(definition: Definition, entry: Entry, viewer: Viewer) -> Card:
    return cards(definition, [entry], viewer)[0]


def cards_of(definition: Definition, rows: Iterable[Row], viewer: Viewer) -> list[Card]:
    """Return the cards of rows."""
    rows, reader = list(rows), replace(viewer, person_id=None)
    taken = places.taken(definition, [each.id for each in rows])
    pointed = _pointed(definition, rows, viewer)
    return [_card(definition, row, reader, pointed.get(row.id, ()), taken.get(row.id, 0)) for row in rows]


def _pointed(definition: Definition, rows: list[Row], viewer: Viewer) -> dict[int, tuple[str, ...]]:
    """Return, for each row, the names of what its fields point to, in their order; "" for one that is hidden."""
    if not definition.pointing:
        return {}
    many = {row.id: json.loads(row.values_json) for row in rows}
    names = _names(definition, many.values(), viewer)
    return {
        id: tuple(
            values.text_of(each, said.get(each.key), names) if may_see_field(each, viewer) else ""
            for each in definition.pointing
        )
        for id, said in many.items()
    }


def names_for(definition: Definition, entries: Iterable[Entry], viewer: Viewer) -> Names:
    """Return the names of what the readable answers of entries point to."""
    return _names(definition, [each.values for each in entries], viewer) if definition.pointing else Names()


def _names(definition: Definition, many: Iterable[dict], viewer: Viewer) -> Names:
    shown = {field.key for field in definition.pointing if may_see_field(field, viewer)}
    many = [{key: value for key, value in each.items() if key in shown} for each in many]
    persons = values.pointed(definition, many, Kind.PERSON)
    pointed = values.pointed(definition, many, Kind.ENTRY)
    found = Entry.joined().where(Entry.id.in_(list(pointed)), Entry.left_at.is_null()) if pointed else []
    return Names(values.person_names(persons), {each.id: each.label for each in found})


@lru_cache(maxsize=MOST_KEPT)
def _card(definition: Definition, row: Row, viewer: Viewer, pointed: tuple[str, ...], taken: int) -> Card:
    """Make a card; the same one when all that it is made of is the same, its reader's rank included."""
    said = json.loads(row.values_json)
    named = dict(zip((field.key for field in definition.pointing), pointed, strict=True))
    fields = [field for field in definition.fields if may_see_field(field, viewer)]
    texts = (
        (each, named[each.key] if each.key in named else values.text_of(each, said.get(each.key))) for each in fields
    )
    readable = {field.key for field in fields}
    shows = may_see_contact(definition, viewer)
    sees_all = viewer.rank == Readers.COORDINATION.rank
    email = row.email if shows and (row.show_email or sees_all) else ""
    stage = definition.stage(row.stage) if viewer.rank >= definition.stage_readers.rank else None
    known = reference.professions().get(row.profession)
    names = ("", "") if row.title else (row.given_name or "", row.family_name or "")
    return Card(
        id=row.id,
        directory=row.directory,
        label=row.title or row.name or " ".join(filter(None, names)),
        profession=known.label if known else "",
        commune=row.commune or "",
        insee=row.insee or "",
        lines=tuple(Line(field.key, field.label, text, field.kind not in MUTE) for field, text in texts if text),
        tags=_tags(definition, said, readable),
        stage=stage.label if stage else "",
        email=email,
        phone=row.phone if shows and (row.show_phone or sees_all) else "",
        may_write=bool(row.email or row.own_email) and not email,
        is_speaker=bool(row.is_speaker) and may_see_speakers(definition, viewer),
        confirmed_on=date.fromisoformat(row.confirmed_on) if isinstance(row.confirmed_on, str) else row.confirmed_on,
        left=_left(definition, said, readable, taken),
        is_thing=bool(row.title),
        given_name=names[0],
        family_name=names[1],
    )


def _tags(definition: Definition, said: dict, readable: set[str]) -> tuple[str, ...]:
    return tuple(
        tag.label
        for tag in definition.tags
        if tag.field in readable and values.has_value(definition.field(tag.field), said.get(tag.field), tag.value)
    )


def _left(definition: Definition, said: dict, readable: set[str], taken: int) -> int | None:
    """Return the places that nobody has, None when the list has no capacity or the reader may not know it."""
    if definition.capacity is None or definition.capacity.field not in readable:
        return None
    most = said.get(definition.capacity.field)
    return None if most is None else max(0, most - taken)
