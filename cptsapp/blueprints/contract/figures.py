"""What a contract is worth year by year, what was earned, what may still be, and the deadlines that come."""

from dataclasses import dataclass
from datetime import date, timedelta

from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import add_months

from .models import Contract, YearLine
from .tariff import FUNCTIONING, Amount, Line, Source, advance_percent, amount, lines

WARNED_BEFORE = timedelta(days=60)


@dataclass(frozen=True)
class Valued:
    """A line in a year: what it is worth, and the share of its results that was kept (out of 100), None if unknown."""

    line: Line
    amount: Amount
    achieved: int | None = None
    source: str = ""

    @property
    def earned(self) -> int | None:
        """The variable part earned, in cents; None until the year is evaluated or while the amount is not known."""
        if self.achieved is None or self.amount.variable is None:
            return None
        return self.amount.variable * self.achieved // 100

    @property
    def open(self) -> int:
        """The variable part that may still be earned; one that waits for a crisis is not counted on."""
        if self.achieved is not None or self.line.only_in_crisis:
            return 0
        return self.amount.variable or 0


@dataclass(frozen=True)
class YearView:
    """A year of a contract: its days, its lines, and their exact sums in cents."""

    number: int
    start: date
    end: date
    lines: tuple[Valued, ...]

    @property
    def fixed(self) -> int:
        return sum(each.amount.fixed or 0 for each in self.lines)

    @property
    def variable(self) -> int:
        return sum(each.amount.variable or 0 for each in self.lines)

    @property
    def earned(self) -> int:
        return sum(each.earned or 0 for each in self.lines)

    @property
    def open(self) -> int:
        return sum(each.open for each in self.lines)

    @property
    def advance(self) -> int:
        """What is paid when the year begins."""
        return self.fixed * advance_percent() // 100

    @property
    def missing(self) -> list[Line]:
        """The lines of which a part is not known: the sums leave it out."""
        return [each.line for each in self.lines if each.amount.fixed is None or each.amount.variable is None]

    @property
    def is_evaluated(self) -> bool:
        """Tell whether every variable part has its result."""
        return all(each.achieved is not None or not each.amount.variable for each in self.lines)


def years(contract: Contract) -> list[YearView]:
    """Return the years of a contract, two queries whatever their number."""
    typed = {(each.year, each.line): each for each in contract.lines}
    codes = [FUNCTIONING, *(each.mission for each in contract.engagements)]
    wanted = [line for code, line in lines().items() if code in codes]
    found = []
    for number in range(1, contract.years + 1):
        valued = tuple(_valued(contract, number, line, typed.get((number, line.code))) for line in wanted)
        found.append(YearView(number, *contract.bounds(number), valued))
    return found


def _valued(contract: Contract, year: int, line: Line, typed: YearLine | None) -> Valued:
    published = amount(contract.size, line.code, year)
    if typed is None:
        return Valued(line, published)
    if typed.fixed_cents is None and typed.variable_cents is None:
        return Valued(line, published, typed.achieved, typed.source)
    fixed = published.fixed if typed.fixed_cents is None else typed.fixed_cents
    variable = published.variable if typed.variable_cents is None else typed.variable_cents
    return Valued(line, Amount(fixed, variable, Source.TYPED, published.how), typed.achieved, typed.source)


class Urgency(Choice):
    DONE = "done", "Fait"
    LATE = "late", "Dépassée"
    SOON = "soon", "Bientôt"
    LATER = "later", "À venir"


@dataclass(frozen=True)
class Deadline:
    """A day by which something is to be done: « Démarrage », « Déploiement », « Fin du contrat »."""

    label: str
    mission: str
    on: date
    done_on: date | None
    urgency: Urgency


def deadlines(contract: Contract, today: date) -> list[Deadline]:
    """Return the deadlines of a contract, those not met first, then by date. Source: contrat type, « Délais »."""
    found = []
    for each in contract.engagements:
        line = lines()[each.mission]
        for label, months, done_on in (
            ("Démarrage", line.start_months, each.started_on),
            ("Déploiement", line.deploy_months, each.deployed_on),
        ):
            if months is not None:
                found.append(_deadline(label, line.label, add_months(contract.signed_on, months), done_on, today))
    found.append(_deadline("Fin du contrat", "", contract.ends_on, None, today))
    return sorted(found, key=lambda each: (each.urgency == Urgency.DONE, each.on, each.label))


def _deadline(label: str, mission: str, on: date, done_on: date | None, today: date) -> Deadline:
    if done_on:
        urgency = Urgency.DONE
    elif on < today:
        urgency = Urgency.LATE
    else:
        urgency = Urgency.SOON if on - today <= WARNED_BEFORE else Urgency.LATER
    return Deadline(label, mission, on, done_on, urgency)


def pressing(today: date) -> list[Deadline]:
    """Return what is late or comes within sixty days, of the contract of today."""
    contract = Contract.at(today)
    if contract is None:
        return []
    return [each for each in deadlines(contract, today) if each.urgency in (Urgency.LATE, Urgency.SOON)]
