"""One entry as the coordination holds it: all it says, its past, its agreement, and what may be done now."""

from flask import abort, flash, redirect, request, url_for
from wtforms import BooleanField, DateField, SelectField
from wtforms.validators import InputRequired

from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import Form
from cptsapp.kernel.htmx import page

from . import deciding, desk_list, doubles, forms, freshness, history, links, noting, reminding, rules, stages, viewing
from .definition import Definition, FilledBy
from .gestion import MEANS, bp_gestion, definition_or_404
from .models import Entry, Means, Status
from .rules import Agreement

MOST_CHANGES = 200


class AgreementForm(Form):
    """An agreement given otherwise than on the site."""

    means = SelectField("Accord donné", choices=MEANS)
    on = DateField("Date de l’accord", [InputRequired("Indiquez la date de l’accord.")], id="accord-on")
    is_public = BooleanField("Il vaut aussi pour la page publique")
    is_shared = BooleanField("Il vaut aussi pour les partenaires")

    def read(self, definition: Definition) -> Agreement:
        return Agreement(means=Means(self.means.data), on=self.on.data, version=definition.consent.version)


def entry_or_404(slug: str, id: int) -> tuple[Definition, Entry]:
    definition = definition_or_404(slug)
    entry = Entry.joined().where(Entry.id == id, Entry.directory == slug).first() or abort(404)
    if entry.person_id and entry.person.deleted_at:
        abort(404)
    return definition, entry


@bp_gestion.get("/<slug>/<int:id>")
@access("coordination")
def entry(slug, id):
    return _show(*entry_or_404(slug, id))


def _show(definition: Definition, entry: Entry, *, form=None, refusal="", typed=None, **forms_given):
    """Show an entry; `refusal` is why the last act was refused, `typed` what was typed for it."""
    card = viewing.card(definition, entry, desk_list.READER)
    answered = {line.key for line in card.lines}
    onward = stages.onward(definition, entry, FilledBy.COORDINATION)
    shown = {
        "definition": definition,
        "entry": entry,
        "card": card,
        "readers": {field.key: field.readers.label for field in definition.fields},
        "unanswered": [field.label for field in definition.fields if field.key not in answered],
        "state": desk_list.state_of(entry),
        "since": desk_list.since(definition, entry),
        "told": history.changes_of(definition, entry.id)[:MOST_CHANGES],
        "notes": noting.notes_of(entry.id),
        "doubles": doubles.of(definition, entry),
        "link": links.link_of(entry),
        "stage_form": stage_form(definition, entry, onward) if onward else None,
        "agreement_form": AgreementForm(
            formdata=None, data={"is_public": entry.is_public, "is_shared": entry.is_shared}
        ),
        "means": MEANS,
        "Status": Status,
        "refusal": refusal,
        "typed": typed or {},
    }
    status = 422 if refusal else None
    return page("directory/desk_entry.html", form=form, status=status, **shown | forms_given)


def stage_form(definition: Definition, entry: Entry, onward, **values):
    """Return the form of the next stages; it asks what they need and the entry does not say yet."""
    said = entry.values
    keys = dict.fromkeys(key for stage in onward for key in stage.needs if key not in said)
    return forms.stage_form(definition, onward, [definition.field(key) for key in keys])(**values)


def _remind(entry_id: int):
    entry = Entry.get_by_id(entry_id)
    reminding.send(entry.directory, [entry_id])


def _confirm(entry_id: int):
    means = request.form.get("means", "")
    if means not in dict(MEANS):
        raise RuleError("Dites comment la personne a confirmé : par téléphone, par e-mail…")
    freshness.confirm(entry_id, means=Means(means))


ACTS = {
    "valider": (lambda id: deciding.validate(id), "La fiche est dans la liste ; la personne en est prévenue."),
    "refuser": (
        lambda id: deciding.refuse(id, request.form.get("reason", "")),
        "La fiche est refusée ; la personne reçoit votre motif.",
    ),
    "confirmer": (_confirm, "La fiche est confirmée aujourd’hui."),
    "pause": (rules.pause, "La fiche est en pause : personne ne la voit."),
    "reprendre": (rules.resume, "La fiche est de nouveau dans la liste."),
    "retirer": (
        lambda id: rules.leave(id, reason=request.form.get("reason", "")),
        "La fiche est retirée de partout. Elle peut revenir pendant un an.",
    ),
    "relancer": (_remind, "La relance part."),
}
ROUTE = "/<slug>/<int:id>/<any(valider, refuser, confirmer, pause, reprendre, retirer, relancer):act>"


