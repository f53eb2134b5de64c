"""The register of equipment: what the association lends, who holds it, the history of each thing."""

from flask import abort, flash, redirect, url_for

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.tables import Cases, Column, DataTable, Period
from cptsapp.kernel.text import euros

from . import rules
from .desk import READERS, bp_gestion
from .forms import EquipmentForm, LendForm, ReturnForm
from .models import Equipment, Loan


def _state(row) -> tuple[str, str]:
    """Return the words and the badge of where equipment is."""
    if row.retired_on:
        return "Sorti du registre", "mute"
    if not row.holder:
        return "Disponible", "ok"
    if row.holder.said_on:
        return "Dit rendu", "warn"
    return ("En retard", "bad") if row.holder.is_overdue else ("Prêté", "")


def _holders(rows) -> None:
    """Set on each row the loan that is out, the person joined."""
    found = Loan.joined().where(Loan.equipment.in_([each.id for each in rows]), Loan.returned_on.is_null())
    out = {each.equipment_id: each for each in found}
    for each in rows:
        each.holder = out.get(each.id)


OUT = Equipment.id.in_(Loan.select(Loan.equipment).where(Loan.returned_on.is_null()))
SAID = Loan.select(Loan.equipment).where(Loan.returned_on.is_null(), Loan.said_on.is_null(False))


def equipment_table() -> DataTable:
    """Return the register, whose filters know what day it is."""
    return DataTable(
        "materiel",
        Column("materiel", "Matériel", "label", sort=Equipment.folded, link="loan_gestion.equipment", sub="serial"),
        Column("chez", "Chez", lambda row: row.holder.holder_label if row.holder else ""),
        Column("depuis", "Depuis le", lambda row: row.holder.out_on if row.holder else None),
        Column("retour", "Retour prévu", lambda row: row.holder.due_on if row.holder else None),
        Column("etat", "État", lambda row: _state(row)[0], badge=lambda row: _state(row)[1]),
        Column("numero", "Numéro de série", "serial", shown=False),
        Column(
            "cout", "Coût", lambda row: euros(row.cost_cents), sort=Equipment.cost_cents, number=True,
            export=lambda row: row.cost_cents / 100,
        ),
        Column("achat", "Acheté le", "bought_on", sort=Equipment.bought_on, shown=False),
        noun=("matériel", "matériels"),
        search=[Equipment.folded],
        filters=[
            Cases(
                "etat",
                "État",
                {
                    "registre": ("Au registre", Equipment.retired_on.is_null()),
                    "disponibles": ("Disponibles", Equipment.retired_on.is_null() & ~OUT),
                    "pretes": ("Prêtés", OUT),
                    "retard": ("En retard", Equipment.id.in_(Loan.select(Loan.equipment).where(Loan.overdue()))),
                    "dits-rendus": ("Dits rendus, à vérifier", Equipment.id.in_(SAID)),
                    "sortis": ("Sortis du registre", Equipment.retired_on.is_null(False)),
                },
                default="registre",
                blank="Tous",
            ),
            Period("achat", "Acheté", Equipment.bought_on),
        ],
        order="materiel",
        export_endpoint="loan_gestion.equipment_export",
        empty="Enregistrez ici chaque matériel acheté : mallette, tablette, stéthoscope connecté…",
        prepare=_holders,
    )  # fmt: skip


LOANS = DataTable(
    "prets",
    Column("materiel", "Matériel", "equipment.full_label", sort=Equipment.folded,
           link=lambda row: url_for("loan_gestion.equipment", id=row.equipment_id)),
    Column("chez", "Prêté à", "holder_label", sort=Person.folded),
    Column("sorti", "Sorti le", "out_on", sort=Loan.out_on),
    Column("prevu", "Retour prévu", "due_on", sort=Loan.due_on),
    Column("rendu", "Rendu le", "returned_on", sort=Loan.returned_on),
    Column("etat", "État au retour", "state", shown=False),
    noun=("prêt", "prêts"),
    search=[Equipment.folded, Person.folded],
    filters=[
        Cases(
            "etat",
            "État",
            {
                "en-cours": ("En cours", Loan.returned_on.is_null()),
                "rendus": ("Rendus", Loan.returned_on.is_null(False)),
            },
            blank="Tous les prêts",
        ),
        Period("sorti", "Sorti", Loan.out_on),
    ],
    order="-sorti",
    export_endpoint="loan_gestion.loans_export",
    empty="Chaque prêt, avec ses dates de sortie et de retour, s’inscrit ici.",
    people=True,
)  # fmt: skip


