"""The document store as the coordination keeps it."""

from flask import Blueprint, abort, flash, redirect, url_for

from cptsapp.kernel.access import Visibility, access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation
from cptsapp.kernel.tables import Cases, Column, DataTable, OneOf

from . import rules
from .forms import DocumentForm, NewDocumentForm, VersionForm
from .models import Document, DocumentVersion, Kind

bp_gestion = Blueprint("document_gestion", __name__, url_prefix="/gestion/documents")
navigation.append(
    NavItem("gestion", "Documents", "document_gestion.index", "folder", ("coordination",), "Communication", order=45)
)

DOCUMENTS = DataTable(
    "documents",
    Column("titre", "Document", "title", sort=Document.folded, link="document_gestion.show", sub="summary"),
    Column("nature", "Nature", "kind_label", sort=Document.kind),
    Column("version", "Version en vigueur", "current.label"),
    Column("date", "Date", "current.dated_on", sort=DocumentVersion.dated_on),
    Column("lecteurs", "Lecteurs", "readers_label", badge=lambda row: "ok" if row.visibility == "public" else "mute"),
    noun=("document", "documents"),
    search=[Document.folded],
    filters=[
        OneOf("nature", "Nature", Document.kind, Kind, blank="Toutes les natures"),
        OneOf("lecteurs", "Lecteurs", Document.visibility, Visibility, blank="Tous les lecteurs"),
        Cases(
            "etat",
            "État",
            {
                "en-ligne": ("En ligne", Document.deleted_at.is_null()),
                "corbeille": ("Corbeille", Document.deleted_at.is_null(False)),
            },
            default="en-ligne",
            blank="Tous",
        ),
    ],
    order="-date",
    export_endpoint="document_gestion.export",
    empty="Les statuts, la charte, les comptes rendus et les guides de l’association se rangent ici.",
    starts=(("document_gestion.create", "Déposer un premier document"),),
)


@bp_gestion.get("/")
@access("coordination")
def index():
    return DOCUMENTS.page("document/gestion_list.html", Document.all_with_current())


@bp_gestion.post("/export")
@access("coordination")
def export():
    return DOCUMENTS.export(Document.all_with_current())


@bp_gestion.route("/nouveau", methods=["GET", "POST"])
@access("coordination")
def create():
    form = NewDocumentForm()
    if form.is_submitted() and _validates(form):
        try:
            document = rules.create(**form.about(), **form.version())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le document est enregistré.")
            return redirect(url_for("document_gestion.show", id=document.id), 303)
    return page("document/gestion_new.html", fragment="formulaire", form=form)


@bp_gestion.route("/<int:id>", methods=["GET", "POST"])
@access("coordination")
def show(id):
    document = _document_or_404(id)
    form = DocumentForm(obj=document)
    if form.validate_on_submit():
        values = {each: form[each].data or "" for each in ("title", "kind", "summary", "visibility")}
        try:
            rules.edit(id, **values)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Les changements sont enregistrés.")
            return redirect(url_for("document_gestion.show", id=id), 303)
    return page("document/gestion_show.html", form=form, document=document, versions=_versions(document))


@bp_gestion.route("/<int:id>/version", methods=["GET", "POST"])
@access("coordination")
def add_version(id):
    document = _document_or_404(id)
    form = VersionForm()
    if form.is_submitted() and _validates(form):
        try:
            rules.add_version(id, **form.version())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La nouvelle version est en vigueur. La précédente reste consultable.")
            return redirect(url_for("document_gestion.show", id=id), 303)
    return page("document/gestion_version.html", fragment="formulaire", form=form, document=document)


@bp_gestion.post("/<int:id>/corbeille")
@access("coordination")
def trash(id):
    _document_or_404(id)
    rules.trash(id)
    flash("Le document est à la corbeille. Vous pouvez le rétablir ici même.")
    return redirect(url_for("document_gestion.show", id=id), 303)


@bp_gestion.post("/<int:id>/retablir")
@access("coordination")
def restore(id):
    _document_or_404(id)
    rules.restore(id)
    flash("Le document est rétabli.")
    return redirect(url_for("document_gestion.show", id=id), 303)


def _validates(form) -> bool:
    """Check the shape of the form, and keep its file even when something else is refused."""
    shaped = form.validate()
    return form.take_file() and shaped


def _versions(document):
    return list(document.versions.order_by(DocumentVersion.number.desc()))


def _document_or_404(id) -> Document:
    return Document.get_or_none(Document.id == id) or abort(404)
