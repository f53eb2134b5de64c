"""The rows of the form of a definition: its fields, its stages, and the rules, tags and figures that speak of them.

What a rule speaks of is chosen in a list: « field=value » for an answer, « field= » for any answer, « stage:key » and
« sum:key » for a figure. A row that is new takes its key from its label, so that a rule may speak of it before all is
kept.
"""

import re

from wtforms import BooleanField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional, ValidationError

from cptsapp.kernel.forms import Form
from cptsapp.kernel.text import slugify

from . import catalogue
from .checks import RESERVED
from .definition import FILTERABLE, FilledBy, Kind, Readers
from .fields import Ticks

ROWS = {
    "fields": "Champ",
    "stages": "Étape",
    "uniques": "Un seul",
    "requirements": "Réponse exigée",
    "tags": "Étiquette",
    "figures": "Chiffre",
}
# Where a refusal of the definition is shown, when the form names it otherwise.
SHOWN_AT = {
    "uniques": {"field": "what", "value": "what"},
    "requirements": {"field": "when", "value": "when"},
    "tags": {"field": "when", "value": "when"},
    "figures": {"field": "what", "value": "what", "stage": "what", "sum": "what", "key": "label"},
    "fields": {"print": "is_printed", "key": "label"},
    "stages": {"key": "label", "needs_link": "link_sentence"},
}
BLANK = ("", "Choisissez")
KEY = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class FieldRow(Form):
    """One question."""

    key = HiddenField()
    label = StringField("Question ou intitulé")
    kind = SelectField("Réponse", choices=Kind.choices(), default=Kind.LINE.value)
    choices = TextAreaField("Choix", description="Un par ligne.")
    of = SelectField("Répertoire des fiches à choisir", default="")
    help = StringField("Aide")
    readers = SelectField("Qui lit la réponse", choices=[("", "Comme la liste"), *Readers.choices()], default="")
    filled_by = SelectField("Qui répond", choices=FilledBy.choices(), default="volunteer")
    least = IntegerField("Nombre minimum", [Optional()])
    most = IntegerField("Nombre maximum", [Optional()])
    longest = IntegerField("Longueur d’un texte", [Optional()], description="En caractères, au plus.")
    required = BooleanField("Réponse obligatoire")
    filter = BooleanField("Sert à filtrer la liste")
    is_printed = BooleanField("Paraît sur la liste à imprimer")
    is_capacity = BooleanField("Ce nombre dit combien de places chacun offre")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.of.choices = [("", "Aucun"), *((each.slug, each.name) for each in catalogue.everything().values())]


class StageRow(Form):
    """One step of the path."""

    key = HiddenField()
    label = StringField("Étape")
    weeks = IntegerField("Semaines avant de la signaler", [Optional()])
    help = TextAreaField("Ce qu’il faut y faire", description="Montré à la personne.")
    declared_by = SelectField("Qui la note", choices=FilledBy.choices(), default="volunteer")
    needs = Ticks("Réponses à avoir données", choices=[])
    to = Ticks("Étapes où l’on va ensuite", choices=[], description="Sans coche : celle d’avant et celle d’après.")
    link = SelectField(
        "Fiche qu’il faut avoir ailleurs",
        default="",
        description="L’étape attend qu’une fiche d’un autre répertoire désigne celle-ci, avec cette réponse.",
    )
    link_sentence = StringField(
        "Phrase du refus, tant que cette fiche manque",
        description="Par exemple : un protocole déclaré a un référent ; inscrivez-le d’abord.",
    )

    def validate_link(self, field):
        if (self.link_sentence.data or "").strip() and not field.data:
            raise ValidationError("Choisissez la fiche qu’il faut avoir, ou effacez la phrase du refus.")


class UniqueRow(Form):
    """What only one entry may have."""

    what = SelectField("Ce qu’une seule fiche peut avoir", choices=[BLANK], default="")
    per = SelectField(
        "Pour chaque", choices=[BLANK], default="", description="Sans choix : une seule dans tout le répertoire."
    )
    sentence = StringField("Phrase du refus", description="Par exemple : ce protocole a déjà un référent.")