@bp_gestion.post(ROUTE)
@access("coordination")
def act(slug, id, act):
    definition, entry = entry_or_404(slug, id)
    rule, said = ACTS[act]
    try:
        rule(id)
    except RuleError as error:
        return _show(definition, entry, refusal=str(error), typed={act: request.form.get("reason", "")[:500]})
    flash(said)
    if request.form.get("back") == "doublons":
        return redirect(url_for("directory_gestion.doubles_list", slug=slug), 303)
    return _back(slug, id)


def _back(slug: str, id: int):
    return redirect(url_for("directory_gestion.entry", slug=slug, id=id), 303)


@bp_gestion.post("/<slug>/<int:id>/remettre")
@access("coordination")
def restore(slug, id):
    """Put a withdrawn entry back, with the agreement that its person gave again."""
    definition, entry = entry_or_404(slug, id)
    if entry.person_id is None:
        return _do(definition, entry, None, lambda: rules.restore(id), "La fiche est de retour.")
    form = AgreementForm()
    said = "La fiche est de retour ; la personne en est prévenue."
    return _do(definition, entry, form, lambda: rules.restore(id, form.read(definition)), said)


@bp_gestion.post("/<slug>/<int:id>/accord")
@access("coordination")
def agree(slug, id):
    definition, entry = entry_or_404(slug, id)
    form = AgreementForm()
    wider = {"is_public": form.is_public.data, "is_shared": form.is_shared.data}
    give = lambda: rules.agree(id, form.read(definition), **wider)  # noqa: E731
    return _do(definition, entry, form, give, "L’accord est noté, et la fiche confirmée.")


def _do(definition: Definition, entry: Entry, form, rule, said: str):
    if form is None or form.validate():
        try:
            rule()
        except RuleError as error:
            if form is None:
                return _show(definition, entry, refusal=str(error))
            form.refuse(RuleError(str(error), {"consented_on": "on"}.get(error.field)))
        else:
            flash(said)
            return _back(definition.slug, entry.id)
    return _show(definition, entry, form=form, agreement_form=form)


@bp_gestion.post("/<slug>/<int:id>/etape")
@access("coordination")
def move(slug, id):
    definition, entry = entry_or_404(slug, id)
    form = stage_form(definition, entry, stages.onward(definition, entry, FilledBy.COORDINATION))
    if form.validate():
        answers = {field.key: form[field.key].data for field in definition.fields if field.key in form}
        values = {"on": form.on.data, "note": form.note.data or "", "answers": answers}
        try:
            stages.move(id, form.stage.data, filled_by=FilledBy.COORDINATION, **values)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("L’étape est notée.")
            return _back(slug, id)
    return _show(definition, entry, form=form, stage_form=form)


@bp_gestion.route("/<slug>/<int:id>/modifier", methods=["GET", "POST"])
@access("coordination")
def edit(slug, id):
    """Change what an entry says. Showing it to more people takes the person's agreement: that is noted apart."""
    definition, entry = entry_or_404(slug, id)
    form = forms.entry_form(definition, filled_by=FilledBy.COORDINATION)(data=forms.filled(definition, entry))
    for name in ("is_public", "is_shared"):
        if name in form and not getattr(entry, name):
            del form[name]
    if form.validate_on_submit():
        try:
            rules.change(id, forms.typed(definition, form), filled_by=FilledBy.COORDINATION)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La fiche est à jour.")
            return _back(slug, id)
    values = {"definition": definition, "entry": entry, "communes": list(Commune.of_territory())}
    return page("directory/desk_edit.html", fragment="formulaire", form=form, **values)


@bp_gestion.post("/<slug>/<int:id>/notes")
@access("coordination")
def write_note(slug, id):
    definition, entry = entry_or_404(slug, id)
    text = request.form.get("text", "")
    try:
        noting.write(id, text)
    except RuleError as error:
        return _show(definition, entry, refusal=str(error), typed={"note": text[:5000]})
    flash("La note est ajoutée.")
    return _back(slug, id)


@bp_gestion.post("/<slug>/<int:id>/notes/<int:note_id>/supprimer")
@access("coordination")
def remove_note(slug, id, note_id):
    entry_or_404(slug, id)
    noting.remove(id, note_id)
    flash("La note est supprimée.")
    return _back(slug, id)
