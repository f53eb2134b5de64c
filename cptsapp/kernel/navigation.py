"""The menus of the three faces, made of what features register and of what the reader may enter."""

from dataclasses import dataclass

from flask import has_request_context, request, url_for

from .access import may_enter, roles
from .prepared import Counted, count
from .registry import navigation

GROUPS = ("", "Association", "Communication", "Répertoires", "Territoire", "Projet", "Instance")


@dataclass(frozen=True)
class Entry:
    """One link of a menu, ready to show; `count` is None when nothing is counted."""

    label: str
    url: str
    icon: str
    current: bool
    count: int | None


@dataclass(frozen=True)
class Group:
    title: str
    items: tuple[Entry, ...]


def area() -> str:
    """Tell which face the request belongs to: "site", "space" or "gestion"."""
    first = request.path.split("/", 2)[1] if has_request_context() else ""
    return {"espace": "space", "gestion": "gestion"}.get(first, "site")


def menu(of: str) -> list[Entry]:
    """Return the entries of one area that the reader may enter, in order, the open one marked."""
    held = roles()
    items = [item for item in navigation if item.area == of and may_enter(item.access, held)]
    entries = [(item, url_for(item.endpoint)) for item in sorted(items, key=lambda item: item.order)]
    here = max((url for _, url in entries if _is_under(url)), key=len, default=None)
    counts = _counts([item for item, _ in entries])
    return [Entry(item.label, url, item.icon, url == here, counts.get(item.label)) for item, url in entries]


def _counts(items) -> dict[str, int]:
    """Return what is counted beside the entries, by label: one query for all those that can be counted together."""
    together = {item.label: item.count for item in items if isinstance(item.count, Counted)}
    found = dict(zip(together, count(*together.values()), strict=True)) if together else {}
    return found | {item.label: item.count() for item in items if item.count and item.label not in found}


def _is_under(url: str) -> bool:
    return request.path == url or request.path.startswith(url.rstrip("/") + "/")


def gestion_menu() -> tuple[Group, ...]:
    """Return the groups of the side menu, empty ones left out."""
    held = roles()
    group_of = {url_for(i.endpoint): i.group for i in navigation if i.area == "gestion" and may_enter(i.access, held)}
    entries = menu("gestion")
    groups = (Group(title, tuple(e for e in entries if group_of[e.url] == title)) for title in GROUPS)
    return tuple(group for group in groups if group.items)


def space_menu() -> list[Entry]:
    return menu("space")
