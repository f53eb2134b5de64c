"""The form to join, which asks of each what concerns them, and the small forms of the gestion."""

from wtforms import BooleanField, EmailField, HiddenField, SelectField, StringField, TelField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, Length, Optional, ValidationError

from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.document import rules as documents
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.forms import Form, PublicForm

from . import checks
from .models import OTHER, MemberType

NOT_CHOSEN = {"X-AUTRE"}  # « autre » takes the words of the person
FAMILIES_ELSEWHERE = {"collectivites", "usagers"}
MODES = [
    ("", "Choisissez"),
    ("Cabinet individuel", "Cabinet individuel"),
    ("Cabinet de groupe", "Cabinet de groupe"),
    ("Maison de santé", "Maison de santé"),
    ("Centre de santé", "Centre de santé"),
    ("Officine ou laboratoire", "Officine ou laboratoire"),
    ("Établissement", "Établissement"),
    ("À domicile", "À domicile"),
    ("Remplacements", "Remplacements"),
    ("Autre", "Autre"),
]
MOST_PLACES = 6
EMAIL_SHAPE = "Cette adresse ne semble pas complète. Exemple : prenom.nom@exemple.fr"


def stripped(text):
    """Return the text without blanks around it, on one line."""
    return " ".join((text or "").replace("\0", "").split())


def profession_choices() -> list[SelectChoice]:
    """Return the professions by family, then « autre »."""
    families = [
        SelectChoice(profession.code, profession.label, optgroup=profession.family_label)
        for profession in reference.professions().values()
        if profession.family not in FAMILIES_ELSEWHERE and profession.code not in NOT_CHOSEN
    ]
    families.sort(key=lambda each: list(reference.FAMILIES.values()).index(each.optgroup))
    other = SelectChoice(OTHER, "Autre profession, à préciser", optgroup="Autre")
    return [SelectChoice("", "Choisissez"), *families, other]


def accepted_versions() -> dict[str, object]:
    """Return {"statutes": version, "charter": version} of the public documents that whoever joins accepts."""
    found = {"statutes": documents.current("statuts"), "charter": documents.current("charte")}
    return {name: each for name, each in found.items() if each and each.document.visibility == Visibility.PUBLIC}


def _text(label, *, needed="", longest=80, **attributes):
    """A line of text, needed when a sentence says so."""
    said = Length(max=longest, message=f"Écrivez {longest} caractères au plus.")
    return StringField(
        label, [DataRequired(needed) if needed else Optional(), said], [stripped], render_kw=attributes or None
    )


class MemberForm(Form):
    """What is asked of a member; `for_type` leaves the fields that concern a type."""

    name = _text(
        "Nom de la structure", needed="Indiquez le nom de la structure.", longest=160, autocomplete="organization"
    )
    given_name = _text("Prénom", needed="Indiquez votre prénom.", autocomplete="given-name")
    family_name = _text("Nom", needed="Indiquez votre nom.", autocomplete="family-name")
    function = _text("Fonction", longest=80, autocomplete="organization-title")
    email = EmailField(
        "Adresse e-mail",
        [
            DataRequired("Indiquez votre adresse e-mail : nous vous y enverrons un lien à confirmer."),
            Email(EMAIL_SHAPE),
            Length(max=254),
        ],
        [stripped],
        render_kw={"autocomplete": "email"},
    )
    phone = TelField("Téléphone", [Optional(), Length(max=30)], [stripped], render_kw={"autocomplete": "tel"})
    profession = SelectField("Profession", choices=profession_choices, default="")
    profession_other = _text("Si elle n’est pas dans la liste, écrivez-la", longest=120)
    commune_text = _text("Commune d’exercice", needed="Indiquez votre commune.", autocomplete="off")
    commune = HiddenField()
    mode = SelectField("Mode d’exercice", choices=MODES, default="")
    organisation = _text("Cabinet, maison de santé ou employeur", longest=160, autocomplete="organization")
    rpps = StringField(
        "Numéro RPPS",
        [Optional()],
        [checks.digits],
        description="11 chiffres, sur votre carte professionnelle.",
        render_kw={"inputmode": "numeric"},
    )
    adeli = StringField("Numéro ADELI", [Optional()], [checks.digits], description="Si vous n’avez pas de RPPS.")
    deputy_given_name = _text("Prénom du suppléant")
    deputy_family_name = _text("Nom du suppléant")
    deputy_email = EmailField(
        "Adresse e-mail du suppléant", [Optional(), Email(EMAIL_SHAPE), Length(max=254)], [stripped]
    )
    message = TextAreaField("Un mot pour l’équipe", [Length(max=2000, message="Écrivez 2 000 caractères au plus.")])

    place = None  # reference.Place of the commune, once validated
    places = ()  # what a name may mean, when it is several

    def for_type(self, type: MemberType):
        """Keep the fields that concern a type, under the words that suit it; return the form."""
        for name in UNASKED[type]:
            if name in self:
                del self[name]
        if "commune_text" in self:
            self.commune_text.label.text = COMMUNE_LABELS[type]
        if type == MemberType.SALARIE:
            self.organisation.label.text = "Employeur"
        if type == MemberType.COLLECTIVITE:
            self.name.label.text = "Nom de la collectivité"
        if type.is_body:
            self.given_name.label.text, self.family_name.label.text = "Prénom du représentant", "Nom du représentant"
            self.email.label.text, self.phone.label.text = "Adresse e-mail du représentant", "Téléphone du représentant"
        return self

    def validate_profession(self, field):
        other = self.profession_other.data if "profession_other" in self else ""
        if not field.data and not other:
            raise ValidationError("Choisissez votre profession, ou « autre » à la fin de la liste.")
        if field.data == OTHER and not other:
            raise ValidationError("Écrivez votre profession dans le champ qui suit.")

    def validate_commune_text(self, field):
        """Find the place meant: the one ticked when the name may mean it, else the only answer."""
        self.place, self.places = meant(field.data, self.commune.data or "")
        if self.place is None:
            if self.places:
                raise ValidationError("Plusieurs communes portent ce nom : choisissez la vôtre ci-dessous.")
            raise ValidationError("Nous ne trouvons pas cette commune. Essayez le début de son nom, ou le code postal.")

    def doubts(self) -> dict[str, str]:
        """Return what looks wrong in the numbers, by field; nothing of it refuses the form."""
        read = {"rpps": checks.rpps_doubt, "adeli": checks.adeli_doubt}
        return {name: said for name, doubt in read.items() if name in self and (said := doubt(self[name].data or ""))}


