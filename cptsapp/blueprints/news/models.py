"""An article, the file it is read from, and the lists that readers see."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import islice

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.content import Collection, Document
from cptsapp.kernel.dates import span, to_paris
from cptsapp.kernel.db import now
from cptsapp.kernel.frontmatter import Header
from cptsapp.kernel.publication import Publication, State, read_common, show_files_of
from cptsapp.kernel.text import fold
from cptsapp.kernel.themes import Theme

FIRST_DAY, LAST_DAY = datetime(1970, 1, 1), datetime(9999, 1, 1)


@dataclass(frozen=True)
class Press:
    """What a newspaper said: only its name, the day and a link; the article itself is not ours to copy."""

    outlet: str
    on: date | None
    url: str


@dataclass(frozen=True, kw_only=True)
class Article(Publication):
    """One article. `mission` is a code of the ACI's missions, `action` the free name of a fiche-action."""

    updated_at: datetime | None
    theme: Theme | None
    mission: str
    action: str
    author: str
    press: Press | None
    tags: tuple[str, ...]

    @property
    def url(self) -> str:
        return f"/actualites/{self.slug}"

    @property
    def mission_label(self) -> str:
        return reference.missions()[self.mission].label if self.mission else ""

    @property
    def year(self) -> int:
        return to_paris(self.published_at).year if self.published_at else 0


def read_article(document: Document) -> Article:
    """Return the article that a file makes; raise Malformed."""
    header = Header(document.header, document.lines)
    common = read_common(header, document, State.DRAFT)
    if common["state"] != State.DRAFT and not common["published_at"]:
        header.refuse("published_at", "Une date de publication est attendue, par exemple 2026-11-18 09:00.")
    mission = header.text("mission", limit=40)
    if mission and mission not in reference.missions():
        header.refuse("mission", f"La mission est l’une de : {', '.join(reference.missions())}.")
    article = Article(
        **common,
        updated_at=header.moment("updated_at"),
        theme=header.choice("theme", Theme),
        mission=mission,
        action=header.text("action", limit=80),
        author=header.text("author", limit=120),
        press=_press(header.part("press")),
        tags=tuple(header.texts("tags")),
    )
    header.finish()
    return article


def _press(part: Header | None) -> Press | None:
    if part is None:
        return None
    press = Press(part.text("outlet", required=True, limit=120), part.day("date"), part.text("url", limit=500))
    if press.url and not re.fullmatch(r"https://[^\s\"<>]+", press.url):
        part.refuse("url", "L’adresse de l’article de presse commence par https://.")
    part.finish()
    return press


ARTICLES = Collection("actualites", read_article)
show_files_of(ARTICLES)


def latest_first(items: list[Article]) -> list[Article]:
    return sorted(items, key=lambda each: (each.published_at or FIRST_DAY, each.slug), reverse=True)


@dataclass(frozen=True)
class Shelf:
    """The articles that some readers find in lists, the last published first, good until the moment `until`.

    What a page shows beside an article is computed once: it costs the same with ten thousand of them.
    """

    articles: list[Article]
    until: datetime

    @cached_property
    def years(self) -> list[tuple[int, int]]:
        """Return (year, number of articles), the last year first."""
        return sorted(Counter(each.year for each in self.articles).items(), reverse=True)

    @cached_property
    def themes(self) -> list[Theme]:
        """Return the themes that have articles, in the order of the list."""
        used = {each.theme for each in self.articles}
        return [theme for theme in Theme if theme in used]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {each.slug: place for place, each in enumerate(self.articles)}

    def neighbours(self, article: Article) -> tuple[Article | None, Article | None]:
        """Return the articles published just before and just after."""
        place = self._places.get(article.slug)
        if place is None:
            return None, None
        before = self.articles[place + 1] if place + 1 < len(self.articles) else None
        return before, self.articles[place - 1] if place else None

    def related(self, article: Article, count: int = 3) -> list[Article]:
        """Return the last articles on the same theme or action."""

        def is_close(each):
            same_theme = article.theme and each.theme == article.theme
            return each.slug != article.slug and (same_theme or (article.action and each.action == article.action))

        return list(islice(filter(is_close, self.articles), count))


def shelf(held) -> Shelf:
    """Return what `held` roles may find in lists; kept while no file changes and no article falls due."""
    kept = ARTICLES.derived(f"shelf {sorted(held)}", lambda items: [])
    moment = now()
    if not kept or kept[0].until <= moment:
        ordered = ARTICLES.derived("latest", latest_first)
        coming = (each.published_at for each in ordered if each.published_at and each.published_at > moment)
        articles = [each for each in ordered if each.is_listed and each.may_be_read(held)]
        kept[:] = [Shelf(articles, min(coming, default=LAST_DAY))]
    return kept[0]


def listed(held) -> list[Article]:
    """Return the articles that `held` roles may find in lists, the last published first."""
    return shelf(held).articles


@dataclass(frozen=True)
class Asked:
    """What a reader asks of the list; empty values ask for everything."""

    q: str = ""
    theme: str = ""
    audience: str = ""
    year: str = ""


def narrow(articles: list[Article], asked: Asked) -> list[Article]:
    """Return the articles that answer what is asked, in the same order."""
    if asked == Asked():
        return articles
    words = fold(asked.q).split()
    return [
        each
        for each in articles
        if (not asked.theme or each.theme == asked.theme)
        and (not asked.audience or each.audience in (None, asked.audience))
        and (not asked.year or str(each.year) == asked.year)
        and _holds(each, words)
    ]


def _holds(article: Article, words: list[str]) -> bool:
    if not words:
        return True
    folded = ARTICLES.derived("folded", _folded)[article.slug]
    return all(word in folded for word in words)


def _folded(items: list[Article]) -> dict[str, str]:
    """Return the searched words of each article: what its author typed, not the whole rendered text."""
    return {each.slug: fold(" ".join((each.title, each.summary, each.document.body, *each.tags))) for each in items}


def published_between(start: date, end: date) -> list[Article]:
    """Return the articles, archived ones included, that came out in a period, both days included."""
    after, before = span(start, end)
    live = [each for each in ARTICLES.all() if each.is_live and each.published_at]
    return [each for each in live if after <= each.published_at < before]


def count_by_action(start: date, end: date) -> Counter:
    """Return how many articles of a period serve each fiche-action, by its name as typed."""
    return Counter(each.action for each in published_between(start, end) if each.action)
