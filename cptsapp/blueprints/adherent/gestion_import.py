"""Importing a list of members: the file, its columns, the preview, the confirmation, what was done, undoing it."""

from flask import url_for

from cptsapp.kernel import journal
from cptsapp.kernel.access import access
from cptsapp.kernel.importing import Import
from cptsapp.kernel.importing.room import ImportRoom

from .gestion import bp_gestion
from .importer import Members

ROOM = ImportRoom(Members.kind, "adherent_gestion", "adherent/imports.html", "adherent/import.html")


@journal.subject("import", "Import")
def name_imports(ids):
    """Return {id: (name of the file, address)} for the journal; only imports of members have their address here."""
    rows = Import.select(Import.id, Import.file_name, Import.kind).where(Import.id.in_(ids))
    return {str(run.id): (run.file_name, _address(run)) for run in rows}


def _address(run: Import) -> str:
    return url_for("adherent_gestion.show_import", id=run.id) if run.kind == Members.kind else ""


@bp_gestion.route("/import", methods=["GET", "POST"])
@access("coordination")
def imports():
    return ROOM.index()


@bp_gestion.get("/import/<int:id>")
@access("coordination")
def show_import(id):
    return ROOM.show(ROOM.find(id))


@bp_gestion.post("/import/<int:id>/colonnes")
@access("coordination")
def choose_import_columns(id):
    return ROOM.choose(id)


@bp_gestion.post("/import/<int:id>/confirmer")
@access("coordination")
def confirm_import(id):
    return ROOM.confirm(id)


@bp_gestion.post("/import/<int:id>/defaire")
@access("coordination")
def undo_import(id):
    return ROOM.undo(id)


@bp_gestion.post("/import/<int:id>/oublier")
@access("coordination")
def discard_import(id):
    return ROOM.discard(id)


@bp_gestion.get("/import/<int:id>/rapport")
@access("coordination")
def import_report(id):
    return ROOM.report(id)
