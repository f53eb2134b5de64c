"""The form of a directory, made from its definition: what is asked, of whom, and the agreement.

form = entry_form(definition, filled_by=FilledBy.VOLUNTEER)(obj…)     see `filled` for an entry's answers
typed(definition, form)      what the rules take
"""

from datetime import date
from functools import lru_cache

from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional

from cptsapp.blueprints.adherent.forms import EMAIL_SHAPE
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.fields import CommuneField, CommunesField
from cptsapp.kernel.dates import today
from cptsapp.kernel.forms import Form, PublicForm

from . import catalogue, finding, viewing
from .definition import Definition, Field, FilledBy, Kind
from .fields import PersonField, Ticks
from .models import Entry, Means
from .rules import Agreement, Typed

MOST_ENTRIES = 300  # offered in a list of another directory's entries
MISSING = "Remplissez ce champ."
NOTHING_TICKED = "Cochez au moins une réponse."
FACTS = ("title", "profession", "email", "phone", "show_email", "show_phone", "is_public", "is_shared", "is_speaker")


def _rules(field: Field) -> list:
    return [InputRequired(MISSING) if field.required else Optional()]


def _hint(definition: Definition, field: Field) -> str:
    """Return the help of a field, and who reads it when they are fewer than the list's readers."""
    seen = f"Vu par : {field.readers.label.lower()}." if field.readers != definition.readers else ""
    return " ".join(part for part in (field.help, seen) if part)


def _made(definition: Definition, field: Field):
    """Return the form field of a definition's field."""
    more = {"description": _hint(definition, field)}
    match field.kind:
        case Kind.LINE:
            return StringField(field.label, [*_rules(field), Length(max=field.longest)], **more)
        case Kind.TEXT:
            return TextAreaField(field.label, [*_rules(field), Length(max=field.longest)], **more)
        case Kind.CHOICE:
            choices = [("", "Choisissez"), *field.choices]
            return SelectField(field.label, _rules(field), choices=choices, **more)
        case Kind.CHOICES:
            return Ticks(
                field.label, [DataRequired(NOTHING_TICKED)] if field.required else [], choices=field.choices, **more
            )
        case Kind.NUMBER:
            return IntegerField(field.label, _rules(field), **more)
        case Kind.DATE:
            return DateField(field.label, _rules(field), **more)
        case Kind.YES_NO:
            choices = [("", "Choisissez"), ("oui", "Oui"), ("non", "Non")]
            return SelectField(field.label, _rules(field), choices=choices, **more)
        case Kind.COMMUNES:
            more["description"] = f"{more['description']} Une par ligne, ou séparées par des virgules.".strip()
            return CommunesField(field.label, _rules(field), **more)
        case Kind.PERSON:
            more["description"] = f"{more['description']} Le nom, comme dans l’annuaire.".strip()
            return PersonField(field.label, _rules(field), **more)
        case Kind.ENTRY:
            return SelectField(field.label, _rules(field), choices=lambda: _entries(field.of), **more)


def _entries(slug: str) -> list[tuple[str, str]]:
    definition = catalogue.find(slug)
    rows = finding.visible(definition, viewing.COORDINATION).limit(MOST_ENTRIES) if definition else []
    return [("", "Choisissez"), *((str(each.id), each.label) for each in rows)]


def _professions(definition: Definition) -> list[tuple[str, str]]:
    fine = [(code, each.label) for code, each in reference.professions().items() if definition.takes_profession(code)]
    return [("", "Celle de sa fiche"), *fine]


@lru_cache(maxsize=200)
def entry_form(
    definition: Definition, *, filled_by: FilledBy = FilledBy.VOLUNTEER, joining: bool = False, keyed: bool = False
) -> type[Form]:
    """Return the class of a directory's form. `joining` asks the agreement; `keyed`, how and when it was given."""
    fields = {}
    if definition.is_of_things:
        needed = [DataRequired(MISSING), Length(max=160)]
        fields["title"] = StringField(definition.title_label, needed)
    elif keyed or filled_by == FilledBy.COORDINATION:
        fields["profession"] = SelectField("Profession", choices=_professions(definition))
    for field in definition.asked(filled_by):
        fields[field.key] = _made(definition, field)
    fields |= _contact(definition)
    if definition.stages and joining:
        choices = [(stage.key, stage.label) for stage in definition.stages]
        fields["stage"] = SelectField("Étape", choices=choices)
    if joining:
        fields |= _agreement(keyed)
    return type("EntryForm", (Form,), fields)


