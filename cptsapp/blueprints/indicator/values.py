"""The dated values of measures: the ones that stand, the one of a year, those that draw a trend."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cptsapp.kernel.text import fold

from .models import Measure, MeasureKind, MeasureTerm, MeasureValue, Origin
from .numbers import exact, written


@dataclass(frozen=True)
class Found:
    """A value, what it was divided from, its day, where it comes from."""

    number: Decimal | None
    count: Decimal | None = None  # what was counted of a yes or no, the numerator of a rate
    over: Decimal | None = None
    on: date | None = None
    source: str = ""


WHOLE = "Ensemble"  # the line of a history that is not a band


@dataclass(frozen=True)
class History:
    """What was given day after day: by band, and for the `WHOLE`. A line has None for a day on which nothing was given,
    and a `Found` without a number for one that is not to be told."""

    days: list[date]
    lines: dict[str, list[Found | None]]

    @property
    def has_bands(self) -> bool:
        return len(self.lines) > 1

    @property
    def drawn(self) -> list[tuple[str, list[float | None]]]:
        """The lines of a chart: one for each band, or the whole when there are none."""
        bands = {band: row for band, row in self.lines.items() if band != WHOLE} if self.has_bands else self.lines
        number = lambda found: None if found is None or found.number is None else float(found.number)  # noqa: E731
        return [(band, [number(found) for found in row]) for band, row in bands.items()]

    @property
    def told(self) -> list[tuple[str, list[str]]]:
        """The columns of a table, in words: the bands, then the whole."""
        ordered = sorted(self.lines.items(), key=lambda line: line[0] == WHOLE)
        return [(band, [_told(found) for found in row]) for band, row in ordered]


def _told(found: Found | None) -> str:
    if found is None:
        return "–"
    return "non montré" if found.number is None and found.over is None else written(found.number)


def ratio(number: Decimal, over: Decimal | None) -> Decimal | None:
    """Return a share out of 100, or None when there is nothing to divide by."""
    return exact(100 * number / over) if over else None


def living_until(measures: Iterable[Measure], day: date) -> dict[int, list[MeasureValue]]:
    """Return the values of measures up to a day, the oldest first; of one day, the last one entered comes last."""
    rows = MeasureValue.living().where(MeasureValue.measure.in_([each.id for each in measures]), MeasureValue.on <= day)
    found = defaultdict(list)
    for each in rows.order_by(MeasureValue.on, MeasureValue.id):
        found[each.measure_id].append(each)
    return found


def given(rows: list[MeasureValue]) -> list[MeasureValue]:
    """Return what people gave, without what was only noted of a computation."""
    return [each for each in rows if each.origin != Origin.COMPUTED]


def of_day(term: MeasureTerm, rows: list[MeasureValue]) -> Found:
    """Return the value that the rows of one day make: the whole if it was given, else the sum of its bands."""
    latest = {each.band: each for each in rows}
    chosen = [latest[""]] if "" in latest else list(latest.values())
    number = sum(each.number for each in chosen)
    overs = [each.over for each in chosen if each.over is not None]
    over = sum(overs) if len(overs) == len(chosen) else None
    source = " ; ".join(dict.fromkeys(each.source for each in chosen))
    if over is not None:
        return Found(ratio(number, over), number, over, chosen[0].on, source)
    if term.kind == MeasureKind.YES_NO:
        return Found(Decimal(number > 0), number, None, chosen[0].on, source)
    return Found(exact(number), None, None, chosen[0].on, source)


def of_period(term: MeasureTerm, rows: list[MeasureValue], start: date) -> Found | None:
    """Return the latest value since `start`; a « oui » of before still holds."""
    kept = given(rows)
    if term.kind != MeasureKind.YES_NO:
        kept = [each for each in kept if each.on >= start]
    if not kept:
        return None
    last = kept[-1].on
    return of_day(term, [each for each in kept if each.on == last])


def history(term: MeasureTerm, rows: list[MeasureValue]) -> History:
    """Return what people gave, the oldest day first, bands in the order of their names."""
    days = defaultdict(list)
    for each in rows:
        days[each.on].append(each)
    ordered = sorted(days)
    bands = sorted({each.band for each in rows} - {""}, key=_natural)
    lines = {WHOLE: [of_day(term, days[day]) for day in ordered]}
    for band in bands:
        mine = [[each for each in days[day] if each.band == band] for day in ordered]
        lines[band] = [of_day(term, each) if each else None for each in mine]
    return History(ordered, lines)


def _natural(band: str) -> tuple:
    """« 5-9 ans » comes before « 16-29 ans », « Moins de 16 ans » before « 16-29 ans »."""
    numbers = [int(each) for each in re.findall(r"[0-9]{1,9}", band)]
    return (not numbers, numbers[:1] if numbers else [], not fold(band).startswith("moins"), fold(band))


def trend(term: MeasureTerm, rows: list[MeasureValue]) -> list[tuple[date, Decimal]]:
    """Return the (day, value) points of all that is known, in the order of time."""
    rows = [each for each in rows if (each.origin == Origin.COMPUTED) == (term.origin == Origin.COMPUTED)]
    days = defaultdict(list)
    for each in rows:
        days[each.on].append(each)
    points = [(day, of_day(term, each).number) for day, each in sorted(days.items())]
    return [(day, value) for day, value in points if value is not None]
