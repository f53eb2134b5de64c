"""Admitting a person and ending a membership, from the person's record."""

from flask import Blueprint, flash, redirect, url_for

from cptsapp.kernel.access import access

from . import rules

bp_gestion = Blueprint("adherent_gestion", __name__, url_prefix="/gestion/adherents")


@bp_gestion.post("/<int:person_id>/admettre")
@access("bureau", "coordination")
def admit(person_id):
    rules.admit(person_id)
    flash("L’adhésion est enregistrée : l’espace adhérent est ouvert à cette personne.")
    return redirect(url_for("person_gestion.show", id=person_id), 303)


@bp_gestion.post("/<int:person_id>/fin")
@access("bureau", "coordination")
def end(person_id):
    rules.end(person_id)
    flash("L’adhésion est terminée : l’espace adhérent est fermé à cette personne.")
    return redirect(url_for("person_gestion.show", id=person_id), 303)
