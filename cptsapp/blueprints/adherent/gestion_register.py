"""The register of members as it stood on a day."""

from dataclasses import dataclass
from datetime import date

from flask import request, url_for
from peewee import JOIN

from cptsapp.blueprints.association.models import College
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.tables import Column, DataTable, OneOf

from . import history
from .gestion import bp_gestion
from .models import Membership, MemberType, Practice


@dataclass(frozen=True)
class OnDay:
    """A filter that shows the members of one day: today unless another is given."""

    key: str = "le"
    label: str = "Au"
    widget = "period"

    @property
    def names(self):
        return (self.key,)

    def read(self, args):
        day = _day(args.get(self.key))
        return {self.key: day.isoformat() if day else ""}

    def condition(self, values):
        day = _day(values[self.key]) or today()
        return (Membership.started_on <= day) & (Membership.ended_on.is_null() | (Membership.ended_on >= day))


class OfCollege(OneOf):
    """An expression has no type of its own: the number is compared as one."""

    def condition(self, values):
        return self.of == int(values[self.key]) if values[self.key] else None


def _day(text) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if 1950 <= day.year <= 2200 else None


def _own(row) -> Practice | None:
    own = getattr(row, "own", None)
    return own if own is not None and own.person_id else None


def _profession(row) -> str:
    return _own(row).profession_label if _own(row) else ""


def _commune(row) -> str:
    return row.own.commune.name if _own(row) and row.own.commune_id else ""


def _college(row) -> str:
    then = getattr(row, "college_then", None)
    return then.name if then else ""


def _link(row) -> str:
    return url_for("person_gestion.show", id=row.person_id)


REGISTER = DataTable(
    "registre",
    Column("nom", "Adhérent", "person.list_label", sort=Person.folded, link=_link),
    Column("qualite", "Qualité", lambda row: MemberType(row.type_then).label, sort=history.TYPE),
    Column("profession", "Profession", _profession, sort=Practice.profession),
    Column(
        "commune",
        "Commune",
        _commune,
        sort=Commune.sort_name,
    ),
    Column("college", "Collège", _college, sort=College.position),
    Column("depuis", "Adhérent depuis", "started_on", sort=Membership.started_on),
    Column("fin", "Jusqu’au", "ended_on", sort=Membership.ended_on),
    noun=("adhérent", "adhérents"),
    search=[Person.folded],
    hint="Nom…",
    filters=[
        OnDay(),
        OneOf("qualite", "Qualité", history.TYPE, MemberType, blank="Toutes les qualités"),
        OfCollege(
            "college",
            "Collège",
            history.COLLEGE,
            lambda: [(str(each.id), each.name) for each in College.ordered()],
            blank="Tous les collèges",
        ),
    ],
    order="nom",
    export_endpoint="adherent_gestion.register_export",
    empty="Personne n’était adhérent ce jour-là.",
    people=True,
)


def _register(asked):
    """Return the memberships with their type and their collège of the day asked for."""
    day = _day(asked.get("le")) or today()
    shown = (Membership, Person, College, Practice, Commune, history.TYPE.alias("type_then"))
    query = history.on(Membership.select(*shown).join(Person), day).switch(Membership)
    query = query.join(Practice, JOIN.LEFT_OUTER, on=(Practice.person == Membership.person), attr="own")
    return query.join(Commune, JOIN.LEFT_OUTER)


@bp_gestion.get("/registre")
@access("bureau", "coordination")
def register():
    return REGISTER.page("adherent/register.html", _register(request.args))


@bp_gestion.post("/registre/export")
@access("bureau", "coordination")
def register_export():
    return REGISTER.export(_register(request.form))
