"""What pages tell the floors below: menu of the gestion, what waits, first step, search, sitemap, kept pages."""

from flask import url_for

from cptsapp.kernel.content import collections
from cptsapp.kernel.dates import to_paris
from cptsapp.kernel.desk import files_to_mend
from cptsapp.kernel.editing import broken_count, search_row
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.pagecache import stamp_sources
from cptsapp.kernel.registry import (
    NavItem,
    Waiting,
    check,
    dashboard_card,
    first_step,
    indicator,
    navigation,
    search_source,
    sitemap,
    waiting,
)
from cptsapp.kernel.text import plural

from .desk import DESK
from .legal import TITLES
from .models import PAGES, to_review
from .rules import is_found

VISITOR = frozenset({"visitor"})

stamp_sources.append(PAGES.version)
navigation.append(
    NavItem("gestion", "Pages", "page_gestion.index", "file-text", ("coordination",), "Communication", order=40)
)


@waiting("page.review", access=("coordination",))
def overdue_reviews():
    stale = to_review()
    if stale:
        label = f"{plural(len(stale), 'page')} à relire"
        yield Waiting(label, url_for("page_gestion.index", relecture="a-relire"), len(stale))


@waiting("page.broken", access=("coordination",))
def broken_files():
    return files_to_mend(PAGES, "page_gestion.index")


@dashboard_card("page.review", "Pages à relire", access=("coordination",), template="page/_card.html", order=60)
def pages_to_review():
    stale = to_review()
    return {"pages": stale[:6], "total": len(stale)} if stale else None


@first_step(
    "Premiers textes",
    endpoint="page_gestion.index",
    order=50,
    help="Relisez la page d’accueil et les pages fournies, puis écrivez une première actualité.",
)
def has_written() -> bool:
    """Tell whether a page was touched or a piece of news written, in the browser or as a file."""
    news = collections.get("actualites")
    if news and news.all():
        return True
    acts = ("page.saved", "page.created", "news.created")
    return JournalEntry.select().where(JournalEntry.action.in_(acts)).exists()


@check("Fichiers de contenu", order=40)
def readable_files():
    count = broken_count()
    if count:
        return False, f"{plural(count, 'fichier')} de contenu à corriger : la liste est dans la gestion du site."
    return True, "Tous les fichiers de contenu se lisent."


@search_source("page", "Pages")
def search_rows():
    return (search_row(DESK, each) for each in PAGES.all() if is_found(each))


@sitemap
def addresses():
    yield "/", None
    for each in PAGES.all():
        if each.is_listed and each.may_be_read(VISITOR) and is_found(each) and each.slug not in TITLES:
            yield each.url, to_paris(each.document.modified_at).date()
    for slug in TITLES:
        yield f"/{slug}", None


@indicator("page.online", "Pages en ligne", unit="pages")
def online(start, end):
    return sum(1 for each in PAGES.all() if each.is_listed and not each.link)
