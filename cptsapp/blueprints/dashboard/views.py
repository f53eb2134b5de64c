"""The first page of the gestion, and its cards one by one."""

import logging
from dataclasses import dataclass

from flask import Blueprint, current_app, url_for

from cptsapp.kernel import cards
from cptsapp.kernel.access import access, may, may_enter, roles
from cptsapp.kernel.dates import today
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, dashboard_cards, first_steps, navigation

log = logging.getLogger("cptsapp.dashboard")
ROOMS = ("bureau", "coordination", "admin", "tresorier", "referent")

bp = Blueprint("dashboard", __name__, url_prefix="/gestion")
navigation.append(
    NavItem("gestion", "Tableau de bord", "dashboard.index", icon="layout-dashboard", access=ROOMS, order=0)
)


@dataclass(frozen=True)
class Step:
    """One of the first things to do on a new instance; `url` is empty for whoever may not do it."""

    label: str
    help: str
    url: str
    done: bool


@bp.get("/")
@access(*ROOMS)
def index():
    return page(
        "dashboard/index.html",
        today=today(),
        waiting=cards.waiting(),
        steps=steps() if may("coordination", "admin") else [],
        cards=cards.visible(dashboard_cards),
    )


@bp.get("/cartes/<key>")
@access(*ROOMS)
def card(key):
    return cards.answer(dashboard_cards, key, "dashboard/card.html")


def steps() -> list[Step]:
    """Return the first steps in order, or nothing once all are done."""
    held = roles()
    found = []
    for step in sorted(first_steps, key=lambda step: step.order):
        view = current_app.view_functions.get(step.endpoint)
        open_to = view is not None and may_enter(view.access, held)
        found.append(Step(step.label, step.help, url_for(step.endpoint) if open_to else "", _is_done(step)))
    return [] if all(step.done for step in found) else found


def _is_done(step) -> bool:
    try:
        return bool(step.is_done())
    except Exception:  # a step that cannot be read is a step to look at, not a page that fails
        log.exception("first step %s failed", step.endpoint)
        return False
