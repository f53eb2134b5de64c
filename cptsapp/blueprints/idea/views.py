"""The idea box in the member space: the ideas of all, one of them, its support; one's own, until it is studied."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_login import current_user
from peewee import fn

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page, wants_fragment
from cptsapp.kernel.registry import NavItem, navigation
from cptsapp.kernel.tables import Cases, Column, DataTable, OneOf

from . import rules
from .forms import IdeaForm
from .models import OPEN, Idea, IdeaState, Support, supports_of

bp = Blueprint("idea", __name__, url_prefix="/espace/idees")
navigation.append(NavItem("space", "Boîte à idées", "idea.index", "star", ("adherent",), order=46))

IDEAS = DataTable(
    "idees",
    Column("idee", "Idée", "title", sort=fn.LOWER(Idea.title), link="idea.show", sub="mission_label"),
    Column("soutiens", "Soutiens", "supports", sort=supports_of(), number=True),
    Column("etat", "Suite donnée", lambda row: row.standing.label, badge=lambda row: row.standing.badge),
    Column("proposee", "Proposée le", "proposed_at", sort=Idea.proposed_at),
    Column("auteur", "Proposée par", "signature", shown=False),
    Column("probleme", "Problème rencontré", "problem", shown=False),
    Column("proposition", "Proposition", "proposal", shown=False),
    noun=("idée", "idées"),
    search=[Idea.folded],
    hint="Mots d’une idée…",
    filters=[
        Cases(
            "etat",
            "Suite donnée",
            {"ouvertes": ("En cours", Idea.state.in_(OPEN))} | {str(x): (x.label, Idea.state == x) for x in IdeaState},
            blank="Toutes les idées",
        ),
        OneOf(
            "mission",
            "Mission",
            Idea.mission,
            lambda: [(each.code, each.label) for each in reference.missions().values()],
            blank="Toutes les missions",
        ),
    ],
    order="-proposee",
    export_endpoint="idea.export",
    empty="La boîte est vide : la première idée peut être la vôtre.",
)


@bp.get("/")
@access("adherent")
def index():
    return IDEAS.page("idea/index.html", Idea.shown())


@bp.post("/export")
@access("adherent")
def export():
    return IDEAS.export(Idea.shown())


@bp.route("/nouvelle", methods=["GET", "POST"])
@access("adherent")
def create():
    form = IdeaForm()
    if form.validate_on_submit():
        try:
            idea = rules.propose(current_user.person_id, **form.values())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Merci : votre idée est dans la boîte. Vous saurez par e-mail ce qu’elle devient.")
            return redirect(url_for(".show", id=idea.id), 303)
    return page("idea/edit.html", fragment="formulaire", form=form, idea=None)


@bp.get("/<int:id>")
@access("adherent")
def show(id):
    return _shown(_find(id))


def _find(id) -> Idea:
    """Return an idea that the reader may see: hidden ones are their author's alone."""
    seen = Idea.hidden_at.is_null() | (Idea.author == current_user.person_id)
    return Idea.joined().where(Idea.id == id, seen).get_or_none() or abort(404)


def _shown(idea: Idea):
    me = current_user.person_id
    supported = Support.select().where(Support.idea == idea, Support.person == me).exists()
    return page("idea/show.html", fragment="soutien", idea=idea, is_mine=idea.author_id == me, supported=supported)


@bp.post("/<int:id>/soutenir")
@access("adherent")
def support(id):
    _find(id)
    rules.support(id, current_user.person_id, wanted=request.form.get("support") == "oui")
    if wants_fragment():
        return _shown(_find(id))
    return redirect(url_for(".show", id=id), 303)


@bp.route("/<int:id>/modifier", methods=["GET", "POST"])
@access("adherent")
def correct(id):
    idea = _own(id)
    form = IdeaForm(obj=idea)
    if form.validate_on_submit():
        try:
            rules.correct(id, current_user.person_id, **form.values())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Votre idée est corrigée.")
            return redirect(url_for(".show", id=id), 303)
    return page("idea/edit.html", fragment="formulaire", form=form, idea=idea)


@bp.post("/<int:id>/retirer")
@access("adherent")
def withdraw(id):
    _own(id)
    rules.withdraw(id, current_user.person_id)
    flash("Votre idée est retirée.")
    return redirect(url_for(".index"), 303)


def _own(id) -> Idea:
    return Idea.get_or_none(Idea.id == id, Idea.author == current_user.person_id) or abort(404)
