"""Importing a list of members: the file, its columns, the preview, the confirmation, what was done, undoing it."""

from flask import url_for

from cptsapp.kernel import journal
from cptsapp.kernel.importing import Import
from cptsapp.kernel.importing.room import ImportRoom, add_import_pages

from .gestion import bp_gestion
from .importer import Members

ROOM = ImportRoom(
    Members.kind, "adherent_gestion", "adherent/imports.html", "adherent/import.html", record="person_gestion.show"
)
add_import_pages(bp_gestion, "/import", lambda: ROOM)


@journal.subject("import", "Import")
def name_imports(ids):
    """Return {id: (name of the file, address)} for the journal; only imports of members have their address here."""
    rows = Import.select(Import.id, Import.file_name, Import.kind).where(Import.id.in_(ids))
    return {str(run.id): (run.file_name, _address(run)) for run in rows}


def _address(run: Import) -> str:
    return url_for("adherent_gestion.show_import", id=run.id) if run.kind == Members.kind else ""
