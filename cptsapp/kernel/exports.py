"""Tables as files: CSV that a French spreadsheet opens by a double click, XLSX, both safe to open and streamed.

CSV: semicolons, UTF-8 with its mark. A cell that a spreadsheet would read as a formula is prefixed or typed as text.
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import StrEnum

from flask import Response, stream_with_context

from .dates import to_paris, today
from .later import Later

openpyxl = Later("openpyxl")

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def plain(value):
    """Return a value as a spreadsheet holds it: labels, « oui » and « non », Paris time, numbers and days kept."""
    match value:
        case None:
            return ""
        case bool():
            return "oui" if value else "non"
        case datetime():
            return to_paris(value).replace(tzinfo=None, microsecond=0)
        case StrEnum():
            return str(getattr(value, "label", value))
        case date() | int() | float():
            return value
        case _:
            return str(value)


def neutral(text: str) -> str:
    """Prefix a text that a spreadsheet would run as a formula, hidden behind spaces or not."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS) else text


def _csv_cell(value) -> str:
    match plain(value):
        case datetime() as moment:
            return moment.strftime("%d/%m/%Y %H:%M")
        case date() as day:
            return day.strftime("%d/%m/%Y")
        case float() as number:
            return str(number).replace(".", ",")
        case str() as text:
            return neutral(text.replace("\0", ""))
        case other:
            return str(other)


def csv_lines(labels: list[str], rows: Iterable[list]) -> Iterator[str]:
    """Yield the file a few lines at a time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow(map(_csv_cell, labels))
    for row in rows:
        writer.writerow(map(_csv_cell, row))
        if buffer.tell() > 16_384:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _xlsx_cell(sheet, value):
    value = plain(value)
    if not isinstance(value, str):
        return value
    cell = openpyxl.cell.WriteOnlyCell(sheet, openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", value)[:32_767])
    cell.data_type = "s"  # whatever it starts with, it is a text
    return cell


def xlsx_parts(labels: list[str], rows: Iterable[list]) -> Iterator[bytes]:
    """Yield the file; the rows go through a temporary one, memory stays flat."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Liste")
    sheet.freeze_panes = "A2"
    sheet.append([_xlsx_cell(sheet, label) for label in labels])
    for row in rows:
        sheet.append([_xlsx_cell(sheet, value) for value in row])
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while part := file.read(65_536):
            yield part


def download(name: str, kind: str, labels: list[str], rows: Iterable[list]) -> Response:
    """Answer a file named after the list and the day, never kept by a cache."""
    parts, media_type = (xlsx_parts, XLSX) if kind == "xlsx" else (csv_lines, "text/csv; charset=utf-8")
    response = Response(stream_with_context(parts(labels, rows)), content_type=media_type)
    response.headers["Content-Disposition"] = f"attachment; filename={name}-{today().isoformat()}.{kind}"
    response.headers["Cache-Control"] = "no-store"
    return response
