"""The territory in the gestion: its communes, the contract's figures, the professionals counted there."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, request, url_for

from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation
from cptsapp.kernel.text import plural

from . import reference, rules
from .forms import ContractForm, HeadcountForm, PasteForm, QuartiersForm
from .models import Commune, Headcount, Quartier, Territory

bp_gestion = Blueprint("territory_gestion", __name__, url_prefix="/gestion")

MOST_SEARCHED = 80  # characters
navigation.append(
    NavItem(
        "gestion",
        "Effectifs du territoire",
        "territory_gestion.headcounts",
        "stethoscope",
        access=("coordination",),
        group="Territoire",
        order=60,
    )
)


@bp_gestion.get("/parametres/territoire")
@access("coordination", "admin")
def communes():
    return _page()


def _page(form=None, *, contract=None, quartiers=None, pasted=None, recognised=None, status=None):
    """Show the territory; `recognised` is what a pasted list left to settle."""
    q = request.args.get("q", "")[:MOST_SEARCHED].strip()
    chosen = list(Commune.of_territory())
    territory = Territory.current()
    near = {commune.departement for commune in chosen}
    in_territory = {commune.insee for commune in chosen}
    return page(
        "territory/communes.html",
        fragment="resultats",
        form=form,
        status=status,
        q=q,
        places=reference.search(q, near=near) if q else [],
        chosen=chosen,
        in_territory=in_territory,
        groups=_incomplete_groups(chosen, in_territory),
        figures=rules.figures_of(chosen, territory),
        attribution=reference.ATTRIBUTION,
        year=reference.POPULATION_YEAR,
        contract=contract or ContractForm(formdata=None, data=_contract_values(territory)),
        pasted=pasted or PasteForm(formdata=None),
        recognised=recognised,
        quartiers=quartiers or QuartiersForm(formdata=None, data={"quartiers": _quartiers(chosen)}),
    )


def _contract_values(territory):
    return territory.__data__ | {"size": str(territory.size or "")}


def _quartiers(chosen):
    if len(chosen) != 1:
        return ""
    rows = Quartier.select().where(Quartier.commune == chosen[0]).order_by(Quartier.sort_name)
    return "\n".join(row.name for row in rows)


def _incomplete_groups(chosen, in_territory):
    """Return (siren, name, number of communes missing) of each intercommunalité that the territory has in part."""
    found = []
    for siren, name in sorted(
        {(commune.interco_siren, commune.interco_name) for commune in chosen}, key=lambda g: g[1]
    ):
        missing = [place for place in reference.members(siren) if place.insee not in in_territory]
        if missing:
            found.append((siren, name, len(missing)))
    return found


def _after(act: Callable[[], str]):
    """Do `act`, which returns the sentence to show, and come back; refused, say why at the top of the page."""
    try:
        flash(act(), "ok")
    except RuleError as error:
        flash(str(error), "error")
    return redirect(url_for(".communes"), 303)


@bp_gestion.post("/parametres/territoire/ajouter")
@access("coordination", "admin")
def add():
    return _after(lambda: _added(rules.add_communes(request.form.getlist("commune")[:500])))


@bp_gestion.post("/parametres/territoire/ajouter-intercommunalite")
@access("coordination", "admin")
def add_intercommunality():
    return _after(lambda: _added(rules.add_intercommunality(request.form.get("siren", ""))))


@bp_gestion.post("/parametres/territoire/retirer")
@access("coordination", "admin")
def remove():
    def act():
        count = rules.remove_communes(request.form.getlist("commune"))
        return (
            f"{plural(count, 'commune retirée', 'communes retirées')}." if count else "Aucune commune n’a été cochée."
        )

    return _after(act)


def _added(communes):
    if not communes:
        return "Rien à ajouter : aucune commune cochée, ou toutes sont déjà dans le territoire."
    names = ", ".join(commune.name for commune in communes[:5])
    rest = f" et {plural(len(communes) - 5, 'autre')}" if len(communes) > 5 else ""
    return f"{plural(len(communes), 'commune ajoutée', 'communes ajoutées')} : {names}{rest}."


@bp_gestion.post("/parametres/territoire/coller")
@access("coordination", "admin")
def paste():
    """Add what a pasted list means for sure; show what remains to settle, with the list as it was."""
    form = PasteForm()
    if not form.validate_on_submit():
        return _page(form, pasted=form)
    recognised = rules.recognise(form.pasted.data, near=rules.departements())
    try:
        added = rules.add_communes(place.insee for place in recognised.found)
    except RuleError as error:
        form.pasted.errors = [str(error)]
        return _page(form, pasted=form)
    if recognised.unknown or recognised.ambiguous:
        if added:
            flash(_added(added), "ok")
        form.pasted.data = "\n".join([*recognised.unknown, *(written for written, _ in recognised.ambiguous)])
        return _page(pasted=form, recognised=recognised, status=422)
    flash(_added(added), "ok")
    return redirect(url_for(".communes"), 303)


@bp_gestion.post("/parametres/territoire/contrat")
@access("coordination", "admin")
def contract():
    form = ContractForm()
    if form.validate_on_submit():
        values = form.data | {"size": int(form.size.data) if form.size.data else None}
        try:
            rules.set_contract(**values)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Les chiffres du contrat sont enregistrés.", "ok")
            return redirect(url_for(".communes"), 303)
    return _page(form, contract=form)


@bp_gestion.post("/parametres/territoire/quartiers")
@access("coordination", "admin")
def set_quartiers():
    form = QuartiersForm()
    chosen = list(Commune.of_territory())
    if form.validate_on_submit():
        try:
            if len(chosen) != 1:
                raise RuleError("Les quartiers servent aux territoires d’une seule commune.")
            rules.set_quartiers(chosen[0].insee, form.quartiers.data.splitlines())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Les quartiers sont enregistrés.", "ok")
            return redirect(url_for(".communes"), 303)
    return _page(form, quartiers=form)


# Headcounts


@bp_gestion.route("/territoire/effectifs", methods=["GET", "POST"])
@access("coordination")
def headcounts():
    latest = Headcount.at(today())
    form = HeadcountForm(data={"counted_on": today()})
    typed = {name: request.form.get(name, "").strip() for name in _number_names()}
    wrong = {}
    if form.validate_on_submit():
        numbers, wrong = _numbers(typed)
        if not wrong and not numbers:
            form.form_errors.append("Écrivez au moins un effectif.")
        elif not wrong:
            try:
                rules.count_professionals(form.counted_on.data, numbers, source=form.source.data)
            except RuleError as error:
                form.refuse(error)
            else:
                flash("Les effectifs sont enregistrés.", "ok")
                return redirect(url_for(".headcounts"), 303)
        else:
            form.form_errors.append("Certains effectifs ne sont pas des nombres entiers.")
    return page(
        "territory/headcounts.html",
        form=form,
        typed=typed,
        wrong=wrong,
        latest=latest,
        families=_families(),
        total=latest.get(""),
        sum=sum(row.number for code, row in latest.items() if code),
    )


def _number_names():
    return ["number-", *(f"number-{code}" for code in reference.professions())]


def _numbers(typed) -> tuple[dict[str, int], dict[str, str]]:
    """Return the numbers typed by profession code, and the sentences about those that are none, by field name."""
    numbers, wrong = {}, {}
    for name, text in typed.items():
        digits = "".join(text.split())
        if digits.isascii() and digits.isdigit() and len(digits) <= 6:
            numbers[name.removeprefix("number-")] = int(digits)
        elif text:
            wrong[name] = "Écrivez un nombre entier."
    return numbers, wrong


def _families():
    """Return (family, professions) in the order of the list."""
    families = {}
    for profession in reference.professions().values():
        families.setdefault(profession.family_label, []).append(profession)
    return list(families.items())
