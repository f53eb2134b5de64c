"""The shape of a record."""

from wtforms import EmailField, StringField, TelField, TextAreaField
from wtforms.validators import Email, InputRequired, Length, Optional

from cptsapp.kernel.forms import Form

INCOMPLETE_EMAIL = "Cette adresse ne semble pas complète. Exemple : nom@exemple.fr."


class _ContactForm(Form):
    email = EmailField(
        "Adresse e-mail",
        [Optional(), Email("Cette adresse ne semble pas complète, par exemple nom@exemple.fr."), Length(max=254)],
    )
    phone = TelField("Téléphone", [Length(max=30)])
    note = TextAreaField("Note de suivi", [Length(max=4000)])


class PersonForm(_ContactForm):
    given_name = StringField("Prénom", [Length(max=80)])
    family_name = StringField("Nom", [InputRequired("Indiquez le nom de famille."), Length(max=80)])


class StructureForm(_ContactForm):
    name = StringField("Nom de la structure", [InputRequired("Indiquez le nom de la structure."), Length(max=160)])
