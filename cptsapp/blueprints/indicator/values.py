"""The dated values of measures: the ones that stand, the one of a year, those that draw a trend."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .models import Measure, MeasureKind, MeasureTerm, MeasureValue, Origin
from .numbers import exact


@dataclass(frozen=True)
class Found:
    """A value, what it was divided from, its day, where it comes from."""

    number: Decimal | None
    count: Decimal | None = None  # what was counted of a yes or no, the numerator of a rate
    over: Decimal | None = None
    on: date | None = None
    source: str = ""


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


def trend(term: MeasureTerm, rows: list[MeasureValue]) -> list[tuple[date, Decimal]]:
    """Return the (day, value) points of all that is known, in the order of time."""
    rows = [each for each in rows if (each.origin == Origin.COMPUTED) == (term.origin == Origin.COMPUTED)]
    days = defaultdict(list)
    for each in rows:
        days[each.on].append(each)
    points = [(day, of_day(term, each).number) for day, each in sorted(days.items())]
    return [(day, value) for day, value in points if value is not None]
