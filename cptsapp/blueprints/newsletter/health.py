"""The health days and months of the year, suggested for the month of a letter. Source: `data/mois_sante.toml`."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).parents[2] / "data" / "mois_sante.toml"


@dataclass(frozen=True)
class HealthTheme:
    """A theme, the months it comes back in (1 to 12), when, and a sentence to start from."""

    key: str
    name: str
    months: tuple[int, ...]
    when: str
    idea: str


@lru_cache(maxsize=1)
def themes() -> dict[str, HealthTheme]:
    """Return the themes by key, in the order of the year."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["themes"]
    found = [HealthTheme(each["cle"], each["nom"], tuple(each["mois"]), each["quand"], each["idee"]) for each in rows]
    return {each.key: each for each in found}


def of_month(number: int) -> list[HealthTheme]:
    return [each for each in themes().values() if number in each.months]


def name_of(key: str) -> str:
    return themes()[key].name if key in themes() else ""
