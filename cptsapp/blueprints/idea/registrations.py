"""What the idea box tells the floors below: what waits, its figures, the fiche born of an idea, a person's data."""

from collections.abc import Iterator
from datetime import date

from flask import url_for
from peewee import fn

from cptsapp.kernel import journal
from cptsapp.kernel.dates import date_fr, span, to_paris
from cptsapp.kernel.registry import (
    Behind,
    Waiting,
    fiche_panel,
    indicator,
    personal_data,
    personal_eraser,
    rows_behind,
    waiting,
)
from cptsapp.kernel.sources import counted
from cptsapp.kernel.text import plural

from . import rules
from .models import Idea, IdeaState, Support

READERS = ("bureau", "coordination")
journal.name_values(IdeaState)


@journal.subject("idea", "Idée")
def names(ids):
    rows = Idea.select().where(Idea.id.in_([int(id) for id in ids if id.isdigit()]))
    return {str(each.id): (each.title, url_for("idea_gestion.show", id=each.id)) for each in rows}


@waiting("idea.new", access=("coordination",))
def to_read():
    count = counted(Idea.to_read().select(fn.COUNT(1)))
    yield Waiting(plural(count, "idée à lire", "idées à lire"), url_for("idea_gestion.index", etat="new"), count)


def _proposed(start: date, end: date):
    after, before = span(start, end)
    return Idea.select().where(Idea.proposed_at >= after, Idea.proposed_at < before).order_by(Idea.proposed_at)


def _supported(start: date, end: date):
    after, before = span(start, end)
    in_it = Support.select(Support.idea).where(Support.at >= after, Support.at < before)
    return Idea.select().where(Idea.id.in_(in_it)).order_by(Idea.id)


def _turned(start: date, end: date):
    after, before = span(start, end)
    decided = (Idea.decided_at >= after) & (Idea.decided_at < before)
    return Idea.select().where(Idea.state == IdeaState.ACTION, decided).order_by(Idea.decided_at)


@indicator("idea.proposed", "Idées proposées par les adhérents", unit="idées")
def proposed(start: date, end: date) -> int:
    return _proposed(start, end).count()


@indicator("idea.supported", "Idées soutenues par d’autres adhérents", unit="idées")
def supported(start: date, end: date) -> int:
    """Count the ideas that got one support at least in the period."""
    return _supported(start, end).count()


@indicator("idea.actions", "Idées devenues des actions", unit="idées")
def actions(start: date, end: date) -> int:
    return _turned(start, end).count()


def _rows(ideas, moment: str) -> Iterator[Behind]:
    for each in ideas:
        at = getattr(each, moment)
        yield Behind(each.title, to_paris(at).date(), url_for("idea_gestion.show", id=each.id))


@rows_behind("idea.proposed", access=READERS)
def proposed_ones(start: date, end: date) -> Iterator[Behind]:
    return _rows(_proposed(start, end), "proposed_at")


@rows_behind("idea.supported", access=READERS)
def supported_ones(start: date, end: date) -> Iterator[Behind]:
    return _rows(_supported(start, end), "proposed_at")


@rows_behind("idea.actions", access=READERS)
def turned_ones(start: date, end: date) -> Iterator[Behind]:
    return _rows(_turned(start, end), "decided_at")


@fiche_panel("Née d’une idée", template="idea/_panel.html", access=READERS, order=70)
def idea_of(fiche):
    idea = Idea.joined().where(Idea.fiche == fiche).get_or_none()
    return {"idea": idea} if idea else None


@personal_data("idea", "Boîte à idées")
def exported(person_id: int) -> dict:
    mine = Idea.select().where(Idea.author == person_id).order_by(Idea.id)
    liked = Idea.select().where(Idea.id.in_(list(Support.of(person_id)))).order_by(Idea.id)
    return {
        "idees": [
            {
                "titre": each.title,
                "probleme": each.problem,
                "proposition": each.proposal,
                "proposee_le": date_fr(each.proposed_at),
                "suite": each.standing.label,
                "reponse": each.reason,
            }
            for each in mine
        ],
        "soutiens": [each.title for each in liked],
    }


@personal_eraser()
def erase(person_id: int) -> None:
    rules.forget_person(person_id)
