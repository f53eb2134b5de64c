"""The address to join, as a QR code and as a poster to print."""

import io

import segno

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel.pdf import sheet_of, winansi
from cptsapp.kernel.settings import settings

from . import origins

DARK = (19, 39, 36)


def address(tag: str = "") -> str:
    """Return the stable address to join, with the tag that tells where people come from."""
    tag = origins.clean(tag)
    return f"{settings.base_url}/adhesion/{f'?de={tag}' if tag else ''}"


def code(url: str) -> segno.QRCode:
    """Return the QR code of an address, readable even when a corner is torn."""
    return segno.make(url, error="q", micro=False)


def svg(url: str) -> bytes:
    """Return the QR code as an SVG image, without any style of its own."""
    out = io.BytesIO()
    code(url).save(out, kind="svg", scale=8, border=2, dark="#132724", light="#ffffff", svgclass=None, lineclass=None)
    return out.getvalue()


def pdf(tag: str = "") -> bytes:
    """Return the poster, one A4 page."""
    url, own = address(tag), identity()
    sheet = sheet_of(f"Affiche : rejoindre {own.name}")
    sheet.add_page()
    sheet.set_text_color(*DARK)
    sheet.set_y(28)
    sheet.set_font("helvetica", "B", 34)
    sheet.multi_cell(0, 15, "Rejoignez-nous !", align="C", new_x="LMARGIN", new_y="NEXT")
    sheet.set_font("helvetica", "", 20)
    sheet.multi_cell(0, 10, winansi(own.name), align="C", new_x="LMARGIN", new_y="NEXT")
    sheet.ln(4)
    sheet.set_font("helvetica", "", 15)
    words = "Professionnels de santé, structures, collectivités, habitants : on adhère en ligne, en deux minutes."
    sheet.multi_cell(0, 8, winansi(words), align="C", new_x="LMARGIN", new_y="NEXT")
    _draw(sheet, code(url), side=110, top=sheet.get_y() + 10)
    sheet.set_font("helvetica", "B", 14)
    sheet.multi_cell(0, 8, winansi(url.removeprefix("https://").removeprefix("http://")), align="C")
    return bytes(sheet.output())


def _draw(sheet, qr, *, side, top):
    """Draw the modules of a code, `side` millimetres wide, in the middle of the page."""
    rows = [list(row) for row in qr.matrix_iter(border=2)]
    unit, left = side / len(rows), (sheet.w - side) / 2
    sheet.set_fill_color(*DARK)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                sheet.rect(left + x * unit, top + y * unit, unit + 0.02, unit + 0.02, style="F")
    sheet.set_y(top + side + 6)
