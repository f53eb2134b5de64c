"""The publications that a theme may show: what everybody reads of news, documents, events, told by their features."""

from datetime import date, timedelta

from cptsapp.kernel.dates import today
from cptsapp.kernel.registry import LetterItem, letter_sources

from .models import Chapter

FIRST = date(2000, 1, 1)
AHEAD = timedelta(days=400)
MOST_BY_TAG = 6  # publications that a theme shows by itself
MOST_OFFERED = 60


def public() -> dict[str, LetterItem]:
    """Return all that everybody may read, by « source:key », the last first."""
    last = today() + AHEAD
    found = [
        (f"{source.key}:{item.key}", item)
        for source in sorted(letter_sources, key=lambda each: each.order)
        for item in source.call(FIRST, last)
        if item.readers == "public"
    ]
    return dict(sorted(found, key=lambda each: each[1].on, reverse=True))


def choices(known: dict[str, LetterItem], kept: set[str]) -> list[tuple[str, str]]:
    """Return the (key, label) of the last publications, and of those `kept` already however old they are."""
    labels = {each.key: each.label for each in letter_sources}
    offered = [key for rank, key in enumerate(known) if rank < MOST_OFFERED or key in kept]
    return [(key, f"{known[key].title} ({labels[key.split(':')[0]]})") for key in offered]


def of_chapter(chapter: Chapter, known: dict[str, LetterItem]) -> list[LetterItem]:
    """Return what a theme shows: what was chosen, then the last ones of its tag."""
    kept = {each.key for each in chapter.pieces}
    chosen = [item for key, item in known.items() if key in kept]
    tagged = [item for key, item in known.items() if chapter.tag and item.theme == chapter.tag and key not in kept]
    return chosen + tagged[:MOST_BY_TAG]
