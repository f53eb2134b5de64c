"""The indicators of tallies: all of them, told apart by kind, commune and month; each usual kind by itself."""

from datetime import date

from flask import url_for

from cptsapp.kernel.dates import MONTHS
from cptsapp.kernel.registry import Behind, breakdown, indicator, rows_behind

from .models import TallyKind, lines, total, usual_kinds


@indicator("tally.all", "Patients comptés, tous compteurs", unit="patients")
def counted(start: date, end: date) -> int:
    return total(start, end)


def _told_apart(start: date, end: date, label) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in lines(start, end):
        found[label(line)] = found.get(label(line), 0) + line.number
    return found


@breakdown("tally.all", "kind", "Par compteur")
def by_kind(start: date, end: date) -> dict[str, int]:
    return _told_apart(start, end, lambda line: line.kind)


@breakdown("tally.all", "commune", "Par commune")
def by_commune(start: date, end: date) -> dict[str, int]:
    return _told_apart(start, end, lambda line: line.commune)


@breakdown("tally.all", "month", "Par mois")
def by_month(start: date, end: date) -> dict[str, int]:
    return _told_apart(start, end, lambda line: f"{MONTHS[line.month.month - 1]} {line.month.year}")


READERS = ("bureau", "coordination")


def _rows(start: date, end: date, **which):
    for line in lines(start, end, **which):
        words = f"{line.kind}, {line.commune} ({MONTHS[line.month.month - 1]} {line.month.year})"
        yield Behind(words, line.month, url_for("tally_gestion.index"), line.number)


@rows_behind("tally.all", access=READERS)
def every_row(start: date, end: date):
    return _rows(start, end)


def _register(key: str, label: str) -> None:
    @indicator(f"tally.{key}", label, unit="patients")
    def of_kind(start: date, end: date) -> int:
        kind = TallyKind.get_or_none(TallyKind.key == key)
        return total(start, end, kind_id=kind.id) if kind else 0

    @rows_behind(f"tally.{key}", access=READERS)
    def rows_of_kind(start: date, end: date):
        kind = TallyKind.get_or_none(TallyKind.key == key)
        return _rows(start, end, kind_id=kind.id) if kind else ()


for _each in usual_kinds():
    _register(_each.key, _each.label)
