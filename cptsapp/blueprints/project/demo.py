"""The project of the demonstration: the published fiches of a territory, some of them under way."""

from datetime import timedelta

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.dates import today
from cptsapp.kernel.registry import demo_data

from . import consulting, importer, rules
from .models import Fiche, FicheState

FOLDER = reference.DATA / "projets"
PATH = (FicheState.VALIDATED, FicheState.PRESENTED, FicheState.ACTIVE)
PROGRESS = {"BRI-ACC-1": 60, "BRI-ACC-2": 40, "BRI-PRE-1": 80, "BRI-PRE-2": 30, "BRI-ATT-1": 50}

COMMENTS = (
    "Les secrétaires médicales sont les premières à recevoir ces appels : associons-les dès le début.",
    "Pourrait-on commencer par deux communes, puis élargir au bout de six mois ?",
)
ANSWER = "Vous avez raison : deux secrétaires rejoignent le groupe de travail dès la prochaine réunion."


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
    _consult()


def _consult():
    """One consultation under way, with a comment that waits for its answer and one that has it."""
    account = Account.with_email("adherent@exemple.fr")
    if account is None:
        return
    fiche = Fiche.get(Fiche.code == "BRI-ACC-1")
    words = "Le calendrier vous paraît-il tenable ? Qui manque-t-il autour de la table ?"
    consultation = consulting.open_on(fiche.id, until=today() + timedelta(days=30), words=words)
    first = consulting.comment(consultation.id, account.person_id, text=COMMENTS[0])
    consulting.answer(first.id, text=ANSWER, answers_read=0)
    consulting.comment(consultation.id, account.person_id, text=COMMENTS[1])
