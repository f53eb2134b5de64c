"""The coverage of the territory by one list: a table and its bars, the communes without anybody first."""

from dataclasses import dataclass

from flask import abort, request, url_for

from cptsapp.kernel.access import access
from cptsapp.kernel.filters import OneOf
from cptsapp.kernel.tables import Column, DataTable

from . import coverage, desk_list, viewing
from .definition import Definition, Kind
from .gestion import bp_gestion, definition_or_404


@dataclass(frozen=True)
class Before(OneOf):
    """A filter that the rows are counted with: it leaves none of them out."""

    def condition(self, values):
        return None


def table_of(definition: Definition) -> DataTable:
    start = url_for("directory_gestion.entries", slug=definition.slug)
    goes = any(field.kind == Kind.COMMUNES for field in definition.fields)
    columns = [
        Column("commune", "Commune", "name", sort="name",
               sub=lambda row: "" if row.in_territory else "hors du territoire",
               link=lambda row: f"{start}?commune={row.insee}&etat=liste"),
        Column("nombre", "Y interviennent" if goes else "Dans la liste", "served", sort="served", number=True,
               macro="directory/_desk_coverage.html:bar"),
    ]  # fmt: skip
    if goes:
        columns.append(Column("sur-place", "Y exercent", "here", sort="here", number=True))
    columns.append(Column("habitants", "Habitants", "population", sort=lambda row: row.population or 0, number=True))
    return DataTable(
        f"couverture-{definition.slug}",
        *columns,
        noun=("commune", "communes"),
        search=["name"],
        filters=[
            Before(desk_list.PREFIX + field.key, field.label, field.key, desk_list.choices_of(field))
            for field in definition.filters(coverage.READER.rank)
        ],
        order="nombre",
        key="insee",
        export_endpoint="directory_gestion.coverage_export" if viewing.may_export(definition, coverage.READER) else "",
        empty="Choisissez d’abord les communes du territoire, dans « Territoire ».",
        size=100,
        near=3,
    )


def _rows(table: DataTable, definition: Definition, args) -> list[coverage.Place]:
    asked = {
        each.of: value
        for each in table.filters
        if (value := table.state(args).values[each.key])
    }  # fmt: skip
    return coverage.places(definition, asked)


@bp_gestion.get("/<slug>/couverture", endpoint="coverage")
@access("coordination")
def show_coverage(slug):
    definition = definition_or_404(slug)
    table = table_of(definition)
    rows = _rows(table, definition, request.args)
    inside = [each for each in rows if each.in_territory]
    return table.page(
        "directory/desk_coverage.html",
        rows,
        definition=definition,
        empty=[each for each in inside if each.is_empty],
        inside=len(inside),
    )


@bp_gestion.post("/<slug>/couverture/export")
@access("coordination")
def coverage_export(slug):
    definition = definition_or_404(slug)
    if not viewing.may_export(definition, coverage.READER):
        abort(404)
    table = table_of(definition)
    return table.export(_rows(table, definition, request.form))
