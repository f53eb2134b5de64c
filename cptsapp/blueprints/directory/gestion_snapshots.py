"""A list as it stood on a past day: shown, searched, exported."""

from dataclasses import dataclass
from datetime import date

from flask import abort, request, url_for

from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.tables import Column, DataTable

from . import desk_list, history, snapshots, viewing
from .definition import Definition
from .gestion import bp_gestion, definition_or_404


@dataclass(frozen=True)
class DayFilter:
    """The day that is asked: no later than today, which it is by default."""

    key: str
    label: str

    widget = "period"

    @property
    def names(self):
        return (self.key,)

    def read(self, args) -> dict[str, str]:
        try:
            day = date.fromisoformat(args.get(self.key, ""))
        except ValueError:
            day = today()
        return {self.key: min(max(day, date(2000, 1, 1)), today()).isoformat()}

    def condition(self, values):
        return None


def table_of(definition: Definition) -> DataTable:
    fields = [field for field in definition.fields if viewing.may_see_field(field, snapshots.READER)]
    start = url_for("directory_gestion.entry", slug=definition.slug, id=0)[:-1]
    return DataTable(
        f"instantane-{definition.slug}",
        Column("nom", "Nom", "label", sort="label", link=lambda row: f"{start}{row.id}",
               sub=lambda row: "n’y est plus aujourd’hui" if row.is_gone else ""),
        Column("profession", "Profession", "profession", sort="profession", shown=not definition.is_of_things,
               exported=not definition.is_of_things),
        Column("commune", "Commune", "commune", sort="commune"),
        Column("etape", "Étape", "stage", sort="stage", shown=bool(definition.stages),
               exported=bool(definition.stages)),
        *(_answer(field) for field in fields),
        Column("email", "Adresse e-mail", "email", shown=False),
        Column("telephone", "Téléphone", "phone", shown=False),
        Column("confirmee", "Confirmée le", "confirmed_on", sort="confirmed_on"),
        noun=("fiche", "fiches"),
        search=["label", "commune", "profession", "stage"],
        filters=[DayFilter("jour", "La liste à la fin du")],
        order="nom",
        export_endpoint="directory_gestion.snapshot_export"
        if viewing.may_export(definition, snapshots.READER)
        else "",
        empty="Personne n’était dans la liste ce jour-là.",
        people=True,
    )  # fmt: skip


def _answer(field) -> Column:
    return Column(desk_list.PREFIX + field.key, field.label, lambda row: row.texts[field.key], shown=False)


def _day(table: DataTable, args) -> date:
    return date.fromisoformat(table.state(args).values["jour"])


@bp_gestion.get("/<slug>/instantanes", endpoint="snapshots")
@access("coordination")
def show_snapshot(slug):
    definition = definition_or_404(slug)
    table = table_of(definition)
    day = _day(table, request.args)
    rows = snapshots.rows(definition, day)
    return table.page(
        "directory/desk_snapshot.html",
        rows,
        definition=definition,
        day=day,
        then=len(rows),
        gone=sum(row.is_gone for row in rows),
        now=len(snapshots.live(definition)),
        first_day=history.first_day(slug),
    )


@bp_gestion.post("/<slug>/instantanes/export")
@access("coordination")
def snapshot_export(slug):
    definition = definition_or_404(slug)
    if not viewing.may_export(definition, snapshots.READER):
        abort(404)
    table = table_of(definition)
    return table.export(snapshots.rows(definition, _day(table, request.form)))
