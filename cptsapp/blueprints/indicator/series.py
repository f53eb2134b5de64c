"""A series brought in from a table: date, band, value, denominator, source; read whole before anything is written."""

import calendar
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.importing import Field, headers, reading

from .numbers import parse
from .rules import Given

FIELDS = (
    Field("on", "Date", ("Jour", "Date de valeur", "Au", "Période", "Mois", "Trimestre", "Année")),
    Field("number", "Valeur", ("Nombre", "Effectif", "Patients", "Total", "Numérateur", "Taux")),
    Field("over", "Sur", ("Dénominateur", "Population", "Effectif total")),
    Field("band", "Tranche", ("Tranche d’âge", "Âge", "Classe d’âge", "Catégorie")),
    Field("source", "Source", ("Origine", "Provenance")),
    Field("note", "Remarque", ("Note", "Commentaire", "Remarques")),
)
LABELS = {each.key: each.label for each in FIELDS}
MOST_BYTES = 500_000
MOST_ROWS = 2_000
LONGEST = {"band": 40, "source": 200, "note": 300}


def read(content: bytes, source: str = "") -> list[tuple[int, Given]]:
    """Return the (number of its row, value) of each row of a file. Raises RuleError naming the row and the column."""
    if len(content) > MOST_BYTES:
        raise RuleError("Ce fichier dépasse 500 Ko : ce n’est pas une série de valeurs.")
    rows = list(reading.rows_of(content))
    place = headers.find_headers(rows[: headers.LOOKED_AT], FIELDS)
    columns = _columns(rows[place]) if place is not None else {}
    for name in ("on", "number"):
        if name not in columns:
            raise RuleError(
                f"Il manque la colonne « {LABELS[name]} ». La première ligne nomme les colonnes : Date ; Tranche ; "
                "Valeur ; Source."
            )
    found = [
        (number, _given(number, {key: row[at] if at < len(row) else "" for key, at in columns.items()}, source))
        for number, row in enumerate(rows[place + 1 :], place + 2)
        if any(row)
    ]
    return _checked(found)


def _columns(names: list[str]) -> dict[str, int]:
    """Return {field: place of its column}."""
    unique = headers.unique(names)
    return {key: unique.index(header) for header, key in headers.recognise(unique, FIELDS).items()}


def _checked(found: list[tuple[int, Given]]) -> list[tuple[int, Given]]:
    if not found:
        raise RuleError("Ce fichier n’a aucune ligne sous ses en-têtes.")
    if len(found) > MOST_ROWS:
        raise RuleError("Ce fichier a plus de 2 000 lignes. Coupez-le en plusieurs.")
    seen: dict[tuple, int] = {}
    for number, given in found:
        first = seen.setdefault((given.on, given.band), number)
        if first != number:
            raise RuleError(f"Ligne {number} : la ligne {first} a déjà cette date et cette tranche. Gardez-en une.")
    return found


def _given(number: int, cells: dict[str, str], source: str) -> Given:
    texts = {name: cells.get(name, "").strip() for name in LONGEST}
    for name, most in LONGEST.items():
        if len(texts[name]) > most:
            raise RuleError(f"Ligne {number}, colonne « {LABELS[name]} » : plus de {most} caractères.")
    value = _read(number, "number", cells["number"], parse)
    over = _read(number, "over", cells["over"], parse) if cells.get("over", "").strip() else None
    made = Given(_read(number, "on", cells["on"], parse_day), value, over, **texts)
    return made if made.source else replace(made, source=source.strip())


def _read(number: int, name: str, text: str, how):
    try:
        if not text.strip():
            raise RuleError("elle est vide.")
        return how(text.strip())
    except RuleError as error:
        raise RuleError(f"Ligne {number}, colonne « {LABELS[name]} » : {error}") from error


def parse_day(text: str) -> date:
    """Read « 2026-06-30 », « 30/06/2026 », « 06/2026 » (its last day), « 2026 » (31 December), « T2 2026 »."""
    for pattern, build in PATTERNS:
        if found := re.fullmatch(pattern, text.strip(), re.I | re.A):
            try:
                return build(*(int(each) for each in found.groups()))
            except ValueError:
                break
    raise RuleError(f"« {text[:40]} » n’est pas une date. Écrivez-la ainsi : 30/06/2026.")


def _month_end(year: int, month: int) -> date:
    if not 1 <= month <= 12:
        raise ValueError
    return date(year, month, calendar.monthrange(year, month)[1])


PATTERNS = (
    (r"(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00)?)?", date),
    (r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", lambda day, month, year: date(year, month, day)),
    (r"(\d{1,2})/(\d{4})", lambda month, year: _month_end(year, month)),
    (r"(\d{4})-(\d{2})", _month_end),
    (r"T([1-4])[ /-]?(\d{4})", lambda quarter, year: _month_end(year, 3 * quarter)),
    (r"(\d{4})", lambda year: date(year, 12, 31)),
)


def as_text(rows: Iterable[tuple[int, Given]]) -> str:
    """Return rows as a table that `read` reads again the same, for the confirmation that follows a preview."""
    lines = ["Date\tValeur\tSur\tTranche\tSource\tRemarque"]
    for _, each in rows:
        over = "" if each.over is None else str(each.over)
        cells = (each.on.isoformat(), str(each.number), over, each.band, each.source, each.note)
        lines.append("\t".join('"' + cell.replace('"', '""') + '"' for cell in cells))
    return "\n".join(lines)
