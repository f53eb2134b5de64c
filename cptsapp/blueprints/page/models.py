"""A page, and the file it is read from."""

import re
from dataclasses import dataclass
from datetime import date

from cptsapp.kernel.choices import Choice
from cptsapp.kernel.content import Collection, Document
from cptsapp.kernel.dates import MONTHS, date_fr, today
from cptsapp.kernel.frontmatter import Header
from cptsapp.kernel.publication import Publication, State, read_common, show_files_of
from cptsapp.kernel.typography import typography

HOME = "accueil"
_ADDRESS = re.compile(r"/[^/\\\s\"<>][^\\\s\"<>]*|/|https://[^\s\"<>\\]+|mailto:[^\s\"<>]+|tel:\+?[0-9]+")


class Banner(Choice):
    """What a page warns of at its top."""

    MEDICAL = "medical", "Ces conseils ne remplacent pas un avis médical. En cas d’urgence, appelez le 15."


@dataclass(frozen=True)
class Menu:
    """The place of a page in the menu; `parent` is the slug of the entry it stands under."""

    position: int
    label: str
    parent: str
    cta: bool


@dataclass(frozen=True)
class Step:
    """A key date: `date` is typed as 2021, 2021-06 or 2021-06-14, and sorts as it stands."""

    date: str
    text: str

    @property
    def words(self) -> str:
        year, *rest = self.date.split("-")
        if len(rest) == 2:
            return date_fr(date.fromisoformat(self.date))
        return f"{MONTHS[int(rest[0]) - 1]} {year}" if rest else year


@dataclass(frozen=True)
class Link:
    """A button or a door of the home page."""

    label: str
    url: str
    text: str = ""


@dataclass(frozen=True)
class Hero:
    """The head of the home page."""

    eyebrow: str
    title: str
    lead: str
    actions: tuple[Link, ...]


@dataclass(frozen=True, kw_only=True)
class Page(Publication):
    """One page. `blocks` is None when the home page shows all that features offer; `replaces` is for legal pages."""

    menu: Menu | None
    link: str
    reviewed_on: date | None
    reviewed_by: str
    review_due_on: date | None
    banner: Banner | None
    has_toc: bool
    timeline: tuple[Step, ...]
    hero: Hero | None
    doors: tuple[Link, ...]
    blocks: tuple[str, ...] | None
    replaces: bool

    @property
    def url(self) -> str:
        return self.link or path_of(self.slug)

    @property
    def is_stale(self) -> bool:
        return self.review_due_on is not None and self.review_due_on < today() and self.state != State.ARCHIVED


def path_of(slug: str) -> str:
    return "/" if slug == HOME else f"/{slug}"


def read_page(document: Document) -> Page:
    """Return the page that a file makes; raise Malformed."""
    header = Header(document.header, document.lines)
    page = Page(
        **read_common(header, document, State.PUBLISHED),
        menu=_menu(header.part("menu")),
        link=_address(header, "link"),
        reviewed_on=header.day("reviewed_on"),
        reviewed_by=header.text("reviewed_by", limit=160),
        review_due_on=header.day("review_due_on"),
        banner=header.choice("notice", Banner),
        has_toc=header.flag("toc"),
        timeline=_timeline(header),
        hero=_hero(header.part("hero")),
        doors=tuple(_link(part, "title") for part in header.parts("doors")),
        blocks=tuple(header.texts("blocks")) if "blocks" in header.values else _none(header, "blocks"),
        replaces=header.flag("replace"),
    )
    header.flag("starter")  # copied into every new instance
    header.finish()
    return page


def _none(header: Header, key: str) -> None:
    header.read.add(key)


def _menu(part: Header | None) -> Menu | None:
    if part is None:
        return None
    label, parent = part.text("label", limit=60), part.text("parent", limit=80)
    menu = Menu(part.whole("position", 50), label, parent, part.flag("cta"))
    part.finish()
    return menu


def _address(header: Header, key: str, *, required: bool = False) -> str:
    value = header.text(key, required=required, limit=500)
    if value and not _ADDRESS.fullmatch(value):
        header.refuse(key, "Une adresse du site (/contact) ou une adresse https:// est attendue.")
    return value


def _link(part: Header, words: str) -> Link:
    link = Link(
        typography(part.text(words, required=True, limit=80)),
        _address(part, "url", required=True),
        typography(part.text("text", limit=200)) if words == "title" else "",
    )
    part.finish()
    return link


def _hero(part: Header | None) -> Hero | None:
    if part is None:
        return None
    hero = Hero(
        typography(part.text("eyebrow", limit=120)),
        typography(part.text("title", limit=160)),
        typography(part.text("lead", limit=400)),
        tuple(_link(each, "label") for each in part.parts("actions")),
    )
    part.finish()
    return hero


def _timeline(header: Header) -> tuple[Step, ...]:
    steps = []
    for part in header.parts("timeline"):
        day = part.text("date", required=True, limit=10)
        if not _is_partial_date(day):
            header.refuse("timeline", f"« {day} » n’est pas une date : écrivez 2021, 2021-06 ou 2021-06-14.")
        steps.append(Step(day, typography(part.text("text", required=True, limit=400))))
        part.finish()
    return tuple(sorted(steps, key=lambda step: step.date))


def _is_partial_date(text: str) -> bool:
    if not re.fullmatch(r"\d{4}(-\d{2}){0,2}", text):
        return False
    try:
        date.fromisoformat(text + "-01-01"[: 10 - len(text)] if len(text) == 4 else (text + "-01")[:10])
    except ValueError:
        return False
    return True


PAGES = Collection("pages", read_page)
show_files_of(PAGES)


def to_review() -> list[Page]:
    """Return the pages whose review is overdue, the longest first."""
    stale = [each for each in PAGES.all() if each.is_stale]
    return sorted(stale, key=lambda each: each.review_due_on)
