"""What people type to try the sending and to check the domain."""

from wtforms import EmailField, RadioField, StringField
from wtforms.validators import Email, InputRequired, Length, Optional, Regexp

from cptsapp.kernel.forms import Form
from cptsapp.kernel.mail import Kind


class TestForm(Form):
    __test__ = False  # not a case for pytest

    to = EmailField(
        "Envoyer l’essai à",
        [
            InputRequired("Indiquez l’adresse où recevoir l’essai."),
            Email("Cette adresse n’est pas complète."),
            Length(max=254),
        ],
    )
    kind = RadioField(
        "Expéditeur essayé", [InputRequired("Choisissez l’expéditeur.")], choices=[], default=Kind.PERSONAL
    )


class DomainForm(Form):
    selector = StringField(
        "Sélecteur DKIM",
        [
            Optional(),
            Length(max=63),
            Regexp(
                r"^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$", message="Des lettres, des chiffres, points et tirets."
            ),
        ],
        filters=[lambda text: (text or "").strip()],
    )
