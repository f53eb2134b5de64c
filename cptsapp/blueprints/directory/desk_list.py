"""One list as the coordination reads it: a table made from the definition, the same cost whatever its length.

The rows are found by their ids alone, in the order of an index; the entries of a page are read afterwards, as cards:
what the definition hides from the coordination is in no cell, no filter and no file.
"""

from dataclasses import dataclass
from functools import partial

from flask import url_for
from peewee import Asc, Desc

from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.dates import today
from cptsapp.kernel.filters import Cases, OneOf, Period
from cptsapp.kernel.sources import QueryRows
from cptsapp.kernel.tables import Bulk, Column, DataTable
from cptsapp.kernel.text import plural
from cptsapp.kernel.wordindex import asked

from . import catalogue, desk, finding, stages, viewing
from .definition import Definition, Field, Kind
from .models import Entry, EntryValue, Status

READER = viewing.COORDINATION
MOST_COUNTED, MOST_CHOICES = 1_000, 300
PREFIX = "f-"  # of the filters and columns of the fields: their keys may be any word
BULK = (
    Bulk("valider", "Valider"),
    Bulk("relancer", "Relancer"),
    Bulk("confirmer", "Confirmer"),
    Bulk("pause", "Mettre en pause"),
)


class EntryRows(QueryRows):
    """The entries of a list: ids narrowed and ordered in SQL, then the rows of a page with what they show."""

    most = None

    def __init__(self, definition: Definition):
        super().__init__(Entry.select(Entry.id).where(Entry.directory == definition.slug, desk.is_present()), "id")
        self.definition = definition

    def search(self, columns, words):
        if words := asked(" ".join(words)):
            self.where(finding.matching(self.definition, words, READER.rank).sql)

    def order(self, column, last_first):
        way = Desc if last_first else Asc
        self.query = self.query.order_by(way(column.sort), self.key)

    def part(self, start, size):
        ids = [id for (id,) in self.query.limit(size).offset(start).tuples()]
        return _in_order(ids)

    def keys(self):
        return [id for (id,) in self.query.order_by().tuples()]

    def __iter__(self):
        ids = [id for (id,) in self.query.tuples()]
        for start in range(0, len(ids), 500):
            yield from _in_order(ids[start : start + 500])


def _in_order(ids: list[int]) -> list[Entry]:
    found = {each.id: each for each in Entry.joined().where(Entry.id.in_(ids))} if ids else {}
    return [found[id] for id in ids if id in found]


@dataclass(frozen=True)
class Answered(OneOf):
    """A filter on the answers to a field, that reads what the readers' searches read."""

    definition: Definition = None

    def condition(self, values):
        value = values[self.key]
        return finding.having(self.definition, self.of, value, READER.rank).sql if value else None


def table_of(definition: Definition) -> DataTable:
    """Return the table of a list, for one request: its filters know what day it is."""
    fields = [field for field in definition.fields if viewing.may_see_field(field, READER)]
    return DataTable(
        f"repertoire-{definition.slug}",
        *_columns(definition, fields),
        noun=("fiche", "fiches"),
        search=[Entry.sort_name],
        filters=_filters(definition),
        order="nom",
        bulk=[*BULK, *([Bulk("deplacer", "Changer d’étape")] if definition.stages else [])],
        bulk_endpoint="directory_gestion.bulk",
        export_endpoint="directory_gestion.export" if viewing.may_export(definition, READER) else "",
        hint="Nom, commune, réponse…",
        empty="Les volontaires qui s’inscrivent arrivent ici. Vous pouvez aussi en saisir, ou importer un tableau.",
        people=True,
        near=3,
        prepare=lambda rows: prepare(definition, rows),
    )


def prepare(definition: Definition, rows: list[Entry]) -> None:
    """Set on entries the card that the coordination reads."""
    for entry, card in zip(rows, viewing.cards(definition, rows, READER), strict=True):
        entry.card = card


def _columns(definition: Definition, fields: list[Field]) -> list[Column]:
    start = url_for("directory_gestion.entry", slug=definition.slug, id=0)[:-1]
    columns = [
        Column("nom", "Nom" if not definition.is_of_things else definition.title_label, "card.label",
               sort=Entry.sort_name, link=lambda row: f"{start}{row.id}", sub=_subtitle),
        Column("etat", "État", state_label, sort=Entry.status, badge=state_badge),
    ]  # fmt: skip
    if definition.stages:
        columns.append(
            Column("etape", "Étape", "card.stage", sort=Entry.stage_on, sub=lambda row: since(definition, row))
        )
    commune = Commune.select(Commune.sort_name).where(Commune.insee == Entry.commune)
    columns.append(Column("commune", "Commune", "card.commune", sort=commune))
    near = [field for field in fields if field.is_filter][: 1 if definition.stages else 2]
    columns += [_answer(field, shown=field in near) for field in fields]
    if definition.capacity:
        columns.append(Column("libres", "Places libres", lambda row: row.card.left, number=True))
    columns += [
        Column("confirmee", "Confirmée le", "confirmed_on", sort=Entry.confirmed_on),
        Column("jusqu-au", "Valable jusqu’au", "expires_on", sort=Entry.expires_on, shown=False),
        Column("etape-le", "À cette étape depuis le", "stage_on", shown=False, exported=bool(definition.stages)),
        Column("profession", "Profession", "card.profession", shown=False, exported=not definition.is_of_things),
        Column("email", "Adresse e-mail", "card.email", shown=False),
        Column("telephone", "Téléphone", "card.phone", shown=False),
        Column("publique", "Page publique", "is_public", shown=False, exported=definition.is_public),
        Column("partenaires", "Partenaires", "is_shared", shown=False, exported=definition.has_partners),
        Column("temoin", "Prêt à témoigner", "is_speaker", shown=False, exported=definition.has_speakers),
        Column("accord-le", "Accord donné le", "consented_on", shown=False),
        Column("accord-par", "Accord donné", "means_label", shown=False),
        Column("accord-version", "Version de l’accord", "consent_version", shown=False),
    ]
    return columns


