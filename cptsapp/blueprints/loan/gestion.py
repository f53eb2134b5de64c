"""Assisted teleconsultation in the gestion: the pairs."""

from flask import abort, flash, redirect, url_for

from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation
from cptsapp.kernel.tables import Cases, Column, DataTable, Period

from . import gestion_equipment, rules
from .desk import READERS, bp_gestion
from .forms import DayForm, EndForm, PairForm
from .models import Doctor, Nurse, Pair, Stage

__all__ = ["bp_gestion", "gestion_equipment"]  # the register has its routes on the same blueprint
navigation.append(
    NavItem("gestion", "Téléconsultation", "loan_gestion.pairs", "stethoscope", READERS, "Répertoires", order=62)
)
PAIRS = DataTable(
    "binomes",
    Column("medecin", "Médecin", "doctor_label", sort=Doctor.folded, link="loan_gestion.pair"),
    Column("infirmier", "Infirmier", "nurse_label", sort=Nurse.folded),
    Column("protocole", "Protocole", "protocol_on", sort=Pair.protocol_on),
    Column("actif", "Actif depuis", "active_on", sort=Pair.active_on),
    Column("etat", "État", lambda row: row.stage.label, badge=lambda row: row.stage.badge),
    Column("fin", "Terminé le", "ended_on", sort=Pair.ended_on, shown=False),
    Column("motif", "Motif de la fin", "end_label", shown=False),
    noun=("binôme", "binômes"),
    search=[Doctor.folded, Nurse.folded],
    filters=[
        Cases(
            "etat",
            "État",
            {"en-cours": ("En cours", Pair.ended_on.is_null())}
            | {each.value: (each.label, Pair.at(each)) for each in Stage},
            default="en-cours",
            blank="Tous les états",
        ),
        Period("protocole", "Protocole", Pair.protocol_on),
    ],
    order="medecin",
    export_endpoint="loan_gestion.pairs_export",
    empty="Réunissez un médecin généraliste et un infirmier : le binôme devient actif une fois son protocole daté.",
    people=True,
)


@bp_gestion.get("")
@access(*READERS)
def pairs():
    return PAIRS.page("loan/pairs.html", Pair.joined())


@bp_gestion.post("/binomes/export")
@access("coordination")
def pairs_export():
    return PAIRS.export(Pair.joined())


@bp_gestion.route("/binomes/nouveau", methods=["GET", "POST"])
@access("coordination")
def create_pair():
    form = PairForm()
    if form.validate_on_submit():
        try:
            made = rules.pair(int(form.doctor.data), int(form.nurse.data), protocol_on=form.protocol_on.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le binôme est formé.")
            return redirect(url_for(".pair", id=made.id), 303)
    return page("loan/pair_new.html", fragment="formulaire", form=form)


@bp_gestion.get("/binomes/<int:id>")
@access(*READERS)
def pair(id):
    return _shown(id)


def _shown(id, step="", form=None):
    """Show a pair with a small form for each step; each has its own element ids."""
    found, shown = _find(id), {}
    for key, (kind, _, _) in STEPS.items():
        shown[key] = form if key == step else kind(formdata=None)
        shown[key].on.id = f"on-{key}"
    return page("loan/pair.html", pair=found, forms=shown, form=form)


STEPS = {
    "protocole": (DayForm, rules.sign, "Le protocole est daté."),
    "actif": (DayForm, rules.activate, "Le binôme est actif."),
    "fin": (EndForm, rules.end_pair, "Le binôme est terminé. Vous pouvez encore le reprendre."),
}


@bp_gestion.post("/binomes/<int:id>/<any(protocole, actif, fin):step>")
@access("coordination")
def advance(id, step):
    _find(id)
    kind, act, said = STEPS[step]
    form = kind()
    if form.validate_on_submit():
        try:
            act(id, **form.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash(said)
            return redirect(url_for(".pair", id=id), 303)
    return _shown(id, step, form)


@bp_gestion.post("/binomes/<int:id>/reprendre")
@access("coordination")
def resume(id):
    _find(id)
    try:
        rules.resume_pair(id)
    except RuleError as error:
        flash(str(error), "error")
    else:
        flash("Le binôme est repris.")
    return redirect(url_for(".pair", id=id), 303)


def _find(id) -> Pair:
    return Pair.joined().where(Pair.id == id).first() or abort(404)
