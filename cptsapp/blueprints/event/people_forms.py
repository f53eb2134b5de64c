"""The form by which the coordination registers somebody who called or wrote."""

import secrets

from wtforms import EmailField, Field, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Email, InputRequired, Length, NumberRange, Optional

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.person.forms import INCOMPLETE_EMAIL
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.forms import Form

from .models import Event, Question, QuestionKind

NAMES = ("given_name", "family_name", "email", "profession", "profession_other", "organisation", "cpts")


class AddForm(Form):
    """`add_form` adds to it the questions of an event, as `question_<id>`."""

    form_key = HiddenField()
    given_name = StringField("Prénom", [InputRequired("Indiquez le prénom."), Length(max=80)])
    family_name = StringField("Nom", [Length(max=80)])
    email = EmailField(
        "Adresse e-mail",
        [Optional(), Email(INCOMPLETE_EMAIL), Length(max=254)],
        description="Sans adresse, la personne ne reçoit ni confirmation ni rappel.",
    )
    profession = SelectField("Profession", default="")
    profession_other = StringField("Profession hors de la liste", [Length(max=120)])
    organisation = StringField("Cabinet ou structure", [Length(max=160)])
    cpts = StringField("CPTS d’origine", [Length(max=120)])
    guests = IntegerField("Accompagnants", [Optional(), NumberRange(0, 20)], default=0)
    speakers_question = TextAreaField("Question aux intervenants", [Length(max=1000)])

    @property
    def questions(self) -> list[Field]:
        return [field for field in self if field.name.startswith("question_")]

    def values(self) -> dict:
        values = {name: self[name].data or "" for name in NAMES}
        return values | {"speakers_question": self.speakers_question.data or ""}

    def answers(self) -> dict[int, str]:
        return {int(field.name.removeprefix("question_")): field.data or "" for field in self.questions}


def add_form(event: Event, *, person_id: int | None = None) -> AddForm:
    """Return the form of an event, filled with what is known of a person."""
    asked = list(event.questions.order_by(Question.position))
    fields = {f"question_{each.id}": _field(each) for each in asked if each.kind != QuestionKind.GUESTS}
    form = type("EventAddForm", (AddForm,), fields)(data=_known(person_id))
    form.profession.choices = {"": [("", "Non renseignée")], **dict(reference.profession_choices())}
    guests = next((each for each in asked if each.kind == QuestionKind.GUESTS), None)
    form.has_guests = guests is not None
    if guests:
        form.guests.label.text = guests.label
    return form


def _field(question: Question):
    if question.kind == QuestionKind.CHOICE:
        choices = [("", "Sans réponse"), *((each, each) for each in question.choices)]
        return SelectField(question.label, choices=choices, default="")
    return StringField(question.label, [Length(max=1000)])


def _known(person_id: int | None) -> dict:
    person = Person.get_or_none(Person.id == person_id, Person.deleted_at.is_null()) if person_id else None
    blank = {"form_key": secrets.token_urlsafe(12)}
    if person is None:
        return blank
    practice = Practice.of(person.id)
    names = {"given_name": person.given_name or person.name, "family_name": person.family_name, "email": person.email}
    return blank | names | {
        name: getattr(practice, name) for name in ("profession", "profession_other", "organisation")
    }  # fmt: skip