def near() -> set[str]:
    """Return the départements of the territory: a name that two communes bear is first the one next door."""
    return {commune.departement for commune in identity().communes}


def meant(text: str, chosen: str) -> tuple[reference.Place | None, list[reference.Place]]:
    """Return (the place that `text` means or None, the places that it may mean); `chosen` is an INSEE code ticked."""
    found = reference.search(text or "", near=near(), limit=MOST_PLACES)
    ticked = [place for place in found if place.insee == chosen]
    if ticked:
        return ticked[0], found
    exact = reference.named_exactly(text or "")
    ours = {commune.insee for commune in identity().communes}
    for several in (
        exact,
        [each for each in exact if each.departement in near()],
        [e for e in exact if e.insee in ours],
    ):
        if len(several) == 1:
            return several[0], found
    return (found[0], found) if len(found) == 1 else (None, found)


BODY_FIELDS = {"name", "function", "deputy_given_name", "deputy_family_name", "deputy_email"}
PRACTICE_FIELDS = {"profession", "profession_other", "mode", "organisation", "rpps", "adeli"}
UNASKED = {
    MemberType.LIBERAL: BODY_FIELDS,
    MemberType.SALARIE: BODY_FIELDS | {"mode"},
    MemberType.STRUCTURE: PRACTICE_FIELDS,
    MemberType.COLLECTIVITE: PRACTICE_FIELDS,
    MemberType.USAGER: BODY_FIELDS | PRACTICE_FIELDS,
}
COMMUNE_LABELS = {
    MemberType.LIBERAL: "Commune d’exercice",
    MemberType.SALARIE: "Commune d’exercice",
    MemberType.STRUCTURE: "Commune de la structure",
    MemberType.COLLECTIVITE: "Commune ou siège",
    MemberType.USAGER: "Commune où vous habitez",
}


class JoinForm(PublicForm, MemberForm):
    """The request to join, open to anybody."""

    show_email = BooleanField("Mon adresse e-mail")
    show_phone = BooleanField("Mon téléphone")
    accept_statutes = BooleanField()
    accept_charter = BooleanField()
    statutes_version = HiddenField()
    charter_version = HiddenField()
    de = HiddenField()

    def for_type(self, type: MemberType):
        """Keep what concerns a type, and the documents to accept as they stand today."""
        super().for_type(type)
        self.versions = accepted_versions()
        for name, words in (
            ("statutes", "J’ai lu et j’accepte les statuts"),
            ("charter", "J’ai lu et j’accepte la charte"),
        ):
            version = self.versions.get(name)
            if version is None:
                del self[f"accept_{name}"], self[f"{name}_version"]
                continue
            self[f"accept_{name}"].label.text = words
            if not self.is_submitted():
                self[f"{name}_version"].data = version.label
        return self

    def validate_accept_statutes(self, field):
        self._validate_acceptance(field, "statutes", "les statuts")

    def validate_accept_charter(self, field):
        self._validate_acceptance(field, "charter", "la charte")

    def _validate_acceptance(self, field, name, what):
        if self[f"{name}_version"].data != self.versions[name].label:
            self[f"{name}_version"].data, field.data = self.versions[name].label, False
            raise ValidationError(f"Une nouvelle version vient de paraître. Relisez {what}, puis cochez de nouveau.")
        if not field.data:
            raise ValidationError(f"Pour adhérer, il faut accepter {what}.")

    @property
    def shows(self) -> str:
        return " ".join(name for name in ("show_email", "show_phone") if self[name].data)


class RefusalForm(Form):
    reason = TextAreaField(
        "Motif du refus",
        [DataRequired("Écrivez le motif : la personne le recevra."), Length(max=2000)],
    )


class QuestionForm(Form):
    question = TextAreaField(
        "Ce qu’il manque",
        [DataRequired("Écrivez ce que la personne doit préciser ou corriger."), Length(max=2000)],
    )
