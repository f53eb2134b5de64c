"""What a definition must say to make sense; each refusal is a sentence beside its field."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from decimal import Decimal

from cptsapp.kernel.errors import RuleError

from . import computing
from .computing import MEASURE
from .models import Direction, Level, Measure, MeasureKind, MeasureTerm, Origin, Since
from .numbers import MOST, to_thousandths, written

MOST_WEIGHT = 10
MOST_LEVELS = 8


@dataclass
class Definition:
    """What a measure counts in a year, as it is typed, imported or copied from another year."""

    label: str
    definition: str = ""
    kind: str = MeasureKind.COUNTER
    unit: str = ""
    direction: str = Direction.UP
    initial: Decimal | None = None
    target: Decimal | None = None
    levels: list[Level] = field(default_factory=list)
    amount_cents: int | None = None
    weight: int = 1
    origin: str = Origin.TYPED
    origin_note: str = ""
    key: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    over_key: str = ""
    over_parameters: dict[str, str] = field(default_factory=dict)
    since: str = Since.YEAR

    @classmethod
    def of(cls, term: MeasureTerm) -> "Definition":
        """Return what a year says, to be said of another one."""
        return cls(**{each.name: getattr(term, each.name) for each in fields(cls)})

    def fill(self, term: MeasureTerm) -> None:
        """Write the definition on a row; `check` it first."""
        for name in ("label", "definition", "kind", "unit", "direction", "amount_cents", "weight", "origin"):
            setattr(term, name, getattr(self, name))
        term.origin_note, term.since = self.origin_note, self.since
        is_plain = self.kind not in (MeasureKind.YES_NO, MeasureKind.LEVELS)
        term.initial, term.target = self.initial, self.target if is_plain else None
        term.levels = self.levels
        term.key, term.parameters_json = self.key, computing.dumped(self.parameters)
        term.over_key, term.over_parameters_json = self.over_key, computing.dumped(self.over_parameters)


def tidied(told: Definition) -> Definition:
    """Return a definition without useless blanks, nor what its kind and its origin leave no room for."""
    for name in ("label", "definition", "unit", "origin_note"):
        setattr(told, name, (getattr(told, name) or "").strip())
    if told.kind == MeasureKind.YES_NO:
        told.direction, told.initial, told.target = Direction.BINARY, None, None
    if told.kind == MeasureKind.LEVELS:
        told.amount_cents = told.target = None
        hardest_last = told.direction != Direction.DOWN
        told.levels = sorted(told.levels, key=lambda each: each.threshold, reverse=not hardest_last)
    else:
        told.levels = []
    if told.origin != Origin.COMPUTED:
        told.key, told.parameters = "", {}
    if told.origin != Origin.COMPUTED or told.kind != MeasureKind.RATE:
        told.over_key, told.over_parameters = "", {}
    return told


def check(told: Definition) -> None:
    """Raise RuleError when a tidied definition makes no sense by itself."""
    if not told.label:
        raise RuleError("Donnez un nom à l’indicateur : ce qu’il compte, en quelques mots.", "label")
    if told.kind not in list(MeasureKind):
        raise RuleError("Choisissez la nature dans la liste.", "kind")
    if told.origin not in list(Origin):
        raise RuleError("Choisissez d’où vient la valeur.", "origin")
    if told.since not in list(Since):
        raise RuleError("Choisissez depuis quand compter.", "since")
    if told.kind != MeasureKind.YES_NO and told.direction not in (Direction.UP, Direction.DOWN):
        raise RuleError("Dites si l’indicateur doit monter ou baisser.", "direction")
    if not 1 <= told.weight <= MOST_WEIGHT:
        raise RuleError("Le poids va de 1 à 10.", "weight")
    _check_numbers(told)
    _check_levels(told)
    _check_origin(told)


def _check_numbers(told: Definition) -> None:
    for name in ("initial", "target"):
        value = getattr(told, name)
        if value is not None and not 0 <= value <= MOST:
            raise RuleError("Une valeur va de 0 à un milliard.", name)
        if value is not None and told.unit == "%" and value > 100:
            raise RuleError("Un pourcentage va de 0 à 100.", name)
    if told.amount_cents is not None and told.amount_cents < 0:
        raise RuleError("Un montant ne peut pas être négatif.", "amount_cents")
    if told.initial is None or told.target is None:
        return
    start, end = written(told.initial), written(told.target)
    if told.direction == Direction.UP and told.target < told.initial:
        raise RuleError(
            f"La cible ({end}) est sous la valeur initiale ({start}) alors que l’indicateur doit monter. "
            "Corrigez l’une des deux, ou le sens.",
            "target",
        )
    if told.direction == Direction.DOWN and told.target > told.initial:
        raise RuleError(
            f"La cible ({end}) dépasse la valeur initiale ({start}) alors que l’indicateur doit baisser. "
            "Corrigez l’une des deux, ou le sens.",
            "target",
        )


def _check_levels(told: Definition) -> None:
    if told.kind != MeasureKind.LEVELS:
        return
    if not told.levels:
        raise RuleError("Donnez au moins un palier : son seuil et son montant.", "levels")
    if len(told.levels) > MOST_LEVELS:
        raise RuleError(f"Gardez {MOST_LEVELS} paliers au plus.", "levels")
    for before, after in zip(told.levels, told.levels[1:], strict=False):
        if to_thousandths(before.threshold) == to_thousandths(after.threshold):
            raise RuleError(f"Deux paliers ont le même seuil, {written(after.threshold)}. Gardez-en un.", "levels")
        if after.amount_cents <= before.amount_cents:
            raise RuleError(
                f"Les paliers se recouvrent : « {written(after.threshold)} » est plus difficile à atteindre que "
                f"« {written(before.threshold)} » et ne rapporte pas plus. Corrigez les seuils ou les montants.",
                "levels",
            )


def _check_origin(told: Definition) -> None:
    if told.origin == Origin.UNWIRED and not told.origin_note:
        raise RuleError("Dites pourquoi il est sans source : ce qu’il manque pour le compter.", "origin_note")
    if told.origin != Origin.COMPUTED:
        return
    if not told.key:
        raise RuleError("Cette définition est vide : choisissez ce qui se calcule, ou saisissez la valeur.", "key")
    _check_key(told.key, told.parameters, "key")
    if told.kind == MeasureKind.RATE:
        if told.over_key:
            _check_key(told.over_key, told.over_parameters, "over_key")
        elif told.key == MEASURE or computing.find(told.key).unit != "%":
            raise RuleError("Un taux divise un chiffre par un autre : choisissez par quoi diviser.", "over_key")


def _check_key(key: str, parameters: dict[str, str], name: str) -> None:
    if key == MEASURE:
        told = parameters.get(MEASURE, "")
        if not (told.isascii() and told.isdigit() and Measure.select().where(Measure.id == int(told)).exists()):
            raise RuleError("Choisissez l’indicateur dans la liste.", name)
        return
    if key not in computing.known():
        raise RuleError(f"« {key} » n’est pas un calcul connu. Choisissez-le dans la liste.", name)
    for each in computing.find(key).parameters:
        value = parameters.get(each.key, "")
        if value and each.choices and value not in dict(each.choices()):
            raise RuleError(f"« {each.label} » : « {value[:40]} » n’est pas dans la liste.", name)


def refuse_circle(measure_id: int, told: Definition, term_of: Callable[[int], MeasureTerm | None]) -> None:
    """Raise RuleError when a measure would stand on itself, whatever the number of steps."""
    waiting = [int(each[MEASURE]) for key, each in _operands(told) if key == MEASURE]
    seen = set()
    while waiting:
        each = waiting.pop()
        if each == measure_id:
            raise RuleError("Cet indicateur se calculerait à partir de lui-même. Choisissez-en un autre.", "key")
        if each not in seen:
            seen.add(each)
            term = term_of(each)
            waiting += computing.measures_used(term) if term else []


def _operands(told: Definition) -> list[tuple[str, dict[str, str]]]:
    return [(told.key, told.parameters), (told.over_key, told.over_parameters)]
