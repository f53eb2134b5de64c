"""What is typed of a contract. The forms of a year and of the dates have one set of fields for each mission."""

from wtforms import DateField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.forms import EurosField, Form

from .budget import Budget
from .figures import YearView
from .models import MOST_YEARS
from .tariff import SIZES


def _missions() -> list[tuple[str, str]]:
    return [(each.code, each.label) for each in reference.missions().values()]


class ContractForm(Form):
    signed_on = DateField("Date de signature", [InputRequired("Donnez la date de signature.")])
    years = IntegerField(
        "Durée, en années",
        [InputRequired("Donnez la durée."), NumberRange(1, MOST_YEARS, "Un contrat dure de 1 à 10 ans.")],
    )
    size = SelectField("Taille à la signature", choices=[(size, f"Taille {size}") for size in SIZES], coerce=int)
    population = IntegerField(
        "Population à la signature", [Optional(), NumberRange(1, 10_000_000, "Écrivez un nombre d’habitants.")]
    )
    missions = SelectMultipleField(
        "Missions engagées", choices=_missions, option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False)
    )
    note = TextAreaField("Remarques", [Optional(), Length(max=500)])


class Percent(IntegerField):
    """A rate typed « 75 » or « 75 % »."""

    def process_formdata(self, values):
        super().process_formdata([each.replace("%", "").strip() for each in values])


def year_form(view: YearView, data=None) -> Form:
    """Return the form of a year: for each line its amounts, the rate kept, and where that is written."""
    fields = {}
    for each in view.lines:
        code = each.line.code
        fields[f"fixed_cents-{code}"] = EurosField(f"Part fixe : {each.line.label}", [Optional()])
        if each.amount.variable != 0:
            fields[f"variable_cents-{code}"] = EurosField(f"Part variable : {each.line.label}", [Optional()])
            fields[f"achieved-{code}"] = Percent(
                f"Taux retenu : {each.line.label}", [Optional(), NumberRange(0, 100, "Un taux va de 0 à 100 %%.")]
            )
        fields[f"source-{code}"] = StringField(f"Où c’est écrit : {each.line.label}", [Optional(), Length(max=200)])
    return type("YearForm", (Form,), fields)(data=data)


def typed_values(view: YearView, form: Form) -> dict[str, dict]:
    """Return what `rules.value_year` takes of a year's form."""
    names = ("fixed_cents", "variable_cents", "achieved", "source")
    found = {}
    for each in view.lines:
        keys = {name: f"{name}-{each.line.code}" for name in names}
        found[each.line.code] = {name: form[key].data for name, key in keys.items() if key in form}
    return found


def budget_form(budget: Budget) -> Form:
    """Return the form of the budget of a year: for each line what is planned, what was spent, a word."""
    fields, data = {}, {}
    for each in budget.lines:
        code, label = each.line.code, each.line.label
        fields[f"planned_cents-{code}"] = EurosField(f"Enveloppe prévue : {label}", [Optional()])
        fields[f"spent_cents-{code}"] = EurosField(f"Dépensé : {label}", [Optional()])
        fields[f"note-{code}"] = StringField(f"Remarque : {label}", [Optional(), Length(max=200)])
        data |= {f"planned_cents-{code}": each.planned, f"spent_cents-{code}": each.spent, f"note-{code}": each.note}
    return type("BudgetForm", (Form,), fields)(data=data)


def budget_values(budget: Budget, form: Form) -> dict[str, dict]:
    """Return what `rules.plan_year` takes of the form of a budget."""
    names, codes = ("planned_cents", "spent_cents", "note"), (each.line.code for each in budget.lines)
    return {code: {name: form[f"{name}-{code}"].data for name in names} for code in codes}


def dates_form(engagements, labels: dict[str, str]) -> Form:
    """Return the form of the days on which the missions of a contract started and were deployed."""
    fields, data = {}, {}
    for each in engagements:
        label = labels[each.mission]
        for name, words in (("started_on", "Démarrée le"), ("deployed_on", "Déployée le")):
            fields[f"{name}-{each.mission}"] = DateField(f"{words} : {label}", [Optional()])
            data[f"{name}-{each.mission}"] = getattr(each, name)
    return type("DatesForm", (Form,), fields)(data=data)
