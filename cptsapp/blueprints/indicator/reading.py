"""What each measure says of a year of the contract: its value, how far it is from its target, what it earns.

readings(contract, year)            of every measure in use, today or at the end of a year that is over
readings(contract, year, on=day)    as the figures stood on a day
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from peewee import JOIN

from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.project.models import Fiche
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import today

from . import computing, values
from .computing import MEASURE, Failed, Gone
from .models import Direction, Measure, MeasureKind, MeasureTerm, MeasureValue, Origin, Since
from .terms import Terms
from .values import Found


class State(Choice):
    """Where a measure stands; `badge` is the kind of its badge."""

    REACHED = "reached", "Cible atteinte"
    SHORT = "short", "Cible à atteindre"
    KNOWN = "known", "Sans cible"
    MISSING = "missing", "Valeur à saisir"
    TO_IMPORT = "to_import", "Valeur à importer"
    UNDIVIDED = "undivided", "Rien à diviser"
    UNWIRED = "unwired", "Sans source"
    GONE = "gone", "Fonction absente"
    FAILED = "failed", "Calcul impossible"
    AHEAD = "ahead", "Année à venir"

    @property
    def badge(self) -> str:
        return {"reached": "ok", "known": "", "gone": "bad", "failed": "bad", "ahead": "mute"}.get(self.value, "warn")

    @property
    def is_lacking(self) -> bool:
        """Tell whether somebody has something to do for a value to be known."""
        return self in (State.MISSING, State.TO_IMPORT, State.UNWIRED, State.GONE, State.FAILED)


NOTHING = {Origin.TYPED: State.MISSING, Origin.IMPORTED: State.TO_IMPORT, Origin.UNWIRED: State.UNWIRED}


@dataclass(frozen=True)
class Reading:
    """A measure in a year. `value` is None when it is not known, and for a rate that has nothing to divide by.

    gap: how far the target is, in the unit, 0 once reached; progress: the share of the way done, out of 100. `count`
    is the number behind a « oui », or the numerator of a rate whose denominator is `over`. Amounts are in cents.
    """

    measure: Measure
    fiche: Fiche | None
    mission: str
    term: MeasureTerm
    value: Decimal | None
    initial: Decimal | None
    target: Decimal | None
    gap: Decimal | None
    state: State
    unit: str
    source: str
    as_of: date | None
    earned_cents: int
    possible_cents: int
    changes_of_definition: bool
    progress: int | None = None
    count: Decimal | None = None
    over: Decimal | None = None
    trend: list[tuple[date, Decimal]] = field(default_factory=list)

    @property
    def label(self) -> str:
        return self.term.label

    @property
    def mission_label(self) -> str:
        mission = reference.missions().get(self.mission)
        return mission.label if mission else "Hors des missions du contrat"


def in_use():
    """Select the measures that are read: neither archived, nor of a fiche that is in the bin."""
    kept = Fiche.deleted_at.is_null()
    query = Measure.select(Measure, Fiche).join(Fiche, JOIN.LEFT_OUTER).where(Measure.archived_at.is_null(), kept)
    return query.order_by(Measure.fiche, Measure.position, Measure.id)


def readings(contract: Contract, year: int, on: date | None = None) -> list[Reading]:
    """Return what every measure in use says of a year of a contract, in the order of missions and fiches."""
    found = read(list(in_use()), contract, year, on)
    order = list(reference.missions())
    return sorted(found, key=lambda each: order.index(each.mission) if each.mission in order else len(order))


def read(measures: list[Measure], contract: Contract, year: int, on: date | None = None) -> list[Reading]:
    """Return the readings of some measures; those that have no definition at all are left out."""
    reader = Reader(measures, contract, year, on)
    return [reading for each in measures if (reading := reader.reading(each)) is not None]


def read_years(measure: Measure, contract: Contract) -> dict[int, Reading | None]:
    """Return what a measure says of each year of a contract; what was written of it is read once for all of them."""
    written = Terms([measure]), values.living_until([measure], contract.ends_on)
    years = range(1, contract.years + 1)
    return {each: Reader([measure], contract, each, written=written).reading(measure) for each in years}


class Reader:
    """One reading of a year: definitions and values are read once for all its measures.

    `written` are those of these measures, when whoever asks has read them already, to the last day at least.
    """

    def __init__(
        self,
        measures: list[Measure],
        contract: Contract,
        year: int,
        on: date | None = None,
        written: tuple[Terms, dict[int, list[MeasureValue]]] | None = None,
    ):
        self.contract, self.year = contract, year
        self.start, last = contract.bounds(year)
        self.end = min(last, on or today())
        self.measures = {each.id: each for each in measures}
        if written:
            self.terms = written[0]
            self.values = {each.id: [row for row in written[1][each.id] if row.on <= self.end] for each in measures}
        else:
            self.terms = Terms(measures)
            self.values = values.living_until(measures, self.end)
        self._met: set[int] = set()

    def reading(self, measure: Measure) -> Reading | None:
        term = self.terms.at(measure, self.contract, self.year)
        if term is None:
            return None
        found, state = self.find(measure, term)
        return self._reading(measure, term, found, state)

    def find(self, measure: Measure, term: MeasureTerm) -> tuple[Found, State | None]:
        """Return the value of a measure, and its state when there is none."""
        if self.start > self.end:
            return Found(None), State.AHEAD
        if term.origin == Origin.COMPUTED:
            return self._computed(measure, term)
        found = values.of_period(term, self.values[measure.id], self.start)
        if found is None:
            return Found(None, source=term.origin_note), NOTHING[Origin(term.origin)]
        return found, State.UNDIVIDED if found.number is None else None

    def _computed(self, measure: Measure, term: MeasureTerm) -> tuple[Found, State | None]:
        source = self.source_of(term)
        try:
            number = self._operand(measure, term.key, term.parameters, term)
            over = self._operand(measure, term.over_key, term.over_parameters, term) if term.over_key else None
        except Gone:
            return Found(None, source=source), State.GONE
        except Failed:
            return Found(None, source=source), State.FAILED
        if number is None or (term.over_key and not over):
            return Found(None, number, over, self.end, source), State.UNDIVIDED
        if term.over_key:
            return Found(values.ratio(number, over), number, over, self.end, source), None
        if term.kind == MeasureKind.YES_NO:
            return Found(Decimal(number > 0), number, None, self.end, source), None
        return Found(number, None, None, self.end, source), None

    def _operand(self, measure: Measure, key: str, parameters: dict, term: MeasureTerm) -> Decimal | None:
        if key != MEASURE:
            start = self.start if term.since == Since.YEAR else self.contract.signed_on
            return computing.count(key, parameters, start, self.end)
        return self._other(measure, int(parameters[MEASURE]))

    def _other(self, measure: Measure, other_id: int) -> Decimal | None:
        """Return the value of another measure that this one stands on; a circle has none."""
        other = self._measure(other_id)
        if other is None or other_id in self._met | {measure.id}:
            raise Gone(MEASURE)
        self._met.add(measure.id)
        try:
            term = self.terms.at(other, self.contract, self.year)
            return self.find(other, term)[0].number if term else None
        finally:
            self._met.discard(measure.id)

    def _measure(self, id: int) -> Measure | None:
        if id not in self.measures:
            found = Measure.get_or_none(Measure.id == id)
            if found is None:
                return None
            self.measures[id] = found
            self.terms = Terms(self.measures.values())
            self.values = values.living_until(self.measures.values(), self.end)
        return self.measures[id]

    def source_of(self, term: MeasureTerm) -> str:
        """Return where a value comes from, in words."""
        told = [computing.words(key, parameters, self._name) for key, parameters in computing.term_operands(term)]
        return " / ".join(told)

    def _name(self, id: int) -> str:
        other = self._measure(id)
        term = self.terms.at(other, self.contract, self.year) if other else None
        return term.label if term else "supprimé"

    def _reading(self, measure: Measure, term: MeasureTerm, found: Found, state: State | None) -> Reading:
        gap = _gap(term, found.number)
        if state is None:
            state = State.KNOWN if term.target is None else State.REACHED if gap == 0 else State.SHORT
        trend = values.trend(term, self.values[measure.id])
        if term.origin == Origin.COMPUTED and found.number is not None:
            trend = [point for point in trend if point[0] < self.end] + [(self.end, found.number)]
        return Reading(
            measure=measure,
            fiche=measure.fiche if measure.fiche_id else None,
            mission=measure.mission_code,
            term=term,
            value=found.number,
            initial=term.initial,
            target=term.target,
            gap=gap,
            state=state,
            unit=term.unit,
            source=found.source,
            as_of=found.on,
            earned_cents=_earned(term, found.number, gap),
            possible_cents=_possible(term),
            changes_of_definition=self.terms.changed(measure, self.contract, self.year),
            progress=_progress(term, found.number, gap),
            count=found.count,
            over=found.over,
            trend=trend,
        )


def _gap(term: MeasureTerm, value: Decimal | None) -> Decimal | None:
    """Return how far the target is, in the unit: 0 once it is reached, None when one of the two is not known."""
    if value is None or term.target is None:
        return None
    missing = value - term.target if term.direction == Direction.DOWN else term.target - value
    return max(Decimal(0), missing)


def _progress(term: MeasureTerm, value: Decimal | None, gap: Decimal | None) -> int | None:
    """Return the share of the way from the initial value (nothing, when unknown) to the target, out of 100."""
    if gap is None:
        return None
    start = term.initial if term.initial is not None else Decimal(0)
    way = abs(term.target - start)
    if gap == 0 or not way or (term.direction == Direction.DOWN and term.initial is None):
        return 100 if gap == 0 else 0
    return int(max(Decimal(0), min(Decimal(99), 100 - 100 * gap / way)))


def _reaches(term: MeasureTerm, value: Decimal, threshold: Decimal) -> bool:
    return value <= threshold if term.direction == Direction.DOWN else value >= threshold


def _earned(term: MeasureTerm, value: Decimal | None, gap: Decimal | None) -> int:
    if value is None:
        return 0
    if term.kind == MeasureKind.LEVELS:
        return max((each.amount_cents for each in term.levels if _reaches(term, value, each.threshold)), default=0)
    return term.amount_cents or 0 if gap == 0 else 0


def _possible(term: MeasureTerm) -> int:
    return max((each.amount_cents for each in term.levels), default=term.amount_cents or 0)
