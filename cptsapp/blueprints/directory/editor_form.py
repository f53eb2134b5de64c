"""The form of a definition: what a TOML file says, as fields; read back into the same values.

What the form does not ask (what another list must hold before a stage) stays as the definition has it.
"""

import re

from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional, ValidationError

from cptsapp.blueprints.adherent import cells
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.forms import Form

from . import editor_rows
from .definition import FILTERABLE, Per, Readers, Subject, Theme
from .editor_rows import ROWS, SHOWN_AT, FieldRow, FigureRow, RequirementRow, StageRow, TagRow, UniqueRow
from .fields import Ticks
from .reading import WrongDefinition

ROW = re.compile(rf"({'|'.join(ROWS)}) (\d+)(?:, (\w+))?")
FIRST = {
    "figures": "what",
    "uniques": "what",
    "requirements": "when",
    "tags": "when",
}  # where what concerns the whole row is shown
FLAGS = {
    "moderated": False,
    "keyed_only": False,
    "exportable": True,
    "indexed": False,
    "printable": False,
    "speakers": False,
    "demand": False,
}


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
    uniques = FieldList(FormField(UniqueRow))
    requirements = FieldList(FormField(RequirementRow))
    tags = FieldList(FormField(TagRow))
    figures = FieldList(FormField(FigureRow))
    group_by = SelectField("Ranger la liste par", default="")
    unique_by = SelectField("Plusieurs fiches par personne, une par", default="")

    def __init__(self, *args, slug: str = "", **kwargs):
        """`slug`: that of the directory, "" for a new one; the lists that point to it may be asked for at a stage."""
        super().__init__(*args, **kwargs)
        self.slug = slug
        editor_rows.offer(self)

    def is_wrong(self, name: str) -> bool:
        """Tell whether a part of the form has something to correct: it is then shown open."""
        found = self[name]
        return any(row.form.errors for row in found) if name in ROWS else bool(found.errors)

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
        if row := ROW.match(error.place):
            self._tell_row(row[1], int(row[2]), found, error.reason)

    def _at(self, place: str):
        row = ROW.match(place)
        if row and int(row[2]) <= len(self._fields[row[1]]):
            inner, first = self._fields[row[1]][int(row[2]) - 1].form, FIRST.get(row[1], "label")
            name = SHOWN_AT[row[1]].get(row[3], row[3])
            return inner._fields.get(name or first, inner._fields[first])
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
    data["fields"] = [editor_rows.field_shown(each, capacity) for each in values.get("fields", [])]
    data["stages"] = [editor_rows.stage_shown(each) for each in values.get("stages", [])]
    data |= {name: values.get(name, "") for name in ("group_by", "unique_by")}
    return data | editor_rows.shown(values)


def _at_least_adherents(readers: str) -> str:
    return readers if Readers(readers).rank > Readers.ADHERENTS.rank else "adherents"


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
    for name, rows in editor_rows.values_of(form).items():
        _set(values, name, rows)
    for name in ("group_by", "unique_by"):
        _set(values, name, form[name].data)
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
    found, capacity = [], ""
    for key, row in _keyed(form["fields"]):
        made = dict(known.get(key, {})) | {"key": key, "kind": row.kind.data}
        for name in ("label", "help", "readers", "of"):
            _set(made, name, (row[name].data or "").strip())
        _set(made, "filled_by", row.filled_by.data, "volunteer")
        _set(made, "required", row.required.data, False)
        _set(made, "print", row.is_printed.data, False)
        for name in ("least", "most", "longest"):
            _set(made, name, row[name].data)
        _set(made, "choices", editor_rows.choices_of(row.choices.data or ""))
        if row.kind.data in FILTERABLE:
            made["filter"] = row.filter.data
        else:
            made.pop("filter", None)
        capacity = key if row.is_capacity.data else capacity
        found.append(made)
    return found, capacity


def _keyed(rows) -> list[tuple[str, Form]]:
    """Return the rows of fields or stages with their keys; one without a label has none, and is refused for it."""
    named = iter(editor_rows.keyed([row.form.data for row in rows]))
    return [(next(named)[0] if (row.form.label.data or "").strip() else "c", row.form) for row in rows]


def _stages(form: EditorForm, before: dict) -> list[dict]:
    known = {each["key"]: each for each in before.get("stages", [])}
    found = []
    for key, row in _keyed(form.stages):
        made = dict(known.get(key, {})) | {"key": key}
        _set(made, "label", (row.label.data or "").strip())
        _set(made, "help", _lines(row.help.data))
        _set(made, "weeks", row.weeks.data)
        _set(made, "declared_by", row.declared_by.data, "volunteer")
        _set(made, "needs", list(row.needs.data or []))
        _set(made, "to", list(row.to.data or []))
        _set(made, "needs_link", editor_rows.link_of(row))
        found.append(made)
    keys = {each["key"] for each in found}
    for made in found:
        _set(made, "to", [key for key in made.get("to", []) if key in keys])
    return found
