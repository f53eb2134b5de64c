"""What the site shows of the indicators made public: the same figures, never a number of people under five."""

from dataclasses import dataclass

from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.project.showing import is_shown
from cptsapp.kernel.dates import today

from .models import Measure, MeasureKind
from .numbers import with_unit
from .reading import Reading, State, in_use, read

LEAST = 5  # a smaller number could tell who
MOST_COUNTERS = 4


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


def public_readings(*where) -> list[Reading]:
    """Return the readings of today's contract year that everybody may see; those of a hidden fiche are hidden."""
    contract = Contract.at(today())
    if contract is None:
        return []
    measures = [each for each in in_use().where(Measure.is_public, *where) if not each.fiche_id or is_shown(each.fiche)]
    return [each for each in read(measures, contract, contract.year_at(today())) if each.value is not None]


def shown(reading: Reading) -> Shown:
    if reading.term.kind == MeasureKind.YES_NO:
        return Shown(reading, "Fait" if reading.value else "À faire")
    unit = reading.unit
    if is_small(reading):
        return Shown(reading, f"moins de 5 {unit}".strip() if reading.over is None else "effectif trop petit")
    target = with_unit(reading.target, unit) if reading.target is not None else ""
    progress = 100 if reading.state == State.REACHED else reading.progress
    return Shown(reading, with_unit(reading.value, unit), target, progress)


def is_small(reading: Reading) -> bool:
    """Tell whether a figure, or either part of a rate, is so small that somebody could be recognised."""
    if reading.over is not None:
        return any(0 < each < LEAST for each in (reading.count, reading.over - reading.count))
    return reading.unit != "%" and 0 < reading.value < LEAST


def counters() -> list[tuple[str, int]]:
    """Return the (label, number) of the first counters made public, for the home page."""
    plain = [each for each in public_readings() if each.term.kind == MeasureKind.COUNTER and not is_small(each)]
    whole = [each for each in plain if each.value == int(each.value)]
    return [(each.label, int(each.value)) for each in whole[:MOST_COUNTERS]]
