"""The contract in the gestion: where it stands, its years, the dates of its missions, and a file of its figures."""

from flask import Blueprint, abort, flash, redirect, url_for

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel import exports, journal
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation

from . import figures, rules
from .budget import Budget, Spending, budgets
from .forms import ContractForm, budget_form, budget_values, dates_form, typed_values, year_form
from .models import Contract, YearLine
from .tariff import contract_years, lines

bp_gestion = Blueprint("contract_gestion", __name__, url_prefix="/gestion/contrat")
navigation.append(
    NavItem("gestion", "Contrat ACI", "contract_gestion.index", "badge-check", ("bureau", "coordination"), "Projet", 10)
)


@bp_gestion.get("/")
@access("bureau", "coordination")
def index():
    contract = Contract.at(today())
    if contract is None:
        return page("contract/none.html")
    return _shown(contract)


@bp_gestion.get("/<int:id>")
@access("bureau", "coordination")
def show(id):
    return _shown(_find(id))


def _shown(contract: Contract):
    views = figures.years(contract)
    return page(
        "contract/show.html",
        contract=contract,
        views=views,
        now=views[contract.year_at(today()) - 1],
        budget=budgets(contract)[contract.year_at(today()) - 1],
        is_running=contract.signed_on <= today() <= contract.ends_on,
        deadlines=figures.deadlines(contract, today()),
        Urgency=figures.Urgency,
        size_today=identity().aci_size if identity().population else None,
        others=[each for each in Contract.ordered() if each != contract],
    )


def _find(id) -> Contract:
    return Contract.get_or_none(Contract.id == id) or abort(404)


@bp_gestion.route("/nouveau", methods=["GET", "POST"])
@access("coordination")
def create():
    known = identity()
    form = ContractForm(
        data={
            "years": contract_years(),
            "size": known.aci_size if known.population else 3,
            "population": known.population or None,
            "missions": known.missions or [code for code, line in lines().items() if line.is_core],
        }
    )
    if form.validate_on_submit():
        try:
            contract = rules.sign(**form.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le contrat est enregistré. Vérifiez maintenant les montants de chaque année.")
            return redirect(url_for(".show", id=contract.id), 303)
    return page("contract/edit.html", fragment="formulaire", form=form, contract=None)


@bp_gestion.route("/<int:id>/modifier", methods=["GET", "POST"])
@access("coordination")
def edit(id):
    contract = _find(id)
    form = ContractForm(data=contract.__data__ | {"missions": [each.mission for each in contract.engagements]})
    if form.validate_on_submit():
        try:
            rules.update(id, **form.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le contrat est enregistré.")
            return redirect(url_for(".show", id=id), 303)
    return page("contract/edit.html", fragment="formulaire", form=form, contract=contract)


@bp_gestion.route("/<int:id>/missions", methods=["GET", "POST"])
@access("coordination")
def missions(id):
    contract = _find(id)
    engagements = sorted(contract.engagements, key=lambda each: list(lines()).index(each.mission))
    form = dates_form(engagements, {code: line.label for code, line in lines().items()})
    if form.validate_on_submit():
        try:
            with db.atomic():
                for each in engagements:
                    days = {name: form[f"{name}-{each.mission}"].data for name in ("started_on", "deployed_on")}
                    if days != {name: getattr(each, name) for name in days}:
                        rules.date_mission(id, each.mission, **days)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Les dates des missions sont enregistrées.")
            return redirect(url_for(".show", id=id), 303)
    return page(
        "contract/missions.html",
        fragment="formulaire",
        form=form,
        contract=contract,
        engagements=engagements,
        lines=lines(),
        deadlines={(each.label, each.mission): each for each in figures.deadlines(contract, today())},
    )


@bp_gestion.route("/<int:id>/annees/<int:year>", methods=["GET", "POST"])
@access("coordination")
def year(id, year):
    contract = _find(id)
    if not 1 <= year <= contract.years:
        abort(404)
    view = figures.years(contract)[year - 1]
    form = year_form(view, _typed(contract, year))
    if form.validate_on_submit():
        try:
            rules.value_year(id, year, typed_values(view, form))
        except RuleError as error:
            form.refuse(error)
        else:
            flash(f"Les montants de l’année {year} sont enregistrés.")
            return redirect(url_for(".show", id=id), 303)
    return page("contract/year.html", fragment="formulaire", form=form, contract=contract, view=view)


def _typed(contract: Contract, year: int) -> dict:
    """Return what was typed for a year, as the form names it."""
    names = ("fixed_cents", "variable_cents", "achieved", "source")
    rows = contract.lines.where(YearLine.year == year)
    return {f"{name}-{row.line}": getattr(row, name) for row in rows for name in names}


@bp_gestion.route("/<int:id>/annees/<int:year>/budget", methods=["GET", "POST"])
@access("coordination")
def budget(id, year):
    contract = _find(id)
    if not 1 <= year <= contract.years:
        abort(404)
    found = budgets(contract)[year - 1]
    form = budget_form(found)
    if form.validate_on_submit():
        try:
            rules.plan_year(id, year, budget_values(found, form))
        except RuleError as error:
            form.refuse(error)
        else:
            flash(f"Le budget de l’année {year} est enregistré.")
            return redirect(url_for(".show", id=id, _anchor="budget"), 303)
    view = figures.years(contract)[year - 1]
    return page("contract/budget.html", fragment="formulaire", form=form, contract=contract, budget=found, view=view)


@bp_gestion.get("/<int:id>/budget.<any(csv, xlsx):kind>")
@access("bureau", "coordination")
def download_budget(id, kind):
    contract = _find(id)
    labels = ["Année", "Du", "Au", "Poste", "Enveloppe prévue (€)", "Dépensé (€)", "Consommé (%)", "Reste (€)"]
    rows = [_budget_row(contract, found, each) for found in budgets(contract) for each in found.lines if each.is_typed]
    with db.atomic():
        journal.write("list.exported", "list", "budget", format=kind, rows=len(rows))
    return exports.download("budget-aci", kind, [*labels, "Remarque"], rows)


def _budget_row(contract: Contract, found: Budget, each: Spending) -> list:
    planned, spent, left = (None if cents is None else cents / 100 for cents in (each.planned, each.spent, each.left))
    return [found.year, *contract.bounds(found.year), each.line.label, planned, spent, each.share, left, each.note]


@bp_gestion.get("/<int:id>/montants.<any(csv, xlsx):kind>")
@access("bureau", "coordination")
def download(id, kind):
    contract = _find(id)
    labels = ["Année", "Du", "Au", "Ligne", "Part fixe (€)", "Part variable (€)", "Taux retenu (%)", "Obtenu (€)"]
    labels += ["Provenance", "Où c’est écrit"]
    rows = [_row(view, each) for view in figures.years(contract) for each in view.lines]
    with db.atomic():
        journal.write("list.exported", "list", "contrat", format=kind, rows=len(rows))
    return exports.download("contrat-aci", kind, labels, rows)


def _row(view, each) -> list:
    money = [None if cents is None else cents / 100 for cents in (each.amount.fixed, each.amount.variable)]
    earned = None if each.earned is None else each.earned / 100
    origin = each.amount.source.label
    return [view.number, view.start, view.end, each.line.label, *money, each.achieved, earned, origin, each.source]
