"""The variable part of a year, today: what is earned, what may still be, what is at risk. In cents, sums exact.

Where the indicators of a mission have amounts, the amounts decide; elsewhere the variable part of the mission is shared
between its indicators by weight, which is an estimate. An indicator that is not reached is at risk when its value is
not known, or when it is behind the calendar: less of the way done than of the year gone.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from cptsapp.blueprints.contract.figures import Valued, YearView

from .reading import Reading, State


@dataclass(frozen=True)
class Standing:
    """The variable part of a mission: `earned`, `open` and `at_risk`; `unassigned`: what no indicator stands for."""

    line: Valued
    variable: int
    earned: int = 0
    open: int = 0
    at_risk: int = 0
    unassigned: int = 0
    is_estimate: bool = False
    is_evaluated: bool = False


@dataclass(frozen=True)
class Totals:
    variable: int
    earned: int
    open: int
    at_risk: int
    unassigned: int


def standings(view: YearView, readings: list[Reading], day: date) -> list[Standing]:
    """Return where the variable part of each mission stands; a part that waits for a crisis is not counted on."""
    by_mission = defaultdict(list)
    for each in readings:
        by_mission[each.mission].append(each)
    gone = elapsed(view, day)
    wanted = [each for each in view.lines if each.amount.variable and not each.line.only_in_crisis]
    return [_standing(each, by_mission[each.line.code], gone) for each in wanted]


def totals(standings: list[Standing]) -> Totals:
    names = ("variable", "earned", "open", "at_risk", "unassigned")
    return Totals(*(sum(getattr(each, name) for each in standings) for name in names))


def elapsed(view: YearView, day: date) -> int:
    """Return the share of the year that is gone, out of 100."""
    return max(0, min(100, 100 * ((day - view.start).days + 1) // ((view.end - view.start).days + 1)))


def is_late(reading: Reading, gone: int) -> bool:
    """Tell whether a target that is not reached is behind the calendar."""
    return reading.value is None or gone >= 100 or (reading.progress or 0) < gone


def _standing(line: Valued, readings: list[Reading], gone: int) -> Standing:
    variable = line.amount.variable
    if line.achieved is not None:
        return Standing(line, variable, earned=line.earned, is_evaluated=True)
    priced = [each for each in readings if each.possible_cents]
    shares = _priced(priced) if priced else _weighed(readings, variable)
    earned = opened = at_risk = 0
    for reading, reached, rest in shares:
        reached = min(reached, variable - earned - opened - at_risk)
        earned += reached
        rest = min(rest, variable - earned - opened - at_risk)
        if is_late(reading, gone):
            at_risk += rest
        else:
            opened += rest
    left = variable - earned - opened - at_risk
    return Standing(line, variable, earned, opened, at_risk, left, is_estimate=not priced and bool(shares))


def _priced(readings: list[Reading]) -> list[tuple[Reading, int, int]]:
    """Return (reading, earned, left to earn), what is earned first: it is never cut by what is not."""
    found = [(each, each.earned_cents, each.possible_cents - each.earned_cents) for each in readings]
    return sorted(found, key=lambda each: -each[1])


def _weighed(readings: list[Reading], variable: int) -> list[tuple[Reading, int, int]]:
    """Share a variable part by weight between the indicators that have a target; the cents left go to the last ones."""
    counted = [each for each in readings if each.target is not None or each.state.is_lacking]
    whole = sum(each.term.weight for each in counted)
    found, given, done = [], 0, 0
    for each in counted:
        done += each.term.weight
        share, given = variable * done // whole - given, variable * done // whole
        reached = each.state == State.REACHED
        found.append((each, share if reached else 0, 0 if reached else share))
    return found
