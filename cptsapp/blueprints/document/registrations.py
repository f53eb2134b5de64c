"""What documents tell the floors below: who may read a file, search, sitemap, figures."""

from datetime import date

from cptsapp.kernel.access import Visibility
from cptsapp.kernel.dates import span, to_paris
from cptsapp.kernel.files import StoredFile, file_use
from cptsapp.kernel.registry import LetterItem, indicator, letter_source, search_source, sitemap

from . import rules
from .models import Document, DocumentVersion


@file_use
def visibility_of_documents(name):
    """A version's file has the visibility of its document; in the trash, it is the coordination's."""
    rows = Document.select(Document.visibility, Document.deleted_at).join(DocumentVersion).join(StoredFile)
    for visibility, deleted_at in rows.where(StoredFile.name == name).tuples():
        yield Visibility.COORDINATION if deleted_at else Visibility(visibility)


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
