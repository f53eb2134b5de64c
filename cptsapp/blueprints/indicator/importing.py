"""The indicators of a project that is brought in from a file: created with their fiche, once."""

from cptsapp.blueprints.project.models import Fiche
from cptsapp.kernel.registry import fiche_row

from . import rules, wiring
from .models import Measure, MeasureTerm


@fiche_row("Indicateurs créés")
def create_measures(fiche: Fiche, row: dict) -> int:
    """Create the indicators that the row of a fiche names and that it does not have; return how many."""
    if fiche.deleted_at:
        return 0
    known, created = _known(fiche), 0
    for place, each in enumerate(wiring.rows_of(row)):
        code = wiring.code_of(each, fiche, place)
        told = wiring.definition_of(each, fiche, code)
        if code in known or told.label in known:
            continue
        rules.create(told, fiche_id=fiche.id, code=code, position=place)
        known |= {code, told.label} - {""}
        created += 1
    return created


def _known(fiche: Fiche) -> set[str]:
    """Return the codes and the names of the indicators that a fiche has, archived ones included."""
    rows = MeasureTerm.select(MeasureTerm.label, Measure.code).join(Measure).where(Measure.fiche == fiche)
    return {text for pair in rows.tuples() for text in pair if text}
