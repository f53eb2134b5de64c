"""The project in the gestion: the fiches, one of them, its versions, its moves, its evaluations, its bin."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_login import current_user

from cptsapp.blueprints.territory import reference
from cptsapp.kernel import cards
from cptsapp.kernel.access import access
from cptsapp.kernel.differences import compare
from cptsapp.kernel.errors import Conflict, RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, fiche_panels, navigation
from cptsapp.kernel.tables import Cases, Column, DataTable, OneOf

from . import importer, linked, rules
from .forms import EvaluationForm, FicheForm
from .models import SECTIONS, Evaluation, Fiche, FicheMove, FicheState, FicheVersion
from .showing import is_shown, sections

bp_gestion = Blueprint("project_gestion", __name__, url_prefix="/gestion/projet/fiches")
READERS = ("bureau", "coordination")
navigation.append(NavItem("gestion", "Fiches-actions", "project_gestion.index", "list", READERS, "Projet", order=20))
ONGOING = Fiche.state != FicheState.CLOSED

FICHES = DataTable(
    "fiches",
    Column("titre", "Fiche", "title", sort=Fiche.folded, link="project_gestion.show", sub="label"),
    Column("mission", "Mission", "mission_label", sort=Fiche.mission),
    Column("etat", "État", lambda row: row.standing.label, badge=lambda row: row.standing.badge),
    Column("avancement", "Avancement (%)", "progress", sort=Fiche.progress, number=True),
    Column("priorite", "Priorité", "priority", sort=Fiche.priority, number=True),
    Column("pilote", "Pilote", lambda row: row.pilot.label if row.pilot else ""),
    Column("modifiee", "Modifiée le", "updated_at", sort=Fiche.updated_at),
    Column("code", "Code", "code", shown=False),
    Column("publique", "Sur le site", lambda row: "oui" if row.is_public else "non", shown=False),
    noun=("fiche", "fiches"),
    search=[Fiche.folded],
    hint="Titre, code, numéro…",
    filters=[
        Cases(
            "etat",
            "État",
            {"en-cours": ("En cours", ONGOING)} | {str(x): (x.label, Fiche.state == x) for x in FicheState},
            default="en-cours",
            blank="Tous les états",
        ),
        OneOf(
            "mission",
            "Mission",
            Fiche.mission,
            lambda: [(each.code, each.label) for each in reference.missions().values()],
            blank="Toutes les missions",
        ),
    ],
    order="mission",
    export_endpoint="project_gestion.export",
    empty="Chaque action du projet de santé a sa fiche : écrivez la première, ou importez-les d’un fichier.",
    starts=(("project_gestion.load", "Importer un projet"), ("project_gestion.create", "Écrire une fiche")),
)


@bp_gestion.get("/")
@access(*READERS)
def index():
    return FICHES.page("project/list.html", Fiche.present())


@bp_gestion.post("/export")
@access(*READERS)
def export():
    return FICHES.export(Fiche.present())


@bp_gestion.route("/nouvelle", methods=["GET", "POST"])
@access("coordination")
def create():
    form = FicheForm(data={"revision_read": "1"})
    if form.validate_on_submit():
        try:
            fiche = rules.create(**form.values())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La fiche est créée.")
            return redirect(url_for(".show", id=fiche.id), 303)
    return page("project/edit.html", fragment="formulaire", form=form, fiche=None, sections=SECTIONS, conflict=None)


@bp_gestion.route("/importer", methods=["GET", "POST"])
@access("coordination")
def load():
    refusal, report = "", None
    if request.method == "POST":
        file = request.files.get("file")
        try:
            if not file:
                raise RuleError("Choisissez un fichier.")
            report = importer.load(file.read(importer.MOST_BYTES + 1))
        except RuleError as error:
            refusal = str(error)
    return page("project/import.html", refusal=refusal, report=report, status=422 if refusal else 200)


@bp_gestion.get("/corbeille")
@access("coordination")
def bin():
    return page("project/bin.html", fiches=list(Fiche.select().where(Fiche.deleted_at.is_null(False))))


@bp_gestion.get("/<int:id>")
@access(*READERS)
def show(id):
    return _shown(_find(id), None)


def _shown(fiche: Fiche, form: EvaluationForm | None):
    return page(
        "project/show.html",
        fiche=fiche,
        sections=sections(fiche),
        form=form or EvaluationForm(data={"progress": fiche.progress}),
        next_states=rules.moves_of(fiche, is_bureau=_is_bureau()),
        moves=list(fiche.moves.order_by(FicheMove.id)),
        evaluations=list(fiche.evaluations.order_by(Evaluation.contract.desc(), Evaluation.year.desc())),
        linked=linked.linked_to(fiche),
        versions=fiche.versions.count(),
        is_shown=is_shown(fiche),
        panels=cards.panels(fiche_panels, fiche=fiche),
    )


def _is_bureau() -> bool:
    """Tell whether who asks was elected: the coordination enters the bureau's rooms, it does not decide for it."""
    return "bureau" in current_user.roles


