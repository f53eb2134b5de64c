"""The idea box in the gestion: what waits to be read, what becomes of an idea, the fiche-action that it becomes."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from peewee import fn

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation
from cptsapp.kernel.tables import Cases, Column, DataTable, OneOf, Period

from . import rules
from .forms import DecisionForm
from .models import CHANGES, OPEN, Idea, IdeaState, supports_of

bp_gestion = Blueprint("idea_gestion", __name__, url_prefix="/gestion/idees")
READERS = ("bureau", "coordination")
navigation.append(NavItem("gestion", "Boîte à idées", "idea_gestion.index", "star", READERS, "Projet", order=45))

IDEAS = DataTable(
    "idees",
    Column("idee", "Idée", "title", sort=fn.LOWER(Idea.title), link="idea_gestion.show", sub="author_label"),
    Column("mission", "Mission", "mission_label", sort=Idea.mission),
    Column("soutiens", "Soutiens", "supports", sort=supports_of(), number=True),
    Column("etat", "État", lambda row: row.standing.label, badge=lambda row: row.standing.badge),
    Column("proposee", "Proposée le", "proposed_at", sort=Idea.proposed_at),
    Column("decidee", "Décidée le", "decided_at", sort=Idea.decided_at, shown=False),
    Column("auteur", "Auteur", "author_label", shown=False),
    Column("probleme", "Problème rencontré", "problem", shown=False),
    Column("proposition", "Proposition", "proposal", shown=False),
    Column("reponse", "Réponse", "reason", shown=False),
    Column("fiche", "Fiche-action", lambda row: row.fiche.full_title if row.fiche_id else "", shown=False),
    Column("masquee", "Masquée", lambda row: row.hidden_at is not None, shown=False),
    noun=("idée", "idées"),
    search=[Idea.folded],
    hint="Mots d’une idée…",
    filters=[
        Cases(
            "etat",
            "État",
            {"en-cours": ("En cours", Idea.state.in_(OPEN))} | {str(x): (x.label, Idea.state == x) for x in IdeaState},
            default="en-cours",
            blank="Tous les états",
        ),
        OneOf(
            "mission",
            "Mission",
            Idea.mission,
            lambda: [(each.code, each.label) for each in reference.missions().values()],
            blank="Toutes les missions",
        ),
        Period("proposee", "Proposée", Idea.proposed_at),
    ],
    order="-proposee",
    export_endpoint="idea_gestion.export",
    empty="Les idées que les adhérents déposent dans leur espace arrivent ici.",
    people=True,
)


@bp_gestion.get("/")
@access(*READERS)
def index():
    return IDEAS.page("idea/list.html", Idea.joined())


@bp_gestion.post("/export")
@access(*READERS)
def export():
    return IDEAS.export(Idea.joined())


@bp_gestion.get("/<int:id>")
@access(*READERS)
def show(id):
    return _shown(_find(id), DecisionForm(formdata=None))


def _shown(idea: Idea, form: DecisionForm):
    return page("idea/desk.html", idea=idea, form=form, next_states=CHANGES[idea.standing])


def _find(id) -> Idea:
    return Idea.joined().where(Idea.id == id).get_or_none() or abort(404)


@bp_gestion.post("/<int:id>/suite")
@access("coordination")
def decide(id):
    idea, form, asked = _find(id), DecisionForm(), request.form.get("state", "")
    if asked not in list(IdeaState):
        raise RuleError("Choisissez une suite de la liste.")
    if form.validate():
        try:
            rules.decide(id, IdeaState(asked), words=form.words.data or "")
        except RuleError as error:
            form.refuse(error)
        else:
            flash(f"L’idée est « {IdeaState(asked).label} ». Son auteur en est prévenu par e-mail.")
            return redirect(url_for(".show", id=id), 303)
    return _shown(idea, form)


@bp_gestion.post("/<int:id>/fiche")
@access("coordination")
def make_fiche(id):
    _find(id)
    fiche = rules.make_fiche(id)
    flash("La fiche-action est créée, en brouillon : complétez-la. L’auteur de l’idée en est prévenu par e-mail.")
    return redirect(url_for("project_gestion.edit", id=fiche.id), 303)


@bp_gestion.post("/<int:id>/<any(masquer, montrer):act>")
@access("coordination")
def hide(id, act):
    _find(id)
    rules.show(id, shown=act == "montrer")
    flash("Les adhérents lisent de nouveau cette idée." if act == "montrer" else "L’idée est masquée aux adhérents.")
    return redirect(url_for(".show", id=id), 303)
