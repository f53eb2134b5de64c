"""Whose record a row speaks of: by RPPS number, by e-mail address, by name and commune, in this order."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

from peewee import JOIN

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.db import db
from cptsapp.kernel.text import fold

from . import additions
from .models import Membership, Practice

LAST_CHAR = "\U0010ffff"
OF_PERSON = ("family_name", "given_name", "name", "email", "phone")
OF_PRACTICE = ("profession", "profession_other", "commune", "rpps", "adeli", "mode", "organisation")
ADDED = ("tags", "speaker")
OF_MEMBERSHIP = ("type", "college", "started_on")


@dataclass
class Reading:
    """A row read: values by column, remarks, what stops it, what a person should look at."""

    values: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    wrong: list = field(default_factory=list)
    doubts: list = field(default_factory=list)
    place_doubt: str = ""

    @property
    def is_structure(self) -> bool:
        return "name" in self.values

    @property
    def label(self) -> str:
        values = self.values
        names = (values.get("family_name", "").upper(), values.get("given_name", ""))
        return values.get("name") or " ".join(filter(None, names)) or values.get("email", "") or "Ligne sans nom"

    @cached_property
    def names(self) -> tuple[str, str]:
        """(family, given) folded; a structure has no given name. To be asked once the row is read."""
        values = self.values
        return fold(values.get("name") or values.get("family_name", "")), fold(values.get("given_name", ""))


@dataclass
class Known:
    """A record that stands, with what an import may read of it."""

    person: Person
    practice: Practice | None = None
    membership: Membership | None = None
    has_account: bool = False
    tags: set[str] = field(default_factory=set)  # folded
    speaker: Person | None = None

    @cached_property
    def names(self):
        return fold(self.person.name or self.person.family_name), fold(self.person.given_name)

    def value(self, key: str):
        if key in ADDED:
            return ""
        row = self.person if key in OF_PERSON else self.practice if key in OF_PRACTICE else self.membership
        if row is None:
            return ""
        found = {"commune": "commune_id", "college": "college_id"}.get(key, key)
        return getattr(row, found) or ""


class Finder:
    """The records that a batch of rows may speak of, read at once."""

    def __init__(self, readings: list[Reading], beside: set[int] = frozenset()):
        self.known = _load(self._ids(readings) - beside)
        self.by_rpps, self.by_email, self.by_names = {}, defaultdict(list), defaultdict(list)
        for known in self.known:
            if known.practice and known.practice.rpps:
                self.by_rpps[known.practice.rpps] = known
            self.by_email[known.person.email_normalised].append(known)
            self.by_names[tuple(sorted(known.names))].append(known)

    @staticmethod
    def _ids(readings) -> set[int]:
        rpps = [each.values["rpps"] for each in readings if each.values.get("rpps")]
        emails = [each.values["email"] for each in readings if each.values.get("email")]
        names = {" ".join(filter(None, order)) for each in readings for order in (each.names, each.names[::-1])}
        found = (
            {id for (id,) in Practice.select(Practice.person).where(Practice.rpps.in_(rpps)).tuples()}
            if rpps
            else set()
        )
        if emails:
            found |= {id for (id,) in Person.select(Person.id).where(Person.email_normalised.in_(emails)).tuples()}
        return found | _named(sorted(names))

    def match(self, reading: Reading) -> tuple[Known | None, list[tuple[str, str]]]:
        """Return the record of a row, and the doubts; a doubt without a record is about making a new one."""
        values = reading.values
        known = self.by_rpps.get(values.get("rpps"))
        if known:
            akin = set(known.names) & set(reading.names) - {""}
            return known, [] if akin else [("N° RPPS", f"ce numéro est celui de {known.person.label}")]
        same_names = [each for each in self.by_names[tuple(sorted(reading.names))] if self._may_be(each, reading)]
        sharing = self.by_email[values["email"]] if values.get("email") else []
        both = next((each for each in sharing if each in same_names), None)
        if both:
            return both, []
        known = self._same_place(same_names, values.get("commune", ""))
        if known:
            return known, []
        if sharing:
            return None, [("Adresse e-mail", f"c’est aussi celle de {sharing[0].person.label}")]
        if same_names:
            return None, [("Nom", f"une fiche porte ce nom, dans une autre commune : {same_names[0].person.label}")]
        return None, []

    @staticmethod
    def _may_be(known, reading) -> bool:
        """Tell whether a record of the same name may be this one: of the same kind, without another RPPS number."""
        number, own = reading.values.get("rpps"), known.practice.rpps if known.practice else ""
        return known.person.is_structure == reading.is_structure and not (number and own and number != own)

    @staticmethod
    def _same_place(candidates, insee) -> Known | None:
        there = [each for each in candidates if each.value("commune") == insee]
        if there:
            return there[0]
        nowhere = [each for each in candidates if not (each.value("commune") and insee)]
        return nowhere[0] if len(nowhere) == 1 == len(candidates) else None


def _named(names: list[str]) -> set[int]:
    """Return the ids of the persons whose folded names begin with one of `names`; one walk of the index for each."""
    if not names:
        return set()
    marks = ", ".join([f"({db.obj.param})"] * len(names))
    sql = (
        f"WITH wanted(name) AS (VALUES {marks}) SELECT person.id FROM wanted JOIN person "  # noqa: S608 (marks only)
        f"ON person.folded >= wanted.name AND person.folded < wanted.name || {db.obj.param}"
    )
    return {id for (id,) in db.execute_sql(sql, [*names, LAST_CHAR]).fetchall()}


def _load(ids: set[int]) -> list[Known]:
    """Return the present persons of `ids` with their practice, their last membership, and whether they log in."""
    if not ids:
        return []
    ids = list(ids)
    people = Person.select(Person, Practice).join(
        Practice, JOIN.LEFT_OUTER, on=(Practice.person == Person.id), attr="own"
    )
    people = people.where(Person.id.in_(ids), Person.deleted_at.is_null()).order_by(Person.id)
    memberships = Membership.select().where(Membership.person.in_(ids))
    memberships = memberships.order_by(Membership.left_at.is_null(), Membership.started_on, Membership.id)
    last = {each.person_id: each for each in memberships}
    accounts = {id for (id,) in Account.select(Account.person).where(Account.person.in_(ids)).tuples()}
    tags, speakers = additions.tags_of(ids), additions.speakers_of(ids)
    return [
        Known(
            each,
            getattr(each, "own", None),
            last.get(each.id),
            each.id in accounts,
            tags.get(each.id, set()),
            speakers.get(each.id),
        )
        for each in people
    ]
