"""The public menu: pages that ask for a place in it, then the rooms that features bring and no page leads to.

A room with nothing in it yet is not in the menu, even when a page leads to it. The button that invites to join is for
those who have not.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from flask import current_app, request, url_for

from cptsapp.kernel.access import may_enter, roles
from cptsapp.kernel.db import now
from cptsapp.kernel.registry import navigation

from .models import PAGES, Page

JOINING = "/adhesion"  # where one joins


@dataclass(frozen=True)
class Entry:
    """One link of the menu; one level of children at most."""

    label: str
    url: str
    current: bool
    children: tuple["Entry", ...]
    cta: bool = False
    is_page: bool = False  # the very page that is read


class Tree:
    """The menu that some roles find, whatever the page they read: (entry, entries below it), in order."""

    def __init__(self, held: frozenset[str], closed: frozenset[str]):
        pages = [each for each in PAGES.derived("menu", in_menu) if each.is_listed and each.may_be_read(held)]
        pages = [each for each in pages if each.url not in closed]
        if "adherent" in held:
            pages = [each for each in pages if not invites_to_join(each)]
        names = {each.slug for each in pages}
        tops = [each for each in pages if each.menu.parent not in names or each.menu.parent == each.slug]
        placed = [(each.menu.position, _link_to(each), self._under(each, pages, tops)) for each in tops]
        linked = PAGES.derived("linked", lambda items: {each.url.rstrip("/") for each in items})
        for item in navigation:
            if item.area == "site" and may_enter(item.access, held):
                url = url_for(item.endpoint)
                if url.rstrip("/") not in linked and url not in closed:
                    placed.append((item.order, Entry(item.label, url, current=False, children=()), []))
        self.links = [(link, below) for _, link, below in sorted(placed, key=lambda each: each[0])]
        self.urls = {each.url for link, below in self.links for each in (link, *below)}

    @staticmethod
    def _under(top: Page, pages: list[Page], tops: list[Page]) -> list[Entry]:
        return [_link_to(sub) for sub in pages if sub.menu.parent == top.slug and sub not in tops]


@lru_cache(maxsize=100)
def _tree(app, root: str, version: str, minute: int, held: frozenset[str], closed: frozenset[str]) -> Tree:
    """Return the menu of an application mounted at `root`: it changes with the pages, as their time comes, and with
    the rooms that are `closed`."""
    return Tree(held, closed)


def _closed() -> frozenset[str]:
    """Return the addresses of the rooms that have nothing in them yet: no menu leads there, not even through a page."""
    return frozenset(url_for(each.endpoint) for each in navigation if each.area == "site" and not each.is_open())


@lru_cache(maxsize=500)
def _marked(tree: Tree, here: frozenset[str], page: str | None) -> tuple[Entry, ...]:
    """Return the entries, those under which the reader is marked, and the very page that they read."""

    def mark(link, below=()):
        children = tuple(mark(each) for each in below)
        current = link.url in here or any(child.current for child in children)
        return replace(link, current=current, children=children, is_page=link.url == page)

    return tuple(mark(link, below) for link, below in tree.links)


def site_menu() -> tuple[Entry, ...]:
    """Return the menu as whoever asks may see it, the open entry marked."""
    app, minute = current_app._get_current_object(), int(now().timestamp() // 60)
    tree = _tree(app, request.script_root, PAGES.version(), minute, roles(), _closed())
    path = request.path
    here = frozenset(url for url in tree.urls if is_under(path, url))
    return _marked(tree, here, path if path in here else None)


def in_menu(items: list[Page]) -> list[Page]:
    return sorted((each for each in items if each.menu), key=lambda each: (each.menu.position, each.slug))


def invites_to_join(page: Page) -> bool:
    """Tell whether a page is a button of the menu that leads to the form of membership: no use to a member."""
    return page.menu.cta and (page.link.startswith(JOINING) or f"]({JOINING}" in page.document.body)


def _link_to(page: Page) -> Entry:
    return Entry(page.menu.label or page.heading, page.url, current=False, children=(), cta=page.menu.cta)


def is_under(path: str, url: str) -> bool:
    return path == url or (len(url) > 1 and path.startswith(url.rstrip("/") + "/"))


def trail_of(page: Page, held) -> list[tuple[str, str]]:
    """Return the (label, address) pairs above a page."""
    parent = PAGES.get(page.menu.parent) if page.menu and page.menu.parent else None
    shown = parent is not None and parent is not page and parent.may_be_read(held) and not parent.link
    return [(parent.heading, parent.url)] if shown else []
