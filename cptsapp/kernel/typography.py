"""French typography, applied to what is shown and never to what is kept.

Spaces that do not break before « ; : ! ? » and inside « », curved apostrophes, « … », French quotes. Addresses are left
alone; applying it twice changes nothing.
"""

import html
import re
from functools import lru_cache

from markupsafe import Markup

from .text import NBSP, THIN

_SPACES = f"[ \\t{NBSP}{THIN}]"
_ADDRESS = re.compile(r"""((?:https?://|www\.|mailto:|tel:)[^\s<>"«»]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)""")
TAG = re.compile(r"""(<[^>"]*(?:"[^"]*"[^>"]*)*>)""")
TAG_NAME = re.compile(r"</?([a-z0-9]*)")
INLINE = {"a", "abbr", "b", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "samp", "small", "span",
           "strong", "sub", "sup", "time", "u", "var"}  # fmt: skip
_VERBATIM = {"code", "pre", "kbd", "samp", "var"}

_RULES = (
    (re.compile(r"\.{3,}"), "…"),
    (re.compile(r"(?<=[^\W\d_])'(?=[\w«\"“])"), "’"),
    (re.compile(f"«{_SPACES}*"), f"«{NBSP}"),
    (re.compile(f"{_SPACES}*»"), f"{NBSP}»"),
    (re.compile(f"{_SPACES}+(?=[;!?])"), THIN),
    (re.compile(r"(?<=[\w»)\]”’…%€°])(?=[;!?]+(?:[\s»)\]…\"]|$))"), THIN),
    (re.compile(f"{_SPACES}+(?=:)"), NBSP),
    (re.compile(r"(?<=[^\W\d_])(?=:(?:\s|$))|(?<=[»)\]”%€])(?=:(?:\s|$))"), NBSP),
    (re.compile(r"(?<!\d)(\d{1,3}) (?=\d{3}(?!\d))"), rf"\1{THIN}"),
    (re.compile(r"(?<=\d) (?=[%€]|h(?!\w))"), NBSP),
    (re.compile(r"(?<=\dh) (?=\d{2}(?!\d))|(?<=\d\u00a0h) (?=\d{2}(?!\d))"), NBSP),
)


_BOUND = (
    (re.compile(r"« "), f"«{NBSP}"),
    (re.compile(r"(?<!\s) »"), f"{NBSP}»"),
    (re.compile(r"(?<!\s) (?=:(?:[\s<]|$))"), NBSP),
    (re.compile(r"(?<!\s) (?=[;!?])"), THIN),
    (re.compile(r"(?<!\s) (?=[%€](?:\W|$))|(?<=\d) (?=h(?:\W|$))|(?<=\d[ \u00a0]h) (?=\d)"), NBSP),
)


def french_spaces(text: str) -> str:
    """Return `text` whose spaces before « : ; ! ? % € h » and inside « » do not break: all that our sentences lack.

    Markup stays markup, and plain text plain.
    """
    return Markup(_bound(str(text))) if isinstance(text, Markup) else _bound(text)  # noqa: S704 (spaces alone change)


@lru_cache(maxsize=5_000)
def _bound(text: str) -> str:
    for pattern, replacement in _BOUND:
        text = pattern.sub(replacement, text)
    return text


class _Quotes:
    """Straight quotes of one block, opened and closed in turn; an odd one is left as typed."""

    def __init__(self, count: int):
        self.paired, self.open = count % 2 == 0, False

    def __call__(self, match) -> str:
        if not self.paired:
            return match[0]
        self.open = not self.open
        return "«" if self.open else "»"


def _pieces(text: str) -> list[str]:
    """Return `text` cut so that the odd pieces are addresses."""
    return _ADDRESS.split(text)


def _quote_count(text: str) -> int:
    return sum(piece.count('"') for piece in _pieces(text)[::2])


def _set(text: str, quotes: _Quotes) -> str:
    pieces = _pieces(text)
    for index in range(0, len(pieces), 2):
        piece = re.sub('"', quotes, pieces[index])
        for pattern, replacement in _RULES:
            piece = pattern.sub(replacement, piece)
        pieces[index] = piece
    return "".join(pieces)


def typography(text: str) -> str:
    """Return plain `text` with French typography."""
    return _set(text, _Quotes(_quote_count(text)))


def typography_html(source: str) -> str:
    """Return sanitised HTML with French typography in its text, code and addresses left alone."""
    tokens = TAG.split(source)
    block, depth = [], 0
    for index, token in enumerate(tokens):
        if index % 2:
            name = TAG_NAME.match(token)[1]
            if name in _VERBATIM:
                depth += -1 if token.startswith("</") else 1
            if name not in INLINE:
                _set_block(tokens, block)
                block = []
        elif depth == 0 and token:
            block.append(index)
    _set_block(tokens, block)
    return "".join(tokens)


def _set_block(tokens: list[str], indexes: list[int]):
    """Set the text of one block (paragraph, cell…), whose quotes may open and close around inline tags."""
    texts = [html.unescape(tokens[index]) for index in indexes]
    quotes = _Quotes(sum(_quote_count(text) for text in texts))
    for index, text in zip(indexes, texts, strict=True):
        tokens[index] = html.escape(_set(text, quotes), quote=False)
