"""What letters tell the others: their sources to sendings; menu, cards, search, sitemap, pictures to the kernel."""

from flask import url_for

from cptsapp.blueprints.mailing import sources
from cptsapp.blueprints.mailing.letters import Letter
from cptsapp.kernel import journal
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.dates import to_paris, today
from cptsapp.kernel.db import db, locked
from cptsapp.kernel.files import StoredFile, file_use
from cptsapp.kernel.registry import (
    NavItem,
    Waiting,
    dashboard_card,
    navigation,
    outlet,
    search_source,
    sitemap,
    space_card,
    waiting,
)

from . import advice, numbering, outlets, rules, wording
from .models import PATH, Archive, Issue, IssueItem, IssuePicture, Kind, month_words, of_month
from .numbering import first_of
from .rendering import letter_of

READERS = ("bureau", "coordination")
ON_CARD = 4
LATE_DAY = 20  # of the month, when its newsletter begins to be waited for
navigation.append(
    NavItem("gestion", "Lettres et messages", "newsletter_gestion.index", "mail", READERS, "Communication", order=12)
)


def _letter(issue_id: int) -> Letter | None:
    """Give a letter as it is; in the transaction that freezes it, nobody changes it from here to the end."""
    query = Issue.select().where(Issue.id == issue_id)
    issue = (locked(query) if db.in_transaction() else query).first()
    return letter_of(issue) if issue and not issue.deleted_at and issue.kind != Kind.MODEL else None


def _advice(issue_id: int):
    """Give the advice of a letter to people; none of it blocks, so a sending that starts asks for none."""
    issue = None if db.in_transaction() else Issue.get_or_none(Issue.id == issue_id)
    return advice.advice_for(issue) if issue else []


def _empty_message() -> int:
    return rules.create(Kind.MESSAGE).id


for _kind, _create in ((Kind.NEWSLETTER, None), (Kind.MESSAGE, _empty_message)):
    sources.register(
        sources.LetterSource(
            key=_kind.value,
            label=_kind.label,
            letter=_letter,
            edit_url=advice.edit_url,
            advice=_advice,
            started=rules.started,
            reopened=rules.reopened,
            create=_create,
        )
    )


@outlet("mail", "envoyer", kinds=("news",))
def by_mail(kind: str, slug: str) -> str:
    """Write to people about what has just been published; return where to choose them."""
    return outlets.write_about(kind, slug)


@journal.subject("newsletter", "Lettre")
def names(ids):
    rows = Issue.select().where(Issue.id.in_(ids))
    return {str(each.id): (each.heading, url_for("newsletter_gestion.show", id=each.id)) for each in rows}


@file_use
def shown_in_letters(name):
    """A picture of a letter is fetched by mail programs, which log in nowhere: they alone know its address."""
    if not name.endswith(".jpg"):
        return
    stored = StoredFile.select(StoredFile.id).where(StoredFile.name == name)
    if (
        IssueItem.select().where(IssueItem.image.in_(stored)).exists()
        or IssuePicture.select().where(IssuePicture.file.in_(stored)).exists()
    ):
        yield Visibility.PUBLIC


@search_source("newsletter", "Lettres")
def search_rows():
    query = Issue.archived([Archive.PUBLIC, Archive.ADHERENTS])
    return (wording.search_row(each) for each in query)


@sitemap
def addresses():
    issues = list(Issue.archived([Archive.PUBLIC]))
    if issues:
        yield PATH, to_paris(issues[0].out_at).date()
    for each in issues:
        yield each.url, to_paris(each.out_at).date()


@dashboard_card("newsletter", "Lettres et messages", access=READERS, template="newsletter/_card.html", order=28)
def card():
    drafts = Issue.living(Kind.NEWSLETTER, Kind.MESSAGE).where(Issue.out_at.is_null())
    drafts = list(drafts.order_by(Issue.updated_at.desc()).limit(ON_CARD))
    last = Issue.living(Kind.NEWSLETTER).where(Issue.out_at.is_null(False)).order_by(Issue.out_at.desc()).first()
    missing = numbering.missing_months()
    return {"drafts": drafts, "last": last, "missing": [month_words(each) for each in missing[-3:]]}


@waiting("newsletter.month", access=("coordination",))
def month_to_write():
    """The newsletter of the month, once its last days have come and if letters have begun."""
    month = first_of(today())
    there = Issue.living(Kind.NEWSLETTER).where(Issue.month == month, Issue.out_at.is_null(False)).exists()
    if numbering.first_month() and today().day >= LATE_DAY and not there:
        draft = Issue.living(Kind.NEWSLETTER).where(Issue.month == month).first()
        url = url_for("newsletter_gestion.edit", id=draft.id) if draft else url_for("newsletter_gestion.create")
        yield Waiting(f"Lettre {of_month(month)} à envoyer", url, 1)


@space_card("newsletter.last", "La lettre", template="newsletter/_space.html", access=("adherent",), order=45)
def for_adherents():
    found = list(Issue.archived([Archive.PUBLIC, Archive.ADHERENTS]).limit(ON_CARD))
    return {"issues": [(each, wording.title_of(each)) for each in found]} if found else None
