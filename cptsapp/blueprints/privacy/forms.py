"""The confirmation that an erasure asks for."""

from wtforms import BooleanField
from wtforms.validators import InputRequired

from cptsapp.kernel.forms import Form


class ErasureForm(Form):
    sure = BooleanField(
        "Je confirme : ces données seront effacées, sans retour possible.",
        [InputRequired("Cochez la case pour confirmer l’effacement.")],
    )
