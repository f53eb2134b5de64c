"""What is typed of an idea."""

from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.forms import Form

from .models import Idea
from .rules import LONGEST


def _missions() -> list[tuple[str, str]]:
    return [("", "Je ne sais pas"), *((each.code, each.label) for each in reference.missions().values())]


class IdeaForm(Form):
    title = StringField(
        "Votre idée, en une ligne",
        [InputRequired("Donnez un titre à votre idée."), Length(max=Idea.title.max_length)],
    )
    problem = TextAreaField(
        "Le problème rencontré",
        [InputRequired("Dites le problème que vous rencontrez."), Length(max=LONGEST)],
        description="Ce qui manque, à qui, dans quelles situations. N’y nommez aucun patient.",
    )
    proposal = TextAreaField(
        "Ce que vous proposez",
        [InputRequired("Dites ce que vous proposez."), Length(max=LONGEST)],
        description="Même à l’état d’ébauche.",
    )
    mission = SelectField("Mission concernée", [Optional()], choices=_missions)
    is_signed = BooleanField("Montrer mon nom aux autres adhérents")

    def values(self) -> dict:
        """Return what the rules take."""
        texts = {name: self[name].data or "" for name in ("title", "problem", "proposal", "mission")}
        return texts | {"is_signed": self.is_signed.data}


class DecisionForm(Form):
    words = TextAreaField(
        "Mot à l’auteur",
        [Optional(), Length(max=LONGEST)],
        description="Il le reçoit par e-mail, et les adhérents le lisent sous l’idée. Nécessaire pour « Non retenue ».",
    )
