"""What tallies tell the floors below: menus, the card of the member space, the names of the journal."""

from flask import url_for
from flask_login import current_user

from cptsapp.kernel import journal
from cptsapp.kernel.registry import NavItem, navigation, space_card

from . import rules, views
from .models import TallyKind

ON_THE_CARD = 3
navigation.append(NavItem("space", "Compteurs", "tally.index", "activity", ("adherent",), order=45))
navigation.append(
    NavItem(
        "gestion", "Compteurs", "tally_gestion.index", "activity", ("bureau", "coordination"), "Répertoires", order=60
    )
)


@journal.subject("tally_kind", "Compteur")
def names(ids):
    rows = TallyKind.select().where(TallyKind.id.in_(ids))
    return {str(each.id): (each.label, url_for("tally_gestion.kinds")) for each in rows}


@space_card("tally", "Compteurs", template="tally/_card.html", access=("adherent",), order=25)
def card():
    """The first buttons, on the first page: a patient is counted in one tap."""
    if not rules.may_count(current_user.person):
        return None
    values = views.shown()
    return {**values, "kinds": values["kinds"][:ON_THE_CARD]} if values["kinds"] else None
