"""What the site offers to a letter: the news, events and documents of a period, told by their own features."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.files import mail_image
from cptsapp.kernel.registry import LetterItem, letter_sources
from cptsapp.kernel.text import fold

from .contents import Block, Content
from .models import BlockKind, Issue
from .numbering import first_of

AROUND = timedelta(days=400)  # how far an item may have moved and still be known
LONGEST = 366  # days of a period
RECENT = timedelta(days=45)


@dataclass(frozen=True)
class Offered:
    """What one source offers; `there` are the keys that the letter has already."""

    key: str
    label: str
    items: list[LetterItem]
    there: frozenset[str]


def period_of(issue: Issue) -> tuple[date, date]:
    """Return the days that a letter speaks of: from the weeks before it, and before today, to two months ahead."""
    month = issue.month or first_of(today())
    return min(add_months(month, -1), today() - RECENT), add_months(month, 2)


def offered(content: Content, start: date, end: date, words: str = "") -> list[Offered]:
    """Return what each source offers of a period, both days included, narrowed to what is searched."""
    end, asked = min(end, start + timedelta(days=LONGEST)), fold(words).split()
    found = []
    for source in sorted(letter_sources, key=lambda each: each.order):
        there = frozenset(each.key for each in content.blocks if each.source == source.key)
        items = [each for each in source.call(start, end) if _holds(each, asked)]
        found.append(Offered(source.key, source.label, items, there))
    return found


def _holds(item: LetterItem, words: list[str]) -> bool:
    text = fold(f"{item.title} {item.summary} {item.details}") if words else ""
    return all(word in text for word in words)


def chosen(names: list[str], start: date, end: date) -> list[Block]:
    """Return the blocks of the items named « source:key », in the order of the sources; unknown names are left out."""
    wanted = set(names)
    blocks = []
    for source in sorted(letter_sources, key=lambda each: each.order):
        for item in source.call(start, end) if any(each.startswith(f"{source.key}:") for each in wanted) else ():
            if f"{source.key}:{item.key}" in wanted:
                blocks.append(block_of(source.key, item))
    return blocks


def find(source_key: str, key: str, around: date | None = None) -> LetterItem | None:
    """Return one thing of the site by its key, or None when it is no longer offered to letters."""
    around = around or today()
    for source in letter_sources:
        if source.key == source_key:
            items = source.call(around - AROUND, around + AROUND)
            return next((each for each in items if each.key == key), None)
    return None


def block_of(source_key: str, item: LetterItem) -> Block:
    """Return the block of an item, its picture made ready for mails."""
    image = mail_image(item.image_url) if item.image_url else None
    return Block(
        kind=BlockKind.PICKED,
        source=source_key,
        key=item.key,
        title=item.title[:200],
        blurb=item.summary,
        details="" if source_key == "news" else item.details[:300],
        url=item.url,
        readers=item.readers,
        on=item.on,
        image=image.id if image else None,
        image_alt=item.image_alt[:300],
    )


def changes(content: Content) -> dict[int, LetterItem | None]:
    """Return, by rank, what has become of the blocks whose subject changed since it was picked; None: it is gone."""
    found = {}
    known: dict[str, dict[str, LetterItem]] = {}
    for rank, block in enumerate(content.blocks):
        if not block.source:
            continue
        if block.source not in known:
            known[block.source] = _all_around(block.source, content)
        item = known[block.source].get(block.key)
        if item is None:
            found[rank] = None
        elif (block.details and block.details != item.details[:300]) or block.url != item.url:
            found[rank] = item
    return found


def _all_around(source_key: str, content: Content) -> dict[str, LetterItem]:
    days = [each.on for each in content.blocks if each.source == source_key and each.on]
    start, end = min(days, default=today()) - AROUND, max(days, default=today()) + AROUND
    source = next((each for each in letter_sources if each.key == source_key), None)
    return {each.key: each for each in source.call(start, end)} if source else {}


def refreshed(content: Content) -> Content:
    """Return a content whose blocks say what has become of their subjects: dates, places, addresses, readers."""
    blocks = list(content.blocks)
    for rank, item in changes(content).items():
        if item is not None:
            now = block_of(blocks[rank].source, item)
            blocks[rank] = replace(blocks[rank], details=now.details, url=now.url, readers=now.readers, on=now.on)
    return replace(content, blocks=tuple(blocks))
