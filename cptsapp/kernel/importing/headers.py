"""Which column is which: by the French names that people give, by what was chosen last time, or by hand."""

import hashlib
import re
from collections.abc import Iterable

from cptsapp.kernel.text import fold

from .plans import Field

LOOKED_AT = 10  # rows among which the headers are looked for: files often have a title above
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def key_of(name: str) -> str:
    """Return what the ways to write a header have in common: « N° de tél. » is "n de tel"."""
    return " ".join(re.sub(r"[^a-z0-9]+", " ", fold(name)).split())


def find_headers(rows: list[list[str]], fields: Iterable[Field]) -> int | None:
    """Return the rank of the row of headers among the first ones: the one that names the most fields."""
    names = names_of(fields)
    best = max(range(len(rows)), key=lambda i: (_known(rows[i], names), -i), default=None)
    if best is not None and not _known(rows[best], names):
        best = next((i for i, row in enumerate(rows) if sum(map(bool, row)) > 1), None)
        return best if best is not None else next((i for i, row in enumerate(rows) if any(row)), None)
    return best


def _known(row, names) -> int:
    return sum(key_of(cell) in names for cell in row if cell)


def names_of(fields: Iterable[Field]) -> dict[str, str]:
    """Return {way to write a header: key of its field}."""
    return {key_of(name): field.key for field in reversed(list(fields)) for name in (field.label, *field.names)}


def unique(headers: list[str]) -> list[str]:
    """Give each column a name of its own: the empty ones their letter, the repeated ones a number."""
    found, counts = [], {}
    for place, header in enumerate(headers):
        name = header[:80] or f"Colonne {letter(place)}"
        counts[name] = counts.get(name, 0) + 1
        found.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return found


def letter(place: int) -> str:
    """Return the letters of a column in a spreadsheet: 0 is A, 26 is AA."""
    return (letter(place // 26 - 1) if place >= 26 else "") + LETTERS[place % 26]


def recognise(headers: list[str], fields: Iterable[Field]) -> dict[str, str]:
    """Return {header: key of the field}; each field once, at the first column that bears one of its names."""
    names, found = names_of(fields), {}
    for header in headers:
        key = names.get(key_of(header))
        if key and key not in found.values():
            found[header] = key
    return found


def signature(headers: list[str]) -> str:
    """Return what makes two files alike: the same headers, in any order."""
    return hashlib.sha256("\n".join(sorted(map(key_of, headers))).encode()).hexdigest()[:40]
