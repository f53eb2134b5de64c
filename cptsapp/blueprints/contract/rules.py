"""What is written of a contract: its signature, the missions it engages, what it says of each year."""

from collections.abc import Iterable
from datetime import date

from cptsapp.kernel import journal
from cptsapp.kernel.dates import date_fr
from cptsapp.kernel.db import db, locked
from cptsapp.kernel.errors import RuleError

from .models import MOST_YEARS, Contract, Engagement, Envelope, YearLine
from .tariff import FUNCTIONING, SIZES, lines

FIRST_DAY = date(2019, 6, 20)  # the agreement itself
MOST_CENTS = 100_000_000
SIGNED = journal.declare("contract.signed", "Contrat ACI enregistré")
UPDATED = journal.declare("contract.updated", "Contrat ACI modifié")
DATED = journal.declare("contract.dated", "Mission du contrat datée")
BUDGETED = journal.declare("contract.budgeted", "Budget d’une année du contrat modifié")
VALUED = journal.declare("contract.valued", "Montants d’une année du contrat modifiés")


@db.atomic()
def sign(
    *, signed_on: date, size: int, years: int, missions: Iterable[str], population: int | None = None, note: str = ""
) -> Contract:
    """Note a contract; the missions are codes. Raises RuleError when it overlaps another or makes no sense."""
    contract = Contract(signed_on=signed_on, size=size, years=years, population=population, note=note.strip())
    _check(contract)
    contract.save(force_insert=True)
    _engage(contract, missions)
    journal.write(SIGNED, "contract", contract.id)
    return contract


@db.atomic()
def update(
    contract_id: int,
    *,
    signed_on: date,
    size: int,
    years: int,
    missions: Iterable[str],
    population: int | None = None,
    note: str = "",
) -> Contract:
    contract = _held(contract_id)
    contract.signed_on, contract.size, contract.years = signed_on, size, years
    contract.population, contract.note = population, note.strip()
    _check(contract)
    typed = (each.select().where(each.contract == contract, each.year > years) for each in (YearLine, Envelope))
    if any(each.exists() for each in typed):
        raise RuleError("Des montants sont saisis pour une année qui n’existerait plus. Effacez-les d’abord.", "years")
    contract.save()
    _engage(contract, missions)
    journal.write(UPDATED, "contract", contract.id)
    return contract


def _held(contract_id: int) -> Contract:
    contract = locked(Contract.select().where(Contract.id == contract_id)).get_or_none()
    if contract is None:
        raise RuleError("Ce contrat n’existe plus. Rechargez la page.")
    return contract


def _check(contract: Contract):
    if contract.signed_on < FIRST_DAY:
        raise RuleError("L’accord qui finance les CPTS date du 20 juin 2019 : vérifiez la date.", "signed_on")
    if contract.size not in SIZES:
        raise RuleError("La taille va de 1 à 4.", "size")
    if not 1 <= contract.years <= MOST_YEARS:
        raise RuleError(f"Un contrat dure de 1 à {MOST_YEARS} ans.", "years")
    for other in Contract.ordered().where(Contract.id != (contract.id or 0)):
        if contract.signed_on <= other.ends_on and other.signed_on <= contract.ends_on:
            raise RuleError(
                f"Ces années recouvrent celles du contrat du {date_fr(other.signed_on)}, qui court jusqu’au "
                f"{date_fr(other.ends_on)}. Corrigez l’une des deux durées.",
                "signed_on",
            )


def _engage(contract: Contract, missions: Iterable[str]):
    wanted, known = set(missions), set(lines()) - {FUNCTIONING}
    if wanted - known:
        raise RuleError("Choisissez les missions dans la liste.", "missions")
    if not wanted:
        raise RuleError("Cochez au moins une mission.", "missions")
    dropped = [each for each in contract.engagements if each.mission not in wanted]
    for each in dropped:
        if each.started_on:
            raise RuleError(
                f"La mission « {lines()[each.mission].label} » a une date de démarrage. Retirez-la d’abord.", "missions"
            )
        each.delete_instance()
    present = {each.mission for each in contract.engagements}
    for mission in sorted(wanted - present):
        Engagement.create(contract=contract, mission=mission)


