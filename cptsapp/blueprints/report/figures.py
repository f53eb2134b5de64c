"""The figures of a period, as a report keeps them: the measures of the project, what features count, the contract."""

import logging
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

from cptsapp.blueprints.contract import figures as contract_figures
from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.indicator.models import MeasureKind, Origin
from cptsapp.blueprints.indicator.numbers import exact, written
from cptsapp.blueprints.indicator.reading import Reading, readings
from cptsapp.kernel.dates import date_fr
from cptsapp.kernel.registry import breakdowns, indicators

log = logging.getLogger("cptsapp.report")
SMALL = 5  # under it, what others gave about people is not told outside
OF_THE_HOUSE = ("account", "annuaire", "contact", "mail", "mailing", "page", "profile", "prospect")
"""What the site counts to be kept, rather than to be told: in the CSV alone."""
TOLD_APART = {
    ("adherent.active", "profession"),
    ("adherent.active", "type"),
    ("adherent.active", "college"),
    ("event.held", "type"),
    ("event.held", "mission"),
    ("event.participants", "profession"),
    ("outreach.campaigns", "audience"),
}
"""The (indicator, way) pairs whose detail is in a report."""


@dataclass(frozen=True)
class Figure:
    """One figure, in words and in numbers: `value`, `initial`, `target` and `gap` are exact, as text, "" when unknown.

    `definition` tells two ways of counting apart. Amounts are in cents.
    """

    key: str
    group: str
    label: str
    words: str
    value: str = ""
    unit: str = ""
    initial: str = ""
    target: str = ""
    gap: str = ""
    earned_cents: int | None = None
    possible_cents: int | None = None
    source: str = ""
    as_of: str = ""
    definition: str = ""

    @property
    def initial_words(self) -> str:
        return self._in_words(self.initial)

    @property
    def target_words(self) -> str:
        return self._in_words(self.target)

    def _in_words(self, number: str) -> str:
        if self.definition.startswith(f"{MeasureKind.YES_NO}|"):
            return {"0": "non", "1": "oui"}.get(number, "–")
        return written(Decimal(number), self.unit) if number else "–"

    def as_json(self) -> dict:
        return {name: value for name, value in asdict(self).items() if value not in ("", None)} | {"words": self.words}


def gather(start: date, end: date, *, day: date, outside: bool) -> tuple[list[Figure], list[Reading]]:
    """Return the figures of a period, both days included, as they stand on a day; and the readings of its measures.

    `outside`: for a report that is handed to anybody; small numbers that others gave about people are then hidden.
    """
    last = min(end, day)
    contract = Contract.at(end)
    if contract and not contract.signed_on <= end <= contract.ends_on:
        contract = None
    found = readings(contract, contract.year_at(end), on=last) if contract else []
    group = f"Indicateurs du projet, année {contract.year_at(end)} du contrat" if contract else ""
    figures = [_of_reading(each, group, outside) for each in found]
    figures += _of_features(start, last) + _told_apart(start, last)
    if contract:
        figures += _of_contract(contract, contract.year_at(end))
    return figures, found


def _of_reading(each: Reading, group: str, outside: bool) -> Figure:
    term = each.term
    counts = "|".join(str(part) for part in term.counts)
    source = each.source + (" ; deux définitions se mêlent" if each.changes_of_definition else "")
    is_hidden = outside and is_small(each, each.value)
    words = words_of(each, each.value, outside) if each.value is not None else each.state.label
    return Figure(
        key=f"measure:{each.measure.id}",
        group=group,
        label=term.label,
        words=words,
        value="" if is_hidden else _exact(each.value),
        unit=each.unit,
        initial="" if outside and is_small(each, each.initial) else _exact(each.initial),
        target=_exact(each.target),
        gap="" if is_hidden else _exact(each.gap),
        earned_cents=each.earned_cents if each.possible_cents else None,
        possible_cents=each.possible_cents or None,
        source=source,
        as_of=each.as_of.isoformat() if each.as_of else "",
        definition=counts,
    )


