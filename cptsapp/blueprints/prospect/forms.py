"""What is typed about a prospect."""

from wtforms import BooleanField, DateField, EmailField, SelectField, StringField, TelField, TextAreaField
from wtforms.validators import Email, InputRequired, Length, Optional

from cptsapp.blueprints.adherent.models import MemberType
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.fields import CommuneField
from cptsapp.kernel.forms import Form

from .models import Means


class ProspectForm(Form):
    given_name = StringField("Prénom", [Length(max=80)])
    family_name = StringField("Nom", [InputRequired("Indiquez le nom de famille."), Length(max=80)])
    profession = SelectField("Profession")
    profession_other = StringField("Autre profession, ou précision", [Length(max=120)])
    organisation = StringField("Cabinet ou structure", [Length(max=160)])
    commune = CommuneField("Commune d’exercice")
    email = EmailField(
        "Adresse e-mail",
        [Optional(), Email("Cette adresse ne semble pas complète, par exemple nom@exemple.fr."), Length(max=254)],
    )
    phone = TelField("Téléphone", [Length(max=30)])
    source = StringField(
        "D’où viennent ces coordonnées",
        [InputRequired("Dites d’où viennent ces coordonnées : la personne peut le demander."), Length(max=200)],
        description="Par exemple : annuaire public des professionnels de santé, plaque du cabinet, une consœur.",
    )
    note = TextAreaField(
        "Notes",
        [Length(max=4000)],
        description="La personne peut en demander copie : restez factuel, sans donnée de santé.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.profession.choices = {"": [("", "Non renseignée")], **dict(reference.profession_choices())}


class ApproachForm(Form):
    on = DateField("Le", [InputRequired("Donnez le jour de ce contact.")])
    means = SelectField("Comment", choices=Means.choices())
    text = TextAreaField("Ce qui s’est dit", [Length(max=2000)])
    informed = BooleanField("J’ai dit d’où viennent ses coordonnées et qu’on peut demander à ne plus être contacté")


class ConvertForm(Form):
    type = SelectField("Adhère comme", choices=[(each.value, each.label) for each in MemberType if not each.is_body])
    admit = BooleanField("Enregistrer l’adhésion dès maintenant", default=True)
