"""The simulator: what the four sizes of CPTS may earn, for whoever prepares a contract or checks one."""

from flask import Blueprint, request

from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.access import access
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import reserved_slugs

from . import tariff

bp = Blueprint("contract", __name__)
reserved_slugs.add("simulateur-aci")
MOST_INHABITANTS = 10_000_000


@bp.get("/simulateur-aci")
@access("public")
def simulator():
    population = _inhabitants()
    chosen = [each for each in request.args.getlist("mission") if each in reference.missions()]
    if not request.args:
        chosen = [code for code, mission in reference.missions().items() if mission.is_core]
    crisis, year = request.args.get("crise") == "1", 2 if request.args.get("annee") == "2" else 1
    return page(
        "contract/simulator.html",
        fragment="resultats",
        population=population,
        size=reference.aci_size(population) if population else None,
        thresholds=reference.aci_thresholds(),
        missions=reference.missions(),
        chosen=chosen,
        crisis=crisis,
        year=year,
        simulated=[tariff.simulate(size, chosen, year=year, crisis=crisis) for size in tariff.SIZES],
    )


def _inhabitants() -> int | None:
    """Return the population asked for, the association's own at first; None for what is no number."""
    if "habitants" not in request.args:
        return identity().population or None
    digits = "".join(request.args["habitants"].split())
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 8):
        return None
    return min(int(digits), MOST_INHABITANTS)
