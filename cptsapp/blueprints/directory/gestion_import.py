"""Importing a directory: the same pages as for the members, with its own columns."""

from cptsapp.kernel.importing.room import ImportRoom, add_import_pages

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


add_import_pages(bp_gestion, "/<slug>/import", room_of)
