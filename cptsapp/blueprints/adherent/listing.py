"""The list of members: one row per person, searched as one types, filtered, counted without reading what it need not.

The time of a page does not depend on how many members there are. What is searched comes from the index of words;
what is counted and filtered, from the memberships and the practices alone, and no further than `MOST` rows; the names
are walked in order only as far as the page goes.
"""

from datetime import timedelta
from functools import cache
from urllib.parse import parse_qs

from peewee import JOIN, SQL, fn

from cptsapp.blueprints.association.models import College
from cptsapp.blueprints.person import finding
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.dates import today
from cptsapp.kernel.filters import Cases, OneOf
from cptsapp.kernel.flatrows import FlatRows
from cptsapp.kernel.kept import kept
from cptsapp.kernel.settings import settings
from cptsapp.kernel.sources import QueryRows, counted
from cptsapp.kernel.tables import Bulk, Column, DataTable

from .models import Membership, MemberType, Period, PersonTag, Practice, SavedView, Status, Tag, Year, status_on

MOST, FEW = 10_000, 1_000
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
SHOWN = FlatRows(*_PAGE, commune_name=Commune.name, college_name=College.name)
EXPORTED = FlatRows(*_PAGE, *_MORE, commune_name=Commune.name, college_name=College.name)


class Members(QueryRows):
    """The members, narrowed step by step, as flat rows. A page is two short queries, whatever the number of members."""

    most = MOST

    def __init__(self, *conditions):
        super().__init__(Person.select(), "id")
        self.conditions = list(conditions)
        self.ordering, self.by_name, self.found = (), True, None

    def where(self, condition):
        self.conditions.append(condition)
        self.found = None

    def search(self, columns, words):
        asked = finding.asked(" ".join(words))
        if asked:
            self.where(Membership.person.in_(finding.found(asked)))
            self.most = FEW  # a search so wide is narrowed, not counted

    def order(self, column, last_first):
        node = column.sort
        self.by_name = node is Person.folded
        self.ordering = (node.desc() if last_first else node.asc(), Person.id)

    def _narrowed(self, *columns):
        """Return what is counted: the memberships and, only where a filter asks for it, the practices."""
        binned = Person.select(Person.id).where(Person.deleted_at.is_null(False))
        if any(map(_is_about_practice, self.conditions)):
            # They are fewer than the members: on SQLite a CROSS JOIN is made in the order written.
            query = Practice.select(*columns).join(Membership, JOIN.CROSS)
            query = query.where(Membership.person == Practice.person)
        else:
            query = Membership.select(*columns)
        return query.where(*self.conditions, Membership.person.not_in(binned))

    def count(self) -> int:
        """Count up to `most`."""
        if self.found is None:
            first = self._narrowed(SQL("1")).limit(self.most + 1)
            self.found = counted(Membership.select(fn.COUNT(1)).from_(first))
        return self.found

    def count_all(self) -> int:
        return counted(self._narrowed(fn.COUNT(1)))

    def _rows(self, shown: FlatRows, is_long=True):
        """Return the rows in order. The names lead in a long list: they are walked as far as the page, and no further.

        On SQLite a CROSS JOIN is made in the order written; elsewhere it is a join like another.
        """
        if is_long and self.by_name:
            query = shown.of(Person).join(Membership, JOIN.CROSS).where(*self.conditions)
        else:
            query = shown.of(Person).join(Membership, on=(Membership.person == Person.id))
            query = query.where(Membership.id.in_(self._narrowed(Membership.id)))
        if is_long and any(map(_is_about_practice, self.conditions)):
            query = query.switch(Membership).join(Practice, JOIN.CROSS).where(Practice.person == Membership.person)
        else:
            query = query.join(Practice, JOIN.LEFT_OUTER, on=(Practice.person == Membership.person))
        query = query.join(Commune, JOIN.LEFT_OUTER, on=(Commune.insee == Practice.commune))
        query = query.join(College, JOIN.LEFT_OUTER, on=(College.id == Membership.college))
        mine = (Membership.person == Person.id) & Person.deleted_at.is_null()
        return query.where(mine).order_by(*self.ordering)

    def part(self, start, size):
        return SHOWN.all(self._rows(SHOWN, self.count() > FEW).limit(size).offset(start))

    def persons(self):
        """Return the query of the ids of the persons, in one column."""
        return self._narrowed(Membership.person)

    def keys(self):
        return [id for (id,) in self.persons().order_by(Membership.person).tuples()]

    def __iter__(self):
        return EXPORTED.each(self._rows(EXPORTED))


def _is_about_practice(condition) -> bool:
    return getattr(getattr(condition, "lhs", None), "model", None) is Practice


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
