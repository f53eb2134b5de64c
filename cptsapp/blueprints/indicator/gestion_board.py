"""The dashboard of the project: where each mission stands in a year of the contract, in figures and in euros."""

from cptsapp.blueprints.contract.figures import Urgency
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation

from . import board
from .gestion import READERS, asked_year, bp_gestion, year_choices

navigation.append(
    NavItem("gestion", "Tableau du projet", "indicator_gestion.dashboard", "activity", READERS, "Projet", order=5)
)


@bp_gestion.get("")
@access(*READERS)
def dashboard():
    contract, year = asked_year()
    if contract is None:
        return page("indicator/no_contract.html")
    found = board.of_year(contract, year, today())
    return page("indicator/board.html", board=found, years=year_choices(), year=year, today=today(), Urgency=Urgency)
