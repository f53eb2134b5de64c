"""Which definition holds in a year: its own one, else that of the latest year before, else the first to come."""

from collections import defaultdict
from collections.abc import Iterable

from peewee import JOIN

from cptsapp.blueprints.contract.models import Contract

from .models import Measure, MeasureTerm


class Terms:
    """The definitions of some measures, read at once: `at(measure, contract, year)` gives the one that holds."""

    def __init__(self, measures: Iterable[Measure]):
        self._rows: dict[int, list[MeasureTerm]] = defaultdict(list)
        rows = MeasureTerm.select(MeasureTerm, Contract).join(Contract, JOIN.LEFT_OUTER)
        for each in rows.where(MeasureTerm.measure.in_([each.id for each in measures])):
            self._rows[each.measure_id].append(each)
        for each in self._rows.values():
            each.sort(key=lambda term: _place(term.contract, term.year))

    def at(self, measure: Measure, contract: Contract | None, year: int) -> MeasureTerm | None:
        rows = self._rows[measure.id]
        wanted = _place(contract, year)
        before = [each for each in rows if _place(each.contract, each.year) <= wanted]
        return before[-1] if before else next(iter(rows), None)

    def own(self, measure: Measure, contract: Contract, year: int) -> MeasureTerm | None:
        """Return the definition written for this very year."""
        rows = self._rows[measure.id]
        return next((each for each in rows if (each.contract_id, each.year) == (contract.id, year)), None)

    def latest(self, measure: Measure) -> MeasureTerm | None:
        rows = self._rows[measure.id]
        return rows[-1] if rows else None

    def changed(self, measure: Measure, contract: Contract, year: int) -> bool:
        """Tell whether something else was counted in an earlier year of the contract."""
        now = self.at(measure, contract, year)
        earlier = [self.at(measure, contract, each) for each in range(1, year)]
        return any(each and each.counts != now.counts for each in earlier)


def _place(contract: Contract | None, year: int) -> tuple:
    return (contract.signed_on.toordinal(), year) if contract else (0, 0)
