"""The coverage of the territory in the gestion: tables and charts, a file, and the headcounts of the communes."""

from datetime import date

from flask import Blueprint, flash, redirect, request, url_for

from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel import exports, journal
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation

from . import figures, rules
from .forms import CommuneHeadcountForm, numbers
from .models import CommuneHeadcount

bp_gestion = Blueprint("uptake_gestion", __name__, url_prefix="/gestion/adherents/couverture")
navigation.append(
    NavItem(
        "gestion", "Couverture", "uptake_gestion.index", "activity", ("bureau", "coordination"), "Territoire", order=50
    )
)
VIEWS = {
    "profession": ("Par profession", figures.by_profession),
    "famille": ("Par famille", figures.by_family),
    "commune": ("Par commune", figures.by_commune),
}
LABELS = ("Profession", "Famille", "Commune")


@bp_gestion.get("")
@access("bureau", "coordination")
def index():
    view, day, family = _asked()
    lines = VIEWS[view][1](day)
    shown, hidden = figures.bars(lines)
    return page(
        "uptake/index.html",
        fragment="resultats",
        view=view,
        views={key: label for key, (label, _) in VIEWS.items()},
        day=day,
        today=today(),
        family=family,
        families=reference.FAMILIES,
        lines=lines,
        bars_shown=shown,
        bars_hidden=hidden,
        sources=figures.sources(lines),
        total=figures.total(day),
        history=(history := figures.history(day, family)),
        points=figures.points(history),
    )


def _asked() -> tuple[str, date, str]:
    """Return the view, the day and the family that the address asks for; what cannot be understood is the usual one."""
    view = request.args.get("par", "")
    family = request.args.get("famille", "")
    try:
        day = date.fromisoformat(request.args.get("au", ""))
    except ValueError:
        day = today()
    day = min(max(day, date(1990, 1, 1)), today())
    return view if view in VIEWS else "profession", day, family if family in reference.FAMILIES else ""


@bp_gestion.get("/couverture.<any(csv, xlsx):kind>")
@access("bureau", "coordination")
def download(kind):
    view, day, _ = _asked()
    labels = [LABELS[list(VIEWS).index(view)], "Adhérents", "Professionnels", "Taux (%)", "À rejoindre"]
    labels += ["Effectif du", "Source"]
    rows = [[x.label, x.members, x.headcount, x.rate, x.missing, x.counted_on, x.source] for x in VIEWS[view][1](day)]
    with db.atomic():
        journal.write("list.exported", "list", "couverture", format=kind, rows=len(rows))
    return exports.download("couverture", kind, labels, rows)


@bp_gestion.route("/communes", methods=["GET", "POST"])
@access("coordination")
def communes():
    chosen = list(Commune.of_territory())
    form = CommuneHeadcountForm(data={"counted_on": today()})
    typed = {each.insee: request.form.get(f"number-{each.insee}", "").strip() for each in chosen}
    found, wrong = numbers(typed)
    if form.validate_on_submit():
        try:
            if wrong:
                raise RuleError("Certains effectifs ne sont pas des nombres entiers.")
            rules.count_communes(form.counted_on.data, found, source=form.source.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Les effectifs des communes sont enregistrés.")
            return redirect(url_for(".index", par="commune"), 303)
    latest = CommuneHeadcount.at(today())
    return page("uptake/communes.html", form=form, communes=chosen, typed=typed, wrong=wrong, latest=latest)
