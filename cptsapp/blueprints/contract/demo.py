"""A contract for the demonstration, in its fifth year, its first years evaluated."""

from datetime import date

from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.registry import demo_data

from . import rules

ACHIEVED = {1: {"acces": 80, "parcours": 70, "prevention": 90}, 2: {"acces": 85, "parcours": 75, "prevention": 100}}
BUDGET = {
    "fonctionnement": (60_000, 41_250.5, "Coordination à temps plein, locaux, logiciel"),
    "acces": (45_000, 42_300, "Téléconsultation assistée, soins non programmés"),
    "parcours": (30_000, 12_480.9, ""),
    "prevention": (28_000, 19_730, "Ateliers et dépistages"),
    "qualite": (8_000, None, ""),
}
"""Of this year, in euros: planned, spent, a word."""


def _cents(planned: float, spent: float | None, note: str) -> dict:
    return {
        "planned_cents": round(planned * 100),
        "spent_cents": None if spent is None else round(spent * 100),
        "note": note,
    }


@demo_data(order=50)
def fill():
    signed_on = add_months(date(today().year, 1, 10), -36)
    contract = rules.sign(
        signed_on=signed_on,
        size=3,
        years=5,
        population=97_247,
        missions=("acces", "parcours", "prevention", "crise", "qualite"),
    )
    for mission, start, deploy in (("acces", 5, 17), ("parcours", 11, 22), ("prevention", 10, 23), ("crise", 4, 16)):
        rules.date_mission(
            contract.id, mission, started_on=add_months(signed_on, start), deployed_on=add_months(signed_on, deploy)
        )
    rules.plan_year(contract.id, contract.year_at(today()), {line: _cents(*each) for line, each in BUDGET.items()})
    for year, rates in ACHIEVED.items():
        values = {line: {"achieved": rate, "source": "Dialogue de gestion"} for line, rate in rates.items()}
        rules.value_year(contract.id, year, values)
