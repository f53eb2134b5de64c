"""What people type to try a letter, to choose its hour, and to name a group."""

from wtforms import DateTimeLocalField, EmailField, StringField
from wtforms.validators import Email, InputRequired, Length

from cptsapp.kernel.forms import Form


class TrialForm(Form):
    to = EmailField(
        "Envoyer l’essai à",
        [
            InputRequired("Indiquez l’adresse où recevoir l’essai."),
            Email("Cette adresse n’est pas complète."),
            Length(max=254),
        ],
    )


class HourForm(Form):
    at = DateTimeLocalField(
        "Jour et heure",
        [InputRequired("Choisissez un jour et une heure.")],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )


class GroupForm(Form):
    name = StringField(
        "Nom du groupe",
        [InputRequired("Donnez un nom à ce groupe."), Length(max=120)],
        filters=[lambda text: " ".join((text or "").split())],
    )
