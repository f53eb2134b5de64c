"""What a person types of their own record."""

from flask_wtf.file import FileField
from wtforms import BooleanField, EmailField, SelectField, StringField, TelField, TextAreaField
from wtforms.validators import Email, InputRequired, Length, Optional

from cptsapp.blueprints.adherent import checks
from cptsapp.blueprints.adherent.forms import EMAIL_SHAPE, MODES, profession_choices
from cptsapp.blueprints.adherent.models import OTHER, MemberType
from cptsapp.blueprints.annuaire.cards import CHOSEN
from cptsapp.blueprints.territory.fields import CommuneField, CommunesField
from cptsapp.kernel.forms import Form

LEVELS = (("nobody", "Personne"), ("members", "Les adhérents"), ("public", "Tout le monde"))


class ProfileForm(Form):
    """`for_person` leaves the names that suit a person or a structure."""

    name = StringField("Nom de la structure", [InputRequired("Indiquez le nom de la structure."), Length(max=160)])
    given_name = StringField("Prénom", [Length(max=80)], render_kw={"autocomplete": "given-name"})
    family_name = StringField(
        "Nom", [InputRequired("Indiquez votre nom."), Length(max=80)], render_kw={"autocomplete": "family-name"}
    )
    email = EmailField(
        "Adresse e-mail", [Optional(), Email(EMAIL_SHAPE), Length(max=254)], render_kw={"autocomplete": "email"}
    )
    phone = TelField("Téléphone", [Length(max=30)], render_kw={"autocomplete": "tel"})
    type = SelectField("J’adhère comme")
    profession = SelectField("Profession", choices=profession_choices)
    profession_other = StringField("Votre profession, si elle n’est pas dans la liste", [Length(max=120)])
    mode = SelectField("Mode d’exercice", choices=MODES)
    organisation = StringField("Cabinet, maison de santé ou employeur", [Length(max=160)])
    commune = CommuneField("Commune d’exercice", description="Un nom ou un code postal.")
    rpps = StringField("Numéro RPPS", [Optional()], [checks.digits], render_kw={"inputmode": "numeric"})
    adeli = StringField("Numéro ADELI", [Optional()], [checks.digits])
    competences = TextAreaField(
        "Compétences",
        [Length(max=1000)],
        description="Ce que vos collègues gagnent à savoir : formations, actes particuliers, publics suivis.",
    )
    areas = CommunesField(
        "Communes où vous vous déplacez", [Length(max=5000)], description="Une par ligne, ou séparées par des virgules."
    )
    hours = TextAreaField("Horaires", [Length(max=500)])

    def for_person(self, person, membership):
        for name in ("given_name", "family_name") if person.is_structure else ("name",):
            del self[name]
        if membership is None or MemberType(membership.type).is_body:
            del self.type
        else:
            self.type.choices = [(each.value, each.label) for each in MemberType if not each.is_body]
        return self

    @property
    def values(self) -> dict:
        """Return what `rules.update` takes."""
        typed = dict(self.data)
        names = {key: typed.pop(key) for key in ("name", "given_name", "family_name") if key in typed}
        typed["profession"] = "" if typed["profession"] == OTHER else typed["profession"]
        if typed["profession"]:
            typed["profession_other"] = ""
        return {"names": names, **typed}


def shown_form(levels: dict[str, str], *, public: bool) -> type[Form]:
    """Return the class of the form of what is shown, with the choices that exist while the public directory is open."""
    choices = [each for each in LEVELS if public or each[0] != "public"]

    class ShownForm(Form):
        in_directory = BooleanField("Figurer dans l’annuaire des adhérents")

    if public:
        ShownForm.public_listing = BooleanField("Figurer aussi dans l’annuaire public")
    for name, label in CHOSEN.items():
        setattr(
            ShownForm, name, SelectField(f"{label} : qui le voit", choices=choices, default=levels.get(name, "nobody"))
        )
    return ShownForm


class PortraitForm(Form):
    photo = FileField("Photo", id="portrait", render_kw={"accept": "image/jpeg,image/png,image/webp"})


class LeaveForm(Form):
    reason = TextAreaField("Un mot pour nous dire pourquoi", [Length(max=2000)])
    sure = BooleanField("Je quitte l’association", [InputRequired("Cochez la case pour confirmer.")])


class ErasureRequestForm(Form):
    reason = TextAreaField("Précisions", [Length(max=2000)])
    sure = BooleanField(
        "Je demande l’effacement de toutes mes données", [InputRequired("Cochez la case pour confirmer.")]
    )


class RefusalForm(Form):
    reason = TextAreaField(
        "Pourquoi", [InputRequired("Écrivez pourquoi : la personne doit pouvoir le lire."), Length(max=2000)]
    )
