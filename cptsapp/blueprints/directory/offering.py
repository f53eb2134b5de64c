"""People to choose in a form, those who offered themselves in a directory first."""

from collections.abc import Iterable

from peewee import JOIN

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory.models import Commune

from .models import Entry

CHOOSE = ("", "Choisissez")


def choices(codes: Iterable[str], slug: str, *, stage: str = "", first: str = "Volontaires") -> dict:
    """Return the grouped choices of a select: those present who practise one of these professions, by name.

    Those who are in the list `slug` (at `stage`, if it has a path) come first, in a group called `first`.
    """
    offers = Entry.select(Entry.person).where(Entry.directory == slug, Entry.live(), Entry.person.is_null(False))
    offers = offers.where(Entry.stage == stage) if stage else offers
    volunteers = {id for (id,) in offers.tuples()}
    query = Practice.select(Practice, Person, Commune).join(Person, on=(Practice.person == Person.id))
    query = query.switch(Practice).join(Commune, JOIN.LEFT_OUTER)
    query = query.where(Practice.profession.in_(list(codes)), Person.deleted_at.is_null())
    groups: dict[str, list] = {first: [], "Autres": []}
    for each in query.order_by(Person.folded, Person.id):
        groups[first if each.person_id in volunteers else "Autres"].append((str(each.person_id), _words(each)))
    return {"": [CHOOSE], **{title: rows for title, rows in groups.items() if rows}}


def _words(practice: Practice) -> str:
    place = f", {practice.commune.name}" if practice.commune_id else ""
    return f"{practice.person.list_label}{place}"
