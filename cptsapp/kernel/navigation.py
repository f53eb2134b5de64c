"""The menus of the three faces, made of what features register and of what the reader may enter."""

from dataclasses import dataclass
from functools import lru_cache

from flask import current_app, has_request_context, request, url_for

from .access import may_enter, roles
from .prepared import Counted, count
from .registry import navigation

GROUPS = ("", "Association", "Communication", "Répertoires", "Territoire", "Projet", "Réglages")
# Up to so many entries are sooner read than unfolded, in a group and in a whole menu.
SHORT_GROUP, SHORT_MENU = 4, 12


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
    """Entries under one title, which may fold; the page's own group is then open."""

    title: str
    items: tuple[Entry, ...]
    folds: bool

    @property
    def is_here(self) -> bool:
        return any(item.current for item in self.items)

    @property
    def waiting(self) -> int:
        return sum(item.count or 0 for item in self.items)


def area() -> str:
    """Tell which face the request belongs to: "site", "space" or "gestion"."""
    first = request.path.split("/", 2)[1] if has_request_context() else ""
    return {"espace": "space", "gestion": "gestion"}.get(first, "site")


class Shelf:
    """The entries of one area that some roles may enter, in order, with their addresses; the same for all of them."""

    def __init__(self, of: str, held: frozenset[str]):
        items = [item for item in navigation if item.area == of and may_enter(item.access, held)]
        items.sort(key=lambda item: item.order)
        self.entries = [(item, url_for(item.endpoint)) for item in items]
        self.roots = [(url, url.rstrip("/") + "/") for _, url in self.entries]
        together = [item for item, _ in self.entries if isinstance(item.count, Counted)]
        self.labels, self.together = [item.label for item in together], tuple(item.count for item in together)
        self.alone = [item for item, _ in self.entries if item.count and not isinstance(item.count, Counted)]

    def here(self, path: str) -> str | None:
        """Return the address under which `path` is, the most precise one."""
        return max((url for url, root in self.roots if path == url or path.startswith(root)), key=len, default=None)

    def counts(self) -> tuple[tuple[str, int], ...]:
        """Return (label, what is counted beside it): one query for all those that can be counted together."""
        found = zip(self.labels, count(*self.together), strict=True) if self.together else ()
        return (*found, *((item.label, item.count()) for item in self.alone))


@lru_cache(maxsize=100)
def _shelf(app, root: str, of: str, held: frozenset[str]) -> Shelf:
    """Return the entries of an application's area as some roles see them; `root` is where it is mounted."""
    return Shelf(of, held)


@lru_cache(maxsize=500)
def _entries(shelf: Shelf, here: str | None, counts: tuple) -> tuple[Entry, ...]:
    """Return a menu ready to show: whoever reads it, it only depends on these."""
    counted = dict(counts)
    return tuple(Entry(item.label, url, item.icon, url == here, counted.get(item.label)) for item, url in shelf.entries)


@lru_cache(maxsize=500)
def _groups(shelf: Shelf, entries: tuple[Entry, ...]) -> tuple[Group, ...]:
    of_group = {title: [] for title in GROUPS}
    for (item, _), entry in zip(shelf.entries, entries, strict=True):
        of_group[item.group].append(entry)
    is_long = len(entries) > SHORT_MENU
    return tuple(
        Group(title, tuple(items), folds=bool(title) and is_long and len(items) > SHORT_GROUP)
        for title, items in of_group.items()
        if items
    )


def _read(of: str) -> tuple[Shelf, tuple[Entry, ...]]:
    shelf = _shelf(current_app._get_current_object(), request.script_root, of, roles())
    return shelf, _entries(shelf, shelf.here(request.path), shelf.counts())


def menu(of: str) -> tuple[Entry, ...]:
    """Return the entries of one area that the reader may enter, in order, the open one marked."""
    return _read(of)[1]


def gestion_menu() -> tuple[Group, ...]:
    """Return the groups of the side menu, empty ones left out."""
    return _groups(*_read("gestion"))


def space_menu() -> tuple[Entry, ...]:
    return menu("space")
