"""The form of a definition: what a TOML file says, as fields; read back into the same values.

What the form does not ask (rules between fields, figures, links between lists) stays as the definition has it.
"""

import re

from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional, ValidationError

from cptsapp.blueprints.adherent import cells
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.forms import Form
from cptsapp.kernel.text import slugify

from . import catalogue
from .checks import RESERVED
from .definition import FILTERABLE, FilledBy, Kind, Per, Readers, Subject, Theme
from .fields import Ticks
from .reading import WrongDefinition

ROWS = {"fields": "Champ", "stages": "Étape"}
AS_THE_LIST = ("", "Comme la liste")
FLAGS = {
    "moderated": False,
    "keyed_only": False,
    "exportable": True,
    "indexed": False,
    "printable": False,
    "speakers": False,
    "demand": False,
}


class FieldRow(Form):
    """One question."""

    key = HiddenField()
    label = StringField("Question ou intitulé")
    kind = SelectField("Réponse", choices=Kind.choices(), default=Kind.LINE.value)
    choices = TextAreaField("Choix", description="Un par ligne.")
    of = SelectField("Répertoire des fiches à choisir", default="")
    help = StringField("Aide")
    readers = SelectField("Qui lit la réponse", choices=[AS_THE_LIST, *Readers.choices()], default="")
    filled_by = SelectField("Qui répond", choices=FilledBy.choices(), default="volunteer")
    least = IntegerField("Nombre minimum", [Optional()])
    most = IntegerField("Nombre maximum", [Optional()])
    required = BooleanField("Réponse obligatoire")
    filter = BooleanField("Sert à filtrer la liste")
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


class EditorForm(Form):
    name = StringField("Nom du répertoire")
    short = StringField("Nom court", description="Dans les titres et les e-mails.")
    purpose = TextAreaField("À quoi il sert")
    theme = SelectField("Thème", choices=Theme.choices())
    subject = SelectField("De quoi parlent les fiches", choices=Subject.choices())
    title_label = StringField("Intitulé du titre", description="Seulement pour un lieu, un programme, une ressource.")
    families = Ticks("Familles de professions", choices=list(reference.FAMILIES.items()))
    professions = TextAreaField(
        "Professions", description="Une par ligne. Sans famille ni profession, la liste est ouverte à toutes."
    )
    readers = SelectField("Qui voit la liste", choices=Readers.choices())
    contact_readers = SelectField("Qui voit les coordonnées", choices=Readers.choices())
    stage_readers = SelectField("Qui voit l’étape", choices=Readers.choices())
    validity_months = IntegerField("Mois avant de demander « toujours volontaire ? »", [Optional()])
    season_ends = StringField("Fin de saison", description="Jour et mois, comme 31/03, si la liste finit chaque année.")
    limit = IntegerField("Nombre de fiches au plus", [Optional()])
    moderated = BooleanField("Chaque inscription attend d’être validée")
    keyed_only = BooleanField("Seule la coordination ajoute des fiches")
    exportable = BooleanField("La liste peut être exportée")
    indexed = BooleanField("La recherche du site trouve ses fiches")
    printable = BooleanField("La liste peut être imprimée en liste annexe")
    speakers = BooleanField("Demander qui est prêt à témoigner")
    demand = BooleanField("Ses fiches sont des demandes, à signaler aux nouveaux médecins qui s’installent près de là")
    consent_version = StringField("Version de la formulation", description="Par exemple 2026-12.")
    consent_text = TextAreaField("Ce que la personne accepte")
    consent_public = TextAreaField("Ce qu’elle accepte pour la page publique", description="Pour une liste publique.")
    consent_partners = TextAreaField(
        "Ce qu’elle accepte pour les partenaires",
        description="Pour une liste que vous ouvrirez à des partenaires : dispositif d’appui, caisse, accès aux soins…",
    )
    capacity_per = SelectField("Places comptées", choices=Per.choices(), default=Per.MONTH.value)
    capacity_one = StringField("Une place", description="Par exemple : patient.")
    capacity_many = StringField("Plusieurs places", description="Par exemple : patients.")
    fields = FieldList(FormField(FieldRow))
    stages = FieldList(FormField(StageRow))

    def validate_professions(self, field):
        for line in filter(None, map(str.strip, (field.data or "").splitlines())):
            if not cells.profession(line)[0]:
                raise ValidationError(f"« {line[:60]} » n’est pas une profession connue.")

    def validate_season_ends(self, field):
        if (field.data or "").strip() and not re.fullmatch(r"\s*\d{1,2}/\d{1,2}\s*", field.data):
            raise ValidationError("Écrivez un jour et un mois, comme 31/03.")

    def validate(self, extra_validators=None):
        """Check the form; what is wrong in a row is said at the top too, under its number."""
        fine = super().validate(extra_validators)
        for name in ROWS:
            self._fields[name].errors = []
            for rank, row in enumerate(self._fields[name], start=1):
                for each in filter(lambda each: each.errors, row.form):
                    self._tell_row(name, rank, each, " ".join(each.errors))
        return fine

    def _tell_row(self, name: str, rank: int, found, reason: str):
        self.form_errors.append(f"{ROWS[name]} {rank}, « {found.label.text} » : {reason}")

    def refuse_definition(self, error: WrongDefinition):
        """Show what is wrong beside the field that says it, or at the top when no field does."""
        found = self._at(error.place)
        if found is None:
            self.form_errors.append(f"« {error.place} » : {error.reason}" if error.place else error.reason)
            return
        found.errors = [*found.errors, error.reason]
        if row := re.match(r"(fields|stages) (\d+)", error.place):
            self._tell_row(row[1], int(row[2]), found, error.reason)

    def _at(self, place: str):
        row = re.match(r"(fields|stages) (\d+)(?:, (\w+))?", place)
        if row and int(row[2]) <= len(self._fields[row[1]]):
            inner = self._fields[row[1]][int(row[2]) - 1].form
            return inner._fields.get(row[3] or "label", inner.label)
        return self._fields.get("_".join(place.split(", ")))


