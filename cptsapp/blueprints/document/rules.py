"""What may be done to documents. A version, once added, stays as it is: what people accepted can be read again."""

from datetime import date

from cptsapp.kernel import journal, markdown, search
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.db import db, locked, now, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import fold, slugify

from .models import SINGLE, Document, DocumentVersion, Kind

journal.declare("document.created", "Document ajouté")
journal.declare("document.edited", "Document modifié")
journal.declare("document.versioned", "Nouvelle version d’un document")
journal.declare("document.trashed", "Document mis à la corbeille")
journal.declare("document.restored", "Document rétabli")


def current(slug: str) -> DocumentVersion | None:
    """Return the version in force of the document at `/documents/<slug>` (« statuts », « charte »…), or None."""
    return (
        DocumentVersion.select(DocumentVersion, Document)
        .join(Document)
        .where(Document.slug == slug, Document.deleted_at.is_null())
        .order_by(DocumentVersion.number.desc())
        .first()
    )


@db.atomic()
def create(
    *,
    title: str,
    kind: str,
    visibility: str,
    label: str,
    dated_on: date,
    summary: str = "",
    file_id: int | None = None,
    text: str = "",
) -> Document:
    """Add a document with its first version. Raises RuleError when it is there already, or has nothing in it."""
    kind, visibility = Kind(kind), Visibility(visibility)
    _refuse_twin(kind, title)
    document = Document.create(
        slug=_free_slug(kind, title),
        title=title.strip(),
        kind=kind,
        summary=summary.strip(),
        visibility=visibility,
    )
    _add_version(document, 1, label, dated_on, file_id, text)
    journal.write("document.created", "document", document.id, visibility=visibility)
    _show_changed(document)
    return document


@db.atomic()
def add_version(
    document_id: int, *, label: str, dated_on: date, file_id: int | None = None, text: str = ""
) -> DocumentVersion:
    """Put a new version in force; the earlier ones are kept. Raises RuleError on a label that is taken."""
    document = _living(document_id)
    label = label.strip()
    if DocumentVersion.select().where(DocumentVersion.document == document, DocumentVersion.label == label).exists():
        raise RuleError(f"La version « {label} » existe déjà. Donnez un autre nom à celle-ci.", "label")
    last = document.versions.order_by(DocumentVersion.number.desc()).get()
    version = _add_version(document, last.number + 1, label, dated_on, file_id, text)
    journal.write("document.versioned", "document", document.id, version=version.number)
    _show_changed(document)
    return version


@db.atomic()
def edit(document_id: int, *, title: str, kind: str, visibility: str, summary: str = "") -> Document:
    """Change what is said of a document, and who may read it; its address stays."""
    document = _living(document_id)
    kind = Kind(kind)
    _refuse_twin(kind, title, document)
    if kind != document.kind and not SINGLE.keys().isdisjoint({kind, document.kind}):
        raise RuleError("Cette nature donne au document son adresse : elle ne se change pas ensuite.", "kind")
    before = document.visibility
    document.title, document.kind, document.summary = title.strip(), kind, summary.strip()
    document.visibility = Visibility(visibility)
    document.save()
    changed = {"visibility": [before, document.visibility]} if before != document.visibility else {}
    journal.write("document.edited", "document", document.id, **changed)
    _show_changed(document)
    return document


@db.atomic()
def trash(document_id: int) -> None:
    """Take a document off the site; it can be put back, versions and all."""
    document = _living(document_id)
    document.deleted_at = now()
    document.save()
    journal.write("document.trashed", "document", document.id)
    search.forget("document", document.id)
    revision.bump()


@db.atomic()
def restore(document_id: int) -> None:
    """Put a document back from the trash."""
    document = locked(Document.select().where(Document.id == document_id)).get()
    if document.deleted_at is None:
        return
    _refuse_twin(Kind(document.kind), document.title, document)
    document.deleted_at = None
    document.save()
    journal.write("document.restored", "document", document.id)
    _show_changed(document)


def search_row(document: Document, version: DocumentVersion) -> dict:
    """Return what the site's search knows of a document: its words, not those of its file."""
    return {
        "id": document.id,
        "title": document.title,
        "body": " ".join((document.kind_label, document.summary, version.label, markdown.plain(version.text))),
        "url": f"/documents/{document.slug}",
        "visibility": document.visibility,
        "at": version.added_at,
    }


def _show_changed(document: Document) -> None:
    """Make the search and the pages kept ready say what the document has become."""
    search.index("document", **search_row(document, current(document.slug)))
    revision.bump()


def _add_version(document, number, label, dated_on, file_id, text) -> DocumentVersion:
    if bool(file_id) == bool(text.strip()):
        raise RuleError("Joignez un fichier, ou écrivez le texte : l’un des deux.", "file")
    return DocumentVersion.create(
        document=document, number=number, label=label.strip(), dated_on=dated_on, file=file_id, text=text.strip()
    )


def _living(document_id: int) -> Document:
    document = locked(Document.select().where(Document.id == document_id)).get()
    if document.deleted_at:
        raise RuleError("Ce document est à la corbeille. Rétablissez-le d’abord.")
    return document


def _refuse_twin(kind: Kind, title: str, document: Document | None = None) -> None:
    others = Document.select().where(Document.id != (document.id if document else 0))
    same = others.where(Document.kind == kind).first() if kind in SINGLE else None
    if same and same.deleted_at:
        raise RuleError(
            f"Un document « {kind.label} » est à la corbeille. Rétablissez-le, puis ajoutez une version.", "kind"
        )
    if same:
        raise RuleError(f"L’association a déjà un document « {kind.label} ». Ajoutez-lui une nouvelle version.", "kind")
    others = others.where(Document.deleted_at.is_null())
    if any(fold(each.title) == fold(title.strip()) for each in others.select(Document.title)):
        raise RuleError("Un document porte déjà ce titre. Ajoutez-lui une version, ou changez le titre.", "title")


def _free_slug(kind: Kind, title: str) -> str:
    """Return the end of the address: the kind's own when there is one of it, else made from the title."""
    wanted = SINGLE.get(kind) or slugify(title, limit=70)
    if wanted in SINGLE.values() and kind not in SINGLE:
        wanted += "-document"
    taken = {slug for (slug,) in Document.select(Document.slug).where(Document.slug.startswith(wanted)).tuples()}
    number = next(n for n in range(1, len(taken) + 2) if (f"{wanted}-{n}" if n > 1 else wanted) not in taken)
    return f"{wanted}-{number}" if number > 1 else wanted
