"""Importing a directory: the same pages as for the members, with its own columns."""

from cptsapp.kernel.access import access
from cptsapp.kernel.importing.room import ImportRoom

from .gestion import bp_gestion, definition_or_404
from .importer import importer_of


def room_of(slug: str) -> ImportRoom:
    definition = definition_or_404(slug)
    return ImportRoom(
        importer_of(slug).kind,
        "directory_gestion",
        "directory/desk_imports.html",
        "directory/desk_import.html",
        values={"slug": slug},
        context={"definition": definition},
    )


@bp_gestion.route("/<slug>/import", methods=["GET", "POST"])
@access("coordination")
def imports(slug):
    return room_of(slug).index()


@bp_gestion.get("/<slug>/import/<int:id>")
@access("coordination")
def show_import(slug, id):
    room = room_of(slug)
    return room.show(room.find(id))


@bp_gestion.post("/<slug>/import/<int:id>/colonnes")
@access("coordination")
def choose_import_columns(slug, id):
    return room_of(slug).choose(id)


@bp_gestion.post("/<slug>/import/<int:id>/confirmer")
@access("coordination")
def confirm_import(slug, id):
    return room_of(slug).confirm(id)


@bp_gestion.post("/<slug>/import/<int:id>/defaire")
@access("coordination")
def undo_import(slug, id):
    return room_of(slug).undo(id)


@bp_gestion.post("/<slug>/import/<int:id>/oublier")
@access("coordination")
def discard_import(slug, id):
    return room_of(slug).discard(id)


@bp_gestion.get("/<slug>/import/<int:id>/rapport")
@access("coordination")
def import_report(slug, id):
    return room_of(slug).report(id)
