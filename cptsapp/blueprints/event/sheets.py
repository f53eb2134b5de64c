"""The sheets of a session, on A4 in landscape: the one that people sign, and afterwards the list of who was there."""

from datetime import datetime
from functools import partial

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel.dates import datetime_fr, day_fr, time_fr
from cptsapp.kernel.pdf import sheet_of, winansi
from cptsapp.kernel.text import plural

from .models import Event, Session
from .people import Place, Registration

MOST_BLANKS = 60
MARGIN, LINE = 12, 9.5  # millimetres
COLUMNS = (("Nom", 52), ("Prénom", 42), ("Profession", 52), ("Structure ou CPTS", 57), ("Signature", 70))
PRESENCE = (*COLUMNS[:-1], ("Présence notée", 70))
INK, SOFT, RULE = (23, 49, 47), (75, 102, 99), (190, 198, 196)
KEPT_BY = "Liste établie d’après les présences notées par l’association, gardée le temps de justifier l’événement."
NOTICE = (
    "Cette feuille prouve la présence de chacun. Elle est gardée par l’association le temps de justifier l’événement, "
    "et n’est transmise qu’aux financeurs qui la demandent."
)


def signature_sheet(event: Event, session: Session, people: list[Registration], *, blanks: int = 10) -> bytes:
    """Return the PDF that people sign at a session; `blanks` empty lines follow the names."""
    sheet = _opened(event, session, f"Feuille d’émargement : {event.heading}", COLUMNS)
    for entry in people:
        _row(sheet, [*_words(entry), ""])
    for _ in range(blanks):
        _row(sheet, [""] * len(COLUMNS))
    return _closed(sheet, NOTICE)


def presence_sheet(event: Event, session: Session, there: list[tuple[Registration, datetime]], heads: int) -> bytes:
    """Return the PDF of who was at a session, with the moment noted; `heads` were counted without names."""
    sheet = _opened(event, session, f"Liste des présents : {event.heading}", PRESENCE)
    for entry, moment in there:
        _row(sheet, [*_words(entry), f"le {datetime_fr(moment)}"])
    sheet.ln(2)
    sheet.set_font("helvetica", "B", 10)
    counted = f", et {plural(heads, 'personne comptée sans nom', 'personnes comptées sans nom')}" if heads else ""
    sheet.multi_cell(0, 6, winansi(f"{plural(len(there), 'présent', 'présents')}{counted}."))
    return _closed(sheet, KEPT_BY)


def _opened(event: Event, session: Session, title: str, columns):
    sheet = sheet_of(title, orientation="landscape")
    sheet.header, sheet.footer = partial(_header, sheet, columns), partial(_footer, sheet, event.heading)
    sheet.set_margins(MARGIN, MARGIN)
    sheet.set_auto_page_break(True, 15)
    sheet.set_draw_color(*RULE)
    sheet.add_page()
    _head(sheet, event, session, title)
    _heads(sheet, columns)
    return sheet


def _header(sheet, columns) -> None:
    """Repeat the heads of the columns on each page that follows the first."""
    if sheet.page > 1:
        _heads(sheet, columns)


def _heads(sheet, columns) -> None:
    sheet.set_text_color(*INK)
    sheet.set_fill_color(235, 240, 239)
    sheet.set_font("helvetica", "B", 9)
    for label, width in columns:
        sheet.cell(width, 7, winansi(label), border=1, fill=True)
    sheet.ln(7)


def _footer(sheet, words: str) -> None:
    sheet.set_y(-11)
    sheet.set_text_color(*SOFT)
    sheet.set_font("helvetica", "", 8)
    sheet.cell(0, 5, winansi(f"{words} · page {sheet.page} sur {{nb}}"), align="C")


def _closed(sheet, words: str) -> bytes:
    sheet.ln(3)
    sheet.set_text_color(*SOFT)
    sheet.set_font("helvetica", "", 8)
    sheet.multi_cell(0, 4, winansi(words))
    return bytes(sheet.output())


def _head(sheet, event: Event, session: Session, title: str) -> None:
    sheet.set_text_color(*INK)
    sheet.set_font("helvetica", "B", 15)
    sheet.multi_cell(0, 7, winansi(title), new_x="LMARGIN", new_y="NEXT")
    when = f"{day_fr(session.starts_at)}, de {time_fr(session.starts_at)} à {time_fr(session.ends_at)}"
    place = ", ".join(part for part in (event.place, event.address) if part) or ("En ligne" if event.online_url else "")
    lines = [identity().name, when + (f" ({session.label})" if session.label else ""), place]
    lines += [f"Intervenants : {', '.join(event.speaker_lines)}"] if event.speaker_lines else []
    sheet.set_font("helvetica", "", 10)
    for line in filter(None, lines):
        sheet.multi_cell(0, 5, winansi(line), new_x="LMARGIN", new_y="NEXT")
    sheet.ln(3)


def _words(entry: Registration) -> list[str]:
    waits = " (en attente)" if entry.place == Place.WAITING else ""
    where = entry.organisation or entry.cpts
    return [entry.family_name + waits, entry.given_name, entry.profession_label, where]


def _row(sheet, words: list[str]) -> None:
    sheet.set_text_color(*INK)
    for rank, (text, (_, width)) in enumerate(zip(words, COLUMNS, strict=True)):
        sheet.set_font("helvetica", "B" if rank == 0 else "", 9)
        sheet.cell(width, LINE, _fitted(sheet, winansi(text), width - 2), border=1)
    sheet.ln(LINE)


def _fitted(sheet, text: str, width: float) -> str:
    """Return a text that fits in its cell, cut with « … » when it is too long."""
    if sheet.get_string_width(text) <= width:
        return text
    while text and sheet.get_string_width(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"
