"""What news tell the floors below: menu, first pages, search, sitemap, figures, what is kept ready to send."""

from datetime import date

from cptsapp.kernel.access import Visibility
from cptsapp.kernel.dates import date_fr, to_paris
from cptsapp.kernel.desk import files_to_mend
from cptsapp.kernel.editing import search_row
from cptsapp.kernel.markdown import excerpt
from cptsapp.kernel.pagecache import stamp_sources
from cptsapp.kernel.publication import Phase
from cptsapp.kernel.registry import (
    LetterItem,
    NavItem,
    dashboard_card,
    home_block,
    indicator,
    letter_source,
    navigation,
    reserved_slugs,
    search_source,
    sitemap,
    space_card,
    waiting,
)
from cptsapp.kernel.themes import Theme

from .desk import DESK
from .models import ARTICLES, listed, published_between

VISITOR, ADHERENT = frozenset({"visitor"}), frozenset({"adherent"})
ON_HOME = 3

reserved_slugs.add("actualites")
stamp_sources.append(ARTICLES.version)
navigation.append(NavItem("site", "Actualités", "news.index", order=30))
navigation.append(
    NavItem("gestion", "Actualités", "news_gestion.index", "newspaper", ("coordination",), "Communication", order=10)
)


@home_block("news", "Dernières actualités", template="news/_home.html", order=10)
def home():
    """The last articles that any visitor may read: the home page is the same for all."""
    return {"articles": listed(VISITOR)[:ON_HOME]}


@waiting("news.broken", access=("coordination",))
def broken_files():
    return files_to_mend(ARTICLES, "news_gestion.index")


@dashboard_card("news.drafts", "Actualités à publier", access=("coordination",), template="news/_card.html", order=30)
def drafts():
    waiting = [each for each in ARTICLES.all() if each.phase in (Phase.DRAFT, Phase.SCHEDULED)]
    # What will come out by itself first, in its order; then the drafts, the last touched first.
    scheduled = sorted((each for each in waiting if each.phase == Phase.SCHEDULED), key=lambda each: each.published_at)
    drafts = sorted((each for each in waiting if each.phase == Phase.DRAFT), key=last_touched, reverse=True)
    ordered = scheduled + drafts
    return {"articles": ordered[:6], "total": len(ordered)} if ordered else None


def last_touched(article):
    return article.document.modified_at


@space_card("news.latest", "Dernières actualités", template="news/_space.html", access=("adherent",), order=40)
def for_adherents():
    articles = [each for each in listed(ADHERENT) if each.visibility != Visibility.BUREAU][:4]
    return {"articles": articles} if articles else None


@search_source("news", "Actualités")
def search_rows():
    return (search_row(DESK, each) for each in ARTICLES.all() if each.is_live)


@letter_source("news", "Actualités", order=10)
def for_letters(start: date, end: date):
    """Give the articles that came out in a period, those of adherents included, the last first."""
    for each in listed(ADHERENT):
        day = to_paris(each.published_at).date()
        if start <= day <= end:
            yield LetterItem(
                key=each.slug,
                title=each.heading,
                summary=each.summary or excerpt(each.document.body),
                url=each.url,
                on=day,
                readers=str(each.visibility),
                image_url=each.image,
                image_alt=each.image_alt,
                details=f"Publié le {date_fr(day)}",
                theme=str(each.theme or ""),
            )


@sitemap
def addresses():
    articles = listed(VISITOR)
    if articles:
        yield "/actualites/", to_paris(articles[0].published_at).date()
    for each in articles:
        yield each.url, to_paris(each.updated_at or each.published_at).date()


@indicator("news.published", "Articles publiés", unit="articles")
def published(start, end):
    return len(published_between(start, end))


@indicator("news.press", "Parutions dans la presse", unit="articles")
def press(start, end):
    return sum(1 for each in published_between(start, end) if each.press)


def _count(theme):
    return lambda start, end: sum(1 for each in published_between(start, end) if each.theme == theme)


for _theme in Theme:
    indicator(f"news.published.{_theme.value}", f"Articles publiés : {_theme.label}", unit="articles")(_count(_theme))
