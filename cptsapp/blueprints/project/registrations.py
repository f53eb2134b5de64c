"""What the project tells the floors below."""

from datetime import date

from flask import url_for

from cptsapp.kernel import journal
from cptsapp.kernel.dates import span
from cptsapp.kernel.registry import indicator, personal_data, search_source, sitemap

from .models import Evaluation, Fiche, FicheState
from .showing import search_row

journal.name_values(FicheState)


@journal.subject("fiche", "Fiche-action")
def names(ids):
    rows = Fiche.select().where(Fiche.id.in_(ids))
    return {str(each.id): (each.full_title, url_for("project_gestion.show", id=each.id)) for each in rows}


@search_source("fiche", "Projet de santé")
def search_rows():
    return (search_row(each) for each in Fiche.shown())


@sitemap
def pages():
    if Fiche.shown().exists():
        yield url_for("project.index"), None
    for each in Fiche.shown():
        yield url_for("project.show", slug=each.slug), each.updated_at


@indicator("project.fiches", "Fiches-actions actives", unit="fiches")
def active(start: date, end: date) -> int:
    """Return how many fiches are active today: their past states are told by their own page."""
    return Fiche.select().where(Fiche.deleted_at.is_null(), Fiche.state == FicheState.ACTIVE).count()


@indicator("project.evaluated", "Fiches-actions évaluées", unit="fiches")
def evaluated(start: date, end: date) -> int:
    after, before = span(start, end)
    rows = Evaluation.select(Evaluation.fiche).where(Evaluation.at >= after, Evaluation.at < before)
    return rows.distinct().count()


@personal_data("project", "Fiches-actions pilotées")
def exported(person_id: int) -> dict:
    return {"pilote": [each.full_title for each in Fiche.present().where(Fiche.pilot == person_id)]}
