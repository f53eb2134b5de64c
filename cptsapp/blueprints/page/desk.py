"""What the writing of pages is made of, and the search index that follows them."""

from contextlib import suppress

from flask import current_app

from cptsapp.kernel import editing
from cptsapp.kernel.content import FileConflict
from cptsapp.kernel.editing import Desk
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import reserved_slugs

from . import legal
from .models import HOME, PAGES, Page, path_of
from .rules import is_found

OWN_RESERVED = frozenset({"nouveau", "corbeille", "export", "lot", "fichier", "apercu"})


def reserved() -> set[str]:
    """Return the names that no page may take: the first part of every other address of the site."""
    taken = {rule.rule.split("/")[1] for rule in current_app.url_map.iter_rules()}
    return (taken | reserved_slugs | OWN_RESERVED) - {""}


def show_alone(item: Page):
    """Return a page as a private link shows it."""
    return page("page/show.html", item=item, is_preview=True, trail=[])


def take_along(old: str, new: str) -> None:
    """Let the sub-entries of a renamed page follow it in the menu."""
    for each in PAGES.all():
        if each.menu and each.menu.parent == old:
            header = each.document.header | {"menu": each.document.header["menu"] | {"parent": new}}
            with suppress(FileConflict):  # a file that no longer reads waits for whoever mends it
                editing.save(DESK, each.slug, header, each.document.body, base=each.hash)


DESK = Desk(
    kind="page",
    collection=PAGES,
    the="La page",
    noun=("page", "pages"),
    path_of=path_of,
    show=show_alone,
    e="e",
    reserved=reserved,
    virtual=legal.blank,
    dated=False,
    fixed=frozenset({HOME, *legal.TITLES}),
    on_rename=take_along,
    is_found=is_found,
)


def sync_search() -> int:
    """Bring the search index up to the files, and to what has fallen due; return how many pages changed."""
    return editing.sync_search(DESK)
