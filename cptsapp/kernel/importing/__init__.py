"""Spreadsheets brought in by people: read whatever they are, previewed in full, written all or nothing, undone.

A feature describes what it makes of rows with an `Importer`; the passes, the files, the states are here.

    reading   any CSV or XLSX, checked, becomes one plain table on disk
    headers   which column is which, by its French names, by memory or by hand
    models    the runs, what each made, the columns remembered
    plans     what a row becomes: to create, to update, unchanged, doubtful, refused
    runs      upload, preview, confirm, undo
"""

from .models import Import, State
from .plans import Doubt, Effect, Field, Importer, Outcome, Plan, Row

__all__ = ["Doubt", "Effect", "Field", "Import", "Importer", "Outcome", "Plan", "Row", "State"]
