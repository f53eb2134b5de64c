"""What readers of the directory see of each person: cards that hold nothing else than what was chosen."""

import json
from collections import namedtuple
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from peewee import JOIN

from cptsapp.blueprints.adherent.models import Membership, Practice
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.text import fold

from .models import Portrait, PublicChoice

# What is hidden unless the person shows it: key -> words.
CHOSEN = {"email": "Adresse e-mail", "phone": "Téléphone", "hours": "Horaires", "photo": "Photo"}


@dataclass(slots=True)
class Card:
    """One person for one kind of reader; what they may not read is empty. `areas` are names of communes."""

    id: int
    given_name: str
    family_name: str
    name: str
    profession: str
    profession_code: str
    commune: str
    insee: str
    organisation: str
    structure_id: int | None
    competences: str
    areas: tuple[str, ...]
    email: str
    phone: str
    hours: str
    has_photo: bool

    @property
    def label(self) -> str:
        return self.name or f"{self.given_name} {self.family_name}".strip()

    @property
    def list_label(self) -> str:
        return self.name or f"{self.family_name.upper()} {self.given_name}".strip()

    @property
    def words(self) -> str:
        """All that a search reads, folded."""
        texts = (self.label, *_profession_words(self.profession_code), self.profession, self.commune)
        return " ".join(_folded(each) for each in (*texts, self.organisation, self.competences, *self.areas) if each)


@lru_cache(maxsize=50_000)
def _folded(text: str) -> str:
    return fold(text)


def _profession_words(code: str) -> tuple[str, ...]:
    known = reference.professions().get(code)
    return (known.label, known.feminine, known.family_label) if known else ()


@lru_cache(maxsize=2000)
def areas(area_json: str) -> tuple[str, ...]:
    """Return the names of the communes of a JSON list of INSEE codes, in order."""
    places = [place for place in map(reference.place, json.loads(area_json)) if place]
    return tuple(place.name for place in sorted(places, key=lambda place: reference.sort_name(place.name)))


COLUMNS = {
    "id": Person.id,
    "given_name": Person.given_name,
    "family_name": Person.family_name,
    "name": Person.name,
    "email": Person.email,
    "phone": Person.phone,
    "profession": Practice.profession,
    "profession_other": Practice.profession_other,
    "insee": Practice.commune,
    "commune": Commune.name,
    "organisation": Practice.organisation,
    "works_at": Practice.works_at,
    "competences": Practice.competences,
    "area_json": Practice.area_json,
    "hours": Practice.hours,
    "show_email": Practice.show_email,
    "show_phone": Practice.show_phone,
    "show_hours": Practice.show_hours,
    "show_photo": Practice.show_photo,
    "portrait": Portrait.person,
}
Row = namedtuple("Row", COLUMNS)  # one line of the query: rows of the tables would cost four objects each


def _listed(condition) -> list[Row]:
    """Return the members of today who meet a condition, with what they practise, in the order of a list."""
    members = Membership.current().select(Membership.person)
    query = Person.select(*COLUMNS.values()).join(Practice, JOIN.LEFT_OUTER, on=(Practice.person == Person.id))
    query = query.join(Commune, JOIN.LEFT_OUTER).switch(Person)
    query = query.join(Portrait, JOIN.LEFT_OUTER, on=(Portrait.person == Person.id))
    query = query.where(Person.deleted_at.is_null(), Person.id.in_(members), condition)
    return [Row(*row) for row in query.order_by(Person.folded, Person.id).tuples()]


def for_members(person_id: int | None = None) -> list[Card]:
    """Return the cards that members read, of everybody or of one person; those who said no are absent."""
    listed = Practice.in_directory.is_null() | Practice.in_directory
    rows = _listed(listed if person_id is None else listed & (Person.id == person_id))
    return [_card(row, row.show_email, row.show_phone, row.show_hours, row.show_photo) for row in rows]


def for_public(person_id: int | None = None) -> list[Card]:
    """Return the cards of those who asked to be in the public directory, with the fields chosen for it."""
    asked = Practice.public_listing if person_id is None else Practice.public_listing & (Person.id == person_id)
    chosen = {
        id: set(names.split()) for id, names in PublicChoice.select(PublicChoice.person, PublicChoice.fields).tuples()
    }
    return [_card(row, *(name in chosen.get(row.id, ()) for name in CHOSEN)) for row in _listed(asked)]


def _card(row: Row, email, phone, hours, photo) -> Card:
    """Make a card of what its reader may see: the last four tell it of each field that is hidden unless shown."""
    known = reference.professions().get(row.profession)
    profession = row.profession_other or (known.label if known else "")
    # The commune is where one practises; for a citizen it would be where they live, which nobody asked to show.
    practises = bool(row.name or (profession and row.profession != "X-USAG"))
    return Card(
        id=row.id,
        given_name=row.given_name,
        family_name=row.family_name,
        name=row.name,
        profession=profession,
        profession_code=row.profession or "",
        commune=(row.commune or "") if practises else "",
        insee=(row.insee or "") if practises else "",
        organisation=row.organisation or "",
        structure_id=row.works_at,
        competences=row.competences or "",
        areas=areas(row.area_json or "[]"),
        email=(row.email or "") if email else "",
        phone=row.phone if phone else "",
        hours=row.hours if hours else "",
        has_photo=bool(photo and row.portrait is not None),
    )


def narrow(cards: Iterable[Card], *, q: str = "", profession: str = "", commune: str = "") -> list[Card]:
    """Return the cards that hold every word of `q`, of a profession and of a commune when they are given."""
    words = fold(q).split()
    return [
        card
        for card in cards
        if (not profession or card.profession_code == profession)
        and (not commune or card.insee == commune)
        and (not words or all(word in card.words for word in words))
    ]


def professions_of(cards: Iterable[Card]) -> list[tuple[str, str]]:
    """Return the (code, label) of the professions present, in the order of the lists."""
    present = {card.profession_code for card in cards}
    return [(code, each.label) for code, each in reference.professions().items() if code in present]


def communes_of(cards: Iterable[Card]) -> list[tuple[str, str]]:
    """Return the (INSEE code, name) of the communes present, in alphabetical order."""
    present = {(card.insee, card.commune) for card in cards if card.insee}
    return sorted(present, key=lambda pair: reference.sort_name(pair[1]))
