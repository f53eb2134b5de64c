"""The first page of the member space, and its cards one by one."""

from flask import Blueprint

from cptsapp.kernel import cards
from cptsapp.kernel.access import access
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation, space_cards

bp = Blueprint("space", __name__, url_prefix="/espace")
navigation.append(NavItem("space", "Accueil", "space.index", icon="home", access=("account",), order=0))


@bp.get("/")
@access("account")
def index():
    waiting, at_desk = cards.waiting_by_face()
    return page("space/index.html", waiting=waiting, at_desk=len(at_desk), cards=cards.visible(space_cards))


@bp.get("/cartes/<key>")
@access("account")
def card(key):
    return cards.answer(space_cards, key, "space/card.html")
