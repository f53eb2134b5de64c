"""The reports of the demonstration: the dossier of the year that is over, and a report under way."""

from cptsapp.blueprints.evidence import periods
from cptsapp.kernel.registry import demo_data

from . import rules
from .models import ReportKind, Section

OPENING = (
    "Cette année, nos équipes se sont retrouvées autour de deux priorités : un médecin traitant pour tous, et la "
    "prévention des chutes.\n\nLes adhérents ont répondu présents, et de nouveaux partenaires nous ont rejoints."
)


@demo_data(order=94)
def fill():
    contract, year = periods.current() or (None, None)
    if contract is None:
        return
    if year > 1:
        rules.freeze(rules.create(ReportKind.DOSSIER, contract_id=contract.id, year=year - 1).id)
    report = rules.create(ReportKind.ACTIVITY, contract_id=contract.id, year=year)
    opening = Section.get(Section.report == report, Section.key == "perspectives")
    rules.save(opening.id, text=OPENING, revision_read=1)
