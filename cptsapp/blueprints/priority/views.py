"""Votes on priorities in the member space: the ballot while a round is open, its result once it is counted."""

from flask import Blueprint, abort, flash, redirect, url_for
from flask_login import current_user

from cptsapp.blueprints.project.audience import Audience
from cptsapp.kernel.access import access, may
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page

from . import rules
from .forms import BallotForm
from .models import Ballot, Round

bp = Blueprint("priority", __name__, url_prefix="/espace/projet/priorites")


def readable():
    """Return the rounds that whoever asks may read: those of the bureau are for the bureau."""
    return Round.select() if may("bureau") else Round.select().where(Round.audience == Audience.ADHERENTS)


@bp.route("/<int:id>", methods=["GET", "POST"])
@access("adherent")
def show(id):
    found = readable().where(Round.id == id).get_or_none() or abort(404)
    me = current_user.person_id
    form = BallotForm(found, data={"fiches": [str(fiche) for fiche in rules.chosen_by(id, me)]})
    if form.validate_on_submit():
        try:
            rules.vote(id, me, form.chosen)
        except RuleError as error:
            form.refuse(error)
        else:
            flash(
                "Votre vote est enregistré. Vous pouvez le changer jusqu’à la clôture."
                if form.chosen
                else "Votre vote blanc est enregistré. Vous pouvez le changer jusqu’à la clôture."
            )
            return redirect(url_for(".show", id=id), 303)
    return page(
        "priority/ballot.html",
        fragment="formulaire",
        form=form,
        round=found,
        may_vote=found.who.holds(me),
        has_voted=Ballot.select().where(Ballot.round == found, Ballot.person == me).exists(),
        results=rules.results(found),
    )
