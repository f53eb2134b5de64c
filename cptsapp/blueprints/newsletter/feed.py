"""The Atom feed of the public archives, with the whole text of each letter."""

import re
from datetime import UTC, datetime

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel.later import Later
from cptsapp.kernel.settings import settings

from . import rendering, wording
from .models import PATH, Issue

feedgen = Later("feedgen.feed")

_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def atom(issues: list[Issue]) -> bytes:
    """Return the feed of `issues`, the last first."""
    base, name = settings.base_url, identity().name
    feed = feedgen.FeedGenerator()
    feed.id(f"{base}{PATH}")
    feed.title(f"{name} : la lettre")
    feed.link(href=f"{base}{PATH}flux.atom", rel="self", type="application/atom+xml")
    feed.link(href=f"{base}{PATH}", rel="alternate", type="text/html")
    feed.author({"name": name})
    feed.language("fr")
    feed.updated(max((_at(each.out_at) for each in issues), default=datetime(2000, 1, 1, tzinfo=UTC)))
    for issue in issues:
        entry = feed.add_entry(order="append")
        entry.id(base + issue.url)
        entry.title(_fit(wording.title_of(issue)))
        entry.link(href=base + issue.url, rel="alternate", type="text/html")
        entry.published(_at(issue.out_at))
        entry.updated(_at(issue.out_at))
        if issue.preheader:
            entry.summary(_fit(wording.preheader_of(issue)))
        entry.content(_fit(_whole(rendering.as_html(issue), base)), type="html")
    return feed.atom_str(pretty=False)


def _at(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _whole(html: str, base: str) -> str:
    """Return HTML of the site with whole addresses, for readers elsewhere."""
    return re.sub(r'(href|src)="/', rf'\1="{base}/', html)


def _fit(text: str) -> str:
    """Drop the characters that XML refuses."""
    return _UNFIT.sub("", text)
