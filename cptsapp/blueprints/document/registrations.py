"""What documents tell the floors below: who may read a file, search, sitemap, figures."""

from datetime import date

from flask import url_for

from cptsapp.kernel.access import Visibility
from cptsapp.kernel.dates import span, to_paris
from cptsapp.kernel.files import StoredFile, file_use
from cptsapp.kernel.registry import (
    Behind,
    LetterItem,
    Parameter,
    first_step,
    indicator,
    letter_source,
    rows_behind,
    search_source,
    sitemap,
)
from cptsapp.kernel.text import fold

from . import rules
from .models import Document, DocumentVersion, Kind


@file_use
def visibility_of_documents(name):
    """A version's file has the visibility of its document; in the trash, it is the coordination's."""
    rows = Document.select(Document.visibility, Document.deleted_at).join(DocumentVersion).join(StoredFile)
    for visibility, deleted_at in rows.where(StoredFile.name == name).tuples():
        yield Visibility.COORDINATION if deleted_at else Visibility(visibility)


@first_step(
    "Déposer les statuts",
    endpoint="document_gestion.create",
    order=57,
    help="Visibles de tout le monde, ils sont acceptés par qui adhère ; la charte aussi, s’il y en a une.",
)
def statutes_are_there() -> bool:
    found = rules.current("statuts")
    return found is not None and found.document.visibility == Visibility.PUBLIC


@search_source("document", "Documents")
def search_rows():
    for document in Document.all_with_current().where(Document.deleted_at.is_null()):
        yield rules.search_row(document, document.current)


@letter_source("document", "Documents", order=30)
def for_letters(start: date, end: date):
    """Give the documents added or brought up to date in a period, those of adherents included, the last first."""
    after, before = span(start, end)
    added = DocumentVersion.added_at >= after, DocumentVersion.added_at < before
    for each in Document.readable([Visibility.PUBLIC, Visibility.ADHERENTS]).where(*added):
        yield LetterItem(
            key=str(each.id),
            title=each.heading,
            summary=each.summary,
            url=f"/documents/{each.slug}",
            on=to_paris(each.current.added_at).date(),
            readers=each.visibility,
            details=f"{each.kind_label}, {each.current.label}",
        )


@sitemap
def public_addresses():
    public = list(Document.readable([Visibility.PUBLIC]))
    if public:
        yield "/documents/", None
    for document in public:
        yield f"/documents/{document.slug}", document.current.added_at.date()


@indicator("document.versions", "Documents ajoutés ou mis à jour", unit="documents")
def versions_added(start, end):
    after, before = span(start, end)
    added = DocumentVersion.added_at >= after, DocumentVersion.added_at < before
    return DocumentVersion.select(DocumentVersion.document).where(*added).distinct().count()


def _published(start: date, end: date, kind: str = "", words: str = ""):
    """Select the documents put here in a period, of a kind, whose title or summary has all the words."""
    after, before = span(start, end)
    query = Document.select().where(Document.deleted_at.is_null(), Document.created_at >= after)
    query = query.where(Document.created_at < before)
    if kind:
        query = query.where(Document.kind == kind)
    for word in fold(words).split():
        query = query.where(Document.folded.contains(word))
    return query


@indicator(
    "document.published",
    "Documents publiés",
    unit="documents",
    parameters=[Parameter("kind", "Genre", Kind.choices), Parameter("words", "Mots du titre ou du résumé")],
)
def published(start: date, end: date, kind: str = "", words: str = "") -> int:
    return _published(start, end, kind, words).count()


@rows_behind("document.published", access=("coordination",))
def published_rows(start: date, end: date, kind: str = "", words: str = ""):
    for each in _published(start, end, kind, words).order_by(Document.title):
        address = url_for("document_gestion.show", id=each.id)
        yield Behind(f"{each.kind_label} : {each.heading}", to_paris(each.created_at).date(), address)
