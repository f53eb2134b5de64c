"""Importing a list of members: the file, its columns, the preview, the confirmation, what was done, undoing it."""

from flask import abort, flash, redirect, request, send_file, url_for
from flask_login import current_user
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField

from cptsapp.kernel import journal
from cptsapp.kernel.access import access
from cptsapp.kernel.attachments import display_name
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import Form
from cptsapp.kernel.htmx import page
from cptsapp.kernel.importing import Doubt, Import, Outcome, State, headers, runs
from cptsapp.kernel.settings import settings

from .gestion import bp_gestion
from .importer import Members

KIND = Members.kind
SHOWN = 20  # past imports


@journal.subject("import", "Import")
def name_imports(ids):
    """Return {id: (name of the file, address)} for the journal."""
    rows = Import.select(Import.id, Import.file_name).where(Import.kind == KIND, Import.id.in_(ids))
    return {str(run.id): (run.file_name, url_for("adherent_gestion.show_import", id=run.id)) for run in rows}


class FileForm(Form):
    file = FileField("Fichier", [FileRequired("Choisissez un fichier CSV ou XLSX.")])


class ConfirmForm(Form):
    doubt = RadioField("Lignes à vérifier", choices=Doubt.choices(), default=Doubt.SKIP)


@bp_gestion.route("/import", methods=["GET", "POST"])
@access("coordination")
def imports():
    form = FileForm()
    if form.validate_on_submit():
        sent = form.file.data
        try:
            data = sent.stream.read(settings.max_upload_bytes + 1)
            if len(data) > settings.max_upload_bytes:
                raise RuleError(f"Ce fichier dépasse {settings.max_upload_mb} Mo.", field="file")
            run = runs.start(KIND, display_name(sent.filename), data, account_id=current_user.id)
        except RuleError as error:
            form.refuse(RuleError(str(error), field="file"))
        else:
            if run.state == State.READING:
                runs.go_on(run)
            return redirect(url_for(".show_import", id=run.id), 303)
    past = Import.select().where(Import.kind == KIND).order_by(Import.id.desc()).limit(SHOWN)
    return page("adherent/imports.html", fragment="formulaire", form=form, runs=past, importer=Members)


@bp_gestion.get("/import/<int:id>")
@access("coordination")
def show_import(id):
    return _show(_find(id))


def _show(run, *, form=None, error="", chosen=None):
    columns = _columns(run, run.mapping if chosen is None else chosen)
    return page(
        "adherent/import.html",
        fragment="etat",
        run=run,
        form=form or ConfirmForm(formdata=None, doubt=Doubt.SKIP),
        columns=columns,
        fields=[(field.key, field.label) for field in Members.fields],
        outcomes=list(Outcome),
        error=error,
        status=422 if error else None,
    )


def _columns(run, mapping):
    """Return (header, key of its field, why it is never read) of each column."""
    return [(name, mapping.get(name, ""), Members.never.get(headers.key_of(name), "")) for name in run.headers]


@bp_gestion.post("/import/<int:id>/colonnes")
@access("coordination")
def choose_import_columns(id):
    run = _find(id)
    chosen = {name: request.form.get(f"colonne-{place}", "") for place, name in enumerate(run.headers)}
    try:
        run = runs.choose_columns(id, {name: key for name, key in chosen.items() if key})
    except RuleError as error:
        return _show(run, error=str(error), chosen=chosen)
    runs.go_on(run)
    return redirect(url_for(".show_import", id=id), 303)


@bp_gestion.post("/import/<int:id>/confirmer")
@access("coordination")
def confirm_import(id):
    _find(id)
    form = ConfirmForm()
    doubt = Doubt(form.doubt.data) if form.doubt.data in set(Doubt) else Doubt.SKIP
    run = runs.confirm(id, doubt)
    if run.state == State.DONE:
        flash("L’import est enregistré.")
    return redirect(url_for(".show_import", id=id), 303)


@bp_gestion.post("/import/<int:id>/defaire")
@access("coordination")
def undo_import(id):
    _find(id)
    try:
        runs.undo(id)
    except RuleError as error:
        flash(str(error), "error")
    else:
        flash("L’import est annulé : les fiches sont comme avant.")
    return redirect(url_for(".show_import", id=id), 303)


@bp_gestion.post("/import/<int:id>/oublier")
@access("coordination")
def discard_import(id):
    _find(id)
    runs.discard(id)
    flash("Ce fichier est oublié : rien n’a été enregistré.")
    return redirect(url_for(".imports"), 303)


@bp_gestion.get("/import/<int:id>/rapport")
@access("coordination")
def import_report(id):
    run = _find(id)
    if not run.report_path.is_file():
        abort(404)
    name = f"import-{run.id}-rapport.csv"
    response = send_file(run.report_path, mimetype="text/csv", as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _find(id) -> Import:
    return Import.get_or_none(Import.id == id, Import.kind == KIND) or abort(404)
