"""One's own entries in the member space: read, change, confirm, pause, leave, come back, walk the path."""

from flask import abort, flash, redirect, request, url_for
from flask_login import current_user

from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page

from . import catalogue, eligibility, forms, freshness, history, rules, stages, viewing
from .definition import Definition, FilledBy
from .models import Entry, Status
from .rooms import bp


def mine_with_definitions(person_id: int) -> list[tuple[Definition, Entry]]:
    """Return the entries that a person may change, with their lists; those withdrawn last."""
    definitions = catalogue.everything()
    found = [
        (definitions[each.directory], each) for each in eligibility.mine(person_id) if each.directory in definitions
    ]
    return sorted(found, key=lambda pair: pair[1].status == Status.LEFT)


def _mine_or_404(id: int) -> tuple[Definition, Entry]:
    entry = Entry.joined().where(Entry.id == id).first()
    definition = entry and catalogue.of(entry)
    if definition is None or not eligibility.may_edit(entry, current_user.person_id):
        abort(404)
    return definition, entry


@bp.get("/espace/repertoires/fiche/<int:id>")
@access("adherent")
def mine(id):
    definition, entry = _mine_or_404(id)
    return page("directory/mine.html", **own_page(definition, entry))


def own_page(definition: Definition, entry: Entry) -> dict:
    """Return what the page of one's own entry shows: the card as readers see it, what is asked besides, the path."""
    readers = viewing.Viewer(definition.readers.rank)
    onward = stages.onward(definition, entry, FilledBy.VOLUNTEER)
    return {
        "definition": definition,
        "entry": entry,
        "Status": Status,
        "card": viewing.card(definition, entry, readers),
        "own": own_lines(definition, entry),
        "told": history.changes_of(definition, entry.id),
        "reached": [stage.key for stage in definition.stages].index(entry.stage) + 1 if entry.stage else 0,
        "onward": onward,
        "stage_form": _stage_form(definition, entry, onward) if onward else None,
    }


def own_lines(definition: Definition, entry: Entry) -> list[tuple[str, str, str]]:
    """Return (label, text, readers) of the answers of a volunteer: their own, whoever reads them."""
    asked = {field.key: field for field in definition.asked(FilledBy.VOLUNTEER)}
    card = viewing.card(definition, entry, viewing.COORDINATION)
    return [(line.label, line.text, asked[line.key].readers.label) for line in card.lines if line.key in asked]


def _stage_form(definition: Definition, entry: Entry, onward, **values):
    said = entry.values
    keys = dict.fromkeys(key for stage in onward for key in stage.needs if key not in said)
    return forms.stage_form(definition, onward, [definition.field(key) for key in keys])(**values)


@bp.route("/espace/repertoires/fiche/<int:id>/modifier", methods=["GET", "POST"])
@access("adherent")
def edit(id):
    definition, entry = _mine_or_404(id)
    form = forms.entry_form(definition)(data=forms.filled(definition, entry))
    if form.validate_on_submit():
        try:
            rules.change(id, forms.typed(definition, form))
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Votre fiche est à jour, et confirmée aujourd’hui.")
            return redirect(url_for(".mine", id=id), 303)
    values = {"definition": definition, "entry": entry, "communes": list(Commune.of_territory())}
    return page("directory/edit.html", fragment="formulaire", form=form, **values)


@bp.post("/espace/repertoires/fiche/<int:id>/etape")
@access("adherent")
def move(id):
    """Say that one has come to another stage of the path."""
    definition, entry = _mine_or_404(id)
    form = _stage_form(definition, entry, stages.onward(definition, entry, FilledBy.VOLUNTEER))
    if form.validate_on_submit():
        answers = {field.key: form[field.key].data for field in definition.fields if field.key in form}
        try:
            stages.move(id, form.stage.data, on=form.on.data, note=form.note.data or "", answers=answers)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("L’étape est notée.")
            return redirect(url_for(".mine", id=id), 303)
    return page(
        "directory/mine.html", fragment="parcours", form=form, **own_page(definition, entry) | {"stage_form": form}
    )


ACTS = {
    "confirmer": (freshness.confirm, "Merci ! Votre fiche est confirmée."),
    "pause": (rules.pause, "Votre fiche est en pause : personne ne la voit jusqu’à ce que vous la repreniez."),
    "continuer": (rules.resume, "Votre fiche est de nouveau dans la liste."),
    "retirer": (rules.leave, "Votre fiche est retirée de partout. Vous pouvez la reprendre pendant un an."),
    "reprendre": (rules.restore, "Votre fiche est de retour."),
}


@bp.post("/espace/repertoires/fiche/<int:id>/<any(confirmer,pause,continuer,retirer,reprendre):act>")
@access("adherent")
def act(id, act):
    _mine_or_404(id)
    rule, words = ACTS[act]
    try:
        rule(id)
    except RuleError as error:
        flash(str(error), "error")
    else:
        flash(words)
    return redirect((request.form.get("retour") == "liste" and url_for(".index")) or url_for(".mine", id=id), 303)
