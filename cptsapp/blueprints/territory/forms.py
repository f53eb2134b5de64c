"""The shape of what people type about the territory."""

from wtforms import DateField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from cptsapp.kernel.forms import Form


def stripped(value):
    """Return what was typed without the spaces around; a field that did not come is empty."""
    return (value or "").strip()


class PasteForm(Form):
    pasted = TextAreaField(
        "Coller une liste",
        [DataRequired("Collez au moins un nom de commune."), Length(max=20000)],
        description="Un nom, un code postal ou un code INSEE par ligne, ou séparés par des virgules.",
    )


class ContractForm(Form):
    population = IntegerField(
        "Population du contrat", [Optional(), NumberRange(1, 5_000_000, "La population va de 1 à 5 000 000.")]
    )
    population_on = DateField("Date de ce chiffre", [Optional()])
    population_source = StringField("Où il est écrit", [Optional(), Length(max=200)], filters=[stripped])
    size = SelectField(
        "Taille du contrat",
        choices=[("", "Celle de la population"), *((str(size), f"Taille {size}") for size in range(1, 5))],
    )
    size_on = DateField("Date de cette taille", [Optional()])
    size_source = StringField("Où elle est écrite", [Optional(), Length(max=200)], filters=[stripped])


class QuartiersForm(Form):
    quartiers = TextAreaField(
        "Quartiers", [Optional(), Length(max=5000)], filters=[stripped], description="Un par ligne."
    )


class HeadcountForm(Form):
    """The numbers by profession are read beside it: `number-<code>`."""

    counted_on = DateField("Date des effectifs", [InputRequired("Donnez la date à laquelle ces effectifs valent.")])
    source = StringField("Source", [Optional(), Length(max=200)], filters=[stripped])
