"""What readers see: the list of what they may read, each document at its address, each version for good."""

from flask import Blueprint, abort, request

from cptsapp.kernel import files
from cptsapp.kernel.access import access, may_read, readable
from cptsapp.kernel.htmx import page
from cptsapp.kernel.markdown import render_document
from cptsapp.kernel.pagecache import kept_ready
from cptsapp.kernel.registry import NavItem, navigation, reserved_slugs

from .models import Document, DocumentVersion, Kind

bp = Blueprint("document", __name__)
reserved_slugs.add("documents")
navigation.append(NavItem("space", "Documents", "document.space", "folder", ("adherent",), order=40))

LONGEST_SEARCH = 100


@bp.get("/documents/")
@access("public")
@kept_ready
def index():
    return _list()


@bp.get("/espace/documents")
@access("adherent")
def space():
    return _list()


def _list():
    q = request.args.get("q", "").replace("\0", " ").strip()[:LONGEST_SEARCH]
    kind = request.args.get("nature", "")
    kind = kind if kind in set(Kind) else ""
    documents = Document.readable(readable(), words=q, kind=kind)
    return page("document/index.html", fragment="resultats", q=q, kind=kind, kinds=Kind, documents=list(documents))


@bp.get("/documents/<slug>")
@access("public")
@kept_ready
def show(slug):
    document = _readable_or_404(slug)
    return _show(document, document.current)


@bp.get("/documents/<slug>/fichier")
@access("public")
def download(slug):
    document = _readable_or_404(slug)
    return _file(document, document.current)


@bp.get("/documents/<slug>/versions/<int:number>")
@access("public")
@kept_ready
def version(slug, number):
    document = _readable_or_404(slug)
    return _show(document, _version_or_404(document, number))


@bp.get("/documents/<slug>/versions/<int:number>/fichier")
@access("public")
def version_file(slug, number):
    document = _readable_or_404(slug)
    return _file(document, _version_or_404(document, number))


def _show(document, version):
    versions = list(document.versions.order_by(DocumentVersion.number.desc()))
    rendered = render_document(version.text) if version.text else None
    return page("document/show.html", document=document, version=version, versions=versions, rendered=rendered)


def _file(document, version):
    if not version.file:
        abort(404)
    return files.serve(version.file, download_name=_name(document, version))


def _name(document, version) -> str:
    """Return the name under which a version downloads: what it is, then which one."""
    extension = version.file.name.rsplit(".", 1)[-1]
    return f"{document.title} ({version.label}).{extension}".replace("/", "-")


def _readable_or_404(slug) -> Document:
    document = Document.all_with_current().where(Document.slug == slug, Document.deleted_at.is_null()).first()
    if document is None or not may_read(document.visibility):
        abort(404)
    return document


def _version_or_404(document, number) -> DocumentVersion:
    return document.versions.where(DocumentVersion.number == number).first() or abort(404)
