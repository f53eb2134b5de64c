"""What is asked of who registers: the usual fields, less for light events, and the event's own questions."""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from wtforms import EmailField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, InputRequired, Length, NumberRange, Optional

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.forms import Form, LongSelect, PublicForm

from .eligibility import ASKS_PROFESSION
from .models import Event, Question, QuestionKind

OTHER = "autre"
EMAIL_SHAPE = "Cette adresse ne semble pas complète. Exemple : prenom.nom@exemple.fr"
TYPED = ("given_name", "family_name", "email", "profession", "profession_other", "organisation", "cpts")
QUESTION = "question_"


def stripped(text):
    return " ".join((text or "").split())


def _line(label, longest, *, needed="", **attributes):
    rules = [DataRequired(needed) if needed else Optional()]
    rules.append(Length(max=longest, message=f"Écrivez {longest} caractères au plus."))
    return StringField(label, rules, [stripped], render_kw=attributes or None)


def _email(label, *, needed: str):
    rules = [DataRequired(needed) if needed else Optional(), Email(EMAIL_SHAPE), Length(max=254)]
    return EmailField(label, rules, [stripped], render_kw={"autocomplete": "email"})


PROFESSIONS = LongSelect()


@cache
def profession_choices() -> list[SelectChoice]:
    """Return the professions by family, then « autre »."""
    found = [
        SelectChoice(each.code, each.label, optgroup=each.family_label) for each in reference.professions().values()
    ]
    families = list(reference.FAMILIES.values())
    found.sort(key=lambda each: families.index(each.optgroup))
    return [SelectChoice("", "Choisissez"), *found, SelectChoice(OTHER, "Autre, à préciser", optgroup="Autre")]


def _who(event: "Event | Shape", *, is_colleague: bool = False) -> dict:
    """Return the fields that say who comes."""
    of = "de votre collègue" if is_colleague else ""
    given = _line(f"Prénom {of}".strip(), 80, needed="Indiquez le prénom.", autocomplete="given-name")
    if event.is_light:
        email = _email("Adresse e-mail", needed="")
        email.kwargs["description"] = "Pour recevoir une confirmation et retrouver votre inscription."
        return {"given_name": given, "email": email}
    needed = "Indiquez l’adresse e-mail : la confirmation y est envoyée."
    is_asked = event.audience in ASKS_PROFESSION
    return {
        "given_name": given,
        "family_name": _line(f"Nom {of}".strip(), 80, needed="Indiquez le nom.", autocomplete="family-name"),
        "email": _email(f"Adresse e-mail {of}".strip(), needed=needed),
        "profession": SelectField(
            "Profession",
            [DataRequired("Choisissez la profession.") if is_asked else Optional()],
            choices=profession_choices,
            widget=PROFESSIONS,
        ),
        "profession_other": _line("Profession hors de la liste", 120),
        "organisation": _line("Cabinet, structure ou employeur", 160, autocomplete="organization"),
        "cpts": _line("CPTS d’origine", 120),
    }


def _asked(event: "Event | Shape", questions: "Iterable[Question | Asked]") -> dict:
    """Return the fields of the event's own questions."""
    fields = {}
    for each in questions:
        if each.kind == QuestionKind.GUESTS:
            wrong = f"Écrivez un nombre de 0 à {each.most}."
            fields["guests"] = IntegerField(each.label, [Optional(), NumberRange(0, each.most, wrong)], default=0)
            continue
        rules = [InputRequired("Répondez à cette question.") if each.is_required else Optional()]
        if each.kind == QuestionKind.CHOICE:
            choices = [("", "Choisissez"), *((choice, choice) for choice in each.choices)]
            fields[f"{QUESTION}{each.id}"] = SelectField(each.label, rules, choices=choices)
        else:
            too_long = Length(max=1000, message="Votre réponse dépasse 1 000 caractères. Raccourcissez-la.")
            fields[f"{QUESTION}{each.id}"] = TextAreaField(each.label, [*rules, too_long])
    if event.asks_speakers:
        too_long = Length(max=1000, message="Votre texte dépasse 1 000 caractères. Raccourcissez-le.")
        fields["speakers_question"] = TextAreaField("Une question pour les intervenants", [Optional(), too_long])
    return fields


def _made(base, fields: dict, **kwargs):
    return type("EventForm", (base,), fields)(**kwargs)


class Shape(NamedTuple):
    """All that the form of an event depends on: two events of the same shape have the same form."""

    is_light: bool
    audience: str
    asks_speakers: bool
    questions: tuple["Asked", ...]


class Asked(NamedTuple):
    id: int
    kind: str
    label: str
    choices: tuple[str, ...]
    is_required: bool
    most: int


def _shape(event: Event, questions: Iterable[Question]) -> Shape:
    asked = (Asked(q.id, q.kind, q.label, tuple(q.choices), q.is_required, q.most) for q in questions)
    return Shape(event.is_light, event.audience, event.asks_speakers, tuple(asked))


@lru_cache(maxsize=200)
def _registering(shape: Shape, is_colleague: bool) -> type[PublicForm]:
    """Return the class of a form, made once for all who open it."""
    fields = _who(shape, is_colleague=is_colleague) | _asked(shape, shape.questions)
    if is_colleague:
        fields["by_name"] = _line("Votre nom", 80, needed="Indiquez votre nom : votre collègue le lira.")
    return type("EventForm", (PublicForm,), fields)


def registering(event: Event, questions: Iterable[Question], *, is_colleague: bool = False, **kwargs) -> PublicForm:
    """Return the form of an event; to register a colleague, it asks as well who does it."""
    return _registering(_shape(event, questions), is_colleague)(**kwargs)


def changing(event: Event, questions: Iterable[Question], **kwargs) -> Form:
    """Return the form by which a registrant changes what they said: all but the address."""
    fields = {name: field for name, field in _who(event).items() if name != "email"} | _asked(event, questions)
    return _made(Form, fields, **kwargs)


def handing_over(event: Event, **kwargs) -> Form:
    """Return the form that hands a place over: who comes instead."""
    fields = _who(event, is_colleague=True)
    fields["email"] = _email("Adresse e-mail de votre collègue", needed="Indiquez l’adresse de votre collègue.")
    return _made(Form, {name: field for name, field in fields.items() if name not in ("cpts",)}, **kwargs)


def typed(form) -> dict:
    """Return what a form says of a person, as the rules take it."""
    values = {name: form[name].data or "" for name in (*TYPED, "speakers_question") if name in form}
    if values.get("profession") == OTHER:
        values["profession"] = ""
    elif values.get("profession"):
        values["profession_other"] = ""
    return values


def answers(form) -> dict[int, str]:
    """Return the answers of a form, by question id."""
    asked = [field for field in form if field.name.startswith(QUESTION)]
    return {int(field.name.removeprefix(QUESTION)): field.data or "" for field in asked}


def guests(form) -> int:
    return (form["guests"].data or 0) if "guests" in form else 0


class AddressForm(PublicForm):
    """An address alone: to have one's link again, or to be told of the next session."""

    email = _email("Votre adresse e-mail", needed="Indiquez votre adresse e-mail.")
