"""What the votes tell the floors below: what waits for a voter, where members find them, a fiche's last result."""

from flask import url_for
from flask_login import current_user
from peewee import fn

from cptsapp.kernel import journal
from cptsapp.kernel.dates import today
from cptsapp.kernel.registry import (
    Waiting,
    fiche_panel,
    personal_data,
    personal_eraser,
    waiting,
)
from cptsapp.kernel.sources import counted
from cptsapp.kernel.telling import question
from cptsapp.kernel.text import plural

from . import rules
from .models import Ballot, Option, Round
from .views import readable

READERS = ("bureau", "coordination")


@journal.subject("priority_round", "Vote des priorités")
def names(ids):
    rows = Round.select().where(Round.id.in_([int(id) for id in ids if id.isdigit()]))
    return {str(each.id): (each.title, url_for("priority_gestion.show", id=each.id)) for each in rows}


@waiting("priority.to_vote", access=("adherent",))
def to_vote():
    """The open rounds in which whoever reads may vote and has not."""
    done = Ballot.select(Ballot.round).where(Ballot.person == current_user.person_id)
    for each in Round.open_on(today()).where(Round.id.not_in(done)):
        if each.who.holds(current_user.person_id):
            yield Waiting(f"Un vote attend votre choix : {each.title}", url_for("priority.show", id=each.id), 1)


@waiting("priority.to_count", access=("coordination",))
def to_count():
    count = counted(Round.to_count(today()).select(fn.COUNT(1)))
    yield Waiting(plural(count, "vote à dépouiller", "votes à dépouiller"), url_for("priority_gestion.index"), count)


@question("Votes des priorités", template="priority/_space.html", order=10)
def rounds(fiches):
    found = list(readable().order_by(Round.until.desc(), Round.id.desc()))
    mine = Ballot.select(Ballot.round).where(Ballot.person == current_user.person_id)
    return {"rounds": found, "voted": {id for (id,) in mine.tuples()}} if found else None


@fiche_panel("Priorité votée", template="priority/_panel.html", access=READERS, order=65)
def last_of(fiche):
    mine = Option.select(Option, Round).join(Round).where(Option.fiche == fiche, Option.votes.is_null(False))
    option = mine.order_by(Round.closed_at.desc()).first()
    if option is None:
        return None
    place = next(each for each in rules.results(option.round) if each.id == option.id)
    return {"round": option.round, "place": place}


@personal_data("priority", "Votes des priorités")
def exported(person_id: int) -> dict:
    cast = Ballot.select(Ballot, Round).join(Round).where(Ballot.person == person_id).order_by(Ballot.id)
    return {"votes": [{"vote": each.round.title, "choix": _choices(each, person_id)} for each in cast]}


def _choices(ballot: Ballot, person_id: int) -> list[str] | str:
    if ballot.round.is_counted:
        return "Effacés au dépouillement"
    chosen = rules.chosen_by(ballot.round_id, person_id)
    return [each.fiche.full_title for each in Option.of(ballot.round) if each.fiche_id in chosen]


@personal_eraser()
def erase(person_id: int) -> None:
    rules.forget_person(person_id)
