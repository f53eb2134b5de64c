"""The project of the demonstration: the published fiches of a territory, some of them under way."""

from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.registry import demo_data

from . import importer, rules
from .models import Fiche, FicheState

FOLDER = reference.DATA / "projets"
PATH = (FicheState.VALIDATED, FicheState.PRESENTED, FicheState.ACTIVE)
PROGRESS = {"BRI-ACC-1": 60, "BRI-ACC-2": 40, "BRI-PRE-1": 80, "BRI-PRE-2": 30, "BRI-ATT-1": 50}


@demo_data(order=55)
def fill():
    importer.load((FOLDER / "brie.toml").read_bytes())
    contract = Contract.ordered().first()
    for fiche in Fiche.select().where(Fiche.code.in_(list(PROGRESS))):
        for state in PATH:
            rules.move(fiche.id, state, is_bureau=True)
        values = {name: getattr(fiche, name) for name in rules.VALUES}
        rules.update(fiche.id, revision_read=1, **values | {"is_public": True, "priority": 1})
        rules.evaluate(
            fiche.id,
            contract_id=contract.id,
            year=2,
            text="Les premières étapes sont tenues ; la suite est engagée avec les partenaires.",
            progress=PROGRESS[fiche.code],
        )
