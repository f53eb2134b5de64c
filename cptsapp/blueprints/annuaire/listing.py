"""Whom each kind of reader finds in the directory: counted, searched and read a page at a time, by SQL."""

from datetime import date

from peewee import SQL, Select, fn

from cptsapp.blueprints.adherent.listing import Members, belongs
from cptsapp.blueprints.adherent.models import Membership, Practice
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db
from cptsapp.kernel.kept import kept

from . import cards, finding
from .cards import CITIZEN, Card, Readers


class Listed(Members):
    """The members of today whom `readers` may find, in the order of a list, narrowed step by step."""

    index = finding

    def __init__(self, readers: Readers):
        super().__init__(belongs(), _listed(readers))
        self.readers = readers

    def narrow(self, *, q: str = "", profession: str = "", commune: str = "") -> "Listed":
        """Keep those found by every word of `q`, of a profession and of a commune when they are given."""
        self.search([], q.split())
        if profession:
            self.where(Practice.profession == profession)
        if commune:
            self.at(commune)
        return self

    def at(self, commune):
        """Narrow to those who practise in a commune; where a citizen lives is not shown, and tells nothing."""
        self.where(Practice.commune == commune)
        self.where(_practises())

    def cards(self, start: int, size: int) -> list[Card]:
        page = Membership.select(Membership.person).where(Membership.id.in_(self.memberships(start, size)))
        return cards.read(Person.id.in_(page), self.readers)

    def all_cards(self) -> list[Card]:
        return cards.read(Person.id.in_(self.persons()), self.readers)


def _listed(readers: Readers):
    if readers is Readers.PUBLIC:
        return Practice.public_listing == True  # noqa: E712 (SQL)
    refusing = Practice.alias()
    refused = refusing.select(refusing.person).where(refusing.in_directory == False)  # noqa: E712 (SQL)
    return Membership.person.not_in(refused)


def _practises():
    """Return the condition that somebody practises, as a card tells it: a structure, or whoever has a profession."""
    named = Practice.profession_other != ""
    works = (Practice.profession != CITIZEN) & (named | Practice.profession.in_(list(reference.professions())))
    structure = Person.alias()
    is_structure = structure.select(SQL("1")).where(structure.id == Practice.person, structure.name != "")
    return works | fn.EXISTS(is_structure)


def for_members(person_id: int | None = None) -> list[Card]:
    """Return the cards that members read, of everybody or of one person; those who said no are absent."""
    return _cards_of(Readers.MEMBERS, person_id)


def for_public(person_id: int | None = None) -> list[Card]:
    """Return the cards of those who asked to be in the public directory, with the fields chosen for it."""
    return _cards_of(Readers.PUBLIC, person_id)


def _cards_of(readers: Readers, person_id: int | None) -> list[Card]:
    found = Listed(readers)
    if person_id is not None:
        found.where(Membership.person == person_id)
    return found.all_cards()


def practising_at(structure_id: int) -> list[Card]:
    """Return the cards that members read of those who practise in a structure."""
    found = Listed(Readers.MEMBERS)
    found.where(Practice.works_at == structure_id)
    return found.all_cards()


def professions(readers: Readers) -> list[tuple[str, str]]:
    """Return the (code, label) of the professions present, in the order of the lists."""
    return _professions(readers, today())


def communes(readers: Readers) -> list[tuple[str, str]]:
    """Return the (INSEE code, name) of the communes where somebody practises, in alphabetical order."""
    return _communes(readers, today())


@kept
def _professions(readers: Readers, day: date):
    used = Practice.select(Practice.profession.alias("code")).distinct().alias("used")
    somebody = Listed(readers)
    somebody.where(Practice.profession == used.c.code)
    present = _present(used, somebody)
    return [(code, each.label) for code, each in reference.professions().items() if code in present]


@kept
def _communes(readers: Readers, day: date):
    used = Practice.select(Practice.commune.alias("code")).where(Practice.commune.is_null(False)).distinct()
    used = used.alias("used")
    somebody = Listed(readers)
    somebody.at(used.c.code)
    named = Commune.select(Commune.insee, Commune.name).where(Commune.insee.in_(_present(used, somebody)))
    return list(named.order_by(Commune.sort_name, Commune.insee).tuples())


def _present(used, somebody: Listed) -> list[str]:
    """Return the values used for which there is somebody: each is asked of an index, whatever the number of members."""
    return [code for (code,) in Select([used], [used.c.code]).where(fn.EXISTS(somebody.persons())).bind(db).tuples()]
