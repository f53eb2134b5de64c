"""A directory defined in gestion: made, changed, closed, opened again, as it was shipped."""

import re

from flask import flash, redirect, request, url_for
from flask_login import current_user

from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.text import slugify

from . import catalogue, desk, editor, editor_form, editor_rows
from .editor_form import EditorForm
from .gestion import bp_gestion, definition_or_404
from .reading import WrongDefinition

LONGEST_SLUG = 28
ACT = rf"(ajouter|retirer|monter)-({'|'.join(editor_rows.ROWS)})(?:-(\d{{1,3}}))?"
BLANK = {
    "readers": "adherents",
    "consent": {
        "version": "1",
        "text": "J’accepte que mon nom, ma commune et mes réponses soient montrés aux adhérents de l’association. "
        "Je peux modifier ma fiche ou me retirer à tout moment.",
    },
    "fields": [{"key": "", "label": "", "kind": "line"}],
}


@bp_gestion.route("/nouveau", methods=["GET", "POST"])
@access("coordination")
def new_definition():
    form = EditorForm(data=editor_form.shown(BLANK))
    if request.method == "POST":
        form, done = _acted(form)
        slug = slugify(form.name.data or "", limit=LONGEST_SLUG)
        if not done and (saved := _save(form, {}, slug, new=True)):
            flash(f"Le répertoire « {saved.name} » est ouvert.")
            return redirect(url_for("directory_gestion.entries", slug=slug), 303)
    return page("directory/desk_definition.html", fragment="formulaire", form=form, definition=None, standing=None)


@bp_gestion.route("/<slug>/definition", methods=["GET", "POST"])
@access("coordination")
def definition(slug):
    now = definition_or_404(slug)
    values = catalogue.values_of(slug)
    form = EditorForm(data=editor_form.shown(values), slug=slug)
    if request.method == "POST":
        form, done = _acted(form)
        if not done and _save(form, values, slug):
            flash("La définition est enregistrée ; les fiches la suivent.")
            return redirect(url_for("directory_gestion.definition", slug=slug), 303)
    standing = desk.standing(now)
    return page("directory/desk_definition.html", fragment="formulaire", form=form, definition=now, standing=standing)


def _save(form: EditorForm, values: dict, slug: str, *, new: bool = False):
    """Return the definition kept, or None with what is wrong beside its field."""
    if not form.validate():
        return None
    try:
        return editor.save(editor_form.values_of(form, values), slug, by=current_user.id, new=new)
    except WrongDefinition as error:
        form.refuse_definition(error)
    except RuleError as error:
        form.refuse(error)
    return None


def _acted(form: EditorForm) -> tuple[EditorForm, bool]:
    """Do what a button of the form asks of its rows: one more, one less, one higher; nothing is kept yet."""
    act = re.fullmatch(ACT, request.form.get("acte", ""))
    if not act:
        return form, False
    data = form.data
    editor_rows.keep_keys(data)
    rows, rank = data[act[2]], int(act[3] or 0)
    if act[1] == "ajouter":
        rows.append({})
    elif rank < len(rows):
        row = rows.pop(rank)
        if act[1] == "monter":
            rows.insert(max(0, rank - 1), row)
    return EditorForm(formdata=None, data=data, slug=form.slug), True


@bp_gestion.post("/<slug>/definition/<any(fermer, ouvrir, origine):act>")
@access("coordination")
def switch(slug, act):
    definition_or_404(slug)
    rule, said = {
        "fermer": (editor.close, "Le répertoire est fermé : ses fiches sont gardées, et montrées à personne."),
        "ouvrir": (editor.reopen, "Le répertoire est de nouveau ouvert."),
        "origine": (editor.reset, "Le répertoire est de nouveau celui d’origine."),
    }[act]
    try:
        rule(slug, by=current_user.id)
    except RuleError as error:
        flash(str(error), "error")
    else:
        flash(said)
    return redirect(url_for("directory_gestion.definition", slug=slug), 303)