@db.atomic()
def date_mission(contract_id: int, mission: str, *, started_on: date | None, deployed_on: date | None) -> Engagement:
    """Note the days on which a mission really started and was deployed."""
    contract = _held(contract_id)
    engagement = Engagement.get_or_none(Engagement.contract == contract, Engagement.mission == mission)
    if engagement is None:
        raise RuleError("Cette mission n’est pas dans le contrat.")
    label = lines()[mission].label
    if deployed_on and not started_on:
        raise RuleError(f"« {label} » : indiquez d’abord la date de démarrage.", f"started_on-{mission}")
    if started_on and deployed_on and deployed_on < started_on:
        raise RuleError(f"« {label} » : le déploiement ne peut pas précéder le démarrage.", f"deployed_on-{mission}")
    engagement.started_on, engagement.deployed_on = started_on, deployed_on
    engagement.save()
    journal.write(DATED, "contract", contract.id, mission=mission)
    return engagement


@db.atomic()
def value_year(contract_id: int, year: int, values: dict[str, dict]) -> None:
    """Keep what the contract says of a year: {line: {fixed_cents, variable_cents, achieved, source}}, None for blank.

    A line whose every value is blank goes back to the published amounts.
    """
    contract = _with_year(contract_id, year, values)
    for line, typed in values.items():
        _check_line(line, typed)
        row = {name: typed.get(name) for name in ("fixed_cents", "variable_cents", "achieved")}
        YearLine.delete().where(YearLine.contract == contract, YearLine.year == year, YearLine.line == line).execute()
        if any(each is not None for each in row.values()):
            source = (typed.get("source") or "").strip()
            YearLine.create(contract=contract, year=year, line=line, source=source, **row)
    journal.write(VALUED, "contract", contract.id, year=year)


def _with_year(contract_id: int, year: int, codes: Iterable[str]) -> Contract:
    """Return a contract that has this year and these lines. Raises RuleError."""
    contract = _held(contract_id)
    if not 1 <= year <= contract.years:
        raise RuleError("Cette année n’est pas dans le contrat.")
    if set(codes) - {FUNCTIONING} - {each.mission for each in contract.engagements}:
        raise RuleError("Une de ces missions n’est pas dans le contrat. Rechargez la page.")
    return contract


def _check_line(line: str, typed: dict):
    _check_amounts(line, typed, ("fixed_cents", "variable_cents"))
    if typed.get("achieved") is not None and not 0 <= typed["achieved"] <= 100:
        raise RuleError("Un taux va de 0 à 100 %.", f"achieved-{line}")


def _check_amounts(line: str, typed: dict, names: Iterable[str]):
    for name in names:
        if typed.get(name) is not None and not 0 <= typed[name] <= MOST_CENTS:
            raise RuleError("Un montant va de 0 à 1 000 000 €.", f"{name}-{line}")


@db.atomic()
def plan_year(contract_id: int, year: int, values: dict[str, dict]) -> None:
    """Keep the budget of a year: {line: {planned_cents, spent_cents, note}}, None for blank.

    Spending more than what was planned is said, and never refused. A line whose two amounts are blank is forgotten.
    """
    contract = _with_year(contract_id, year, values)
    for line, typed in values.items():
        amounts = {name: typed.get(name) for name in ("planned_cents", "spent_cents")}
        _check_amounts(line, typed, amounts)
        note = (typed.get("note") or "").strip()
        is_typed = any(cents is not None for cents in amounts.values())
        if note and not is_typed:
            raise RuleError("Donnez un montant à cette ligne, ou effacez la remarque.", f"note-{line}")
        Envelope.delete().where(Envelope.contract == contract, Envelope.year == year, Envelope.line == line).execute()
        if is_typed:
            Envelope.create(contract=contract, year=year, line=line, note=note, **amounts)
    journal.write(BUDGETED, "contract", contract.id, year=year)
