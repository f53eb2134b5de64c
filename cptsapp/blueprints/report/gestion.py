"""Reports in the gestion: the list, one of them, its sections one by one, its versions, its figures, its files."""

from itertools import groupby

from flask import Blueprint, Response, abort, flash, redirect, request, stream_with_context, url_for
from markupsafe import escape
from playhouse.flask_utils import get_object_or_404

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel import exports, journal, markdown
from cptsapp.kernel.access import access, may
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db
from cptsapp.kernel.differences import compare
from cptsapp.kernel.errors import Conflict, RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation
from cptsapp.kernel.tables import Cases, Column, DataTable, OneOf
from cptsapp.kernel.text import slugify
from cptsapp.kernel.urls import number_of

from . import archive, comparing, odt, rules, showing
from .figures import Figure, telling
from .forms import ReportForm, SectionForm
from .models import Generation, Report, ReportKind, Section, SectionVersion

bp_gestion = Blueprint("report_gestion", __name__, url_prefix="/gestion/projet/rapports")
READERS = ("bureau", "coordination")
navigation.append(NavItem("gestion", "Rapports", "report_gestion.index", "file-text", READERS, "Projet", order=26))
CSV_HEADS = [
    "Groupe", "Chiffre", "Valeur", "En clair", "Unité", "Au départ", "Cible", "Écart", "Obtenu (€)", "Possible (€)",
    "Source", "Arrêté au",
]  # fmt: skip

REPORTS = DataTable(
    "rapports",
    Column("titre", "Rapport", "title", sort=Report.folded, link="report_gestion.show"),
    Column("nature", "Document", lambda row: row.nature.label, sort=Report.kind),
    Column("debut", "Du", "starts_on", sort=Report.starts_on),
    Column("fin", "Au", "ends_on", sort=Report.ends_on),
    Column("etat", "État", "state_label", badge=lambda row: "ok" if row.is_frozen else "warn"),
    Column("cree", "Créé le", "created_at", sort=Report.created_at),
    Column("fige", "Figé le", "frozen_at", sort=Report.frozen_at, shown=False),
    Column("par", "Figé par", "frozen_by_label", shown=False),
    noun=("rapport", "rapports"),
    search=[Report.folded],
    filters=[
        OneOf("nature", "Document", Report.kind, ReportKind, blank="Tous les documents"),
        Cases(
            "etat",
            "État",
            {
                "presents": ("En cours et figés", Report.deleted_at.is_null()),
                "en-cours": ("En cours", Report.deleted_at.is_null() & Report.frozen_at.is_null()),
                "figes": ("Figés", Report.deleted_at.is_null() & Report.frozen_at.is_null(False)),
                "corbeille": ("Corbeille", Report.deleted_at.is_null(False)),
            },
            default="presents",
            blank="Tous les états",
        ),
    ],
    order="-debut",
    export_endpoint="report_gestion.export",
    empty="Un rapport se prépare d’un clic, à partir de ce que le site sait déjà. Vous le relisez ensuite, section par "
    "section.",
    starts=(("report_gestion.create", "Préparer un rapport d’activité"),),
)


@bp_gestion.get("/")
@access(*READERS)
def index():
    return REPORTS.page("report/list.html", Report.joined())


@bp_gestion.post("/export")
@access(*READERS)
def export():
    return REPORTS.export(Report.joined())


@bp_gestion.route("/nouveau", methods=["GET", "POST"])
@access("coordination")
def create():
    form = ReportForm(data={"kind": request.args.get("nature", ReportKind.ACTIVITY.value)})
    if form.validate_on_submit():
        try:
            report = rules.create(ReportKind(form.kind.data), **form.values())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le rapport est prêt à relire. Complétez ce que le site ne sait pas.")
            return redirect(url_for(".show", id=report.id), 303)
    return page("report/new.html", fragment="formulaire", form=form)


