"""What the coordination types of a partner, and of a topic."""

from wtforms import BooleanField, EmailField, SelectField, StringField, TelField, TextAreaField
from wtforms.validators import Email, Length, Optional

from cptsapp.kernel.forms import Form

from .forms import SHAPE, stripped
from .models import PartnerKind


class PartnerForm(Form):
    kind = SelectField("Type de partenaire", choices=[("", "Choisissez"), *PartnerKind.choices()])
    organisation = StringField("Organisme", [Length(max=160)], [stripped])
    given_name = StringField("Prénom", [Length(max=80)], [stripped])
    family_name = StringField(
        "Nom", [Length(max=80)], [stripped], description="Sans nom, c’est l’organisme lui-même qui est écrit."
    )
    function = StringField("Fonction", [Length(max=120)], [stripped])
    email = EmailField("Adresse e-mail", [Optional(), Email(SHAPE), Length(max=254)], [stripped])
    phone = TelField("Téléphone", [Length(max=30)], [stripped])
    source = StringField(
        "D’où viennent ces coordonnées ?",
        [Length(max=200)],
        [stripped],
        description="Réunion, site officiel, recommandation… Le partenaire peut le demander.",
    )
    note = TextAreaField("Note de suivi", [Length(max=4000)])
    inform = BooleanField(
        "Prévenir ce partenaire par e-mail que ses coordonnées sont gardées",
        description="La loi le demande dans le mois, ou au premier envoi : d’où elles viennent, et comment s’opposer.",
    )


class TopicForm(Form):
    name = StringField("Nom du thème", [Length(max=80)], [stripped])
    description = StringField("Ce qu’on y trouve", [Length(max=200)], [stripped])
