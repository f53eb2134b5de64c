"""Jinja's environment: names that every template knows in one dictionary, and French spaces in what templates say.

A page of the desk imports macros some fifteen times; each import looks every global name up, which a chain makes slow.
Spaces are set when a template is compiled, so that a page pays nothing for them.
"""

import re

from flask.templating import Environment
from jinja2.ext import Extension
from jinja2.lexer import Token

from .typography import french_spaces

_VERBATIM = re.compile(r"<(/?)(?:code|pre|textarea|kbd|samp)\b")


class Templates(Environment):
    """Flask's environment. Globals are all given before the first page, so that a template may hold a copy of them."""

    def make_globals(self, d):
        return {**self.globals, **(d or {})}


class FrenchSpaces(Extension):
    """No line of a page begins with « : » or ends with « « »: an author of templates types plain spaces.

    Mails are left as they are written, and what is shown to be copied (`code`, `pre`) as it is to be typed.
    """

    def filter_stream(self, stream):
        name, depth = stream.name or "", 0
        set_here = name.endswith(".html") and not name.startswith("mail/")
        for token in stream:
            if not set_here or token.type not in ("data", "string"):
                yield token
                continue
            tags = _VERBATIM.findall(token.value) if token.type == "data" else []
            if not depth and not tags:
                token = Token(token.lineno, token.type, french_spaces(token.value))
            depth += sum(-1 if closing else 1 for closing in tags)
            yield token
