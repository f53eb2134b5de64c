"""What each line of a contract is meant to cost in a year, and what was spent of it. Amounts are whole cents.

A first version: two amounts for a line, typed by the coordination; the association's accounts stay where they are kept.
"""

from dataclasses import dataclass

from .models import Contract
from .tariff import FUNCTIONING, Line, lines

WARNED_OVER = 90  # per cent of an envelope


@dataclass(frozen=True)
class Spending:
    """A line in a year: planned and spent in cents, None where it was not typed."""

    line: Line
    planned: int | None = None
    spent: int | None = None
    note: str = ""

    @property
    def is_typed(self) -> bool:
        return self.planned is not None or self.spent is not None

    @property
    def share(self) -> int | None:
        """What was spent out of 100 planned, rounded down; None when there is nothing to divide by."""
        return 100 * self.spent // self.planned if self.planned and self.spent is not None else None

    @property
    def left(self) -> int | None:
        """What may still be spent, below zero once the envelope is overrun."""
        return None if self.planned is None else self.planned - (self.spent or 0)

    @property
    def is_overrun(self) -> bool:
        return self.left is not None and self.left < 0

    @property
    def is_nearly_spent(self) -> bool:
        """Tell whether more than nine tenths of the envelope are spent."""
        return self.planned is not None and 100 * (self.spent or 0) > WARNED_OVER * self.planned


@dataclass(frozen=True)
class Budget:
    """A year of a contract: its lines, and their exact sums in cents; what was not typed counts for nothing."""

    year: int
    lines: tuple[Spending, ...]

    @property
    def planned(self) -> int:
        return sum(each.planned or 0 for each in self.lines)

    @property
    def spent(self) -> int:
        return sum(each.spent or 0 for each in self.lines)

    @property
    def is_typed(self) -> bool:
        return any(each.is_typed for each in self.lines)

    @property
    def warned(self) -> list[Spending]:
        return [each for each in self.lines if each.is_nearly_spent]


def budgets(contract: Contract) -> list[Budget]:
    """Return the budget of each year of a contract, two queries whatever their number."""
    typed = {(each.year, each.line): each for each in contract.envelopes}
    codes = {FUNCTIONING, *(each.mission for each in contract.engagements)}
    wanted = [line for code, line in lines().items() if code in codes]
    found = []
    for year in range(1, contract.years + 1):
        rows = ((line, typed.get((year, line.code))) for line in wanted)
        spendings = (
            Spending(line, row.planned_cents, row.spent_cents, row.note) if row else Spending(line)
            for line, row in rows
        )
        found.append(Budget(year, tuple(spendings)))
    return found
