"""The Atom feed: public articles only, with their whole text and absolute addresses."""

import re
from datetime import UTC, datetime

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel.later import Later
from cptsapp.kernel.settings import settings

from .models import Article

feedgen = Later("feedgen.feed")

_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def atom(articles: list[Article]) -> bytes:
    """Return the feed of `articles`, the last first."""
    association, base = identity(), settings.base_url
    feed = feedgen.FeedGenerator()
    feed.id(f"{base}/actualites/")
    feed.title(f"{association.name} : actualités")
    feed.subtitle(association.tagline or association.name)
    feed.link(href=f"{base}/actualites/flux.atom", rel="self", type="application/atom+xml")
    feed.link(href=f"{base}/actualites/", rel="alternate", type="text/html")
    feed.author({"name": association.name})
    feed.language("fr")
    feed.updated(max((changed(each) for each in articles), default=datetime(2000, 1, 1, tzinfo=UTC)))
    for article in articles:
        _add(feed, article, base, association.name)
    return feed.atom_str(pretty=False)


def _add(feed, article: Article, base: str, name: str):
    entry = feed.add_entry(order="append")
    entry.id(base + article.url)
    entry.title(_fit(article.heading))
    entry.link(href=base + article.url, rel="alternate", type="text/html")
    entry.author({"name": _fit(article.author or name)})
    entry.published(article.published_at.replace(tzinfo=UTC))
    entry.updated(changed(article))
    if article.summary:
        entry.summary(_fit(article.summary))
    entry.content(_fit(absolute(str(article.rendered.html), base)), type="html")
    if article.theme:
        entry.category({"term": article.theme.value, "label": article.theme.label})


def changed(article: Article) -> datetime:
    return (article.updated_at or article.published_at).replace(tzinfo=UTC)


def absolute(html: str, base: str) -> str:
    """Return sanitised HTML whose addresses of the site are whole, for readers elsewhere."""
    return re.sub(r'(href|src)="/', rf'\1="{base}/', html)


def _fit(text: str) -> str:
    """Drop the characters that XML refuses."""
    return _UNFIT.sub("", text)
