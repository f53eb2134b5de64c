"""What contracts tell the floors below."""

from datetime import date

from flask import url_for

from cptsapp.kernel import journal
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.registry import Waiting, first_step, indicator, sitemap, waiting
from cptsapp.kernel.text import plural

from . import figures
from .budget import WARNED_OVER, budgets
from .models import Contract


@journal.subject("contract", "Contrat ACI")
def names(ids):
    rows = Contract.select().where(Contract.id.in_(ids))
    return {
        str(each.id): (f"signé le {date_fr(each.signed_on)}", url_for("contract_gestion.show", id=each.id))
        for each in rows
    }


@waiting("contract.deadlines", access=("bureau", "coordination"))
def deadlines():
    for each in figures.pressing(today()):
        what = f"{each.label} : {each.mission}" if each.mission else each.label
        when = "échéance dépassée depuis le" if each.urgency == figures.Urgency.LATE else "à faire avant le"
        yield Waiting(f"{what}, {when} {date_fr(each.on)}", url_for("contract_gestion.index"), 1)


@waiting("contract.budget", access=("coordination",))
def envelopes():
    """The envelopes of the year that are nearly spent, or overrun."""
    contract = Contract.at(today())
    if contract is None or not contract.signed_on <= today() <= contract.ends_on or not contract.envelopes.exists():
        return
    count = len(budgets(contract)[contract.year_at(today()) - 1].warned)
    words = plural(count, "enveloppe consommée", "enveloppes consommées")
    yield Waiting(f"{words} à plus de {WARNED_OVER} %", url_for("contract_gestion.index", _anchor="budget"), count)


def _year_of(end: date) -> figures.YearView | None:
    contract = Contract.at(end)
    if contract is None or not contract.signed_on <= end <= contract.ends_on:
        return None
    return figures.years(contract)[contract.year_at(end) - 1]


@indicator("contract.fixed", "Parts fixes du contrat, année en cours", unit="€")
def fixed(start: date, end: date) -> int:
    """Return the fixed parts of the contract year that holds the last day, in euros."""
    view = _year_of(end)
    return view.fixed // 100 if view else 0


@indicator("contract.earned", "Parts variables obtenues, année en cours", unit="€")
def earned(start: date, end: date) -> int:
    view = _year_of(end)
    return view.earned // 100 if view else 0


@first_step(
    "Saisir le contrat ACI",
    endpoint="contract_gestion.index",
    order=85,
    help="Sa date de signature donne les années, les échéances et les montants.",
)
def is_signed() -> bool:
    return Contract.select().exists()


@sitemap
def pages():
    yield url_for("contract.simulator"), None
