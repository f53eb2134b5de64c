"""What is typed of an indicator: where it belongs, what it counts in a year, a value."""

from datetime import date
from decimal import Decimal

from wtforms import (
    BooleanField,
    DateField,
    FileField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from cptsapp.blueprints.project.models import Fiche
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import EurosField, Form
from cptsapp.kernel.registry import Parameter
from cptsapp.kernel.text import euros

from . import computing
from .checking import Definition
from .computing import MEASURE
from .models import Direction, Level, MeasureKind, Origin, Since
from .numbers import parse, written
from .rules import Given

LONGEST_PARAMETER = 80


class NumberField(StringField):
    """A number typed as French does, « 66,26 »; its data is an exact Decimal, or None."""

    def process_formdata(self, values):
        self.raw = values[0] if values else ""
        self.data = None
        if self.raw.strip():
            try:
                self.data = parse(self.raw)
            except RuleError as error:
                raise ValueError(str(error)) from error

    def _value(self):
        if self.raw_data:
            return self.raw
        return "" if self.data is None else written(self.data)


class LevelsField(TextAreaField):
    """Levels typed one a line, « 50 : 9000 »: the threshold, then the amount in euros."""

    def process_formdata(self, values):
        self.raw = values[0] if values else ""
        self.data = []
        for number, line in enumerate(self.raw.splitlines(), 1):
            if line.strip():
                self.data.append(self._level(line, number))

    def _level(self, line: str, number: int) -> Level:
        threshold, sign, amount = line.partition(":")
        try:
            cents = parse(amount) * 100
            if not sign or cents != int(cents):
                raise RuleError("")
            return Level(parse(threshold), int(cents))
        except RuleError as error:
            raise ValueError(
                f"Ligne {number} : écrivez le seuil, deux points, puis le montant en euros, par exemple « 50 : 9000 »."
            ) from error

    def _value(self):
        if self.raw_data:
            return self.raw
        return "\n".join(f"{written(each.threshold)} : {euros(each.amount_cents)}" for each in self.data or [])


def _fiches() -> list[tuple[str, str]]:
    rows = Fiche.present().order_by(Fiche.mission, Fiche.id)
    return [("", "Aucune : l’indicateur est celui d’une mission"), *((str(x.id), x.full_title) for x in rows)]


def _missions() -> list[tuple[str, str]]:
    return [("", "Hors des missions du contrat"), *((each.code, each.label) for each in reference.missions().values())]


class PlaceForm(Form):
    fiche = SelectField("Fiche-action", choices=_fiches)
    mission = SelectField("Mission", choices=_missions, description="Pour un indicateur qui n’est d’aucune fiche.")
    is_public = BooleanField(
        "Montrer ce chiffre sur le site", description="Un nombre de 1 à 4 y devient « moins de 5 »."
    )

    def place(self) -> dict:
        """Return what the rules take."""
        return {
            "fiche_id": int(self.fiche.data) if self.fiche.data else None,
            "mission": self.mission.data,
            "is_public": self.is_public.data,
        }


class DefinitionForm(Form):
    label = StringField("Nom", [InputRequired("Donnez un nom à l’indicateur."), Length(max=200)])
    definition = TextAreaField(
        "Ce qui est compté, exactement",
        [Optional(), Length(max=600)],
        description="Ce qui entre dans le compte, ou non.",
    )
    kind = SelectField("Nature", choices=MeasureKind.choices())
    unit = StringField("Unité", [Optional(), Length(max=40)], description="« patients », « % », « ateliers »…")
    direction = SelectField(
        "Sens", choices=[(each.value, each.label) for each in (Direction.UP, Direction.DOWN)], validate_choice=False
    )
    initial = NumberField("Valeur initiale", [Optional()])
    target = NumberField("Cible", [Optional()], description="Inutile pour un oui ou non, ou pour des paliers.")
    levels = LevelsField(
        "Paliers",
        [Optional(), Length(max=1000)],
        description="Un par ligne : le seuil, deux points, le montant en euros. Par exemple « 50 : 9000 ».",
    )
    amount_cents = EurosField("Montant si la cible est atteinte, en euros", [Optional()])
    weight = IntegerField(
        "Poids", [InputRequired("Donnez un poids."), NumberRange(1, 10, "Le poids va de 1 à 10.")], default=1
    )
    origin = SelectField("D’où vient la valeur", choices=Origin.choices())
    origin_note = StringField(
        "Précision",
        [Optional(), Length(max=200)],
        description="Qui transmet la valeur ; ou, s’il est sans source, ce qu’il manque pour le compter.",
    )
    since = SelectField("Compter", choices=Since.choices())
    shown = HiddenField()  # the computations whose parameters the form showed


def key_choices(others: list[tuple[int, str]]) -> list[tuple[str, str]]:
    """Return what can be computed: registered indicators by name, then the other measures."""
    found = sorted(computing.known().values(), key=lambda each: each.label)
    named = [(each.key, f"{each.label} ({each.unit})" if each.unit else each.label) for each in found]
    return [("", "Rien"), *named, *((f"{MEASURE}:{id}", f"Indicateur : {label}") for id, label in others)]


def definition_form(told: Definition | None, others: list[tuple[int, str]], typed) -> DefinitionForm:
    """Return the form of a definition, with the parameters of the computations that it shows or that were chosen."""
    choices = key_choices(others)
    fields = {
        "key": SelectField("Ce qui est calculé", choices=choices, validate_choice=False),
        "over_key": SelectField("Divisé par", choices=choices, validate_choice=False),
    }
    data = _data(told) if told else {}
    for prefix, name in (("p", "key"), ("o", "over_key")):
        for each in parameters_of(typed.get(name, data.get(name, ""))):
            fields[f"{prefix}-{each.key}"] = _parameter_field(each)
    return type("Form", (DefinitionForm,), fields)(data=data)


def parameters_of(chosen: str) -> tuple[Parameter, ...]:
    found = computing.known().get(chosen)
    return found.parameters if found else ()


def _parameter_field(each: Parameter):
    if each.choices:
        return SelectField(each.label, choices=[("", "Sans restriction"), *each.choices()], validate_choice=False)
    return StringField(each.label, [Optional(), Length(max=LONGEST_PARAMETER)])


def _data(told: Definition) -> dict:
    data = {name: getattr(told, name) for name in told.__dataclass_fields__}
    data["key"], data["over_key"] = _chosen(told.key, told.parameters), _chosen(told.over_key, told.over_parameters)
    data |= {f"p-{name}": value for name, value in told.parameters.items()}
    data |= {f"o-{name}": value for name, value in told.over_parameters.items()}
    return data | {"shown": shown_of(data["key"], data["over_key"])}


def _chosen(key: str, parameters: dict[str, str]) -> str:
    return f"{MEASURE}:{parameters.get(MEASURE, '')}" if key == MEASURE else key


def shown_of(key: str, over_key: str) -> str:
    return f"{key}|{over_key}"


def is_to_narrow(form: DefinitionForm) -> bool:
    """Tell whether a computation was chosen whose parameters the form had not shown yet."""
    shown = dict(zip(("key", "over_key"), f"{form.shown.data}|".split("|"), strict=False))
    chosen = {name: form[name].data or "" for name in ("key", "over_key")}
    return form.origin.data == Origin.COMPUTED and any(
        parameters_of(value) and shown.get(name) != value for name, value in chosen.items()
    )


def definition_of(form: DefinitionForm) -> Definition:
    """Return the definition that was typed."""
    names = ("label", "definition", "kind", "unit", "direction", "initial", "target", "levels", "amount_cents")
    told = Definition(**{name: form[name].data for name in names})
    told.weight, told.origin, told.since = form.weight.data, form.origin.data, form.since.data
    told.origin_note = form.origin_note.data
    told.key, told.parameters = _operand(form, "p", form.key.data or "")
    told.over_key, told.over_parameters = _operand(form, "o", form.over_key.data or "")
    return told


def _operand(form: DefinitionForm, prefix: str, chosen: str) -> tuple[str, dict[str, str]]:
    if chosen.startswith(f"{MEASURE}:"):
        return MEASURE, {MEASURE: chosen.partition(":")[2]}
    names = [each.key for each in parameters_of(chosen)]
    return chosen, {name: (form[f"{prefix}-{name}"].data or "").strip() for name in names}


class ValueForm(Form):
    on = DateField("Date de la valeur", [InputRequired("Donnez la date à laquelle cette valeur vaut.")])
    number = NumberField("Valeur", [InputRequired("Donnez la valeur.")])
    over = NumberField("Sur", [Optional()], description="Le dénominateur d’un taux.")
    band = StringField("Tranche", [Optional(), Length(max=40)], description="« 70 ans et plus » ; vide : l’ensemble.")
    source = StringField("Source", [InputRequired("Dites d’où vient cette valeur."), Length(max=200)])
    note = StringField("Remarque", [Optional(), Length(max=300)])

    def given(self) -> Given:
        """Return what the rules take."""
        texts = {name: (self[name].data or "").strip() for name in ("band", "source", "note") if name in self}
        return Given(self.on.data if "on" in self else date.min, self.number.data or Decimal(0), self._over(), **texts)

    def _over(self) -> Decimal | None:
        return self.over.data if "over" in self else None


class YesNoField(SelectField):
    def __init__(self, label, **kwargs):
        super().__init__(label, choices=[("1", "Oui"), ("0", "Non")], coerce=Decimal, **kwargs)


def value_form(kind: str, data: dict | None = None, *, is_correction: bool = False) -> ValueForm:
    """Return the form of a value for a kind: a yes or no is chosen, only a rate is divided, only a series has bands."""
    fields = {}
    if kind == MeasureKind.YES_NO:
        fields["number"] = YesNoField("Réponse")
    if kind != MeasureKind.RATE:
        fields["over"] = None
    if is_correction or kind not in (MeasureKind.SERIES, MeasureKind.RATE, MeasureKind.LEVELS):
        fields["band"] = None
    if is_correction:
        fields["on"] = None
    return type("Form", (ValueForm,), fields)(data=data)


class ImportForm(Form):
    file = FileField("Fichier")
    source = StringField(
        "Source", [Optional(), Length(max=200)], description="Pour les lignes du fichier qui n’en donnent pas."
    )
    text = TextAreaField("Ce qui a été lu", [Optional()])  # sent back by the confirmation, on its several lines
