"""Pages as the coordination writes them."""

from flask import Blueprint

from cptsapp.kernel.access import Visibility
from cptsapp.kernel.desk import Room, mount
from cptsapp.kernel.publication import BADGES, Audience, Phase
from cptsapp.kernel.registry import home_blocks
from cptsapp.kernel.tables import Bulk, Cases, Column, DataTable, OneOf

from .desk import DESK
from .forms import PageForm
from .legal import TITLES
from .models import HOME, PAGES, Page
from .rules import listed, people

bp_gestion = Blueprint("page_gestion", __name__, url_prefix="/gestion/pages")


def place(page: Page) -> str:
    """Return where a page stands in the menu: « 20 », or « La CPTS, 10 »."""
    if page.menu is None:
        return ""
    top = PAGES.get(page.menu.parent)
    return f"{top.heading}, {page.menu.position}" if top else str(page.menu.position)


def place_order(page: Page) -> int | None:
    """Return what sorts the menu: an entry, then its own sub-entries."""
    if page.menu is None:
        return None
    top = PAGES.get(page.menu.parent)
    if top and top.menu:
        return top.menu.position * 10_000 + page.menu.position + 1
    return page.menu.position * 10_000


def kind(page: Page) -> str:
    if page.slug == HOME:
        return "Accueil"
    if page.slug in TITLES:
        return "Page légale"
    return "Entrée de menu" if page.link else "Page"


TABLE = DataTable(
    "pages",
    Column("titre", "Titre", "heading", sort=True, link="page_gestion.edit", sub=lambda each: each.url),
    Column("nature", "Nature", kind, sort=True),
    Column("etat", "État", lambda each: each.phase.label, sort=True, badge=lambda each: BADGES[each.phase]),
    Column("menu", "Menu", place, sort=place_order),
    Column("lecteurs", "Lecteurs", lambda each: each.visibility.label, sort=True),
    Column("relecture", "À relire avant le", "review_due_on", sort=True, badge=lambda each: each.is_stale and "warn"),
    Column("relu", "Relue le", "reviewed_on", shown=False),
    Column("public", "Public", lambda each: each.audience.label if each.audience else "", shown=False),
    Column("modifie", "Modifiée", "document.modified_at", sort=True, shown=False),
    noun=("page", "pages"),
    search=["title", "summary", lambda each: each.document.body],
    filters=[
        OneOf("etat", "État", lambda each: each.phase.value, Phase, blank="Tous les états"),
        OneOf("lecteurs", "Lecteurs", lambda each: each.visibility.value, Visibility, blank="Tous les lecteurs"),
        OneOf("public", "Public", lambda each: each.audience or "", Audience, blank="Tous les publics"),
        Cases("relecture", "Relecture", {"a-relire": ("À relire", lambda each: each.is_stale)}, blank="Relues ou non"),
    ],
    order="menu",
    key="slug",
    bulk=[
        Bulk("publier", "Publier"),
        Bulk("archiver", "Archiver"),
        Bulk("corbeille", "Mettre à la corbeille", "danger"),
    ],
    bulk_endpoint="page_gestion.bulk",
    export_endpoint="page_gestion.export",
    empty="Les pages du site se rangent ici.",
    hint="Titre ou texte",
)


def context() -> dict:
    return {"home_blocks": sorted(home_blocks, key=lambda block: block.order), "home": HOME, "legal_titles": TITLES}


ROOM = mount(
    Room(
        bp_gestion,
        DESK,
        TABLE,
        PageForm,
        "page/_fields.html",
        "Pages",
        "Nouvelle page",
        people,
        context=context,
        rows=listed,
        edit_top="page/_edit_top.html",
    )
)
