"""The shape of each section of the settings."""

from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    FileField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import Email, InputRequired, Length, NumberRange, Optional, Regexp
from wtforms.widgets import CheckboxInput, ColorInput, ListWidget

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.dates import MONTHS
from cptsapp.kernel.forms import EurosField, Form
from cptsapp.kernel.text import spaced_phone

from .models import MOST_PAYMENT, Conformity

ADDRESS = [Optional(), Email("Cette adresse e-mail est incomplète. Vérifiez-la."), Length(max=254)]
PHONE = [
    Optional(),
    Length(max=30),
    Regexp(
        r"^\+?[0-9 .()\u00a0\u202f-]{6,30}$",
        message="Écrivez le numéro avec des chiffres, par exemple « 01 99 00 12 34 ».",
    ),
]
LATE_MONTHS = [
    (0, "Non, pour l’année en cours seulement"),
    *((rank, f"Oui, à partir {'d’' if name[0] in 'ao' else 'de '}{name}") for rank, name in enumerate(MONTHS, start=1)),
]
ONE_LINE = Regexp(r"^[^\r\n\x00]*$", message="Écrivez sur une seule ligne.")


def stripped(value):
    """Return what was typed without the spaces around; a field that did not come is empty."""
    return (value or "").strip()


def text(label, most, *validators, **options):
    return StringField(
        label, [*(validators or [Optional()]), Length(max=most), ONE_LINE], filters=[stripped], **options
    )


def paragraph(label, most=2000, **options):
    return TextAreaField(label, [Optional(), Length(max=most)], filters=[stripped], **options)


class IdentityForm(Form):
    name = text("Nom complet", 120, InputRequired("Donnez le nom de l’association."))
    short_name = text("Nom court", 40, description="Celui de l’en-tête et des e-mails, par exemple « CPTS du Val ».")
    subtitle = text("Sous-titre", 120, description="Sous le nom. Laissé vide : le nombre de communes et d’habitants.")
    legal_form = text("Forme juridique", 80)
    address = TextAreaField("Adresse du siège", [Optional(), Length(max=400)], filters=[stripped])
    phone = TelField("Téléphone", PHONE, filters=[stripped, spaced_phone])
    email = EmailField("Adresse e-mail de contact", ADDRESS, filters=[stripped])
    opening_hours = text("Horaires de réponse", 200, description="Par exemple « du lundi au jeudi, de 9 h à 17 h ».")
    founded_on = DateField("Date de création", [Optional()])
    missions = SelectMultipleField(
        "Missions choisies",
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        validators=[Optional()],
    )
    links = paragraph("Liens", description="Un par ligne, par exemple « LinkedIn : https://exemple.fr/notre-cpts ».")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.missions.choices = [(mission.code, mission.label) for mission in reference.missions().values()]


class LookForm(Form):
    colour = StringField("Couleur", [InputRequired("Choisissez une couleur.")], widget=ColorInput())
    logo = FileField("Logo", description="PNG, JPEG ou WebP ; un fond transparent va sur tous les fonds.")
    remove_logo = BooleanField("Retirer le logo actuel")


class MailForm(Form):
    sender_name = text("Nom de l’expéditeur", 120, description="Laissé vide : le nom court de l’association.")
    sender_email = EmailField("Adresse de l’expéditeur", ADDRESS, filters=[stripped])
    reply_to = EmailField(
        "Adresse pour les réponses", ADDRESS, filters=[stripped], description="Laissée vide : celle de l’expéditeur."
    )
    collective_sender_name = text("Nom de l’expéditeur des envois collectifs", 120)
    collective_sender_email = EmailField("Adresse de l’expéditeur des envois collectifs", ADDRESS, filters=[stripped])
    bounce_email = EmailField(
        "Adresse pour les retours", ADDRESS, filters=[stripped], description="Où arrivent les messages non distribués."
    )


class MembershipForm(Form):
    month = SelectField("L’année d’adhésion commence en", coerce=int, choices=list(enumerate(MONTHS, start=1)))
    late_month = SelectField(
        "Une nouvelle adhésion vaut-elle aussi pour l’année suivante ?",
        coerce=int,
        choices=LATE_MONTHS,
        description="Qui arrive tard dans l’année ne règle alors qu’une cotisation, celle de l’année suivante, "
        "et n’est pas relancé pour elle. Les adhésions déjà ouvertes ne changent pas.",
    )
    fee = EurosField("Cotisation annuelle, en euros", description="0 si l’adhésion est gratuite.")
    payment = paragraph(
        "Comment régler la cotisation",
        MOST_PAYMENT,
        description="Lu par qui doit une cotisation, dans les e-mails et dans l’espace adhérent. Par exemple « Par "
        "virement (IBAN FR76…) ou par chèque à l’ordre de l’association, au siège ».",
    )


class LegalForm(Form):
    publication_director = text("Directeur ou directrice de la publication", 120)
    rna = text("Numéro RNA", 20, description="W et neuf chiffres, au récépissé de la préfecture.")
    siret = text("Numéro SIRET", 20)
    host_name = text("Hébergeur : nom", 120)
    host_address = TextAreaField("Hébergeur : adresse", [Optional(), Length(max=400)], filters=[stripped])
    host_phone = TelField("Hébergeur : téléphone", PHONE, filters=[stripped, spaced_phone])
    dpo_contact = text(
        "Contact pour les données personnelles", 254, description="Laissé vide : l’adresse e-mail de l’association."
    )
    legal_complement = paragraph("Complément aux mentions légales", 5000, description="En Markdown.")
    privacy_complement = paragraph("Complément à la page Confidentialité", 5000, description="En Markdown.")


class AccessibilityForm(Form):
    level = SelectField("Niveau déclaré", choices=[(each.value, each.label.capitalize()) for each in Conformity])
    checked_on = DateField("Date de l’audit", [Optional()])
    contact = text("Contact pour signaler une difficulté", 254, description="Laissé vide : l’e-mail de l’association.")
    gaps = paragraph(
        "Ce qui n’est pas encore accessible", 5000, description="En Markdown : quoi, pourquoi, jusqu’à quand."
    )


class CollegeForm(Form):
    name = text("Nom", 120, InputRequired("Donnez un nom au collège."))
    description = paragraph("Qui en fait partie", 500)
    seats = IntegerField("Sièges au conseil", [Optional(), NumberRange(0, 200, "Un collège a de 0 à 200 sièges.")])
