"""The shape of what people type to prove who they are, and of what the administration decides about accounts."""

from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    HiddenField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    widgets,
)
from wtforms.validators import Email, InputRequired, Length, Optional

from cptsapp.kernel.forms import Form

from .models import Role

NO_ADDRESS = "Indiquez votre adresse e-mail."
INCOMPLETE_EMAIL = "Cette adresse ne semble pas complète. Exemple : nom@exemple.fr."
ROLES = [(role.value, role.label) for role in Role]


class EmailForm(Form):
    """Asks for an address; whether it is known is never said."""

    email = EmailField("Adresse e-mail", [InputRequired(NO_ADDRESS), Email(INCOMPLETE_EMAIL), Length(max=254)])
    next = HiddenField()


class LoginForm(Form):
    email = EmailField("Adresse e-mail", [InputRequired(NO_ADDRESS), Length(max=254)])
    password = PasswordField("Mot de passe", [InputRequired("Indiquez votre mot de passe."), Length(max=1000)])
    next = HiddenField()


class PasswordForm(Form):
    """A new password; its strength is the rule's business."""

    password = PasswordField("Nouveau mot de passe", [InputRequired("Choisissez un mot de passe.")])


class ActivationForm(Form):
    password = PasswordField("Mot de passe", description="12 caractères au moins. Quatre ou cinq mots font très bien.")


class CodeForm(Form):
    code = StringField("Code", [InputRequired("Indiquez le code."), Length(max=40)])


class PasskeyForm(Form):
    """A name for a key; what the key answers comes in fields that no person fills."""

    name = StringField("Nom de la clé", [InputRequired("Donnez un nom à cette clé."), Length(max=60)])


class ProofForm(Form):
    """Proves again who one is; which fields are shown depends on what the account has."""

    password = PasswordField("Votre mot de passe", [Length(max=1000)])
    code = StringField("Code de l’application, ou code de secours", [Length(max=40)])
    next = HiddenField()


class NewEmailForm(Form):
    email = EmailField(
        "Nouvelle adresse e-mail",
        [InputRequired("Indiquez la nouvelle adresse."), Email(INCOMPLETE_EMAIL), Length(max=254)],
    )


class InvitationForm(Form):
    name = StringField("Prénom et nom", [Length(max=160)])
    email = EmailField("Adresse e-mail", [InputRequired(NO_ADDRESS), Email(INCOMPLETE_EMAIL), Length(max=254)])
    roles = SelectMultipleField(
        "Rôles", choices=ROLES, widget=widgets.ListWidget(prefix_label=False), option_widget=widgets.CheckboxInput()
    )


class RoleForm(Form):
    role = SelectField("Rôle à donner", choices=ROLES)
    until = DateField("Jusqu’au", [Optional()])


class RecoveryForm(Form):
    new_email = EmailField("Nouvelle adresse e-mail", [Optional(), Email(INCOMPLETE_EMAIL), Length(max=254)])
    remove_factor = BooleanField("Retirer le second facteur (téléphone perdu ou changé)")
