"""The journal, read and exported by the administration."""

from flask import Blueprint

from cptsapp.kernel import journal
from cptsapp.kernel.access import access
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.registry import NavItem, navigation
from cptsapp.kernel.tables import Column, DataTable, OneOf, Period

from . import models

bp_gestion = Blueprint("audit_gestion", __name__, url_prefix="/gestion/journal")
navigation.append(NavItem("gestion", "Journal", "audit_gestion.index", "history", ("admin",), "Réglages", order=50))


def actions():
    return sorted(journal.ACTIONS.items(), key=lambda pair: pair[1].casefold())


def subjects():
    return sorted(((kind, label) for kind, (label, _) in journal.SUBJECTS.items()), key=lambda pair: pair[1].casefold())


JOURNAL = DataTable(
    "journal",
    Column("acte", "Acte", "sentence", sub=models.detail_of),
    Column("objet", "Sur", "subject_words", link=lambda row: row.subject_url),
    Column("qui", "Par", models.actor_of),
    Column("date", "Le", "at", sort=JournalEntry.at),
    Column("detail", "Détail", models.detail_of, shown=False),
    noun=("acte", "actes"),
    search=[JournalEntry.subject_id],
    hint="Numéro ou adresse de l’objet",
    filters=[
        OneOf("qui", "Par", JournalEntry.actor, models.actors, blank="Par tout le monde"),
        OneOf("acte", "Acte", JournalEntry.action, actions, blank="Tous les actes"),
        OneOf("objet", "Sur", JournalEntry.subject_kind, subjects, blank="Sur tout"),
        Period("le", "Fait", JournalEntry.at),
    ],
    order="-date",
    export_endpoint="audit_gestion.export",
    empty="Les actes importants s’écrivent ici : qui, quoi, quand.",
    people=True,
    size=50,
    prepare=models.name_subjects,
)


@bp_gestion.get("/")
@access("admin")
def index():
    return JOURNAL.page("audit/journal.html", models.entries())


@bp_gestion.post("/export")
@access("admin")
def export():
    return JOURNAL.export(models.entries())
