"""The professionals counted by the national register: asked for, followed, compared, kept."""

from flask import flash, redirect, request, url_for

from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.settings import settings
from cptsapp.kernel.text import plural

from . import census
from .gestion import bp_gestion
from .models import CensusState


@bp_gestion.get("/rpps")
@access("coordination")
def register():
    return _page()


def _page(error: str = "", status: int | None = None):
    found = census.last()
    is_ready = found is not None and found.state == CensusState.READY
    professions, communes = census.proposals(found) if is_ready else ([], [])
    chosen = request.form if request.method == "POST" else None
    return page(
        "uptake/register.html",
        fragment="comptage",
        status=status,
        error=error,
        census=found,
        professions=professions,
        communes=communes,
        is_chosen=lambda name, each: each.key in chosen.getlist(name) if chosen else not each.is_outdated,
        can_ask=bool(settings.rpps_source),
        has_territory=Commune.of_territory().exists(),
        attribution=census.ATTRIBUTION,
    )


@bp_gestion.post("/rpps")
@access("coordination")
def ask_register():
    try:
        census.ask()
    except RuleError as error:
        flash(str(error), "error")
    return redirect(url_for(".register"), 303)


@bp_gestion.post("/rpps/<int:id>/abandonner")
@access("coordination")
def give_up_register(id):
    census.give_up(id)
    flash("Le comptage est abandonné : rien n’a changé.")
    return redirect(url_for(".register"), 303)


@bp_gestion.post("/rpps/<int:id>/enregistrer")
@access("coordination")
def keep_register(id):
    try:
        count = census.keep(id, request.form.getlist("profession"), request.form.getlist("commune"))
    except RuleError as error:
        return _page(str(error), 422)
    flash(f"{plural(count, 'effectif enregistré', 'effectifs enregistrés')}. Le taux d’adhésion en tient compte.", "ok")
    return redirect(url_for(".index"), 303)
