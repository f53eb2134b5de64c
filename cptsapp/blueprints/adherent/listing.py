"""The list of members: one row per person, searched as one types, filtered, counted without reading what it need not.

The time of a page does not depend on how many members there are. What is searched comes from the index of words;
what is counted and filtered, from the memberships and the practices alone, and no further than `MOST` rows; the names
are walked in order only as far as the page goes.
"""

import json
from datetime import timedelta
from functools import cache
from urllib.parse import parse_qs

from peewee import JOIN, SQL, Select, fn

from cptsapp.blueprints.association.models import College
from cptsapp.blueprints.person import finding
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import among, db
from cptsapp.kernel.filters import Cases, OneOf
from cptsapp.kernel.flatrows import FlatRows
from cptsapp.kernel.kept import kept
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.settings import settings
from cptsapp.kernel.sources import QueryRows, counted, read_in_turn
from cptsapp.kernel.tables import Bulk, Column, DataTable

from .models import Membership, MemberType, Period, PersonTag, Practice, SavedView, Status, Tag, Year, status_on

MOST = 10_000  # a list is counted no further
FEW = 500  # nor a search; up to so many rows are sorted, beyond the names are walked
LIST = "adherents"


def last_of_each():
    """Return the condition that keeps one membership per person: the one not left, or else the last."""
    other = Membership.alias()
    later = other.left_at.is_null() | (other.id > Membership.id)
    others = other.select(SQL("1")).where(other.person == Membership.person, other.id != Membership.id, later)
    return Membership.left_at.is_null() | ~fn.EXISTS(others)


def belongs():
    """Return the condition that a membership counts today, days of grace included; its dates' index answers it."""
    day = today()
    grace = day - timedelta(days=settings.membership_grace_days)
    runs = Membership.left_at.is_null() & (Membership.started_on <= day)  # one per person, the database says so
    return runs & (Membership.ended_on.is_null() | (Membership.ended_on >= grace))


class StatusFilter(Cases):
    """« Adhérents » are those who belong today, days of grace included; each status apart; or everybody."""

    def condition(self, values):
        match values[self.key]:
            case "adherents":
                return belongs()
            case "":
                return last_of_each()
            case value:
                return last_of_each() & (Membership.status_sql() == value)


class FamilyFilter(OneOf):
    def condition(self, values):
        family = values[self.key]
        codes = [code for code, each in reference.professions().items() if each.family == family]
        return Practice.profession.in_(codes) if family else None


class EmailFilter(Cases):
    def condition(self, values):
        without = Person.select(Person.id).where(Person.email_normalised == "")
        match values[self.key]:
            case "sans":
                return Membership.person.in_(without)
            case "avec":
                return Membership.person.not_in(without)
        return None


class YearFilter(OneOf):
    def condition(self, values):
        period = values[self.key]
        covered = Year.select(Year.membership).where(Year.period == int(period or 0))
        return Membership.id.in_(covered) if period else None


class TagFilter(OneOf):
    def condition(self, values):
        tag = values[self.key]
        tagged = PersonTag.select(PersonTag.person).where(PersonTag.tag == int(tag or 0))
        return Membership.person.in_(tagged) if tag else None


class CollegeFilter(OneOf):
    def condition(self, values):
        match values[self.key]:
            case "":
                return None
            case "a-decider":
                return Membership.college.is_null()
            case value:
                return Membership.college == int(value)


@kept
def _professions():
    used = {code for (code,) in Practice.select(Practice.profession).distinct().tuples()}
    return [(code, each.label) for code, each in reference.professions().items() if code in used]


@kept
def _families():
    used = {reference.professions()[code].family for code, _ in _professions()}
    return [(code, label) for code, label in reference.FAMILIES.items() if code in used]


@kept
def _communes():
    used = Practice.select(Practice.commune).where(Practice.commune.is_null(False)).distinct()
    query = Commune.select(Commune.insee, Commune.name).where(Commune.insee.in_(used))
    return list(query.order_by(Commune.sort_name, Commune.insee).tuples())


@kept
def _colleges():
    return [("a-decider", "À décider"), *((str(each.id), each.name) for each in College.ordered())]


@kept
def _periods():
    return [(str(each.id), each.label) for each in Period.select().order_by(Period.starts_on.desc())]


@kept
def _origins():
    rows = Membership.select(Membership.origin).where(Membership.origin != "").distinct().order_by(Membership.origin)
    return [(origin, origin) for (origin,) in rows.tuples()]


@kept
def _tags():
    return [(str(each.id), each.name) for each in Tag.select().order_by(Tag.folded)]


def _name(row) -> str:
    return row.name or f"{row.family_name.upper()} {row.given_name}".strip()


def _profession(row) -> str:
    known = reference.professions().get(row.profession)
    return row.profession_other or (known.label if known else "")


def _status_label(row) -> str:
    status = status_on(row, today())
    return f"{status.label} {row.ended_on.year}" if status == Status.ACTIVE and row.ended_on else status.label


