"""Letters, and what they may speak of: a source of the test, whose items change as the test wants."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from cptsapp.blueprints.newsletter import rules
from cptsapp.blueprints.newsletter.contents import Block, Content, content_of
from cptsapp.blueprints.newsletter.models import Issue, Kind
from cptsapp.kernel import registry
from cptsapp.kernel.dates import to_utc, today
from cptsapp.kernel.registry import LetterItem, Named


@dataclass
class Site:
    """What the site announces."""

    items: list[LetterItem] = field(default_factory=list)

    def announce(self, key="soiree", **values):
        given = {"title": "Une soirée", "summary": "Venez.", "url": "/evenements/soiree", "on": today()}
        self.items.append(LetterItem(key=key, **(given | {"details": "jeudi à 20 h"} | values)))

    def change(self, key, **values):
        self.items = [replace(each, **values) if each.key == key else each for each in self.items]


@pytest.fixture
def site(monkeypatch):
    """The only source of letters is « event », and it announces what the test says."""
    announced = Site()

    def between(start, end):
        return [each for each in announced.items if start <= each.on <= end]

    monkeypatch.setattr(registry, "letter_sources", sources := registry.letter_sources)
    kept = list(sources)
    sources[:] = [Named("event", "Événements", between, 10)]
    yield announced
    sources[:] = kept


@pytest.fixture
def make(app):
    """Return a function that starts a letter: make(subject="…", blocks=(…,)); out three days ago with `out=True`."""

    def make(kind=Kind.NEWSLETTER, *, out=False, days_ago=3, **values) -> Issue:
        issue = rules.create(kind, Content(**values))
        if out:
            day = today() - timedelta(days=days_ago)
            issue = rules.file_away(issue.id, to_utc(datetime(day.year, day.month, day.day)))
        return issue

    return make


@pytest.fixture
def letter(make):
    return make(subject="La lettre d’hiver", preheader="Ce qui vient.", editorial="{bonjour},\n\nVoici **l’hiver**.")


def write(issue, **values):
    """Save a letter as its form does, over what is kept."""
    return rules.save(issue.id, replace(content_of(issue), **values), base=Issue.get_by_id(issue.id).revision)


def form_of(issue, **typed) -> dict:
    """Return what the form of a letter sends."""
    issue = Issue.get_by_id(issue.id)
    content = content_of(issue)
    sent = {name: getattr(content, name) for name in ("name", "subject", "preheader", "editorial", "theme", "archive")}
    sent |= {"base": issue.revision, "month": f"{content.month:%Y-%m}" if content.month else ""}
    sent |= {"number": issue.number or "", "place": list(range(len(content.blocks)))}
    for rank, each in enumerate(content.blocks):
        for name in ("id", "title", "details", "blurb", "url", "link_label", "image_alt"):
            sent[f"blocks-{rank}-{name}"] = getattr(each, name)
        if each.shows_image:
            sent[f"blocks-{rank}-shows_image"] = "y"
    return sent | typed


def heading(title) -> Block:
    return Block(kind="heading", title=title)
