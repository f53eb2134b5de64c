"""Pieces of pages that only depend on what they are given: drawn once, kept by it.

`{{ piece("_frame.html", "desk_entries", menu) }}` draws the macro of a template, imported without context: the same
arguments give the same markup, whoever reads. Arguments are values that compare and hash by what they hold.
"""

from functools import lru_cache

from flask import current_app
from markupsafe import Markup

MOST = 2_000


def piece(template: str, macro: str, *values) -> Markup:
    return _drawn(current_app.jinja_env, template, macro, values)


@lru_cache(maxsize=MOST)
def _drawn(env, template, macro, values) -> Markup:
    return getattr(env.get_template(template).module, macro)(*values)
