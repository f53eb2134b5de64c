"""The first page of the gestion, and its cards one by one."""

from flask import Blueprint

from cptsapp.kernel import cards, firststeps
from cptsapp.kernel.access import access, may
from cptsapp.kernel.dates import today
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, dashboard_cards, navigation

ROOMS = ("bureau", "coordination", "admin", "tresorier", "referent")

bp = Blueprint("dashboard", __name__, url_prefix="/gestion")
navigation.append(
    NavItem("gestion", "Tableau de bord", "dashboard.index", icon="layout-dashboard", access=ROOMS, order=0)
)


@bp.get("/")
@access(*ROOMS)
def index():
    return page(
        "dashboard/index.html",
        today=today(),
        waiting=cards.waiting(),
        steps=firststeps.listed() if may("coordination", "admin") else [],
        cards=cards.visible(dashboard_cards),
    )


@bp.get("/cartes/<key>")
@access(*ROOMS)
def card(key):
    return cards.answer(dashboard_cards, key, "dashboard/card.html")
