"""What computed measures gave on a day, noted so that their trend can be drawn without counting the past again."""

from datetime import date

from cptsapp.blueprints.contract.models import Contract

from . import rules
from .models import Measure, Origin
from .reading import Reading, in_use, read


def record_day(day: date) -> int:
    """Note what every computed measure in use gave on a day of the contract; return how many were noted."""
    return _record(list(in_use()), day)


def record_years(measure: Measure, today: date) -> int:
    """Note what a measure gave on the last day of each year of the contract that is over."""
    contract = Contract.at(today)
    ends = [contract.bounds(year)[1] for year in range(1, contract.years + 1)] if contract else []
    return sum(_record([measure], end) for end in ends if end < today)


def _record(measures: list[Measure], day: date) -> int:
    contract = Contract.at(day)
    if contract is None or not contract.signed_on <= day <= contract.ends_on:
        return 0
    found = read(measures, contract, contract.year_at(day), day)
    return rules.record([_noted(each, day) for each in found if _is_computed(each)])


def _is_computed(reading: Reading) -> bool:
    return reading.term.origin == Origin.COMPUTED and reading.value is not None


def _noted(reading: Reading, day: date) -> tuple:
    return reading.measure.id, day, reading.value, reading.source
