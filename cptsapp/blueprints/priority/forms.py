"""What is typed of a vote on priorities, and the ballot."""

from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from cptsapp.blueprints.project.audience import Audience
from cptsapp.blueprints.project.models import Fiche, FicheState
from cptsapp.kernel.forms import Form, ticks

from .models import MOST_CHOICES, Option, Round


def _fiches() -> list[tuple[str, str]]:
    rows = Fiche.present().where(Fiche.state != FicheState.CLOSED).order_by(Fiche.mission, Fiche.id)
    return [(str(each.id), each.full_title) for each in rows]


class TermsForm(Form):
    title = StringField("Titre du vote", [InputRequired("Donnez un titre au vote."), Length(max=120)])
    until = DateField("Dernier jour pour voter", [InputRequired("Donnez le dernier jour.")])
    words = TextAreaField("Ce que vous demandez", [Optional(), Length(max=1000)])


class RoundForm(TermsForm):
    audience = SelectField("Qui vote", choices=Audience.choices())
    choices = IntegerField(
        "Nombre de choix de chacun",
        [
            InputRequired("Donnez un nombre de choix."),
            NumberRange(1, MOST_CHOICES, f"De 1 à {MOST_CHOICES} choix."),
        ],
        description="Chacun coche jusqu’à ce nombre de fiches ; chaque fiche cochée reçoit une voix.",
    )
    fiches = ticks("Fiches mises au vote")
    tell = BooleanField("Prévenir par e-mail ceux qui votent")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fiches.choices = _fiches()


class BallotForm(Form):
    """The fiches of a round, to tick."""

    fiches = ticks("Vos priorités")

    def __init__(self, round: Round, **kwargs):
        super().__init__(**kwargs)
        shown = Option.of(round).where(Fiche.deleted_at.is_null())
        self.fiches.choices = [(str(each.fiche_id), each.fiche.full_title) for each in shown]

    @property
    def chosen(self) -> list[int]:
        return [int(each) for each in self.fiches.data or [] if each.isascii() and each.isdigit()]
