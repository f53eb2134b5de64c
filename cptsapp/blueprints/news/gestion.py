"""News as the coordination writes them."""

from flask import Blueprint

from cptsapp.blueprints.page.rules import people
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.desk import Room, mount
from cptsapp.kernel.publication import BADGES, Phase
from cptsapp.kernel.tables import Bulk, Column, DataTable, OneOf
from cptsapp.kernel.themes import Theme

from .desk import DESK
from .forms import ArticleForm
from .models import ARTICLES

bp_gestion = Blueprint("news_gestion", __name__, url_prefix="/gestion/actualites")


def authors():
    return [(name, name) for name in sorted({each.author for each in ARTICLES.all() if each.author})]


TABLE = DataTable(
    "actualites",
    Column("titre", "Titre", "heading", sort=True, link="news_gestion.edit"),
    Column("etat", "État", lambda each: each.phase.label, sort=True, badge=lambda each: BADGES[each.phase]),
    Column("theme", "Thème", lambda each: each.theme.label if each.theme else "", sort=True),
    Column("lecteurs", "Lecteurs", lambda each: each.visibility.label, sort=True),
    Column("publie", "Publication", "published_at", sort=True),
    Column("signature", "Signature", "author", sort=True),
    Column("resume", "Résumé", "summary", shown=False),
    Column("modifie", "Modifié", "document.modified_at", sort=True, shown=False),
    Column("mission", "Mission", "mission_label", shown=False),
    Column("action", "Action", "action", shown=False),
    Column("adresse", "Adresse", "url", shown=False),
    noun=("article", "articles"),
    search=["title", "summary", "action", "author", lambda each: each.document.body],
    filters=[
        OneOf("etat", "État", lambda each: each.phase.value, Phase, blank="Tous les états"),
        OneOf("theme", "Thème", lambda each: each.theme.value if each.theme else "", Theme, blank="Tous les thèmes"),
        OneOf("lecteurs", "Lecteurs", lambda each: each.visibility.value, Visibility, blank="Tous les lecteurs"),
        OneOf("signature", "Signature", "author", authors, blank="Toutes les signatures"),
    ],
    order="-publie",
    key="slug",
    bulk=[
        Bulk("publier", "Publier"),
        Bulk("archiver", "Archiver"),
        Bulk("corbeille", "Mettre à la corbeille", "danger"),
    ],
    bulk_endpoint="news_gestion.bulk",
    export_endpoint="news_gestion.export",
    empty="Écrivez la première actualité : elle restera en brouillon tant que vous ne la publierez pas.",
    hint="Titre, texte, action…",
)
ROOM = mount(Room(bp_gestion, DESK, TABLE, ArticleForm, "news/_fields.html", "Actualités", "Nouvel article", people))
