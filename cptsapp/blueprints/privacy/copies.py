"""The page that a person reads in the copy of their data."""

from flask import render_template

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel.db import now


def page_of(person, data: dict[str, tuple[str, dict]]) -> str:
    """Return the HTML of what is held about `person`: key -> (label, values)."""
    context = {"association": identity(), "made_at": now(), "columns_of": columns_of}
    return render_template("privacy/export.html", person=person, data=data, **context)


def columns_of(rows: list[dict]) -> list[str]:
    """Return the keys of a list of records, in the order in which they appear."""
    return list(dict.fromkeys(key for row in rows for key in row))