def _find(id) -> Fiche:
    return Fiche.present().where(Fiche.id == id).get_or_none() or abort(404)


@bp_gestion.route("/<int:id>/modifier", methods=["GET", "POST"])
@access("coordination")
def edit(id):
    fiche, conflict = _find(id), None
    pilot, priority = str(fiche.pilot_id or ""), str(fiche.priority or "")
    form = FicheForm(data=fiche.__data__ | {"pilot": pilot, "priority": priority, "revision_read": fiche.revision})
    if form.validate_on_submit():
        try:
            rules.update(id, revision_read=form.revision, **form.values())
        except Conflict as error:
            form.refuse(error)
            form.revision_read.raw_data, form.revision_read.data = None, error.revision
            conflict = [(each.label, compare(each.theirs, each.mine)) for each in error.theirs]
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La fiche est enregistrée.")
            return redirect(url_for(".show", id=id), 303)
    return page(
        "project/edit.html", fragment="formulaire", form=form, fiche=fiche, sections=SECTIONS, conflict=conflict
    )


@bp_gestion.post("/<int:id>/etat")
@access(*READERS)
def move(id):
    fiche = _find(id)
    asked = request.form.get("state", "")
    if asked not in list(FicheState):
        raise RuleError("Choisissez un état de la liste.")
    rules.move(fiche.id, FicheState(asked), is_bureau=_is_bureau())
    flash(f"La fiche est maintenant « {FicheState(asked).label} ».")
    return redirect(url_for(".show", id=id), 303)


@bp_gestion.post("/<int:id>/evaluer")
@access("coordination")
def evaluate(id):
    fiche, form = _find(id), EvaluationForm()
    if form.validate():
        contract, _, year = form.year.data.partition("-")
        try:
            rules.evaluate(
                id, contract_id=int(contract), year=int(year), text=form.text.data, progress=form.progress.data
            )
        except RuleError as error:
            form.refuse(error)
        else:
            flash("L’évaluation est enregistrée.")
            return redirect(url_for(".show", id=id), 303)
    return _shown(fiche, form)


@bp_gestion.get("/<int:id>/versions")
@access(*READERS)
def versions(id):
    fiche = _find(id)
    kept = list(fiche.versions.order_by(FicheVersion.revision.desc()))
    asked = request.args.get("de", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 8 else 0
    chosen = next((each for each in kept if each.revision == number), None)
    changes = linked.differences(chosen.values, kept[0].values) if chosen else []
    return page("project/versions.html", fiche=fiche, kept=kept, chosen=chosen, changes=changes)


@bp_gestion.post("/<int:id>/versions/<int:number>")
@access("coordination")
def bring_back(id, number):
    _find(id)
    rules.restore_version(id, number)
    flash(f"La version {number} est revenue. Celle d’avant est gardée dans les versions.")
    return redirect(url_for(".show", id=id), 303)


@bp_gestion.post("/<int:id>/corbeille")
@access("coordination")
def trash(id):
    _find(id)
    rules.trash(id)
    flash("La fiche est dans la corbeille.")
    return redirect(url_for(".index"), 303)


@bp_gestion.post("/<int:id>/retablir")
@access("coordination")
def restore(id):
    rules.restore(id)
    flash("La fiche est de retour.")
    return redirect(url_for(".show", id=id), 303)
