"""Every write on the indicators: what they are, what they count in a year, what is frozen, their values."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.project.models import Fiche
from cptsapp.blueprints.territory import reference
from cptsapp.kernel import journal
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.db import alone, db, locked, now, revision
from cptsapp.kernel.errors import RuleError

from . import checking
from .checking import Definition
from .models import Measure, MeasureKind, MeasureTerm, MeasureValue, Origin
from .numbers import MOST, to_thousandths, written
from .terms import Terms

FIRST_DAY = date(2000, 1, 1)
for _action, _sentence in {
    "measure.created": "Indicateur créé",
    "measure.placed": "Indicateur rattaché",
    "measure.defined": "Indicateur : définition d’une année modifiée",
    "measure.frozen": "Indicateur : définition d’une année figée",
    "measure.year_frozen": "Indicateurs : définitions d’une année figées",
    "measure.archived": "Indicateur archivé",
    "measure.restored": "Indicateur rétabli",
    "measure.valued": "Indicateur : valeur saisie",
    "measure.corrected": "Indicateur : valeur corrigée",
    "measure.imported": "Indicateur : valeurs importées",
}.items():
    journal.declare(_action, _sentence)


@db.atomic()
def create(
    told: Definition,
    *,
    fiche_id: int | None = None,
    mission: str = "",
    code: str = "",
    is_public: bool = False,
    position: int | None = None,
) -> Measure:
    """Begin a measure; its definition holds for every year without one of its own. Raises RuleError."""
    checking.check(checking.tidied(told))
    measure = Measure(code=code.strip())
    _place(measure, fiche_id, mission, is_public)
    siblings = Measure.select().where(Measure.fiche == measure.fiche_id).count()
    measure.position = siblings if position is None else position
    measure.save(force_insert=True)
    term = MeasureTerm(measure=measure)
    told.fill(term)
    term.save(force_insert=True)
    journal.write("measure.created", "measure", measure.id)
    revision.bump()
    return measure


@db.atomic()
def place(measure_id: int, *, fiche_id: int | None, mission: str, is_public: bool) -> Measure:
    """Say which fiche a measure belongs to, else which mission, and whether the site shows it."""
    measure = _held(measure_id)
    _place(measure, fiche_id, mission, is_public)
    measure.save()
    journal.write("measure.placed", "measure", measure.id)
    revision.bump()
    return measure


def _place(measure: Measure, fiche_id: int | None, mission: str, is_public: bool) -> None:
    if fiche_id and not Fiche.present().where(Fiche.id == fiche_id).exists():
        raise RuleError("Choisissez la fiche dans la liste.", "fiche")
    if mission and mission not in reference.missions():
        raise RuleError("Choisissez la mission dans la liste.", "mission")
    measure.fiche, measure.mission, measure.is_public = fiche_id, "" if fiche_id else mission, is_public


def _held(measure_id: int) -> Measure:
    measure = locked(Measure.select().where(Measure.id == measure_id)).get_or_none()
    if measure is None:
        raise RuleError("Cet indicateur n’existe plus. Rechargez la page.")
    return measure


def _contract(contract_id: int, year: int) -> Contract:
    contract = Contract.get_or_none(Contract.id == contract_id)
    if contract is None or not 1 <= year <= contract.years:
        raise RuleError("Choisissez une année du contrat.")
    return contract


# What is counted in a year


@db.atomic()
def define(measure_id: int, told: Definition, *, contract_id: int | None, year: int = 0) -> MeasureTerm:
    """Write what a measure counts in a year of a contract, or before any contract when there is none.

    Raises RuleError when it makes no sense, or when that year is frozen.
    """
    measure = _held(measure_id)
    contract = _contract(contract_id, year) if contract_id else None
    checking.check(checking.tidied(told))
    checking.refuse_circle(measure.id, told, lambda id: Terms([Measure(id=id)]).at(Measure(id=id), contract, year))
    term = _own_term(measure, contract, year)
    if term.frozen_at:
        raise RuleError(
            f"La définition de l’année {year} est figée depuis le {date_fr(term.frozen_at)} : elle ne change plus."
        )
    counted = term.counts
    told.fill(term)
    if term.counts != counted:
        _forget_noted(measure, contract.bounds(year)[0] if contract else FIRST_DAY)
    term.updated_at = now()
    term.save()
    journal.write("measure.defined", "measure", measure.id, year=year)
    revision.bump()
    return term


def _forget_noted(measure: Measure, start: date) -> None:
    """Forget what was noted of a computation from a day on: something else is counted now. What people gave stays."""
    noted = (MeasureValue.measure == measure) & (MeasureValue.origin == Origin.COMPUTED)
    MeasureValue.delete().where(noted, MeasureValue.on >= start).execute()


def _own_term(measure: Measure, contract: Contract | None, year: int) -> MeasureTerm:
    """Return the definition of this very year, copied from the one that holds when it has none."""
    terms = Terms([measure])
    found = terms.at(measure, contract, year)
    if found and (found.contract_id, found.year) == (contract and contract.id, year):
        return found
    term = MeasureTerm(measure=measure, contract=contract, year=year)
    if found:
        Definition.of(found).fill(term)
    return term


@db.atomic()
def freeze(measure_id: int, *, contract_id: int, year: int) -> MeasureTerm:
    """Freeze what a measure counts in a year: it is copied there, dated, and never changes again."""
    term = _freeze(_held(measure_id), _contract(contract_id, year), year)
    if term is None:
        raise RuleError(f"La définition de l’année {year} est déjà figée.")
    journal.write("measure.frozen", "measure", measure_id, year=year)
    return term


@db.atomic()
def freeze_year(*, contract_id: int, year: int) -> int:
    """Freeze a year of every measure in use; return how many were not frozen yet."""
    contract = _contract(contract_id, year)
    measures = list(locked(Measure.select().where(Measure.archived_at.is_null())))
    count = sum(_freeze(each, contract, year) is not None for each in measures)
    if not count:
        raise RuleError(f"Aucune définition de l’année {year} ne reste à figer.")
    journal.write("measure.year_frozen", "contract", contract.id, year=year, measures=count)
    return count


def _freeze(measure: Measure, contract: Contract, year: int) -> MeasureTerm | None:
    term = _own_term(measure, contract, year)
    if term.frozen_at:
        return None
    term.frozen_at, term.frozen_by = now(), journal.actor()
    term.save()
    return term


@db.atomic()
def archive(measure_id: int) -> Measure:
    return _set_archived(measure_id, now(), "measure.archived")


@db.atomic()
def restore(measure_id: int) -> Measure:
    return _set_archived(measure_id, None, "measure.restored")


def _set_archived(measure_id: int, moment, action: str) -> Measure:
    measure = _held(measure_id)
    measure.archived_at = moment
    measure.save()
    journal.write(action, "measure", measure.id)
    revision.bump()
    return measure


# Values


@dataclass(frozen=True)
class Given:
    """A value as it is given: its day, its number, what it is divided by, its band, where it was found."""

    on: date
    number: Decimal
    over: Decimal | None = None
    band: str = ""
    source: str = ""
    note: str = ""


@db.atomic()
def note_value(measure_id: int, given: Given) -> MeasureValue:
    """Keep a value at its date. Raises RuleError when that date has one: it is corrected, never written over."""
    measure = _held(measure_id)
    _check_value(_day_terms(measure)(given.on), given)
    standing = _standing_ones(measure).get((given.on, given.band))
    if standing:
        raise RuleError(
            f"Une valeur est déjà enregistrée au {date_fr(given.on)} : {written(standing.number)}. Si elle est fausse, "
            "corrigez-la dans l’historique ; elle y restera lisible.",
            "on",
        )
    value = _write_value(measure, given, Origin.TYPED)
    journal.write("measure.valued", "measure", measure.id, on=given.on)
    revision.bump()
    return value


@db.atomic()
def correct_value(value_id: int, given: Given) -> MeasureValue:
    """Keep another row in place of a value, that stays in the history. Its day and its band do not change."""
    value = MeasureValue.get_or_none(MeasureValue.id == value_id)
    if value is None or value.origin == Origin.COMPUTED:
        raise RuleError("Cette valeur ne se corrige pas.")
    measure = _held(value.measure_id)
    if MeasureValue.select().where(MeasureValue.replaces == value).exists():
        raise RuleError("Cette valeur a déjà été corrigée. Rechargez la page pour voir la dernière.")
    given = Given(value.on, given.number, given.over, value.band, given.source, given.note)
    _check_value(_day_terms(measure)(given.on), given)
    if _same(value, given) and value.source == given.source.strip():
        raise RuleError("C’est la même valeur : il n’y a rien à corriger.", "number")
    row = _write_value(measure, given, Origin.TYPED, replaces=value)
    journal.write("measure.corrected", "measure", measure.id, on=given.on)
    revision.bump()
    return row


@db.atomic()
def import_values(measure_id: int, rows: list[tuple[int, Given]]) -> int:
    """Keep the values of a file, (number of its row, value): all, or nothing. Those already there are left as they are.

    Returns how many were added. Raises RuleError naming the row that makes no sense.
    """
    measure = _held(measure_id)
    fresh = _fresh(measure, rows)
    for given in fresh:
        _write_value(measure, given, Origin.IMPORTED)
    if fresh:
        journal.write("measure.imported", "measure", measure.id, rows=len(fresh))
        revision.bump()
    return len(fresh)


def check_values(measure_id: int, rows: list[tuple[int, Given]]) -> int:
    """Return how many values of a file are new. Raises what `import_values` would; nothing is written."""
    return len(_fresh(Measure.get_by_id(measure_id), rows))


def _fresh(measure: Measure, rows: list[tuple[int, Given]]) -> list[Given]:
    """Return the values that are not there yet, all of them checked."""
    terms, standing, found = _day_terms(measure), _standing_ones(measure), []
    for number, given in rows:
        try:
            _check_value(terms(given.on), given)
            other = standing.get((given.on, given.band))
            if other and not _same(other, given):
                raise RuleError(
                    f"une autre valeur est déjà enregistrée au {date_fr(given.on)}, {written(other.number)}. "
                    "Corrigez-la à la main, ou retirez cette ligne."
                )
        except RuleError as error:
            raise RuleError(f"Ligne {number} : {error}") from error
        found += [] if other else [given]
    return found


def _day_terms(measure: Measure) -> Callable[[date], MeasureTerm | None]:
    """Return the function that tells which definition held on a day."""
    terms, contracts = Terms([measure]), list(Contract.ordered())

    def of(day: date) -> MeasureTerm | None:
        signed = [each for each in contracts if each.signed_on <= day] or contracts[-1:]
        return terms.at(measure, signed[0], signed[0].year_at(day)) if signed else terms.at(measure, None, 0)

    return of


def _standing_ones(measure: Measure) -> dict[tuple[date, str], MeasureValue]:
    given = MeasureValue.origin != Origin.COMPUTED
    rows = MeasureValue.living().where(MeasureValue.measure == measure, given).order_by(MeasureValue.id)
    return {(each.on, each.band): each for each in rows}


def _same(value: MeasureValue, given: Given) -> bool:
    return (value.number, value.over) == (given.number, given.over)


def _write_value(measure: Measure, given: Given, origin: Origin, replaces: MeasureValue | None = None) -> MeasureValue:
    return MeasureValue.create(
        measure=measure,
        on=given.on,
        band=given.band,
        number_thousandths=to_thousandths(given.number),
        over_thousandths=to_thousandths(given.over),
        origin=origin,
        source=given.source.strip(),
        note=given.note.strip(),
        replaces=replaces,
        entered_by=journal.actor(),
    )


def _check_value(term: MeasureTerm | None, given: Given) -> None:
    if term is None or term.origin == Origin.COMPUTED:
        raise RuleError("Cet indicateur est calculé : sa valeur ne se saisit pas. Changez d’abord sa définition.")
    if not FIRST_DAY <= given.on <= today():
        raise RuleError("La date va de l’an 2000 à aujourd’hui.", "on")
    if not given.source.strip():
        raise RuleError("Dites d’où vient cette valeur : un courrier, un tableau, une réunion.", "source")
    if not 0 <= given.number <= MOST:
        raise RuleError("Une valeur va de 0 à un milliard.", "number")
    if term.kind == MeasureKind.YES_NO and given.number not in (0, 1):
        raise RuleError("Répondez par oui ou par non.", "number")
    if given.over is not None and given.number > given.over:
        raise RuleError(f"La part ({written(given.number)}) dépasse le tout ({written(given.over)}).", "over")
    if given.over is None and term.unit == "%" and given.number > 100:
        raise RuleError("Un pourcentage va de 0 à 100.", "number")
    if given.over is not None and term.kind != MeasureKind.RATE:
        raise RuleError("Seul un taux a un dénominateur.", "over")


@db.atomic()
def record(values: Iterable[tuple[int, date, Decimal, str]]) -> int:
    """Note what computations gave on a day, (measure id, day, value, source), for their trend; once for each day."""
    alone("measures of a day")
    noted = 0
    for measure_id, on, number, source in values:
        mine = (MeasureValue.measure == measure_id) & (MeasureValue.on == on)
        if MeasureValue.select().where(mine, MeasureValue.origin == Origin.COMPUTED).exists():
            continue
        MeasureValue.create(
            measure=measure_id,
            on=on,
            number_thousandths=to_thousandths(number),
            origin=Origin.COMPUTED,
            source=source[:200] or "Calcul",
        )
        noted += 1
    return noted
