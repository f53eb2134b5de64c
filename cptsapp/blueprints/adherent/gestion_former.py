"""The former members whose record is to be erased, one by one, from the record."""

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.tables import Column, DataTable

from . import former
from .gestion import bp_gestion

FORMER = DataTable(
    "anciens-adherents",
    Column("nom", "Nom", "list_label", sort=Person.folded, link="person_gestion.show", sub="email"),
    Column("fin", "Adhésion finie le", "ended_on"),
    noun=("fiche", "fiches"),
    search=[Person.folded],
    hint="Nom…",
    order="nom",
    empty="Aucune fiche d’ancien adhérent n’a dépassé trois ans.",
    people=True,
)


@bp_gestion.get("/anciens")
@access("coordination")
def former_members():
    return FORMER.page("adherent/former.html", former.due(today()))
