"""The members, by what the list knows of them: each segment holds whom it holds on the day when it is asked."""

from collections import Counter
from datetime import date

from peewee import fn

from cptsapp.blueprints.association.models import College
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.dates import today
from cptsapp.kernel.kept import kept
from cptsapp.kernel.registry import segment
from cptsapp.kernel.urls import number_of

from . import listing
from .models import Membership, MemberType, PersonTag, Practice, SavedView, Status, Tag

ALL = "tous"


def _members(*conditions):
    return listing.Members(listing.belongs(), *conditions).persons()


def _everybody() -> list[tuple[str, str]]:
    return [(ALL, "Tous les adhérents")]


@segment("adherents", "Adhérents", choices=_everybody, order=10)
def members(value: str):
    return _members()


@kept
def _practised(day: date) -> list[tuple[str, str | None, int]]:
    """Return (profession, commune, how many members of a day) for what they practise and where."""
    columns = (Practice.profession, Practice.commune)
    query = Membership.current(day).select(*columns, fn.COUNT(1))
    return list(query.join(Practice, on=(Practice.person == Membership.person)).group_by(*columns).tuples())


def _by_profession() -> Counter:
    counts = Counter()
    for profession, _, count in _practised(today()):
        counts[profession] += count
    return counts


def _by_commune() -> Counter:
    counts = Counter()
    for _, commune, count in _practised(today()):
        counts[commune] += count
    return counts


def professions() -> list[tuple[str, str]]:
    counts = _by_profession()
    known = reference.professions()
    return [(code, f"{known[code].label} ({counts[code]})") for code in known if code in counts]


@segment("adherents.profession", "Adhérents : profession", choices=professions, order=11)
def of_profession(value: str):
    return _members(Practice.profession == value)


def _families() -> list[tuple[str, str]]:
    known = reference.professions()
    used = {known[code].family for code in _by_profession() if code in known}
    return [(code, label) for code, label in reference.FAMILIES.items() if code in used]


@segment("adherents.famille", "Adhérents : famille de professions", choices=_families, order=12)
def of_family(value: str):
    codes = [code for code, each in reference.professions().items() if each.family == value]
    return _members(Practice.profession.in_(codes))


def _communes() -> list[tuple[str, str]]:
    counts = _by_commune()
    query = Commune.select(Commune.insee, Commune.name).where(Commune.insee.in_([each for each in counts if each]))
    return [(insee, f"{name} ({counts[insee]})") for insee, name in query.order_by(Commune.sort_name).tuples()]


@segment("adherents.commune", "Adhérents : commune d’exercice", choices=_communes, order=13)
def of_commune(value: str):
    return _members(Practice.commune == value)


def _colleges() -> list[tuple[str, str]]:
    return [(str(each.id), each.name) for each in College.ordered()]


@segment("adherents.college", "Adhérents : collège", choices=_colleges, order=14)
def of_college(value: str):
    return _members(Membership.college == number_of(value))


@segment("adherents.qualite", "Adhérents : qualité", choices=MemberType.choices, order=15)
def of_type(value: str):
    return _members(Membership.type == value)


def _statuses() -> list[tuple[str, str]]:
    return [(each.value, each.label) for each in Status if each not in (Status.LEFT, Status.CANDIDATE)]


@segment("adherents.statut", "Adhésion : statut", choices=_statuses, order=16)
def of_status(value: str):
    return listing.Members(listing.last_of_each(), Membership.status_sql() == value).persons()


def _tags() -> list[tuple[str, str]]:
    return [(str(each.id), each.name) for each in Tag.select().order_by(Tag.folded)]


@segment("adherents.etiquette", "Adhérents : étiquette", choices=_tags, order=17)
def of_tag(value: str):
    return _members(Membership.person.in_(PersonTag.select(PersonTag.person).where(PersonTag.tag == number_of(value))))


def _shared_views():
    return SavedView.select().where(SavedView.list == listing.LIST, SavedView.owner.is_null())


def _views() -> list[tuple[str, str]]:
    return [(str(each.id), each.name) for each in _shared_views().order_by(SavedView.name)]


@segment("adherent.view", "Vues enregistrées des adhérents", choices=_views, order=18)
def of_view(value: str):
    view = _shared_views().where(SavedView.id == number_of(value)).first()
    return listing.rows_of_view(view).persons() if view else Person.select(Person.id).where(Person.id.in_([]))
