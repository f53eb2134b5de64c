"""What the dashboard of the project gathers of a year: missions, money, fiches by gap, what is missing."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from cptsapp.blueprints.contract import figures
from cptsapp.blueprints.contract.figures import Deadline, Urgency, YearView
from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.project.models import Fiche
from cptsapp.blueprints.territory import reference

from . import money
from .money import Standing, Totals
from .reading import Reading, State, readings


@dataclass(frozen=True)
class MissionPart:
    label: str
    standing: Standing | None
    readings: list[Reading]

    @property
    def reached(self) -> int:
        return sum(each.state == State.REACHED for each in self.readings)


@dataclass(frozen=True)
class FicheGap:
    """A fiche and how far it is from its targets: the weighted mean of what is left of the way, out of 100.

    An indicator without a value has the whole way left. `gap` is None when no indicator has a target.
    """

    fiche: Fiche
    gap: int | None
    reached: int
    total: int
    lacking: int


@dataclass(frozen=True)
class Board:
    contract: Contract
    view: YearView
    missions: list[MissionPart]
    totals: Totals
    deadlines: list[Deadline]
    fiches: list[FicheGap]
    lacking: list[Reading]
    elapsed: int


def of_year(contract: Contract, year: int, today: date) -> Board:
    """Return the dashboard of a year of a contract."""
    view, found = figures.years(contract)[year - 1], readings(contract, year)
    standings = money.standings(view, found, today)
    return Board(
        contract=contract,
        view=view,
        missions=_missions(found, standings),
        totals=money.totals(standings),
        deadlines=[each for each in figures.deadlines(contract, today) if each.urgency in (Urgency.LATE, Urgency.SOON)],
        fiches=by_gap(found),
        lacking=[each for each in found if each.state.is_lacking],
        elapsed=money.elapsed(view, today),
    )


def _missions(found: list[Reading], standings: list[Standing]) -> list[MissionPart]:
    by_code = defaultdict(list)
    for each in found:
        by_code[each.mission if each.mission in reference.missions() else ""].append(each)
    paid = {each.line.line.code: each for each in standings}
    labels = {code: each.label for code, each in reference.missions().items()} | {"": "Hors des missions du contrat"}
    parts = [MissionPart(label, paid.get(code), by_code[code]) for code, label in labels.items()]
    return [each for each in parts if each.readings or each.standing]


def by_gap(found: list[Reading]) -> list[FicheGap]:
    """Return the fiches that have indicators, the farthest from their targets first, those without a target last."""
    groups = defaultdict(list)
    for each in found:
        if each.fiche:
            groups[each.fiche].append(each)
    gaps = [_gap(fiche, rows) for fiche, rows in groups.items()]
    return sorted(gaps, key=lambda each: (each.gap is None, -(each.gap or 0), each.fiche.id))


def _gap(fiche: Fiche, rows: list[Reading]) -> FicheGap:
    aimed = [each for each in rows if each.target is not None]
    whole = sum(each.term.weight for each in aimed)
    left = sum((100 - (each.progress or 0)) * each.term.weight for each in aimed)
    reached = sum(each.state == State.REACHED for each in rows)
    lacking = sum(each.state.is_lacking for each in rows)
    return FicheGap(fiche, round(left / whole) if whole else None, reached, len(rows), lacking)