@bp_gestion.get("/materiel")
@access(*READERS)
def equipments():
    return equipment_table().page("loan/equipments.html", Equipment.select())


@bp_gestion.post("/materiel/export")
@access("coordination")
def equipment_export():
    return equipment_table().export(Equipment.select())


@bp_gestion.get("/prets")
@access(*READERS)
def loans():
    return LOANS.page("loan/loans.html", Loan.joined())


@bp_gestion.post("/prets/export")
@access("coordination")
def loans_export():
    return LOANS.export(Loan.joined())


@bp_gestion.route("/materiel/nouveau", methods=["GET", "POST"])
@access("coordination")
def create_equipment():
    return _edit(None)


@bp_gestion.route("/materiel/<int:id>/modifier", methods=["GET", "POST"])
@access("coordination")
def edit_equipment(id):
    return _edit(_find(id))


def _edit(row):
    form = EquipmentForm(obj=row)
    if form.validate_on_submit():
        values = {name: form[name].data for name in ("label", "serial", "bought_on", "note")}
        try:
            saved = rules.save_equipment(row and row.id, cost_cents=form.cost_cents.data or 0, **values)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le matériel est enregistré.")
            return redirect(url_for(".equipment", id=saved.id), 303)
    return page("loan/equipment_edit.html", fragment="formulaire", form=form, equipment=row)


@bp_gestion.get("/materiel/<int:id>")
@access(*READERS)
def equipment(id):
    return _shown(_find(id))


def _shown(row, form=None):
    history = list(Loan.joined().where(Loan.equipment == row).order_by(Loan.out_on.desc(), Loan.id.desc()))
    out = next((each for each in history if not each.returned_on), None)
    said = {"on": out.said_on, "state": out.said_note} if out and out.said_on else {}
    form = form or (ReturnForm(formdata=None, data=said) if out else LendForm(formdata=None))
    if isinstance(form, LendForm):
        form.holder.post_to = url_for(".lend", id=row.id)
    return page("loan/equipment.html", equipment=row, history=history, out=out, form=form, cost=euros(row.cost_cents))


@bp_gestion.post("/materiel/<int:id>/preter")
@access("coordination")
def lend(id):
    row, form = _find(id), LendForm()
    values = {"out_on": form.out_on.data, "due_on": form.due_on.data}
    return _act(row, form, lambda: rules.lend(id, int(form.holder.data), **values), "Le prêt est noté.")


@bp_gestion.post("/materiel/<int:id>/rendre")
@access("coordination")
def give_back(id):
    row, form = _find(id), ReturnForm()
    loan = Loan.get_or_none(Loan.equipment == id, Loan.returned_on.is_null())
    if loan is None:
        flash("Ce matériel est déjà rendu.")
        return redirect(url_for(".equipment", id=id), 303)
    return _act(row, form, lambda: rules.give_back(loan.id, **form.data), "Le retour est noté.")


def _act(row, form, act, said):
    if form.validate_on_submit():
        try:
            act()
        except RuleError as error:
            form.refuse(error)
        else:
            flash(said)
            return redirect(url_for(".equipment", id=row.id), 303)
    if isinstance(form, ReturnForm) != _is_out(row):
        flash("Ce matériel vient d’être prêté ou rendu par ailleurs : voici où il en est.", "error")
        return redirect(url_for(".equipment", id=row.id), 303)
    return _shown(row, form)


def _is_out(row) -> bool:
    return Loan.select().where(Loan.equipment == row, Loan.returned_on.is_null()).exists()


@bp_gestion.post("/prets/<int:id>/annuler-le-retour")
@access("coordination")
def reopen(id):
    loan = Loan.get_or_none(Loan.id == id) or abort(404)
    return _plain(loan.equipment_id, lambda: rules.reopen(id), "Le retour est annulé.")


@bp_gestion.post("/materiel/<int:id>/<any(sortir, remettre):act>")
@access("coordination")
def register(id, act):
    _find(id)
    do, said = {
        "sortir": (rules.retire, "Le matériel est sorti du registre. Son histoire reste."),
        "remettre": (rules.restore, "Le matériel est de nouveau au registre."),
    }[act]
    return _plain(id, lambda: do(id), said)


def _plain(equipment_id, act, said):
    try:
        act()
    except RuleError as error:
        flash(str(error), "error")
    else:
        flash(said)
    return redirect(url_for("loan_gestion.equipment", id=equipment_id), 303)


def _find(id) -> Equipment:
    return Equipment.get_or_none(Equipment.id == id) or abort(404)