def shown(values: dict) -> dict:
    """Return the data of the form for the values of a definition."""
    consent, capacity = values.get("consent", {}), values.get("capacity", {})
    data = {name: values.get(name) for name in ("name", "short", "purpose", "theme", "subject", "title_label")}
    data |= {name: values.get(name, default) for name, default in FLAGS.items()}
    data |= {f"consent_{name}": consent.get(name, "") for name in ("version", "text", "public", "partners")}
    data |= {f"capacity_{name}": capacity.get(name, "") for name in ("one", "many")}
    data["capacity_per"] = capacity.get("per", Per.MONTH.value)
    data["families"] = values.get("families", [])
    data["professions"] = "\n".join(reference.professions()[code].label for code in values.get("professions", []))
    data["readers"] = values.get("readers", "adherents")
    data["contact_readers"] = values.get("contact_readers") or _at_least_adherents(data["readers"])
    data["stage_readers"] = values.get("stage_readers", "coordination")
    data["validity_months"], data["limit"] = values.get("validity_months", 12), values.get("limit")
    data["season_ends"] = "/".join(reversed(values["season_ends"].split("-"))) if values.get("season_ends") else ""
    data["fields"] = [_field_shown(each, capacity) for each in values.get("fields", [])]
    data["stages"] = [{"declared_by": "volunteer"} | each for each in values.get("stages", [])]
    return data


def _at_least_adherents(readers: str) -> str:
    return readers if Readers(readers).rank > Readers.ADHERENTS.rank else "adherents"


def _field_shown(each: dict, capacity: dict) -> dict:
    choices = "\n".join(f"{key} = {label}" for key, label in each.get("choices", []))
    more = {"choices": choices, "is_capacity": capacity.get("field") == each["key"]}
    return {"filled_by": "volunteer", "filter": each.get("kind") in FILTERABLE, "readers": ""} | each | more