class RequirementRow(Form):
    """Answers that another one makes compulsory."""

    when = SelectField("Quand la réponse est", choices=[BLANK], default="")
    needs = Ticks("Il faut aussi", choices=[])
    sentence = StringField("Phrase du refus", description="Par exemple : indiquez les mentions de votre diplôme.")


class TagRow(Form):
    """Words that entries bear."""

    when = SelectField("Quand la réponse est", choices=[BLANK], default="")
    label = StringField("Étiquette", description="Montrée sur la fiche à qui lit cette réponse.")


class FigureRow(Form):
    """A figure that the list feeds."""

    key = HiddenField()
    label = StringField("Nom du chiffre")
    what = SelectField("Ce qui est compté", choices=[BLANK], default="")


def offer(form) -> None:
    """Give the rows of a form the choices that its own fields and stages make."""
    data = [row.form.data for row in form["fields"]]
    fields, stages = keyed(data), keyed([row.form.data for row in form.stages])
    answers = [each for key, row in fields for each in _answers(key, row)]
    anything = [(f"{key}=", f"{row['label']} : une réponse donnée") for key, row in fields]
    named = [(key, row["label"]) for key, row in fields]
    steps = [(key, row["label"]) for key, row in stages]
    counted = [(f"stage:{key}", f"Fiches à l’étape {label}") for key, label in steps]
    links = _links_to(form.slug)
    sums = [(f"sum:{key}", f"Total de {row['label']}") for key, row in fields if row["kind"] == Kind.NUMBER]
    for row in form.stages:
        row.form.needs.choices = named
        row.form.to.choices = [each for each in steps if each[1] != row.form.label.data]
        row.form.link.choices = [("", "Aucune"), *links]
    for row in form.uniques:
        row.form.what.choices = [BLANK, *anything, *answers]
        row.form.per.choices = [("", "Le répertoire entier"), *named]
    for row in form.requirements:
        row.form.when.choices, row.form.needs.choices = [BLANK, *answers], named
    for row in form.tags:
        row.form.when.choices = [BLANK, *answers]
    for row in form.figures:
        row.form.what.choices = [BLANK, *answers, *counted, *sums]
    form.group_by.choices = [("", "Aucun"), *((k, row["label"]) for k, row in fields if row["kind"] == Kind.CHOICE)]
    form.unique_by.choices = [("", "Aucune : une fiche par personne"), *named]


def _answers(key: str, row: dict) -> list[tuple[str, str]]:
    """Return the answers of a field that a rule may speak of."""
    if row["kind"] == Kind.YES_NO:
        return [(f"{key}=oui", f"{row['label']} : oui"), (f"{key}=non", f"{row['label']} : non")]
    if row["kind"] not in (Kind.CHOICE, Kind.CHOICES):
        return []
    return [(f"{key}={value}", f"{row['label']} : {label}") for value, label in choices_of(row["choices"] or "")]


def _links_to(slug: str) -> list[tuple[str, str]]:
    """Return the entries of other directories that may point to one of this directory: « list/field/answer=value »."""
    found = []
    for each in catalogue.everything().values() if slug else ():
        for through in (field for field in each.fields if field.kind == Kind.ENTRY and field.of == slug):
            start = f"{each.short}, par « {through.label} »"
            for field in each.fields:
                row = {"kind": field.kind, "label": field.label, "choices": _lines_of(field.choices)}
                answers = _answers(field.key, row)
                found += [(f"{each.slug}/{through.key}/{value}", f"{start} ; {label}") for value, label in answers]
    return found


def stage_shown(each: dict) -> dict:
    """Return the data of the row of a stage."""
    shown = {"declared_by": "volunteer"} | {key: value for key, value in each.items() if key != "needs_link"}
    if link := each.get("needs_link"):
        shown["link"] = f"{link['directory']}/{link['through']}/{link['where']}={link['value']}"
        shown["link_sentence"] = link["sentence"]
    return shown


def link_of(row: StageRow) -> dict | None:
    """Return what the row of a stage asks of another directory, as a definition writes it."""
    if not row.link.data:
        return None
    directory, through, answer = row.link.data.split("/")
    where, _, value = answer.partition("=")
    sentence = (row.link_sentence.data or "").strip()
    said = {"directory": directory, "through": through, "where": where, "value": value, "sentence": sentence}
    return {key: value for key, value in said.items() if value}


