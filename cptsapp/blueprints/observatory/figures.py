"""The figures that a theme may show: indicators made public, figures of the territory. Each has its day and source."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from cptsapp.blueprints.indicator import showing
from cptsapp.blueprints.indicator.models import Measure
from cptsapp.blueprints.indicator.terms import Terms
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory import rules as territory_rules
from cptsapp.blueprints.territory.models import Headcount, Territory
from cptsapp.kernel.dates import today
from cptsapp.kernel.discretion import LEAST, is_small
from cptsapp.kernel.text import number, plural

MEASURE, TERRITORY, HEADCOUNT = "measure:", "territory:", "headcount:"
HIDDEN = "non montré"


@dataclass(frozen=True)
class Figure:
    """A figure as everybody reads it: over `days`, `drawn` are the lines of its chart, `told` its columns in words."""

    key: str
    label: str
    words: str
    on: date | None
    source: str
    definition: str = ""
    days: list[date] = field(default_factory=list)
    drawn: list[tuple[str, list[float | None]]] = field(default_factory=list)
    told: list[tuple[str, list[str]]] = field(default_factory=list)

    @property
    def has_history(self) -> bool:
        return len(self.days) > 1 or len(self.told) > 1


def choices() -> list[tuple[str, str]]:
    """Return the (key, label) of every figure that may be chosen: those that everybody may read already."""
    measures = showing.public_measures()
    terms = Terms(measures)
    found = [(f"{MEASURE}{each.id}", term.label) for each in measures if (term := terms.latest(each))]
    found += [(f"{TERRITORY}population", "Habitants du territoire"), (f"{TERRITORY}communes", "Communes du territoire")]
    counted = Headcount.at(today())
    return found + [
        (f"{HEADCOUNT}{code}", f"{_headcount_label(row)} (effectif)") for code, row in sorted(counted.items())
    ]


def read(keys: Iterable[str]) -> dict[str, Figure]:
    """Return the figures of some keys that everybody may read today, by key; one that is no longer public is absent."""
    keys = set(keys)
    found = _measures(keys) | _territory(keys) | _headcounts(keys)
    return {key: figure for key, figure in found.items() if key in keys}


def _measures(keys: set[str]) -> dict[str, Figure]:
    ids = [int(each.removeprefix(MEASURE)) for each in keys if each.startswith(MEASURE)]
    if not ids:
        return {}
    observed = showing.observed(showing.public_measures(Measure.id.in_(ids)))
    return {f"{MEASURE}{each.measure.id}": _of_measure(each) for each in observed}


def _of_measure(each: showing.Observed) -> Figure:
    history = each.history
    return Figure(
        f"{MEASURE}{each.measure.id}", each.label, each.words, each.on, each.source, each.definition,
        history.days, history.drawn, history.told,
    )  # fmt: skip


def _territory(keys: set[str]) -> dict[str, Figure]:
    if not any(each.startswith(TERRITORY) for each in keys):
        return {}
    known, contract = territory_rules.figures(), Territory.current()
    official = f"Insee, population municipale {reference.POPULATION_YEAR}"
    source, day = official, None
    if contract.population:
        source, day = contract.population_source or "Contrat de la CPTS", contract.population_on
    people, communes = plural(known.population, "habitant"), plural(known.communes, "commune")
    return {
        f"{TERRITORY}population": Figure(f"{TERRITORY}population", "Habitants du territoire", people, day, source),
        f"{TERRITORY}communes": Figure(
            f"{TERRITORY}communes", "Communes du territoire", communes, None, "Territoire de la CPTS"
        ),
    }


def _headcounts(keys: set[str]) -> dict[str, Figure]:
    codes = [each.removeprefix(HEADCOUNT) for each in keys if each.startswith(HEADCOUNT)]
    if not codes:
        return {}
    rows: dict[str, list[Headcount]] = {}
    query = Headcount.select().where(Headcount.profession.in_(codes), Headcount.counted_on <= today())
    for each in query.order_by(Headcount.counted_on):
        rows.setdefault(each.profession, []).append(each)
    return {f"{HEADCOUNT}{code}": _of_headcounts(code, mine) for code, mine in rows.items()}


def _of_headcounts(code: str, rows: list[Headcount]) -> Figure:
    last, label = rows[-1], _headcount_label(rows[-1])
    words = f"moins de {LEAST}" if is_small(last.number) else number(last.number)
    drawn = [(label, [None if is_small(each.number) else float(each.number) for each in rows])]
    told = [(label, [HIDDEN if is_small(each.number) else number(each.number) for each in rows])]
    days = [each.counted_on for each in rows]
    return Figure(f"{HEADCOUNT}{code}", label, words, last.counted_on, last.source, "", days, drawn, told)


def _headcount_label(row: Headcount) -> str:
    return row.label if row.profession else "Professionnels de santé du territoire"
