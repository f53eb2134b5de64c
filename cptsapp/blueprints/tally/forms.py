"""What is typed about tallies."""

from datetime import date

from wtforms import DateField, HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.forms import Form

from .models import ELSEWHERE, TallyKind


def commune_choices() -> list[tuple[str, str]]:
    """Return the communes of the territory, then what lies outside it."""
    return [*((each.insee, each.name) for each in Commune.of_territory()), ("", ELSEWHERE)]


class CountForm(Form):
    on = DateField("Le", [Optional()])
    commune = SelectField("Commune", validators=[Optional()])
    key = HiddenField()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.commune.choices = commune_choices()


class CorrectionForm(Form):
    kind = SelectField("Compteur", coerce=int)
    on = DateField("Un jour du mois concerné", [InputRequired("Donnez un jour du mois à corriger.")])
    commune = SelectField("Commune")
    number = IntegerField(
        "Combien",
        [InputRequired("Écrivez un nombre, par exemple 12, ou -1 pour en retirer un."), NumberRange(-10_000, 10_000)],
        description="12 ajoute douze ; -1 en retire un.",
    )
    key = HiddenField()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.kind.choices = [(each.id, each.label) for each in TallyKind.ordered()]
        self.commune.choices = commune_choices()


class KindForm(Form):
    label = StringField("Ce qui est compté", [InputRequired("Dites ce qui est compté."), Length(max=120)])
    hint = StringField(
        "Précision",
        [Length(max=200)],
        description="Dite sous le bouton : quand ajouter un, quand ne pas le faire.",
    )
    position = IntegerField("Rang", [Optional(), NumberRange(0, 1000)], default=0, description="Le plus petit d’abord.")


def month_of(text: str | None, default: date) -> date:
    """Return the first day of a month written « 2026-11 », or `default`."""
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return default
    return found if 2000 <= found.year <= 2200 else default
