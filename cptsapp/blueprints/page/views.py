"""The home page, the pages, the legal pages, and what a private link shows."""

from flask import Blueprint, abort, redirect, render_template, request
from markupsafe import Markup

from cptsapp.kernel import pagecache, redirects
from cptsapp.kernel.access import access, roles
from cptsapp.kernel.desk import shared_view
from cptsapp.kernel.htmx import page
from cptsapp.kernel.kept import keep
from cptsapp.kernel.pagecache import kept_ready
from cptsapp.kernel.registry import Named, home_blocks, reserved_slugs

from . import legal, menu
from .models import HOME, PAGES, Page

bp = Blueprint("page", __name__)
bp.add_app_template_global(menu.site_menu)
reserved_slugs |= {"apercu", *legal.TITLES}


@bp.get("/")
@access("public")
@kept_ready
def home():
    item = PAGES.get(HOME)
    item = item if item and item.may_be_read(roles()) else None
    return page("page/home.html", item=item, blocks=drawn(tuple(blocks_of(item))))


def drawn(blocks: tuple[Named, ...]) -> list[Markup]:
    """Return the blocks that have something to show, as their features' templates make them.

    They are the same for all readers, so what was drawn for one serves the others until anything is written, in the
    base or in the contents, or a minute has gone by.
    """
    key = (drawn, blocks, request.script_root, pagecache.stamp())
    return keep(key, lambda: [markup for markup in map(draw, blocks) if markup])


def draw(block: Named) -> Markup:
    """Return a block of the home page as its feature's template makes it, nothing when it has nothing to show."""
    values = block.call()
    if values is None:
        return Markup()
    return Markup(render_template(block.template, **values))  # noqa: S704 (escaped by its template)


def blocks_of(item: Page | None) -> list:
    """Return the blocks of the home page in the order chosen, or all of them when nobody chose."""
    known = {block.key: block for block in sorted(home_blocks, key=lambda block: block.order)}
    if item is None or item.blocks is None:
        return list(known.values())
    return [known[key] for key in item.blocks if key in known]


@bp.get("/<any('mentions-legales', 'confidentialite', 'accessibilite'):slug>")
@access("public")
@kept_ready
def legal_page(slug):
    return page("page/legal.html", legal=legal.legal_page(slug))


@bp.get("/<slug>")
@access("public")
@kept_ready
def show(slug):
    item, held = PAGES.get(slug), roles()
    if item is None or not item.may_be_read(held):
        return _moved(slug) or abort(404)
    if slug == HOME or item.link.startswith("/"):
        return redirect(item.url, 301 if slug == HOME else 302)
    if item.link:
        abort(404)
    return page("page/show.html", item=item, is_preview=False, trail=menu.trail_of(item, held))


def _moved(slug):
    """Lead an old address to the present one, when what is there may be read."""
    target = redirects.target(f"/{slug}")
    item = PAGES.get(target.strip("/") or HOME) if target else None
    return redirect(target, 301) if item and item.may_be_read(roles()) else None


@bp.get("/apercu/<token>")
@access("public")
def preview(token):
    """What a private link shows, to whoever has it."""
    return shared_view(token)
