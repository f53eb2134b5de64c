"""Jinja's environment, with the names that every template knows in one dictionary rather than in a chain of them.

A page of the desk imports macros some fifteen times; each import looks every global name up, which a chain makes slow.
"""

from flask.templating import Environment


class Templates(Environment):
    """Flask's environment. Globals are all given before the first page, so that a template may hold a copy of them."""

    def make_globals(self, d):
        return {**self.globals, **(d or {})}