def _answer(field: Field, *, shown: bool) -> Column:
    """Return the column of a field; numbers, days and yes or no go to a spreadsheet as such."""
    export = None
    if field.kind in (Kind.NUMBER, Kind.YES_NO):
        export = lambda row: row.values.get(field.key)  # noqa: E731
    elif field.kind == Kind.DATE:
        export = lambda row: day_of(row.values.get(field.key))  # noqa: E731
    value = lambda row: row.card.line(field.key)  # noqa: E731
    return Column(PREFIX + field.key, field.label, value, shown=shown, export=export)


def day_of(text):
    return type(today()).fromisoformat(text) if text else None


def _subtitle(row: Entry) -> str:
    return " · ".join(part for part in (row.card.profession, row.card.email or "pas d’adresse e-mail") if part)


def state_of(entry: Entry) -> Status:
    """Return where an entry stands for its readers: past its day, it is out of the list."""
    past = entry.expires_on is not None and entry.expires_on < today()
    return Status.EXPIRED if past and entry.state in desk.SHOWN else entry.state


def state_label(entry: Entry) -> str:
    return state_of(entry).label


def state_badge(entry: Entry) -> str:
    return state_of(entry).badge


def since(definition: Definition, entry: Entry) -> str:
    """« depuis 14 semaines, à relancer » once the definition says that it is too long."""
    stage = definition.stage(entry.stage)
    if stage is None or entry.stage_on is None:
        return ""
    weeks = (today() - entry.stage_on).days // 7
    stuck = stage.weeks and weeks >= stage.weeks and entry.state in desk.SHOWN
    return (f"depuis {plural(weeks, 'semaine')}" if weeks else "depuis peu") + (", sans avancer" if stuck else "")


def _filters(definition: Definition) -> list:
    found = [Cases("etat", "État", _cases(definition), default="presentes", blank="Toutes, même retirées")]
    if definition.stages:
        steps = [(each.key, each.label) for each in definition.stages]
        found.append(OneOf("etape", "Étape", Entry.stage, steps, blank="Toutes les étapes"))
    found.append(
        Answered("commune", "Commune", "@where", lambda: communes_of(definition), blank="Toutes les communes",
                 definition=definition)
    )  # fmt: skip
    if not definition.is_of_things and len(definition.professions) != 1:
        professions = partial(_professions, definition)
        found.append(OneOf("profession", "Profession", Entry.profession, professions, blank="Toutes les professions"))
    found += [
        Answered(PREFIX + field.key, field.label, field.key, choices_of(field), definition=definition)
        for field in definition.filters(READER.rank)
    ]
    if definition.has_speakers:
        found.append(Cases("temoin", "Prêts à témoigner", {"oui": ("Prêts à témoigner", Entry.is_speaker == True)}))  # noqa: E712
    return [*found, Period("confirmee", "Confirmée", Entry.confirmed_on)]


def _cases(definition: Definition) -> dict:
    day = today()
    cases = {
        "presentes": ("Présentes", Entry.status != Status.LEFT),
        "a-valider": ("À valider", Entry.status == Status.TO_VALIDATE),
        "liste": ("Dans la liste", Entry.live(day)),
        "bientot": ("À confirmer bientôt", desk.to_confirm_soon(day)),
        "a-confirmer": ("Sorties, à confirmer", desk.is_expired(day)),
        "pause": ("En pause", Entry.status == Status.PAUSED),
    }
    if any(stage.weeks for stage in definition.stages):
        cases["bloquees"] = ("Sans avancer", stages.stuck(definition, day))
    return cases | {"retirees": ("Retirées", Entry.status == Status.LEFT)}


def communes_of(definition: Definition) -> list[tuple[str, str]]:
    """Return the communes where somebody of the list is, or goes."""
    query = EntryValue.select(EntryValue.value).where(
        EntryValue.directory == definition.slug, EntryValue.field == "@where"
    )
    places = filter(None, (reference.place(insee) for (insee,) in query.distinct().tuples()))
    return [(each.insee, each.name) for each in sorted(places, key=lambda each: reference.sort_name(each.name))]


def _professions(definition: Definition) -> list[tuple[str, str]]:
    query = EntryValue.select(EntryValue.value).where(
        EntryValue.directory == definition.slug, EntryValue.field == "@profession"
    )
    used = {code for (code,) in query.distinct().tuples()}
    return [(code, each.label) for code, each in reference.professions().items() if code in used]


def choices_of(field: Field):
    """Return the answers by which a field filters, or the function that finds them."""
    if field.kind == Kind.YES_NO:
        return [("oui", "Oui"), ("non", "Non")]
    if field.kind == Kind.ENTRY:
        return lambda: _entries(field.of)
    return list(field.choices)


def _entries(slug: str) -> list[tuple[str, str]]:
    other = catalogue.find(slug)
    rows = finding.visible(other, READER).limit(MOST_CHOICES) if other else []
    return [(str(each.id), each.label) for each in rows]
