"""Jinja's environment: names that every template knows in one dictionary, and French spaces in what templates say.

A page of the desk imports macros some fifteen times; each import looks every global name up, which a chain makes slow.
Spaces are set when a template is compiled, so that a page pays nothing for them.
"""

import re

from flask.templating import Environment
from jinja2.ext import Extension
from jinja2.lexer import Token

from .typography import french_spaces

_VERBATIM = re.compile(r"(</?(?:code|pre|textarea|kbd|samp)\b)")


class Templates(Environment):
    """Flask's environment. Globals are all given before the first page, so that a template may hold a copy of them."""

    def make_globals(self, d):
        return {**self.globals, **(d or {})}


class FrenchSpaces(Extension):
    """No line of a page begins with « : » or ends with « « »: an author of templates types plain spaces.

    Mails are left as they are written, and what is shown to be copied (`code`, `pre`) as it is to be typed.
    """

    def filter_stream(self, stream):
        name = stream.name or ""
        if not name.endswith(".html") or name.startswith("mail/"):
            return stream
        return self._set(stream)

    @staticmethod
    def _set(stream):
        depth = 0  # of what is shown to be copied
        for token in stream:
            if token.type == "string":
                token = Token(token.lineno, token.type, french_spaces(token.value))
            elif token.type == "data":
                pieces = _VERBATIM.split(token.value)  # odd ones are tags
                for index, piece in enumerate(pieces):
                    if index % 2:
                        depth += -1 if piece.startswith("</") else 1
                    elif not depth:
                        pieces[index] = french_spaces(piece)
                token = Token(token.lineno, token.type, "".join(pieces))
            yield token