def _find(id) -> Report:
    """Return a report, in the bin or not: from there it can come back."""
    return Report.joined().where(Report.id == id).get_or_none() or abort(404)


def _present(id) -> Report:
    return Report.present().where(Report.id == id).get_or_none() or abort(404)


def _generations(report: Report) -> list[Generation]:
    """Return the last two draftings, the last first."""
    return list(report.generations.order_by(Generation.number.desc()).limit(2))


def _moved(report: Report, drawn: list[Generation]) -> list[comparing.Moved]:
    if len(drawn) < 2:
        return []
    last, before = drawn
    return comparing.moved(
        before.figures, last.figures, ends_on=report.ends_on, before=before.at, after=last.at
    )  # fmt: skip


@bp_gestion.get("/<int:id>")
@access(*READERS)
def show(id):
    report = _find(id)
    drawn = _generations(report)
    sections = list(Section.of(report))
    return page(
        "report/show.html",
        report=report,
        last=drawn[0],
        moved=_moved(report, drawn),
        sections=sections,
        lacking=[each for each in sections if each.waits_for_words],
        editing=may("coordination") and not report.is_frozen and report.deleted_at is None,
    )


@bp_gestion.get("/<int:id>/lire")
@access(*READERS)
def read(id):
    """The whole report, for the eyes and for paper."""
    report = _present(id)
    last = _generations(report)[0]
    written = [(each, showing.nested(each)) for each in Section.of(report) if each.text]
    groups = _grouped(telling(last.figures))
    return page("report/read.html", report=report, last=last, sections=written, groups=groups)


def _grouped(figures: list[Figure]) -> list[tuple[str, list[Figure]]]:
    return [(group, list(rows)) for group, rows in groupby(figures, key=lambda each: each.group)]


@bp_gestion.get("/<int:id>/chiffres")
@access(*READERS)
def figures(id):
    report = _present(id)
    drawn = _generations(report)
    return page(
        "report/figures.html",
        report=report,
        last=drawn[0],
        before=drawn[1] if len(drawn) > 1 else None,
        moved=_moved(report, drawn),
        groups=_grouped(drawn[0].figures),
    )


# Acts on the whole report


@bp_gestion.post("/<int:id>/actualiser")
@access("coordination")
def regenerate(id):
    _present(id)
    rules.regenerate(id)
    flash("Les chiffres sont à jour. Les sections que personne n’a modifiées aussi ; les autres n’ont pas bougé.")
    return redirect(url_for(".show", id=id), 303)


@bp_gestion.post("/<int:id>/figer")
@access("coordination")
def freeze(id):
    _present(id)
    rules.freeze(id)
    flash("Le rapport est figé : ses textes et ses chiffres restent tels qu’ils sont.")
    return redirect(url_for(".show", id=id), 303)


@bp_gestion.post("/<int:id>/corbeille")
@access("coordination")
def trash(id):
    _present(id)
    rules.trash(id)
    flash("Le rapport est dans la corbeille.")
    return redirect(url_for(".index"), 303)


@bp_gestion.post("/<int:id>/retablir")
@access("coordination")
def restore(id):
    _find(id)
    rules.restore(id)
    flash("Le rapport est de retour.")
    return redirect(url_for(".show", id=id), 303)


# A section


def _section(id) -> tuple[Section, Report]:
    section = get_object_or_404(Section, Section.id == id)
    return section, _present(section.report_id)


@bp_gestion.route("/sections/<int:id>", methods=["GET", "POST"])
@access("coordination")
def edit(id):
    section, report = _section(id)
    form, conflict = SectionForm(data={"text": section.text, "revision_read": section.revision}), None
    if form.validate_on_submit():
        try:
            rules.save(id, text=form.text.data or "", revision_read=form.revision)
        except Conflict as error:
            form.refuse(error)
            form.revision_read.raw_data, form.revision_read.data = None, error.revision
            conflict = compare(error.theirs, form.text.data or "")
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La section est enregistrée.")
            return redirect(url_for(".show", id=report.id, _anchor=section.key), 303)
    return page(
        "report/edit.html",
        fragment="formulaire",
        form=form,
        report=report,
        section=section,
        conflict=conflict,
        proposal=compare(section.text, section.draft) if section.has_proposal else None,
    )