def _contact(definition: Definition) -> dict:
    readers = definition.contact_readers.label.lower()
    fields = {
        "commune": CommuneField("Commune", description="Un nom ou un code postal."),
        "email": EmailField("Adresse e-mail", [Optional(), Email(EMAIL_SHAPE), Length(max=254)]),
        "show_email": BooleanField(
            f"Montrer cette adresse ({readers})",
            description="Sinon, on vous écrit par un formulaire : votre adresse reste cachée.",
        ),
        "phone": TelField("Téléphone", [Length(max=30)]),
        "show_phone": BooleanField(f"Montrer ce numéro ({readers})"),
    }
    if definition.has_speakers:
        fields["is_speaker"] = BooleanField(
            "Prêt à témoigner", description="Pour parler de cette expérience lors d’un événement de l’association."
        )
    if definition.is_public:
        fields["is_public"] = BooleanField(definition.consent.public)
    if definition.has_partners:
        fields["is_shared"] = BooleanField(definition.consent.partners)
    return fields


def _agreement(keyed: bool) -> dict:
    fields = {"consent_version": HiddenField()}
    if keyed:
        means = [(each.value, each.label) for each in Means if each != Means.ONLINE]
        fields["consent_means"] = SelectField("Accord donné", choices=means)
        fields["consented_on"] = DateField("Date de l’accord", [InputRequired(MISSING)])
        label = "La personne a lu ou entendu ce texte, et l’accepte"
    else:
        label = "J’accepte"
    fields["consent"] = BooleanField(label, [InputRequired("Sans cet accord, l’inscription n’est pas possible.")])
    return fields


def filled(definition: Definition, entry: Entry) -> dict:
    """Return the data of a form for an entry: what it says already."""
    said = {}
    for field in definition.fields:
        value = entry.values.get(field.key)
        if field.kind == Kind.YES_NO and value is not None:
            value = "oui" if value else "non"
        elif field.kind == Kind.DATE and value:
            value = date.fromisoformat(value)
        elif field.kind == Kind.ENTRY and value:
            value = str(value)
        said[field.key] = value
    return said | {name: getattr(entry, name) for name in FACTS} | {"commune": entry.commune_id}


def typed(definition: Definition, form: Form) -> Typed:
    """Return what a form says of an entry."""
    said = {}
    for field in definition.fields:
        if field.key in form:
            value = form[field.key].data
            said[field.key] = int(value) if field.kind == Kind.ENTRY and value else value
    facts = {name: form[name].data for name in (*FACTS, "commune") if name in form}
    return Typed(values=said, **{name: value for name, value in facts.items() if value is not None})


def agreement(definition: Definition, form: Form) -> Agreement | None:
    """Return the agreement that a form records, None when it was not ticked."""
    if not form["consent"].data:
        return None
    means = Means(form["consent_means"].data) if "consent_means" in form else Means.ONLINE
    on = form["consented_on"].data if "consented_on" in form else today()
    return Agreement(means=means, on=on, version=form["consent_version"].data or definition.consent.version)


def stage_form(definition: Definition, stages, missing) -> type[Form]:
    """Return the class of the form that moves an entry; `missing` are the fields that a stage needs and has not."""
    fields = {
        "stage": SelectField("Nouvelle étape", choices=[(each.key, each.label) for each in stages]),
        "on": DateField("Depuis le", [Optional()]),
        "note": StringField("Note", [Length(max=300)]),
    }
    for field in missing:
        fields[field.key] = _made(definition, field)
        fields[field.key].args = (field.label, [Optional()])
    return type("StageForm", (Form,), fields)


class RelayForm(Form):
    """A message to somebody who hides their address, from a member who is logged in."""

    text = TextAreaField("Votre message", [DataRequired("Écrivez votre message."), Length(min=10, max=3000)])


class PublicRelayForm(PublicForm):
    """The same from anybody."""

    name = StringField("Votre nom", [DataRequired("Indiquez votre nom."), Length(max=120)])
    email = EmailField("Votre adresse e-mail", [DataRequired("Indiquez votre adresse."), Email(EMAIL_SHAPE)])
    text = TextAreaField("Votre message", [DataRequired("Écrivez votre message."), Length(min=10, max=3000)])