TABLE = DataTable(
    LIST,
    Column("nom", "Nom", _name, sort=Person.folded, link="person_gestion.show",
           sub=lambda row: row.email or "pas d’adresse e-mail"),
    Column("profession", "Profession", _profession),
    Column("commune", "Commune", "commune_name"),
    Column("college", "Collège", lambda row: row.college_name or "À\u00a0décider"),
    Column("statut", "Statut", _status_label, badge=lambda row: status_on(row, today()).badge),
    Column("prenom", "Prénom", "given_name", shown=False),
    Column("famille", "Nom de famille", lambda row: row.name or row.family_name, shown=False),
    Column("email", "Adresse e-mail", "email", shown=False),
    Column("telephone", "Téléphone", "phone", shown=False),
    Column("qualite", "Qualité", lambda row: MemberType(row.type).label, shown=False),
    Column("rpps", "N° RPPS", "rpps", shown=False),
    Column("adeli", "N° ADELI", "adeli", shown=False),
    Column("structure", "Structure", "organisation", shown=False),
    Column("mode", "Mode d’exercice", "mode", shown=False),
    Column("insee", "Code INSEE", "commune", shown=False),
    Column("debut", "Adhésion le", "started_on", sort=Membership.started_on, shown=False),
    Column("fin", "Jusqu’au", "ended_on", sort=Membership.ended_on, shown=False),
    Column("origine", "Origine", "origin", shown=False),
    noun=("adhérent", "adhérents"),
    search=[Person.folded],
    filters=[
        OneOf("profession", "Profession", Practice.profession, _professions, blank="Toutes les professions"),
        OneOf("commune", "Commune", Practice.commune, _communes, blank="Toutes les communes"),
        StatusFilter(
            "statut", "Statut",
            {"adherents": ("Adhérents", None), **{each.value: (each.label, None) for each in Status}},
            default="adherents", blank="Tous les statuts",
        ),
        FamilyFilter("famille", "Famille", None, _families, blank="Toutes les familles"),
        CollegeFilter("college", "Collège", None, _colleges, blank="Tous les collèges"),
        OneOf("qualite", "Qualité", Membership.type, MemberType, blank="Toutes les qualités"),
        YearFilter("annee", "Année", None, _periods, blank="Toutes les années"),
        EmailFilter("email", "E-mail", {"avec": ("Avec une adresse", None), "sans": ("Sans adresse", None)},
                    blank="Avec ou sans e-mail"),
        OneOf("origine", "Origine", Membership.origin, _origins, blank="Toutes les origines"),
        TagFilter("etiquette", "Étiquette", None, _tags, blank="Toutes les étiquettes"),
    ],
    order="nom",
    key="id",
    bulk=[Bulk("etiqueter", "Étiqueter"), Bulk("renouveler", "Renouveler"), Bulk("ecrire", "Écrire à…")],
    bulk_endpoint="adherent_gestion.bulk",
    export_endpoint="adherent_gestion.export",
    empty="Importez votre liste, ou ajoutez un premier adhérent.",
    starts=(
        ("adherent_gestion.imports", "Importer votre liste"),
        ("adherent_gestion.create", "Ajouter un adhérent"),
        ("adherent_gestion.poster_page", "Partager le lien d’adhésion"),
    ),
    hint="Nom, profession, commune, téléphone…",
    people=True,
    near=3,
)  # fmt: skip


_PAGE = (
    Person.id, Person.given_name, Person.family_name, Person.name, Person.email,
    Membership.started_on, Membership.ended_on, Membership.left_at, Practice.profession, Practice.profession_other,
)  # fmt: skip
_MORE = (
    Person.phone, Membership.type, Membership.origin, Practice.rpps, Practice.adeli, Practice.organisation,
    Practice.mode, Practice.commune,
)  # fmt: skip
SHOWN = FlatRows(*_PAGE, membership=Membership.id, commune_name=Commune.name, college_name=College.name)
EXPORTED = FlatRows(*_PAGE, *_MORE, commune_name=Commune.name, college_name=College.name)


HERE = (Membership.person == Person.id, Person.deleted_at.is_null())