@bp_gestion.post("/sections/<int:id>/<any(reprendre, laisser):act>")
@access("coordination")
def settle(id, act):
    section, report = _section(id)
    if act == "reprendre":
        rules.take(id)
        flash("La nouvelle rédaction remplace l’ancienne, qui reste dans les versions.")
    else:
        rules.leave(id)
        flash("Votre texte est gardé.")
    return redirect(url_for(".show", id=report.id, _anchor=section.key), 303)


@bp_gestion.get("/sections/<int:id>/versions")
@access(*READERS)
def versions(id):
    section, report = _section(id)
    kept = list(section.versions.order_by(SectionVersion.revision.desc()))
    number = number_of(request.args.get("de"))
    chosen = next((each for each in kept if each.revision == number), None)
    return page(
        "report/versions.html",
        section=section,
        report=report,
        kept=kept,
        chosen=chosen,
        changes=compare(chosen.text, section.text) if chosen else [],
    )


@bp_gestion.post("/sections/<int:id>/versions/<int:number>")
@access("coordination")
def bring_back(id, number):
    _section(id)
    rules.bring_back(id, number)
    flash(f"La version {number} est revenue. Celle d’avant est gardée dans les versions.")
    return redirect(url_for(".versions", id=id), 303)


# Files


@bp_gestion.get("/<int:id>/fichier/<any(odt, csv, zip):kind>")
@access(*READERS)
def download(id, kind):
    report = _present(id)
    with db.atomic():
        journal.write("report.downloaded", "report", report.id, format=kind)
    if kind == "csv":
        return exports.download(f"chiffres-{_name(report)}", kind, CSV_HEADS, _csv_rows(report))
    if kind == "odt":
        return _attached(_odt(report), odt.MIMETYPE, f"{_name(report)}.odt")
    found = archive.concerned(report.starts_on, min(report.ends_on, today()))
    parts = stream_with_context(archive.parts(found, with_names=may("coordination")))
    return _attached(parts, "application/zip", f"preuves-{_name(report)}.zip")


def _name(report: Report) -> str:
    return slugify(report.title, limit=60)


def _attached(content, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, content_type=media_type, headers=headers)


def _csv_rows(report: Report):
    for each in _generations(report)[0].figures:
        money = [None if cents is None else cents / 100 for cents in (each.earned_cents, each.possible_cents)]
        numbers = [_number(text) for text in (each.initial, each.target, each.gap)]
        yield [
            each.group,
            each.label,
            _number(each.value),
            each.words,
            each.unit,
            *numbers,
            *money,
            each.source,
            each.as_of,
        ]


def _number(text: str) -> int | float | None:
    if not text:
        return None
    return float(text) if "." in text else int(text)


def _odt(report: Report) -> bytes:
    last = _generations(report)[0]
    parts = [(each.title, str(markdown.render(each.text))) for each in Section.of(report) if each.text]
    groups: dict[str, list] = {}
    for each in telling(last.figures):
        groups.setdefault(each.group, []).append((each.label, each.words))
    figures = "".join(f"<h2>{escape(group)}</h2>{_table(rows)}" for group, rows in groups.items())
    parts = [("", f"<p>{_opening(report)}</p>"), *parts, ("Les chiffres", figures)]
    return odt.document(report.title, parts, owner=identity().name)


def _opening(report: Report) -> str:
    period = report.period_label
    return f"{period[0].upper()}{period[1:]}."


def _table(rows: list[tuple[str, str]]) -> str:
    cells = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
    heads = "<th>Chiffre</th><th>Valeur</th>"
    return f"<table><tr>{heads}</tr>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
