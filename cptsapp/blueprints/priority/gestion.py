"""Votes on priorities in the gestion: opened, followed, closed, their result applied to the fiches."""

from flask import Blueprint, abort, flash, redirect, url_for

from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.project.audience import Audience, told_words
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation
from cptsapp.kernel.tables import Cases, Column, DataTable, OneOf
from cptsapp.kernel.text import plural

from . import rules
from .forms import RoundForm, TermsForm
from .models import Ballot, Option, Round

bp_gestion = Blueprint("priority_gestion", __name__, url_prefix="/gestion/projet/priorites")
READERS = ("bureau", "coordination")
MOST_NAMED = 300  # of those who voted, and of those who did not
navigation.append(
    NavItem("gestion", "Votes des priorités", "priority_gestion.index", "list-ordered", READERS, "Projet", order=42)
)

ROUNDS = DataTable(
    "votes",
    Column("vote", "Vote", "title", sort=Round.folded, link="priority_gestion.show", sub=lambda row: row.who.label),
    Column("etat", "État", "state_label", badge=lambda row: row.state_badge),
    Column("jusqu", "Dernier jour", "until", sort=Round.until),
    Column("votants", "Ont voté", "cast", number=True),
    Column("corps", "Pouvaient voter", "electors", number=True, shown=False),
    Column("blancs", "Votes blancs", "blanks", number=True, shown=False),
    Column("clos", "Clos le", "closed_at", sort=Round.closed_at, shown=False),
    Column("reporte", "Reporté sur les fiches le", "applied_at", shown=False),
    noun=("vote", "votes"),
    search=[Round.folded],
    hint="Titre d’un vote…",
    filters=[
        Cases(
            "etat",
            "État",
            {
                "ouverts": ("Non dépouillés", Round.closed_at.is_null()),
                "clos": ("Clos", Round.closed_at.is_null(False)),
            },
            blank="Tous les votes",
        ),
        OneOf("corps", "Qui vote", Round.audience, Audience, blank="Bureau et adhérents"),
    ],
    order="-jusqu",
    export_endpoint="priority_gestion.export",
    empty="Mettez des fiches au vote : le bureau, ou les adhérents, disent les plus urgentes.",
)
RESULTS = DataTable(
    "resultat",
    Column(
        "fiche",
        "Fiche",
        "fiche.full_title",
        sort=True,
        link=lambda row: url_for("project_gestion.show", id=row.fiche.id),
    ),
    Column("rang", "Rang", "rank", sort=True, number=True),
    Column("voix", "Voix", "votes", sort=True, number=True),
    Column("proposee", "Priorité proposée", "priority", number=True),
    Column("presente", "Priorité présente", "fiche.priority", number=True),
    noun=("fiche", "fiches"),
    search=[lambda row: row.fiche.folded],
    hint="Titre d’une fiche…",
    order="rang",
    export_endpoint="priority_gestion.export_results",
    empty="Aucune fiche ne porte ces mots.",
)


@bp_gestion.get("/")
@access(*READERS)
def index():
    return ROUNDS.page("priority/list.html", Round.listed())


@bp_gestion.post("/export")
@access(*READERS)
def export():
    return ROUNDS.export(Round.listed())


@bp_gestion.route("/nouveau", methods=["GET", "POST"])
@access("coordination")
def create():
    form = RoundForm(data={"audience": Audience.BUREAU, "choices": 3, "tell": True})
    if form.validate_on_submit():
        try:
            made = rules.open_round(
                title=form.title.data,
                who=Audience(form.audience.data),
                choices=form.choices.data,
                until=form.until.data,
                words=form.words.data or "",
                fiches=[int(each) for each in form.fiches.data or []],
                tell=form.tell.data,
            )
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le vote est ouvert : ceux qui votent le trouvent dans leur espace, rubrique « Consultations ».")
            return redirect(url_for(".show", id=made.id), 303)
    told = {each.label: told_words(each) for each in Audience}
    return page("priority/edit.html", fragment="formulaire", form=form, round=None, told=told)


@bp_gestion.route("/<int:id>/modifier", methods=["GET", "POST"])
@access("coordination")
def edit(id):
    found = _find(id)
    form = TermsForm(obj=found)
    if form.validate_on_submit():
        try:
            rules.change(id, title=form.title.data, until=form.until.data, words=form.words.data or "")
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le vote est enregistré.")
            return redirect(url_for(".show", id=id), 303)
    return page("priority/edit.html", fragment="formulaire", form=form, round=found, told={})


def _find(id) -> Round:
    return Round.listed().where(Round.id == id).get_or_none() or abort(404)


@bp_gestion.get("/<int:id>")
@access(*READERS)
def show(id):
    found = _find(id)
    if found.has_result:
        return RESULTS.page("priority/result.html", rules.results(found), round=found)
    done = Ballot.select(Ballot.person).where(Ballot.round == found)
    waited = found.who.people().where(Person.id.not_in(done))
    voted = Person.select().where(Person.id.in_(done)).order_by(Person.folded, Person.id)
    return page(
        "priority/show.html",
        round=found,
        options=list(Option.of(found)),
        people=[
            (title, query.count(), list(query.limit(MOST_NAMED)))
            for title, query in (("Ont voté", voted), ("N’ont pas voté", waited))
        ],
    )


@bp_gestion.post("/<int:id>/export")
@access(*READERS)
def export_results(id):
    return RESULTS.export(rules.results(_find(id)))


@bp_gestion.post("/<int:id>/clore")
@access("coordination")
def close(id):
    _find(id)
    found = rules.close(id)
    flash(
        "Le vote est clos et dépouillé."
        if found.has_result
        else "Le vote est clos. Trop peu de personnes ont voté : il n’a pas de résultat."
    )
    return redirect(url_for(".show", id=id), 303)


@bp_gestion.post("/<int:id>/annuler")
@access("coordination")
def cancel(id):
    _find(id)
    rules.cancel(id)
    flash("Le vote est annulé.")
    return redirect(url_for(".index"), 303)


@bp_gestion.post("/<int:id>/reporter")
@access("coordination")
def apply(id):
    _find(id)
    changed = rules.apply(id)
    flash(
        f"Les priorités sont reportées : {plural(changed, 'fiche a changé', 'fiches ont changé')}. "
        "La version d’avant reste parmi celles de chaque fiche."
    )
    return redirect(url_for(".show", id=id), 303)