def values_of(form: EditorForm, before: dict) -> dict:
    """Return the values that the form says, over those that it does not ask."""
    values = dict(before)
    for name in ("name", "short", "purpose", "theme", "subject", "title_label", "readers", "contact_readers"):
        _set(values, name, (form[name].data or "").strip())
    for name, default in FLAGS.items():
        _set(values, name, form[name].data, default)
    _set(values, "stage_readers", form.stage_readers.data, "coordination")
    _set(values, "families", list(form.families.data or []))
    lines = filter(None, map(str.strip, (form.professions.data or "").splitlines()))
    _set(values, "professions", list(dict.fromkeys(cells.profession(line)[0] for line in lines)))
    _set(values, "validity_months", form.validity_months.data)
    _set(values, "limit", form.limit.data)
    season = (form.season_ends.data or "").strip()
    _set(values, "season_ends", "-".join(part.zfill(2) for part in reversed(season.split("/"))) if season else "")
    values["consent"] = {"version": (form.consent_version.data or "").strip(), "text": _lines(form.consent_text.data)}
    _set(values["consent"], "public", _lines(form.consent_public.data))
    _set(values["consent"], "partners", _lines(form.consent_partners.data))
    values["fields"], capacity = _fields(form, before)
    values["stages"] = _stages(form, before)
    if capacity:
        values["capacity"] = {
            "field": capacity,
            "per": form.capacity_per.data,
            "one": (form.capacity_one.data or "").strip(),
            "many": (form.capacity_many.data or "").strip(),
        }
    else:
        values.pop("capacity", None)
    return values


def _set(values: dict, name: str, value, default=None):
    if value in ("", None, []) or value == default:
        values.pop(name, None)
    else:
        values[name] = value


def _lines(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").strip()


def _fields(form: EditorForm, before: dict) -> tuple[list[dict], str]:
    known = {each["key"]: each for each in before.get("fields", [])}
    taken, found, capacity = set(known), [], ""
    for entry in form.fields:
        row = entry.form
        key = row.key.data if row.key.data in known else _new_key(row.label.data or "", taken)
        taken.add(key)
        made = dict(known.get(key, {})) | {"key": key, "kind": row.kind.data}
        for name in ("label", "help", "readers", "of"):
            _set(made, name, (row[name].data or "").strip())
        _set(made, "filled_by", row.filled_by.data, "volunteer")
        _set(made, "required", row.required.data, False)
        for name in ("least", "most"):
            _set(made, name, row[name].data)
        _set(made, "choices", _choices(row.choices.data or ""))
        if row.kind.data in FILTERABLE:
            made["filter"] = row.filter.data
        else:
            made.pop("filter", None)
        capacity = key if row.is_capacity.data else capacity
        found.append(made)
    return found, capacity


def _choices(text: str) -> list[list[str]]:
    """Read choices one a line, « cle = Libellé » or « Libellé » alone for a new one."""
    found, taken = [], set()
    for line in filter(None, map(str.strip, text.splitlines())):
        named = re.fullmatch(r"([a-z][a-z0-9_]*) = (.+)", line)
        key, label = (named[1], named[2]) if named else (_new_key(line, taken), line)
        taken.add(key)
        found.append([key, label])
    return found


def _stages(form: EditorForm, before: dict) -> list[dict]:
    known = {each["key"]: each for each in before.get("stages", [])}
    taken, found = set(known), []
    for entry in form.stages:
        row = entry.form
        key = row.key.data if row.key.data in known else _new_key(row.label.data or "", taken)
        taken.add(key)
        made = dict(known.get(key, {})) | {"key": key}
        _set(made, "label", (row.label.data or "").strip())
        _set(made, "help", _lines(row.help.data))
        _set(made, "weeks", row.weeks.data)
        _set(made, "declared_by", row.declared_by.data, "volunteer")
        found.append(made)
    keys = {each["key"] for each in found}
    for made in found:
        _set(made, "to", [key for key in made.get("to", []) if key in keys])
    return found


def _new_key(label: str, taken: set[str]) -> str:
    """Return a key made from a label, of its own, that no address of the site uses."""
    base = re.sub(r"[^a-z0-9]+", "_", slugify(label, limit=30)).strip("_")
    base = base if base[:1].isalpha() else f"c_{base}"
    base = f"{base}_dit" if base in RESERVED else base
    key, rank = base, 2
    while key in taken:
        key, rank = f"{base}_{rank}", rank + 1
    return key
