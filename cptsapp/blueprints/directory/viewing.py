"""What a reader may see, decided in this one place: pages, parts, searches, exports, vCards and prints all ask it.

    viewer = viewer_of(roles, person_id)         ranks: 0 visitor, 1 adherent, 2 professional adherent, 3 coordination
                                                 a partner reads as an adherent, but a few lists, and who agreed to it
    may_see_list(definition, viewer)             the list exists for this reader
    may_see(definition, entry, viewer)           this entry of it, today
    cards(definition, entries, viewer)           the entries as cards that hold nothing that the viewer may not read

A card is all that a template, an export or a search result is given: what is hidden is absent, not blanked later.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.territory import reference

from . import places, values
from .definition import Definition, Field, Kind, Readers
from .models import Entry, Partner
from .values import Names

ADHERENT = Readers.ADHERENTS.rank


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
    practice = Practice.get_or_none(Practice.person == person_id)
    profession = reference.professions().get(practice.profession) if practice else None
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
    key: str
    label: str
    text: str


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

    def line(self, key: str) -> str:
        return next((each.text for each in self.lines if each.key == key), "")


def cards(definition: Definition, entries: Iterable[Entry], viewer: Viewer) -> list[Card]:
    """Return what a reader may see of entries that they may see; a few queries, whatever their number."""
    entries = list(entries)
    fields = [field for field in definition.fields if may_see_field(field, viewer)]
    names = names_for(definition, entries, viewer)
    taken = places.taken(definition, [each.id for each in entries])
    return [_card(definition, entry, viewer, fields, names, taken) for entry in entries]


def card(definition: Definition, entry: Entry, viewer: Viewer) -> Card:
    return cards(definition, [entry], viewer)[0]


def names_for(definition: Definition, entries: Iterable[Entry], viewer: Viewer) -> Names:
    """Return the names of what the readable answers of entries point to."""
    shown = {field.key for field in definition.fields if may_see_field(field, viewer)}
    many = [{key: value for key, value in each.values.items() if key in shown} for each in entries]
    persons = values.pointed(definition, many, Kind.PERSON)
    pointed = values.pointed(definition, many, Kind.ENTRY)
    found = Entry.joined().where(Entry.id.in_(list(pointed)), Entry.left_at.is_null()) if pointed else []
    return Names(values.person_names(persons), {each.id: each.label for each in found})


def _card(definition, entry, viewer, fields, names, taken) -> Card:
    said = entry.values
    texts = ((field, values.text_of(field, said.get(field.key), names)) for field in fields)
    readable = {field.key for field in fields}
    shows = may_see_contact(definition, viewer)
    sees_all = viewer.rank == Readers.COORDINATION.rank
    email = entry.email if shows and (entry.show_email or sees_all) else ""
    stage = definition.stage(entry.stage) if viewer.rank >= definition.stage_readers.rank else None
    person = entry.person if entry.person_id and not entry.title else None
    return Card(
        id=entry.id,
        directory=entry.directory,
        label=entry.label,
        profession=entry.profession_label,
        commune=entry.commune.name if entry.commune_id else "",
        insee=entry.commune_id or "",
        lines=tuple(Line(field.key, field.label, text) for field, text in texts if text),
        tags=_tags(definition, said, readable),
        stage=stage.label if stage else "",
        email=email,
        phone=entry.phone if shows and (entry.show_phone or sees_all) else "",
        may_write=bool(entry.email or (entry.person_id and entry.person.email)) and not email,
        is_speaker=entry.is_speaker and may_see_speakers(definition, viewer),
        confirmed_on=entry.confirmed_on,
        left=_left(definition, said, readable, taken.get(entry.id, 0)),
        is_thing=bool(entry.title),
        given_name=person.given_name if person else "",
        family_name=person.family_name if person else "",
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
