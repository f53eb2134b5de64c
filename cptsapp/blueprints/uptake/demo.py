"""More headcounts for the demonstration: fictitious, and plainly so."""

from bisect import bisect_right
from datetime import timedelta
from itertools import accumulate
from pathlib import Path

from cptsapp.blueprints.territory import rules as territory_rules
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.dates import today
from cptsapp.kernel.instance import DEMO_REGISTER
from cptsapp.kernel.registry import demo_data
from cptsapp.kernel.settings import settings

from . import register, rules

SOURCE = "Chiffres de la démonstration"
LATER = {"": 418, "10-MG": 54, "60": 88, "50": 5}
INHABITANTS_PER_PROFESSIONAL = 230
# Of the fictitious register: profession and skill in its codes, how many practise.
PRACTISING = [
    ("10", "SM54", 52), ("10", "SM40", 3), ("10", "SM04", 2), ("21", "", 31), ("40", "", 38), ("50", "", 6),
    ("60", "", 91), ("60", "SI01", 2), ("70", "", 63), ("80", "", 12), ("91", "", 17), ("92", "", 3),
]  # fmt: skip


@demo_data(order=45)
def fill():
    day = today() - timedelta(days=60)
    territory_rules.count_professionals(day, LATER, source=SOURCE)
    numbers = {each.insee: each.population // INHABITANTS_PER_PROFESSIONAL for each in Commune.of_territory()}
    rules.count_communes(day, numbers, source=SOURCE)
    write_register(settings.instance / DEMO_REGISTER)


def write_register(path: Path) -> None:
    """Write a fictitious register, as the national file is written, of the communes of the territory."""
    communes, rank = list(Commune.of_territory()), 0
    inhabited = list(accumulate(each.population for each in communes))
    lines = ["|".join([*register.COLUMNS.values(), ""])]
    for profession, skill, number in PRACTISING:
        for _ in range(number):
            commune = communes[bisect_right(inhabited, rank * 7919 % inhabited[-1])]
            sector = "SA33" if profession == "21" else "SA07"
            cells = {"person": f"{99_000_000_000 + rank}", "profession": profession, "category": "C", "skill": skill,
                     "mode": "L", "structure": f"R{rank // 2:08}", "commune": commune.insee,
                     "postal_code": commune.postal_codes.split()[0], "sector": sector}  # fmt: skip
            lines.append("|".join([*(cells[name] for name in register.COLUMNS), ""]))
            rank += 1
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
