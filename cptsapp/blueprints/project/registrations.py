"""What the project tells the floors below."""

from datetime import date

from flask import url_for
from flask_login import current_user
from peewee import fn

from cptsapp.kernel import journal
from cptsapp.kernel.access import roles
from cptsapp.kernel.dates import date_fr, span, today
from cptsapp.kernel.registry import (
    Waiting,
    fiche_panel,
    indicator,
    personal_data,
    personal_eraser,
    search_source,
    sitemap,
    space_card,
    waiting,
)
from cptsapp.kernel.sources import counted
from cptsapp.kernel.text import plural

from . import consulting
from .consultation import Comment, Consultation, counts_of
from .models import Evaluation, Fiche, FicheState
from .showing import search_row

READERS = ("bureau", "coordination")

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


@indicator("project.comments", "Remarques reçues en consultation", unit="remarques")
def comments(start: date, end: date) -> int:
    after, before = span(start, end)
    return Comment.select().where(Comment.written_at >= after, Comment.written_at < before).count()


@indicator("project.answers", "Remarques qui ont reçu une réponse", unit="remarques")
def answers(start: date, end: date) -> int:
    """Count the comments answered in the period, whenever they were written."""
    after, before = span(start, end)
    return Comment.select().where(Comment.answered_at >= after, Comment.answered_at < before).count()


@fiche_panel("Consultation", template="project/_consultation_panel.html", access=READERS, order=60)
def consultations_of(fiche):
    total, answered = counts_of(fiche)
    found = list(fiche.consultations.order_by(Consultation.id.desc()))
    return {"consultations": found, "comments": total, "answered": answered}


@space_card("project.consultations", "Consultations ouvertes", template="project/_consultation_card.html",
            access=("adherent",), order=35)  # fmt: skip
def running_ones():
    found = list(Consultation.open_on(today()).limit(5))
    return {"running": found} if found else None


@waiting("project.comments", access=READERS)
def to_answer():
    count = counted(Comment.unanswered().select(fn.COUNT(1)))
    words = plural(count, "remarque sans réponse", "remarques sans réponse")
    yield Waiting(words, url_for("consultation_gestion.index", reponse="a-donner"), count)


@waiting("project.comments_of_pilot", access=("adherent",))
def to_answer_by_pilot():
    """The comments on the fiches that somebody leads, for whoever has no door to the gestion."""
    if roles() & set(READERS):
        return
    found: dict[str, int] = {}
    for each in Comment.unanswered().where(Fiche.pilot == current_user.person_id):
        slug = each.consultation.fiche.slug
        found[slug] = found.get(slug, 0) + 1
    for slug, count in found.items():
        words = plural(count, "remarque attend", "remarques attendent")
        yield Waiting(f"{words} votre réponse", url_for("consultation_space.show", slug=slug), count)


@personal_data("project", "Projet de santé : fiches pilotées, remarques")
def exported(person_id: int) -> dict:
    said = Comment.joined().where(Comment.author == person_id).order_by(Comment.id)
    return {
        "pilote": [each.full_title for each in Fiche.present().where(Fiche.pilot == person_id)],
        "remarques": [
            {
                "fiche": each.consultation.fiche.full_title,
                "ecrite_le": date_fr(each.written_at),
                "texte": each.text,
                "reponse": each.answer,
            }
            for each in said
        ],
    }


@personal_eraser()
def erase(person_id: int) -> None:
    consulting.forget_person(person_id)
