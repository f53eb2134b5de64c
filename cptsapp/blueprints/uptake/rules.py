"""The headcounts of the communes, typed by hand with their date and source."""

from datetime import date

from cptsapp.blueprints.territory.models import TerritoryCommune
from cptsapp.kernel import journal
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError

from .models import CommuneHeadcount

COUNTED = journal.declare("uptake.counted", "Effectifs des communes modifiés")
MOST = 100_000


@db.atomic()
def count_communes(counted_on: date, numbers: dict[str, int], *, source: str = "") -> None:
    """Keep how many professionals practise in communes of the territory, {INSEE code: number}, at a date."""
    known = {insee for (insee,) in TerritoryCommune.select(TerritoryCommune.commune).tuples()}
    if not numbers:
        raise RuleError("Écrivez au moins un effectif.")
    if set(numbers) - known:
        raise RuleError("Une de ces communes n’est pas dans le territoire. Rechargez la page.")
    if any(not 0 <= number <= MOST for number in numbers.values()):
        raise RuleError("Un effectif va de 0 à 100 000.")
    for insee, number in numbers.items():
        row = CommuneHeadcount.insert(commune=insee, counted_on=counted_on, number=number, source=source.strip())
        row.on_conflict(
            conflict_target=[CommuneHeadcount.commune, CommuneHeadcount.counted_on],
            update={CommuneHeadcount.number: number, CommuneHeadcount.source: source.strip()},
        ).execute()
    journal.write(COUNTED, "territory", counted_on, numbers=len(numbers))
