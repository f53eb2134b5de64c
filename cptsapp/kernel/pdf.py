"""Blank pages in French, and the texts that the fonts of every PDF reader can hold."""

from .later import Later
from .text import fold

fpdf = Later("fpdf")


def sheet_of(title: str, *, orientation: str = "portrait") -> "fpdf.FPDF":
    """Return a document without pages yet, A4, in French; its `header` and `footer` may be replaced."""
    sheet = fpdf.FPDF(orientation=orientation, format="A4")
    sheet.core_fonts_encoding = "cp1252"
    sheet.set_title(winansi(title))
    sheet.set_lang("fr-FR")
    return sheet


def winansi(text: str) -> str:
    """Return a text in the signs of those fonts; others lose their marks, or become « ? »."""
    text = text.replace("\u202f", "\u00a0")
    return "".join(each if _is_held(each) else _nearest(each) for each in text)


def _is_held(char: str) -> bool:
    try:
        return (bool(char.encode("cp1252")) and char.isprintable()) or char in "\n\u00a0"
    except UnicodeEncodeError:
        return False


def _nearest(char: str) -> str:
    plain = fold(char)
    plain = plain.upper() if char.isupper() else plain
    return plain if plain.isascii() and plain.isprintable() else "?"
