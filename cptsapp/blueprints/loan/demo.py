"""Teleconsultation in the demonstration: two pairs, four things, one late."""

from datetime import timedelta

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.kernel.dates import today
from cptsapp.kernel.registry import demo_data

from . import rules
from .models import Loan

THINGS = [
    ("Mallette de téléconsultation", "TLC-0001", 2_450_00, 400),
    ("Mallette de téléconsultation", "TLC-0002", 2_450_00, 400),
    ("Stéthoscope connecté", "STC-1207", 389_90, 120),
    ("Tablette", "TAB-0031", 349_00, 90),
]


@demo_data(order=71)
def fill():
    doctors, nurses = _those("10-MG"), _those("60")
    day = today()
    things = [
        rules.save_equipment(label=label, serial=serial, cost_cents=cents, bought_on=day - timedelta(days=back))
        for label, serial, cents, back in THINGS
    ]
    pairs = list(zip(doctors, nurses, strict=False))[:2]
    for rank, (doctor, nurse) in enumerate(pairs):
        made = rules.pair(doctor, nurse, protocol_on=day - timedelta(days=200) if rank == 0 else None)
        if rank == 0:
            rules.activate(made.id, on=day - timedelta(days=190))
    for rank, nurse in enumerate(nurses[:2]):
        out, due = day - timedelta(days=180), day - timedelta(days=5) if rank else day + timedelta(days=90)
        rules.lend(things[rank].id, nurse, out_on=out, due_on=due)
    if nurses:
        loan = rules.lend(things[2].id, nurses[0], out_on=day - timedelta(days=100))
        rules.give_back(Loan.get_by_id(loan.id).id, on=day - timedelta(days=30), state="Bon état")


def _those(profession: str) -> list[int]:
    query = Practice.select(Practice.person).where(Practice.profession == profession).order_by(Practice.person)
    return [id for (id,) in query.tuples()]
