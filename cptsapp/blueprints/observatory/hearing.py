"""What the site tells of those who wrote: numbers of what was read, never one under five, nor one to be worked out."""

from cptsapp.kernel.discretion import is_small, withheld
from cptsapp.kernel.text import number

from .models import Contribution, Speaker


def by_chapter() -> dict[int | None, int]:
    """Return how many contributions each theme received, by its id; a small number is not told."""
    return {id: count for id, count in Contribution.counted_by(Contribution.chapter).items() if not is_small(count)}


def by_speaker() -> list[tuple[str, str]]:
    """Return the (label, words) of who wrote, in the order of the list; nothing while too few have."""
    counts = Contribution.counted_by(Contribution.speaker)
    hidden = withheld(counts)
    if len(hidden) == len(counts):
        return []
    rows = [(each, counts[each]) for each in Speaker if each in counts]
    return [(each.label, "non montré" if each in hidden else number(count)) for each, count in rows]
