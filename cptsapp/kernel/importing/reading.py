"""Any table that people have, CSV or XLSX, as one plain CSV: a line holds the row's number, then its cells.

Everything is bounded before it is read: size, columns, rows, what an archive unpacks to. What cannot be read is
refused with a French sentence; whatever the bytes, nothing else is raised.
"""

import csv
import io
import os
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

from cptsapp.kernel import attachments
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.later import Later

openpyxl = Later("openpyxl")

MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 20_000, 80, 2_000
MOST_UNPACKED = {"xl/sharedStrings.xml": 40_000_000, "": 120_000_000}  # bytes, by part; "" for any other
DELIMITERS = ";,\t"
NOT_A_TABLE = "Ce fichier n’est pas un tableau lisible. Enregistrez-le en CSV ou en XLSX, puis renvoyez-le."
EMPTY = "Ce tableau est vide. Il faut une ligne d’en-têtes, puis au moins une ligne."
TOO_LONG = f"Ce tableau compte plus de {MOST_ROWS:,} lignes. Coupez-le en plusieurs fichiers.".replace(",", "\u202f")
OLD = "Le format .xls est ancien. Enregistrez le classeur en .xlsx ou en CSV, puis renvoyez-le."


def rows_of(data: bytes, name: str = "") -> Iterator[list[str]]:
    """Yield the rows of a file, empty ones included so that the n-th is what a spreadsheet calls row n.

    Raises RuleError when the bytes are no table.
    """
    if not data.strip(b"\x00 \t\r\n"):
        raise RuleError(EMPTY)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise RuleError(OLD if name.lower().endswith(".xls") else attachments.LOCKED)
    rows = _xlsx(data) if data.startswith(b"PK") else _csv(_text(data))
    for number, cells in enumerate(rows, 1):
        if number > MOST_ROWS + 20:
            raise RuleError(TOO_LONG)
        yield [_clean(cell) for cell in cells[:MOST_COLUMNS]]


def write_plain(rows: Iterable[tuple[int, list[str]]], path: Path) -> int:
    """Write numbered rows to `path`, for its owner alone; return how many there are."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    count = 0
    with open(path, "w", encoding="utf-8", newline="", opener=_private) as file:
        writer = csv.writer(file)
        for number, cells in rows:
            writer.writerow([number, *cells])
            count += 1
            if count > MOST_ROWS:
                raise RuleError(TOO_LONG)
    return count


def read_plain(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (number, cells) from what `write_plain` wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        for number, *cells in csv.reader(file):
            yield int(number), cells


def _private(path, flags):
    return os.open(path, flags, 0o600)


def _text(data: bytes) -> str:
    """Decode UTF-8 with or without its mark, UTF-16 with its own, or else cp1252."""
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise RuleError(NOT_A_TABLE)


def _csv(text: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            where = f"Le tableau ne se lit plus à partir de sa ligne {reader.line_num}"
            raise RuleError(f"{where} : vérifiez les guillemets, puis renvoyez-le.") from error
        yield row


def _delimiter(text: str) -> str:
    """Return the sign that cuts the most of the first lines in more than one piece."""
    lines = [line for line in text[:20_000].splitlines()[:20] if line.strip()][:10]
    return max(DELIMITERS, key=lambda sign: (sum(sign in line for line in lines), sum(map(_counter(sign), lines))))


def _counter(sign: str):
    return lambda line: line.count(sign)


def _xlsx(data: bytes) -> Iterator[list[str]]:
    attachments.check("tableau.xlsx", data)
    _refuse_heavy(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl names the features of Excel that it leaves out
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            for row in sheet.iter_rows(max_row=MOST_ROWS + 25, max_col=MOST_COLUMNS, values_only=True):
                yield [_as_text(value) for value in row]
            book.close()
    except RuleError:
        raise
    except Exception as error:  # a damaged workbook can fail anywhere in the reader
        raise RuleError(attachments.DAMAGED) from error


def _refuse_heavy(data: bytes):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for each in archive.infolist():
            if each.file_size > MOST_UNPACKED.get(each.filename, MOST_UNPACKED[""]):
                raise RuleError(attachments.HEAVY)


def _as_text(value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "oui" if value else "non"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime() | date():
            return f"{value:%d/%m/%Y}"
        case _:
            return str(value)


def _clean(cell: str) -> str:
    """Return a cell on one line, without signs that nobody sees."""
    if cell.isascii() and cell.isprintable():
        return cell.strip()[:LONGEST_CELL]
    text = "".join(char if char.isprintable() else " " for char in cell[: LONGEST_CELL * 2])
    return " ".join(text.encode("utf-8", "ignore").decode().split())[:LONGEST_CELL]
