"""Certificates that anyone may verify: their codes, what a stranger with a code learns, the way they look on paper."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import segno

from .dates import date_fr
from .later import Later
from .pdf import winansi
from .settings import settings

fpdf = Later("fpdf")

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no sign that is read as another: 12 of them are 59 bits
LENGTH = 12
INK, SOFT = (23, 49, 47), (75, 102, 99)


@dataclass(frozen=True)
class Verdict:
    """What a code is worth: `words` say of whom and of what, just enough to compare with the paper."""

    is_valid: bool
    words: str
    issued_on: date


# Functions of a code that give a Verdict, or None when the code is not one of theirs.
verifiers: list[Callable[[str], Verdict | None]] = []


def verifier(function):
    """Register a function of a code, cleaned, that gives its Verdict or None."""
    verifiers.append(function)
    return function


def verify(typed: str) -> Verdict | None:
    """Return what a code is worth today; an unknown one and one that was erased answer alike, by None."""
    code = re.sub(r"[^0-9A-Z]", "", typed.upper())[:LENGTH]
    return next((verdict for each in verifiers if (verdict := each(code))), None)


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def spaced(code: str) -> str:
    """« K7QF-2MWX-9HTA »: a code as people read it."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def initialled(given_name: str, family_name: str) -> str:
    """« Camille E. »: what a stranger learns of a name."""
    return f"{given_name} {family_name[:1]}.".strip() if family_name else given_name


# On paper


def write(sheet: "fpdf.FPDF", text: str, *, size=11, style="", colour=INK, align="L", after=0) -> None:
    """Write a paragraph over the width of the page; `after` is the space that follows, in millimetres."""
    sheet.set_text_color(*colour)
    sheet.set_font("helvetica", style, size)
    sheet.multi_cell(0, size * 0.55, winansi(text), align=align, new_x="LMARGIN", new_y="NEXT")
    sheet.ln(after)


def head(sheet: "fpdf.FPDF", own, title: str) -> None:
    """Open a page with the association (its identity) and the title of the certificate."""
    sheet.set_author(winansi(own.name))
    sheet.set_margins(24, 24)
    sheet.add_page()
    write(sheet, own.name, size=14, style="B")
    for line in (own.legal_form, *own.address.splitlines(), own.email, f"RNA {own.rna}" if own.rna else ""):
        if line:
            write(sheet, line, size=9, colour=SOFT)
    sheet.ln(22)
    write(sheet, title, size=24, style="B", align="C", after=16)


def proof(sheet: "fpdf.FPDF", code: str, issued_on: date) -> None:
    """Close a certificate with the day, the code and the address where it is verified, as a square too."""
    address = f"{settings.base_url}/verifier/{code}"
    top, side = sheet.get_y(), 34
    _draw(sheet, segno.make(address, error="m", micro=False), left=24, top=top, side=side)
    sheet.set_left_margin(24 + side + 8)
    sheet.set_xy(24 + side + 8, top + 4)
    write(sheet, f"Délivrée le {date_fr(issued_on)}", style="B", after=1)
    write(sheet, f"Code de vérification : {spaced(code)}", after=1)
    write(sheet, f"À vérifier sur {address.split('://', 1)[1]}", size=9, colour=SOFT)


def _draw(sheet, qr, *, left, top, side):
    """Draw the modules of a QR code, `side` millimetres wide."""
    rows = list(qr.matrix_iter(border=2))
    unit = side / len(rows)
    sheet.set_fill_color(*INK)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                sheet.rect(left + x * unit, top + y * unit, unit + 0.02, unit + 0.02, style="F")