def keyed(rows: list[dict]) -> list[tuple[str, dict]]:
    """Return rows that have a label, each with its key: the one it has, or a new one made of its label."""
    taken = {row["key"] for row in rows if row.get("key")}
    found = []
    for row in rows:
        if not (row.get("label") or "").strip():
            continue
        key = row.get("key") or ""
        if not KEY.fullmatch(key):
            key = new_key(row["label"], taken)
        taken.add(key)
        found.append((key, row))
    return found


def keep_keys(data: dict) -> None:
    """Write in the data of a form the keys of its new rows: a rule that is added next speaks of them."""
    for name in ("fields", "stages"):
        for key, row in keyed(data[name]):
            row["key"] = key


def shown(values: dict) -> dict:
    """Return the data of the rows of rules for the values of a definition."""
    return {
        "uniques": [each | {"what": f"{each['field']}={each.get('value', '')}"} for each in values.get("uniques", [])],
        "requirements": [each | {"when": _pair(each)} for each in values.get("requirements", [])],
        "tags": [each | {"when": _pair(each)} for each in values.get("tags", [])],
        "figures": [each | {"what": _counted(each)} for each in values.get("figures", [])],
    }


def _pair(each: dict) -> str:
    return f"{each['field']}={each['value']}"


def _counted(each: dict) -> str:
    if each.get("stage"):
        return f"stage:{each['stage']}"
    return f"sum:{each['sum']}" if each.get("sum") else _pair(each)


def values_of(form) -> dict[str, list[dict]]:
    """Return the values of the rules that a form says; what is not chosen is left out, and refused as missing."""
    taken = {row.form.key.data for row in form.figures if row.form.key.data}
    return {
        "uniques": [_said(row.form, row.form.what, per=row.form.per.data) for row in form.uniques],
        "requirements": [_said(row.form, row.form.when, needs=row.form.needs.data or []) for row in form.requirements],
        "tags": [_said(row.form, row.form.when, label=row.form.label.data) for row in form.tags],
        "figures": [_figure(row.form, taken) for row in form.figures],
    }


def _said(row: Form, chosen, **more) -> dict:
    field, _, value = (chosen.data or "").partition("=")
    said = {"field": field, "value": value} | more
    if "sentence" in row:
        said["sentence"] = row.sentence.data
    return {key: value.strip() if isinstance(value, str) else value for key, value in said.items() if value}


def _figure(row: FigureRow, taken: set[str]) -> dict:
    label = (row.label.data or "").strip()
    key = row.key.data if KEY.fullmatch(row.key.data or "") else new_key(label, taken)
    taken.add(key)
    said = {"key": key} | ({"label": label} if label else {})
    kind, _, of = (row.what.data or "").partition(":")
    if kind in ("stage", "sum") and of:
        return said | {kind: of}
    return said | {key: value for key, value in _said(row, row.what).items() if key in ("field", "value")}


def choices_of(text: str) -> list[list[str]]:
    """Read choices one a line, « cle = Libellé » or « Libellé » alone for a new one."""
    found, taken = [], set()
    for line in filter(None, map(str.strip, text.splitlines())):
        named = re.fullmatch(r"([a-z][a-z0-9_]*) = (.+)", line)
        key, label = (named[1], named[2]) if named else (new_key(line, taken), line)
        taken.add(key)
        found.append([key, label])
    return found


def _lines_of(choices) -> str:
    return "\n".join(f"{key} = {label}" for key, label in choices)


def new_key(label: str, taken: set[str]) -> str:
    """Return a key made from a label, of its own, that no address of the site uses."""
    base = re.sub(r"[^a-z0-9]+", "_", slugify(label, limit=30)).strip("_")
    base = base if base[:1].isalpha() else f"c_{base}".rstrip("_")
    base = f"{base}_dit" if base in RESERVED else base
    key, rank = base, 2
    while key in taken:
        key, rank = f"{base}_{rank}", rank + 1
    return key


def field_shown(each: dict, capacity: dict) -> dict:
    """Return the data of the row of a field."""
    choices = _lines_of(each.get("choices", []))
    more = {"choices": choices, "is_capacity": capacity.get("field") == each["key"]}
    more["is_printed"] = each.get("print", False)
    return {"filled_by": "volunteer", "filter": each.get("kind") in FILTERABLE, "readers": ""} | each | more
