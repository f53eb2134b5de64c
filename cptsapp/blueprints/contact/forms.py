"""What a visitor writes, and the note that the coordination keeps about it."""

from wtforms import EmailField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Email, Length

from cptsapp.kernel.forms import Form, PublicForm

from .models import Topic


def stripped(text):
    return text.strip() if text else text


class ContactForm(PublicForm):
    name = StringField(
        "Votre nom",
        [DataRequired("Indiquez votre nom."), Length(max=120)],
        [stripped],
        render_kw={"autocomplete": "name"},
    )
    email = EmailField(
        "Votre adresse e-mail",
        [
            DataRequired("Indiquez votre adresse e-mail, pour que nous puissions vous répondre."),
            Email("Cette adresse ne semble pas complète. Exemple : prenom.nom@exemple.fr"),
            Length(max=254),
        ],
        [stripped],
        render_kw={"autocomplete": "email"},
    )
    topic = SelectField(
        "Vous écrivez parce que…",
        [DataRequired("Choisissez dans la liste.")],
        choices=[("", "Choisissez"), *Topic.choices()],
    )
    subject = StringField("Objet", [DataRequired("Donnez un objet à votre message."), Length(max=150)], [stripped])
    body = TextAreaField(
        "Votre message",
        [
            DataRequired("Écrivez votre message."),
            Length(min=10, message="Votre message est trop court pour que nous puissions y répondre."),
            Length(max=5000, message="Votre message dépasse 5 000 caractères. Raccourcissez-le, nous vous répondrons."),
        ],
        [stripped],
    )


class NoteForm(Form):
    note = TextAreaField("Note de suivi", [Length(max=2000)])
