"""The public menu: pages that ask for a place in it, then the rooms that features bring and no page leads to.

A room with nothing in it yet is not in the menu, even when a page leads to it.
"""

from dataclasses import dataclass

from flask import request, url_for

from cptsapp.kernel.access import may_enter, roles
from cptsapp.kernel.registry import navigation

from .models import PAGES, Page


@dataclass(frozen=True)
class Entry:
    """One link of the menu; one level of children at most."""

    label: str
    url: str
    current: bool
    children: tuple["Entry", ...]
    cta: bool = False
    is_page: bool = False  # the very page that is read


def site_menu() -> tuple[Entry, ...]:
    """Return the menu as whoever asks may see it, the open entry marked."""
    held = roles()
    rooms = [item for item in navigation if item.area == "site"]
    closed = {url_for(item.endpoint) for item in rooms if not item.is_open()}
    pages = [each for each in PAGES.derived("menu", in_menu) if each.is_listed and each.may_be_read(held)]
    pages = [each for each in pages if each.url not in closed]
    names = {each.slug for each in pages}
    tops = [each for each in pages if each.menu.parent not in names or each.menu.parent == each.slug]
    placed = [(each.menu.position, _entry(each, [sub for sub in pages if _is_under(sub, each, tops)])) for each in tops]
    linked = PAGES.derived("linked", lambda items: {each.url.rstrip("/") for each in items})
    for item in rooms:
        if may_enter(item.access, held):
            url = url_for(item.endpoint)
            if url.rstrip("/") not in linked and url not in closed:
                placed.append((item.order, Entry(item.label, url, is_here(url), (), is_page=url == request.path)))
    return tuple(entry for _, entry in sorted(placed, key=lambda pair: pair[0]))


def in_menu(items: list[Page]) -> list[Page]:
    return sorted((each for each in items if each.menu), key=lambda each: (each.menu.position, each.slug))


def _is_under(sub: Page, top: Page, tops: list[Page]) -> bool:
    return sub.menu.parent == top.slug and sub not in tops


def _entry(page: Page, subs: list[Page]) -> Entry:
    children = tuple(_entry(sub, []) for sub in subs)
    current = is_here(page.url) or any(child.current for child in children)
    return Entry(page.menu.label or page.heading, page.url, current, children, page.menu.cta, page.url == request.path)


def is_here(url: str) -> bool:
    path = request.path
    return path == url or (len(url) > 1 and path.startswith(url.rstrip("/") + "/"))


def trail_of(page: Page, held) -> list[tuple[str, str]]:
    """Return the (label, address) pairs above a page."""
    parent = PAGES.get(page.menu.parent) if page.menu and page.menu.parent else None
    shown = parent is not None and parent is not page and parent.may_be_read(held) and not parent.link
    return [(parent.heading, parent.url)] if shown else []
