"""The tallies of the demonstration: a year of numbers, and nobody in them."""

from datetime import timedelta

from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.db import db
from cptsapp.kernel.registry import demo_data

from . import rules
from .models import Tally, TallyKind

MONTHS_SHOWN = 12


@demo_data(order=70)
def fill():
    rules.add_usual()
    communes = [each.insee for each in Commune.of_territory()][:6]
    with db.atomic():
        for rank, kind in enumerate(TallyKind.open_ones()[:4]):
            for back in range(MONTHS_SHOWN):
                _month(kind, rank, back, communes)


def _month(kind, rank, back, communes):
    """Count a few in a month, more in the recent ones."""
    first = add_months(today().replace(day=1), -back)
    for turn in range(max(1, 9 - back // 2 - rank * 2)):
        day = min(first + timedelta(days=(turn * 3 + rank) % 27), today())
        insee = communes[(turn + rank + back) % len(communes)] if communes and turn % 7 != 6 else None
        Tally.create(kind=kind, on=day, commune=insee, key=f"demonstration-{rank}-{back}-{turn}")