class Members(QueryRows):
    """The members, narrowed step by step, as flat rows. A page is two short queries, whatever the number of members.

    Each query starts from what keeps the fewest rows: the words searched, or the practices, or else the memberships.
    In a long list the names lead: they are walked in order as far as the page, and no further.
    """

    most = MOST
    index = finding  # whose words are searched

    def __init__(self, *conditions):
        super().__init__(Person.select(), "id")
        self.conditions = list(conditions)
        self.words, self.by, self.last_first, self.found = [], Person.folded, False, None

    def where(self, condition):
        self.conditions.append(condition)
        self.found = None

    def search(self, columns, words):
        self.words = finding.asked(" ".join(words))
        if self.words:
            self.most = FEW  # a search so wide is narrowed, not counted

    def order(self, column, last_first):
        self.by, self.last_first = column.sort, last_first

    def _in_order(self, query, by, person):
        return query.order_by(by.desc() if self.last_first else by.asc(), person)

    def count(self) -> int:
        """Count up to `most`."""
        if self.found is None:
            first = self._narrowed(SQL("1")).limit(self.most + 1)
            self.found = counted(Membership.select(fn.COUNT(1)).from_(first))
        return self.found

    def count_all(self) -> int:
        return counted(self._narrowed(fn.COUNT(1)))

    @property
    def _practices(self) -> list:
        """Return the links to the practices, when a filter is about them."""
        asked = any(getattr(getattr(each, "lhs", None), "model", None) is Practice for each in self.conditions)
        return [Practice.person == Membership.person] if asked else []

    def _narrowed(self, *columns, named=False):
        """Return these columns of what was asked; the names are read only when they are among them."""
        tables, links = [Membership], [*self.conditions, *self._practices]
        if self._practices:
            tables.insert(1 if self.words else 0, Practice)
        if self.words:
            index, matches = self.index.leading(self.words)
            tables.insert(0, index)
            links = [matches, Membership.person == index.c.rowid, *links]
        if named:
            tables.append(Person)
            links += HERE
        else:
            links.append(Membership.person.not_in(Person.select(Person.id).where(Person.deleted_at.is_null(False))))
        return Membership.select(*columns).from_(read_in_turn(tables)).where(*links)

    def _walked(self):
        """Return the ids of what was asked, in order; the names lead in a long list."""
        if self.by is not Person.folded or self.count() <= FEW:
            return self._in_order(self._narrowed(Membership.id, named=True), self.by, Person.id)
        query = Membership.select(Membership.id)
        query = query.from_(read_in_turn([Person, Membership, *([Practice] if self._practices else [])]))
        if self.words:  # « + 0 »: looked up name after name, or SQLite would find all these persons and sort them
            query = query.where((Person.id + 0).in_(self.index.found(self.words)))
        return self._in_order(query.where(*HERE, *self.conditions, *self._practices), self.by, Person.id)

    def _found_few(self) -> list[int]:
        """Return the ids of what a search finds, in order: all of them, or one more than `FEW`, whichever they are."""
        first = self._narrowed(Membership.id, self.by.alias("place"), Membership.person, named=True).limit(FEW + 1)
        found = self._in_order(Select([first], [first.c.id]), first.c.place, first.c.person_id)
        return _ids(found.limit(FEW + 1))  # said twice, or SQLite would sort them all before it keeps the first

    def memberships(self, start: int, size: int) -> list[int]:
        """Return the ids of the memberships of a page, in order."""
        if self.words and self.found is None:
            few = self._found_few()
            self.found = len(few)
            if self.found <= FEW:  # found, sorted and counted by one query
                return few[start : start + size]
        return _ids(self._walked().limit(size).offset(start))

    def part(self, start, size):
        ids = self.memberships(start, size)
        place = {id: rank for rank, id in enumerate(ids)}
        return sorted(SHOWN.read(_details.rows(json.dumps(ids))), key=lambda row: place[row.membership])

    def persons(self):
        """Return the query of the ids of the persons, in one column."""
        return self._narrowed(Membership.person)

    def keys(self):
        return [id for (id,) in self.persons().order_by(Membership.person).tuples()]

    def __iter__(self):
        query = _joined(EXPORTED).where(Membership.id.in_(self._narrowed(Membership.id)))
        return EXPORTED.read(db.execute(self._in_order(query, self.by, Person.id)))


def _joined(shown: FlatRows):
    query = shown.of(Person).join(Membership, on=(Membership.person == Person.id))
    query = query.join(Practice, JOIN.LEFT_OUTER, on=(Practice.person == Membership.person))
    query = query.join(Commune, JOIN.LEFT_OUTER, on=(Commune.insee == Practice.commune))
    return query.join(College, JOIN.LEFT_OUTER, on=(College.id == Membership.college))


@prepared
def _details(memberships):
    return _joined(SHOWN).where(among(Membership.id, memberships))


def _ids(query) -> list[int]:
    return [id for (id,) in db.execute(query).fetchall()]


@finding.also_found_by
def words_of_members(ids: list[int]) -> dict[int, str]:
    """Return what members do and where: « infirmier infirmière Savigny-le-Temple 77176 »."""
    among = SQL("(" + ", ".join(map(str, map(int, ids))) + ")")
    shown = (Practice.person, Practice.profession, Practice.profession_other, Practice.organisation, Practice.rpps,
             Practice.adeli, Commune.name, Commune.postal_codes)  # fmt: skip
    query = Practice.select(*shown).join(Commune, JOIN.LEFT_OUTER).where(Practice.person.in_(among)).tuples()
    return {id: " ".join(filter(None, (_profession_words(code), *others))) for id, code, *others in query}


@cache
def _profession_words(code: str) -> str:
    profession = reference.professions().get(code)
    return f"{profession.label} {profession.feminine} {profession.family_label}" if profession else ""


def everything():
    """Return (labels, rows) of all the members, streamed: for the command."""
    source = Members(belongs())
    source.order(TABLE.columns[0], False)
    columns = TABLE.exported
    return [column.label for column in columns], ([column.exported_value(row) for column in columns] for row in source)


def rows_of_view(view: SavedView) -> Members:
    """Return the members that a saved view holds today: who enters its criteria enters it."""
    args = {key: values[-1] for key, values in parse_qs(view.query).items()}
    return TABLE.narrow(Members(), TABLE.state(args))
