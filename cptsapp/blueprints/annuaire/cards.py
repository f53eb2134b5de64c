"""What readers of the directory see of each person: cards that hold nothing else than what was chosen."""

import json
from collections import namedtuple
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from peewee import JOIN

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.wordindex import words_of

from .models import Portrait, PublicChoice

CITIZEN = "X-USAG"  # the profession of those who have none here

# What is hidden unless the person shows it: key -> words.
CHOSEN = {"email": "Adresse e-mail", "phone": "Téléphone", "hours": "Horaires", "photo": "Photo"}


class Readers(Enum):
    """Who reads: members and the public, each shown what was chosen for them; or nobody, shown what none can hide."""

    MEMBERS = "members"
    PUBLIC = "public"
    NOBODY = "nobody"


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
    def words(self) -> Iterable[str]:
        """All the words, folded, that a search reads: the same for every reader."""
        texts = (self.label, *_profession_words(self.profession_code), self.profession, self.commune)
        texts = (*texts, self.organisation, self.competences, *self.areas)
        return dict.fromkeys(word for each in texts for word in _words(each))


@lru_cache(maxsize=5_000)
def _words(text: str) -> tuple[str, ...]:
    return tuple(words_of(text))


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
    "chosen": PublicChoice.fields,
}
Row = namedtuple("Row", COLUMNS)  # one line of the query: rows of the tables would cost four objects each


def read(condition, readers: Readers) -> list[Card]:
    """Return the cards that readers see of the persons who meet a condition, in the order of a list."""
    query = Person.select(*COLUMNS.values()).join(Practice, JOIN.LEFT_OUTER, on=(Practice.person == Person.id))
    query = query.join(Commune, JOIN.LEFT_OUTER).switch(Person)
    query = query.join(Portrait, JOIN.LEFT_OUTER, on=(Portrait.person == Person.id)).switch(Person)
    query = query.join(PublicChoice, JOIN.LEFT_OUTER, on=(PublicChoice.person == Person.id)).where(condition)
    rows = map(Row._make, query.order_by(Person.folded, Person.id).tuples())
    return [_card(row, *_shown(row, readers)) for row in rows]


def plain(ids: Iterable[int]) -> list[Card]:
    """Return what is shown of persons whoever reads, without anything that they may hide."""
    return read(Person.id.in_(list(ids)), Readers.NOBODY)


def _shown(row: Row, readers: Readers) -> tuple[bool, ...]:
    """Tell, of each field that is hidden unless shown, whether these readers see it."""
    match readers:
        case Readers.MEMBERS:
            return row.show_email, row.show_phone, row.show_hours, row.show_photo
        case Readers.PUBLIC:
            chosen = (row.chosen or "").split()
            return tuple(name in chosen for name in CHOSEN)
    return (False,) * len(CHOSEN)


def _card(row: Row, email, phone, hours, photo) -> Card:
    """Make a card of what its reader may see: the last four tell it of each field that is hidden unless shown."""
    known = reference.professions().get(row.profession)
    profession = row.profession_other or (known.label if known else "")
    # The commune is where one practises; for a citizen it would be where they live, which nobody asked to show.
    practises = bool(row.name or (profession and row.profession != CITIZEN))
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
