"""A card as a vCard file that address books open. Source: RFC 6350 (vCard 4.0); 3.0 is what most of them write."""

import re

from .cards import Card

LONGEST_LINE = 75  # octets, the end of line excluded
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,"})


def text_of(card: Card, *, organisation: str = "") -> str:
    """Return the file of a card; `organisation` is the association, a category of the contact."""
    lines = [
        ("N", ";".join((value(card.family_name or card.name), value(card.given_name), "", "", ""))),
        ("FN", value(card.label)),
        ("TITLE", value(card.profession)),
        ("ORG", value(card.organisation)),
        ("ADR;TYPE=WORK", f";;;{value(card.commune)};;;" if card.commune else ""),
        ("TEL;TYPE=WORK", value(card.phone)),
        ("EMAIL;TYPE=WORK", value(card.email)),
        ("NOTE", value(" · ".join(part for part in (card.competences, card.hours) if part))),
        ("CATEGORIES", value(organisation)),
    ]
    body = [fold_line(f"{name}:{text}") for name, text in lines if text]
    return "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", *body, "END:VCARD", ""])


def value(text: str) -> str:
    """Return a text as one value: special signs escaped, no line break or control sign that could begin a property."""
    one_line = re.sub(r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+\s*", " / ", text.strip())
    return "".join(char if char.isprintable() else " " for char in one_line).translate(_ESCAPED)


def fold_line(line: str) -> str:
    """Cut a line longer than 75 octets; the next ones begin with a space. No character is cut in two."""
    parts, current, size = [], "", 0
    for char in line:
        length = len(char.encode())
        if size + length > LONGEST_LINE - bool(parts):
            parts.append(current)
            current, size = "", 0
        current, size = current + char, size + length
    return "\r\n ".join([*parts, current])
