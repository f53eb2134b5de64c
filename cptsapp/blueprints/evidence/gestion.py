"""Evidence in the gestion: the whole list, what is missing first; the proofs of a fiche; one proof and its pieces."""

from flask import Blueprint, abort, flash, redirect, request, url_for

from cptsapp.blueprints.project.models import Fiche
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation
from cptsapp.kernel.tables import Cases, Column, DataTable, OneOf
from cptsapp.kernel.text import plural

from . import periods, rules, standing, suggesting
from .forms import PieceForm, ProofForm
from .models import Piece, Proof, ProofKind
from .standing import Standing, State, standings

bp_gestion = Blueprint("evidence_gestion", __name__, url_prefix="/gestion/projet/preuves")
READERS = ("bureau", "coordination")
navigation.append(NavItem("gestion", "Preuves", "evidence_gestion.index", "paperclip", READERS, "Projet", order=24))


def _period_of(row: Standing) -> str:
    return f"{row.proof.contract_id}-{row.proof.year}" if row.proof.contract_id else "autre"


def _periods() -> list[tuple[str, str]]:
    return [*((value, label) for value, label, _, _ in periods.of_years()), ("autre", "Hors année du contrat")]


PROOFS = DataTable(
    "preuves",
    Column("preuve", "Preuve attendue", "proof.label", sort=True, link="evidence_gestion.show"),
    Column("etat", "État", lambda row: row.state.label, sort="rank", badge=lambda row: row.state.badge),
    Column("fiche", "Fiche", "proof.fiche.full_title", sort=True),
    Column("nature", "Nature", lambda row: row.proof.nature.label, sort=True),
    Column("periode", "Période", "proof.period_label", sort=True),
    Column("pieces", "Pièces", lambda row: len(row.pieces) + len(row.made), sort=True, number=True),
    noun=("preuve", "preuves"),
    search=["proof.label", "proof.fiche.full_title", "proof.fiche.code"],
    hint="Preuve, fiche, code…",
    filters=[
        Cases(
            "etat",
            "État",
            {str(each): (each.label, lambda row, state=each: row.state == state) for each in State},
            blank="Tous les états",
        ),
        OneOf("annee", "Année", _period_of, _periods, blank="Toutes les années"),
        OneOf(
            "mission",
            "Mission",
            "proof.fiche.mission",
            lambda: [(each.code, each.label) for each in reference.missions().values()],
            blank="Toutes les missions",
        ),
        OneOf("nature", "Nature", "proof.kind", ProofKind, blank="Toutes les natures"),
    ],
    order="etat",
    export_endpoint="evidence_gestion.export",
    empty="Ouvrez une fiche-action, puis « Preuves » : le site propose celles que ses actions appellent.",
)


@bp_gestion.get("/")
@access(*READERS)
def index():
    return PROOFS.page("evidence/list.html", standings(Proof.joined()))


@bp_gestion.post("/export")
@access(*READERS)
def export():
    return PROOFS.export(standings(Proof.joined()))


# The proofs of a fiche


@bp_gestion.get("/fiches/<int:id>")
@access(*READERS)
def fiche(id):
    return _fiche(_find_fiche(id))


def _fiche(fiche: Fiche, form: ProofForm | None = None):
    chosen = periods.chosen(request.values.get("annee")) or periods.current()
    contract, year = chosen or (None, None)
    start, end = contract.bounds(year) if contract else standing.EVER
    found = [each for each in Proof.joined().where(Proof.fiche == fiche) if each.concerns(start, end)]
    period = f"{contract.id}-{year}" if contract else ""
    return page(
        "evidence/fiche.html",
        fiche=fiche,
        form=form or ProofForm(formdata=None, data={"period": period}),
        found=standings(found),
        period=period,
        years=[(value, label) for value, label, _, _ in periods.of_years()],
        suggestions=suggesting.suggested(fiche, contract and contract.id, year, start=start, end=end),
    )


def _find_fiche(id) -> Fiche:
    return Fiche.present().where(Fiche.id == id).get_or_none() or abort(404)


@bp_gestion.post("/fiches/<int:id>")
@access("coordination")
def expect(id):
    found, form = _find_fiche(id), ProofForm()
    if form.validate():
        try:
            rules.expect(id, **form.values())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La preuve est attendue.")
            return redirect(url_for(".fiche", id=id, annee=_year_shown(form.period.data)), 303)
    return _fiche(found, form)


def _year_shown(value: str | None) -> str | None:
    """Return a year of the contract to come back to, None for the present one."""
    return value if periods.chosen(value) else None


@bp_gestion.post("/fiches/<int:id>/proposees")
@access("coordination")
def expect_suggested(id):
    _find_fiche(id)
    contract, year = periods.chosen(request.form.get("annee")) or (None, None)
    known = {each.label: each.kind for each in suggesting.usual()}
    wanted = [(label, known[label]) for label in request.form.getlist("preuve") if label in known]
    if not wanted:
        raise RuleError("Cochez au moins une preuve.")
    count = rules.expect_all(id, wanted, contract_id=contract and contract.id, year=year)
    flash(f"{plural(count, 'preuve ajoutée', 'preuves ajoutées')}.")
    return redirect(url_for(".fiche", id=id, annee=_year_shown(request.form.get("annee"))), 303)


# One proof


@bp_gestion.get("/<int:id>")
@access(*READERS)
def show(id):
    return _shown(_find(id), PieceForm(formdata=None))


def _find(id) -> Proof:
    return Proof.joined().where(Proof.id == id).get_or_none() or abort(404)


def _shown(proof: Proof, form: PieceForm):
    (found,) = standings([proof])
    return page("evidence/show.html", fragment="formulaire", proof=proof, found=found, form=form)


@bp_gestion.post("/<int:id>")
@access("coordination")
def attach(id):
    proof, form = _find(id), PieceForm()
    shaped = form.validate()
    if form.take_file() and shaped:
        try:
            rules.attach(id, **form.values())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La pièce est jointe.")
            return redirect(url_for(".show", id=id), 303)
    return _shown(proof, form)


@bp_gestion.route("/<int:id>/modifier", methods=["GET", "POST"])
@access("coordination")
def edit(id):
    proof = _find(id)
    form = ProofForm.of(proof)
    if form.validate_on_submit():
        try:
            rules.change(id, **form.values())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La preuve attendue est enregistrée.")
            return redirect(url_for(".show", id=id), 303)
    return page("evidence/edit.html", fragment="formulaire", form=form, proof=proof)


@bp_gestion.post("/<int:id>/retirer")
@access("coordination")
def drop(id):
    proof = _find(id)
    rules.drop(id)
    flash("Cette preuve n’est plus attendue.")
    return redirect(url_for(".fiche", id=proof.fiche_id), 303)


@bp_gestion.post("/pieces/<int:id>/retirer")
@access("coordination")
def detach(id):
    if not Piece.select().where(Piece.id == id).exists():
        abort(404)
    proof = rules.detach(id)
    flash("La pièce est retirée.")
    return redirect(url_for(".show", id=proof.id), 303)
