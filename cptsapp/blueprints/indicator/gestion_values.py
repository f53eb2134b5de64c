"""The values of an indicator: one typed, one corrected, a whole series brought in from a file."""

from flask import abort, flash, redirect, request, url_for

from cptsapp.blueprints.contract.models import Contract
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.text import plural

from . import rules, series
from .forms import ImportForm, value_form
from .gestion import bp_gestion, find
from .models import Measure, MeasureTerm, MeasureValue
from .terms import Terms

SHOWN = 30  # rows of a preview


def term_today(measure: Measure) -> MeasureTerm:
    contract = Contract.at(today())
    return Terms([measure]).at(measure, contract, contract.year_at(today()) if contract else 0) or abort(404)


@bp_gestion.route("/indicateurs/<int:id>/valeurs/nouvelle", methods=["GET", "POST"])
@access("coordination")
def note_value(id):
    measure = find(id)
    term = term_today(measure)
    form = value_form(term.kind, {"on": today(), "source": term.origin_note})
    if form.validate_on_submit():
        try:
            rules.note_value(id, form.given())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La valeur est enregistrée.")
            return redirect(url_for(".show", id=id), 303)
    return page("indicator/value.html", fragment="formulaire", form=form, measure=measure, term=term, value=None)


@bp_gestion.route("/indicateurs/<int:id>/valeurs/<int:value_id>/corriger", methods=["GET", "POST"])
@access("coordination")
def correct_value(id, value_id):
    measure = find(id)
    value = measure.values.where(MeasureValue.id == value_id).get_or_none() or abort(404)
    term = term_today(measure)
    data = {"number": value.number, "over": value.over, "source": value.source, "note": value.note}
    form = value_form(term.kind, data, is_correction=True)
    if form.validate_on_submit():
        try:
            rules.correct_value(value_id, form.given())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La correction est enregistrée. L’ancienne valeur reste dans l’historique.")
            return redirect(url_for(".show", id=id), 303)
    return page("indicator/value.html", fragment="formulaire", form=form, measure=measure, term=term, value=value)


@bp_gestion.route("/indicateurs/<int:id>/importer", methods=["GET", "POST"])
@access("coordination")
def import_series(id):
    """A file is read and shown; what was shown comes back with the confirmation, and is written whole."""
    measure = find(id)
    term, form, rows = term_today(measure), ImportForm(), []
    if form.validate_on_submit():
        try:
            rows = _asked_rows(form)
            if form.text.data:
                added = rules.import_values(id, rows)
                flash(_said(added, len(rows)))
                return redirect(url_for(".show", id=id), 303)
            rules.check_values(id, rows)
        except RuleError as error:
            form.refuse(error)
            rows = []
    return page(
        "indicator/import.html",
        form=form,
        measure=measure,
        term=term,
        rows=rows[:SHOWN],
        count=len(rows),
        text=series.as_text(rows) if rows else "",
    )


def _asked_rows(form: ImportForm):
    source = form.source.data or ""
    if form.text.data:
        return series.read(form.text.data.encode(), source)
    file = request.files.get("file")
    if not file or not file.filename:
        raise RuleError("Choisissez un fichier.", "file")
    return series.read(file.read(series.MOST_BYTES + 1), source)


def _said(added: int, rows: int) -> str:
    if not added:
        return "Ces valeurs étaient déjà là : rien n’a été ajouté."
    known = rows - added
    same = f" {plural(known, 'valeur était', 'valeurs étaient')} déjà là." if known else ""
    return f"{plural(added, 'valeur est enregistrée', 'valeurs sont enregistrées')}.{same}"