def is_small(each: Reading, value: Decimal | None) -> bool:
    """Tell whether a value that others gave could point at somebody: a number of people, or what a rate is made of."""
    if each.term.kind == MeasureKind.RATE:
        value = each.count
    is_given = each.term.origin in (Origin.TYPED, Origin.IMPORTED) and each.term.kind != MeasureKind.YES_NO
    return is_given and value is not None and 0 < value < SMALL


def words_of(each: Reading, value: Decimal | None, outside: bool) -> str:
    """Return a value of a measure as people say it: « oui », « 66,26 % », « 12 », « moins de 5 »."""
    if value is None:
        return "–"
    if outside and is_small(each, value):
        return f"moins de {SMALL}"
    if each.term.kind == MeasureKind.YES_NO:
        return "oui" if value else "non"
    return written(value, each.unit)


def _exact(value: Decimal | None) -> str:
    return "" if value is None else format(value, "f")


def _of_features(start: date, end: date) -> list[Figure]:
    return [_counted(f"indicator:{each.key}", "Activité", each.label, each.unit, each.count, start, end)
            for each in indicators if not each.key.startswith("contract.")]  # fmt: skip


def _counted(key: str, group: str, label: str, unit: str, count, start: date, end: date) -> Figure:
    try:
        value = exact(count(start, end)) if start <= end else None
    except Exception:  # whatever a feature raises, the other figures stand
        log.exception("figure %s failed", key)
        return Figure(key, group, label, "Calcul impossible", unit=unit)
    return Figure(key, group, label, written(value, unit), _exact(value), unit, as_of=end.isoformat())


def _told_apart(start: date, end: date) -> list[Figure]:
    names = {each.key: (each.label, each.unit) for each in indicators}
    found = []
    for each in breakdowns:
        if (each.key, each.by) not in TOLD_APART or start > end:
            continue
        label, unit = names[each.key]
        group = f"{label} {each.label[0].lower()}{each.label[1:]}"
        try:
            parts = each.count(start, end)
        except Exception:  # see above
            log.exception("breakdown %s by %s failed", each.key, each.by)
            continue
        key = f"breakdown:{each.key}:{each.by}"
        found += [
            Figure(f"{key}:{part}", group, part or "Non précisé", written(exact(number)), str(number), unit)
            for part, number in parts.items()
        ]
    return found


def _of_contract(contract: Contract, year: int) -> list[Figure]:
    view = contract_figures.years(contract)[year - 1]
    group = f"Financement, année {year} du contrat"
    found = []
    for each in view.lines:
        code, label = each.line.code, each.line.label
        source = " ; ".join(filter(None, [each.amount.source.label, each.source]))
        amounts = (("fixed", "part fixe", each.amount.fixed), ("variable", "part variable", each.amount.variable))
        for name, words, cents in (*amounts, ("earned", "part variable obtenue", each.earned)):
            if name == "earned" and (cents is None or not each.amount.variable):
                continue
            if name == "variable" and cents == 0:
                continue
            found.append(_money(f"contract:{code}:{name}", group, f"{label} : {words}", cents, source))
    return found


def _money(key: str, group: str, label: str, cents: int | None, source: str) -> Figure:
    value = None if cents is None else Decimal(cents) / 100
    return Figure(key, group, label, "À saisir" if value is None else written(value, "€"), _exact(value), "€",
                  source=source)  # fmt: skip


def telling(figures: list[Figure]) -> list[Figure]:
    """Return the figures that a reader looks for: what a feature found none of is left out, as is what keeps house."""
    return [each for each in figures if not each.key.startswith("indicator:") or _is_telling(each)]


def _is_telling(figure: Figure) -> bool:
    key = figure.key.removeprefix("indicator:")
    is_upkeep = key.partition(".")[0] in OF_THE_HOUSE or (key.startswith("directory.") and key.endswith(".confirmed"))
    return figure.value not in ("", "0") and not is_upkeep


def read_day(text: str) -> str:
    """Return an ISO day as people read it, "" for none."""
    return date_fr(date.fromisoformat(text)) if text else ""
