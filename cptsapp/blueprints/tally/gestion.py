"""The tallies in the gestion: figures by month, kind and commune, a file, corrections, and what is counted."""

import secrets
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, abort, flash, redirect, request, url_for

from cptsapp.kernel import exports, journal
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import MONTHS, add_months, today
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.text import number, plural
from cptsapp.kernel.urls import number_of

from . import rules
from .forms import CorrectionForm, KindForm, commune_choices, month_of
from .models import Line, TallyKind, lines, usual_kinds

bp_gestion = Blueprint("tally_gestion", __name__, url_prefix="/gestion/compteurs")
READERS = ("bureau", "coordination")
MOST_MONTHS = 60


@dataclass(frozen=True)
class Asked:
    """What the address asks for: whole months, a kind (0: all), a commune (None: all, "": outside)."""

    first: date
    last: date
    kind: int
    insee: str | None

    @property
    def parameters(self) -> dict:
        values = {"de": f"{self.first:%Y-%m}", "a": f"{self.last:%Y-%m}", "compteur": self.kind or None}
        return values | {"commune": None if self.insee is None else self.insee or "ailleurs"}

    @property
    def lines(self) -> list[Line]:
        end = add_months(self.last, 1) - timedelta(days=1)
        return lines(self.first, end, kind_id=self.kind or None, insee=self.insee)

    @property
    def months(self) -> list[date]:
        count = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        return [add_months(self.first, rank) for rank in range(count)]


def _asked(communes: list[tuple[str, str]]) -> Asked:
    """Read the address; what cannot be understood is the usual: twelve months, everything."""
    this = today().replace(day=1)
    last = min(month_of(request.args.get("a"), this), this)
    first = month_of(request.args.get("de"), add_months(last, -11))
    first = max(min(first, last), add_months(last, 1 - MOST_MONTHS))
    insee = request.args.get("commune") or None
    insee = "" if insee == "ailleurs" else insee if insee in dict(communes) else None
    return Asked(first, last, number_of(request.args.get("compteur")), insee)


def month_label(month: date) -> str:
    return f"{MONTHS[month.month - 1]} {month.year}"


def _sums(found, key) -> dict:
    sums: dict = {}
    for line in found:
        sums[key(line)] = sums.get(key(line), 0) + line.number
    return sums


def _bars(sums: dict) -> list[tuple]:
    """Return the (label, share of the longest, words) of the bars, the longest first."""
    most = max(sums.values(), default=0)
    rows = sorted(sums.items(), key=lambda each: (-each[1], each[0]))
    return [(label, max(0, 100 * count / most) if most > 0 else 0, number(count)) for label, count in rows]


@bp_gestion.get("")
@access(*READERS)
def index():
    asked = _asked(communes := commune_choices())
    found, kinds = asked.lines, list(TallyKind.ordered())
    by_month = _sums(found, lambda line: line.month)
    return page(
        "tally/gestion.html",
        fragment="resultats",
        asked=asked,
        kinds=kinds,
        communes=communes,
        total=sum(line.number for line in found),
        by_kind=(by_kind := _sums(found, lambda line: line.kind)),
        by_month=by_month,
        bars_kind=_bars(by_kind),
        bars_commune=_bars(_sums(found, lambda line: line.commune)),
        points=[(month_label(month), by_month.get(month, 0)) for month in asked.months],
        month_label=month_label,
        this_month=today().replace(day=1),
    )


@bp_gestion.get("/compteurs.<any(csv, xlsx):kind>")
@access(*READERS)
def download(kind):
    """The figures by month, kind and commune: sums, never one tap."""
    found = _asked(commune_choices()).lines
    with db.atomic():
        journal.write("list.exported", "list", "compteurs", format=kind, rows=len(found))
    rows = [[month_label(line.month), line.kind, line.commune, line.number] for line in found]
    return exports.download("compteurs", kind, ["Mois", "Compteur", "Commune", "Nombre"], rows)


@bp_gestion.route("/corriger", methods=["GET", "POST"])
@access("coordination")
def correct():
    form = CorrectionForm(data={"on": today()})
    if form.validate_on_submit():
        values = {"on": form.on.data, "insee": form.commune.data or None, "key": form.key.data}
        try:
            rules.correct(form.kind.data, form.number.data, **values)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le compteur est corrigé.")
            return redirect(url_for("tally_gestion.index"), 303)
    form.key.data = secrets.token_urlsafe(15)
    return page("tally/correct.html", fragment="formulaire", form=form, kinds=form.kind.choices)


@bp_gestion.get("/liste")
@access("coordination")
def kinds():
    found = list(TallyKind.ordered())
    missing = {each.key for each in usual_kinds()} - {each.key for each in found}
    return page("tally/kinds.html", kinds=found, missing=len(missing))


@bp_gestion.post("/liste/courants")
@access("coordination")
def add_usual():
    count = rules.add_usual()
    flash(f"{plural(count, 'compteur ajouté', 'compteurs ajoutés')}." if count else "Ils y étaient déjà tous.")
    return redirect(url_for("tally_gestion.kinds"), 303)


@bp_gestion.route("/liste/nouveau", methods=["GET", "POST"])
@access("coordination")
def create():
    return _edit(None)


@bp_gestion.route("/liste/<int:id>", methods=["GET", "POST"])
@access("coordination")
def edit(id):
    return _edit(TallyKind.get_or_none(TallyKind.id == id) or abort(404))


def _edit(kind):
    form = KindForm(obj=kind)
    if form.validate_on_submit():
        values = {"label": form.label.data, "hint": form.hint.data, "position": form.position.data or 0}
        try:
            rules.save_kind(kind and kind.id, **values)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le compteur est enregistré.")
            return redirect(url_for("tally_gestion.kinds"), 303)
    return page("tally/kind.html", fragment="formulaire", form=form, kind=kind)


@bp_gestion.post("/liste/<int:id>/arreter")
@access("coordination")
def close(id):
    return _act(id, rules.close, "Le compteur est arrêté. Ses chiffres restent.")


@bp_gestion.post("/liste/<int:id>/reprendre")
@access("coordination")
def reopen(id):
    return _act(id, rules.reopen, "Le compteur est de nouveau ouvert.")


def _act(id, act, said):
    if TallyKind.get_or_none(TallyKind.id == id) is None:
        abort(404)
    try:
        act(id)
    except RuleError as error:
        flash(str(error), "error")
    else:
        flash(said)
    return redirect(url_for("tally_gestion.kinds"), 303)
