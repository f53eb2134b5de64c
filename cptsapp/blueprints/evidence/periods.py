"""The periods that people choose from: a year of a contract, written « 3-2 » (contract 3, year 2) in addresses."""

from datetime import date

from cptsapp.blueprints.contract.models import Contract
from cptsapp.kernel.dates import today


def of_years() -> list[tuple[str, str, Contract, int]]:
    """Return (value, label, contract, year) of every contract year begun or to come next, the latest first."""
    found = []
    for contract in Contract.ordered():
        for year in range(contract.years, 0, -1):
            start, end = contract.bounds(year)
            found.append((f"{contract.id}-{year}", f"Année {year} ({start:%m/%Y} à {end:%m/%Y})", contract, year))
    return found


def chosen(value: str | None) -> tuple[Contract, int] | None:
    """Return the contract and the year that a value names, or None."""
    return next(((contract, year) for key, _, contract, year in of_years() if key == value), None)


def current(day: date | None = None) -> tuple[Contract, int] | None:
    """Return the contract and the year of a day (today), or None without a contract."""
    day = day or today()
    contract = Contract.at(day)
    return (contract, contract.year_at(day)) if contract else None
