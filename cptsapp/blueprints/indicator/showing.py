"""What the site shows of the indicators made public: the same figures, never a number of people under five.

`shown(reading)` is a figure of today's contract year, with its target. `observed(measures)` is what is known of a
measure whatever the year: its last value with its day and its source, and its history, band by band.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.project.showing import is_shown
from cptsapp.kernel import discretion
from cptsapp.kernel.dates import today
from cptsapp.kernel.discretion import LEAST

from . import values
from .models import Measure, MeasureKind, MeasureTerm, MeasureValue, Origin
from .numbers import with_unit
from .reading import Reading, State, in_use, read
from .terms import Terms
from .values import WHOLE, Found, History

MOST_COUNTERS = 4
COUNTED = "compté par le site de la CPTS"  # the source of what the product computes


@dataclass(frozen=True)
class Shown:
    """An indicator as everybody reads it; `progress` is out of 100, None when it would tell a hidden number."""

    reading: Reading
    words: str
    target: str = ""
    progress: int | None = None

    @property
    def label(self) -> str:
        return self.reading.label


def public_measures(*where) -> list[Measure]:
    """Return the measures that everybody may see; those of a hidden fiche are hidden."""
    return [each for each in in_use().where(Measure.is_public, *where) if not each.fiche_id or is_shown(each.fiche)]


def public_readings(*where) -> list[Reading]:
    """Return the readings of today's contract year that everybody may see."""
    contract = Contract.at(today())
    if contract is None:
        return []
    measures = public_measures(*where)
    return [each for each in read(measures, contract, contract.year_at(today())) if each.value is not None]


def shown(reading: Reading) -> Shown:
    if reading.term.kind == MeasureKind.YES_NO:
        return Shown(reading, _yes_no(reading.value))
    if is_small(reading):
        return Shown(reading, _small_words(reading))
    bound = "au plus" if reading.term.direction == "down" else "au moins"
    target = f"{with_unit(reading.target, reading.unit)} {bound}" if reading.target is not None else ""
    progress = 100 if reading.state == State.REACHED else reading.progress
    return Shown(reading, with_unit(reading.value, reading.unit), target, progress)


def _yes_no(value: Decimal) -> str:
    return "Fait" if value else "À faire"


def _small_words(reading: Reading) -> str:
    if reading.over is not None:
        return "effectif trop petit"
    return f"moins de {LEAST} {reading.unit}".strip()


def is_small(reading: Reading) -> bool:
    """Tell whether a figure, or either part of a rate, is so small that somebody could be recognised."""
    return _hides(reading.unit, Found(reading.value, reading.count, reading.over))


def _hides(unit: str, found: Found) -> bool:
    if found.over is not None:
        return any(discretion.is_small(each) for each in (found.count, found.over - found.count))
    return unit != "%" and discretion.is_small(found.number)


@dataclass(frozen=True)
class Observed:
    """A measure as everybody reads it, whatever the year: `history` has no number that must stay hidden."""

    measure: Measure
    label: str
    definition: str
    words: str
    on: date
    source: str
    history: History


def observed(measures: Iterable[Measure]) -> list[Observed]:
    """Return what everybody may know of some measures; those without any value are left out."""
    measures, day = list(measures), today()
    contract = Contract.at(day)
    year = contract.year_at(day) if contract else 0
    terms, rows = Terms(measures), values.living_until(measures, day)
    held = {each.id: terms.at(each, contract, year) for each in measures}
    computed = [each for each in measures if held[each.id] and held[each.id].origin == Origin.COMPUTED]
    readings = {each.measure.id: each for each in read(computed, contract, year)} if contract and computed else {}
    found = []
    for each in measures:
        term = held[each.id]
        if each.id in readings:
            found.append(_observed_reading(readings[each.id]))
        elif term and term.origin != Origin.COMPUTED:
            found.append(_observed_values(each, term, values.given(rows[each.id])))
    return [each for each in found if each]


def _observed_reading(reading: Reading) -> Observed | None:
    if reading.value is None:
        return None
    term, now = reading.term, shown(reading)
    # Of a past rate only the result is known: its history is told when none of its parts can be small.
    points = [] if term.kind in (MeasureKind.YES_NO, MeasureKind.RATE) else reading.trend
    history = History([day for day, _ in points], {WHOLE: [Found(value) for _, value in points]})
    told = term.definition or reading.source
    return Observed(
        reading.measure, term.label, told, now.words, reading.as_of, COUNTED, _discreet(term.unit, history)
    )  # fmt: skip


def _observed_values(measure: Measure, term: MeasureTerm, rows: list[MeasureValue]) -> Observed | None:
    if not rows:
        return None
    last = values.of_day(term, [each for each in rows if each.on == rows[-1].on])
    if last.number is None:
        return None
    is_yes_no = term.kind == MeasureKind.YES_NO
    if is_yes_no:
        words = _yes_no(last.number)
    elif _hides(term.unit, last):
        words = "effectif trop petit" if last.over is not None else f"moins de {LEAST} {term.unit}".strip()
    else:
        words = with_unit(last.number, term.unit)
    history = History([], {}) if is_yes_no else values.history(term, rows)
    return Observed(measure, term.label, term.definition, words, last.on, last.source, _discreet(term.unit, history))


def _discreet(unit: str, history: History) -> History:
    """Return a history without the numbers that must stay hidden, nor those from which they could be worked out."""
    lines = {band: list(row) for band, row in history.lines.items()}
    for rank in range(len(history.days)):
        column = {band: row[rank] for band, row in lines.items() if row[rank] is not None}
        hidden = {band for band, found in column.items() if _hides(unit, found)}
        counts = {band: found.number for band, found in column.items() if band != WHOLE and found.over is None}
        if unit != "%":
            hidden |= discretion.withheld(counts)
        for band in hidden:
            lines[band][rank] = Found(None)
    return History(history.days, lines)


def counters() -> list[tuple[str, int]]:
    """Return the (label, number) of the first counters made public, for the home page."""
    plain = [each for each in public_readings() if each.term.kind == MeasureKind.COUNTER and not is_small(each)]
    whole = [each for each in plain if each.value == int(each.value)]
    return [(each.label, int(each.value)) for each in whole[:MOST_COUNTERS]]
