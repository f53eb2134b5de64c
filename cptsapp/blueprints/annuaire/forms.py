"""The setting of the public directory."""

from wtforms import BooleanField, TextAreaField
from wtforms.validators import Length

from cptsapp.kernel.forms import Form


class DirectoryForm(Form):
    public_on = BooleanField("Ouvrir l’annuaire à tous les visiteurs")
    introduction = TextAreaField("Présentation", [Length(max=2000)])
