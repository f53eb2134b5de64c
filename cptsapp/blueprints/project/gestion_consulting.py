"""Consultations in the gestion: what members said, what waits for an answer, one consultation with its answers."""

from flask import Blueprint, abort, flash, redirect, request, url_for

from cptsapp.kernel.access import access, may
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation
from cptsapp.kernel.tables import Cases, Column, DataTable
from cptsapp.kernel.urls import number_of

from . import answering, consulting
from .audience import Audience, told_words
from .consultation import Comment, Consultation, comments_of
from .consulting_forms import OpeningForm, TermsForm
from .models import Fiche

bp_gestion = Blueprint("consultation_gestion", __name__, url_prefix="/gestion/projet/consultations")
READERS = ("bureau", "coordination")
navigation.append(
    NavItem("gestion", "Consultations", "consultation_gestion.index", "quote", READERS, "Projet", order=40)
)
EXCERPT = 90  # characters of a comment in the list


def _excerpt(comment: Comment) -> str:
    text = " ".join(comment.shown_text.split())
    return text if len(text) <= EXCERPT else text[:EXCERPT].rsplit(" ", 1)[0] + "…"


def _address(comment: Comment) -> str:
    return url_for("consultation_gestion.show", id=comment.consultation_id, _anchor=f"remarque-{comment.id}")


COMMENTS = DataTable(
    "remarques",
    Column("remarque", "Remarque", _excerpt, link=_address, sub="author_label", exported=False),
    Column("fiche", "Fiche", "consultation.fiche.full_title", sort=Fiche.folded),
    Column("recue", "Reçue", "written_at", sort=Comment.written_at),
    Column(
        "etat",
        "Réponse",
        lambda row: "Donnée" if row.is_answered else "À donner",
        badge=lambda row: "ok" if row.is_answered else "warn",
    ),
    Column("texte", "Texte", "shown_text", shown=False),
    Column("auteur", "Auteur", "author_label", shown=False),
    Column("reponse", "Texte de la réponse", "answer", shown=False),
    Column("repondue", "Répondue", "answered_at", sort=Comment.answered_at, shown=False),
    noun=("remarque", "remarques"),
    search=[Comment.folded, Fiche.folded],
    hint="Mots d’une remarque, titre d’une fiche…",
    filters=[
        Cases(
            "reponse",
            "Réponse",
            {
                "a-donner": ("Sans réponse", Comment.answered_at.is_null() & Comment.author.is_null(False)),
                "donnee": ("Répondues", Comment.answered_at.is_null(False)),
            },
            blank="Toutes les remarques",
        )
    ],
    order="-recue",
    export_endpoint="consultation_gestion.export",
    empty="Ouvrez une consultation sur une fiche : ce que les adhérents en disent arrivera ici.",
    people=True,
)


@bp_gestion.get("/")
@access(*READERS)
def index():
    running = lambda: list(Consultation.open_on(today()))  # noqa: E731 (asked by the whole page alone)
    return COMMENTS.page("project/consultations.html", Comment.joined(), running=running)


@bp_gestion.post("/export")
@access(*READERS)
def export():
    return COMMENTS.export(Comment.joined())


@bp_gestion.route("/nouvelle", methods=["GET", "POST"])
@access("coordination")
def create():
    form = OpeningForm(data={"fiche": str(number_of(request.args.get("fiche")) or ""), "tell": True})
    if form.validate_on_submit():
        try:
            made = consulting.open_on(
                number_of(form.fiche.data), until=form.until.data, words=form.words.data or "", tell=form.tell.data
            )
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La consultation est ouverte : les adhérents la trouvent dans leur espace.")
            return redirect(url_for(".show", id=made.id), 303)
    told = told_words(Audience.ADHERENTS)
    return page("project/consultation_edit.html", fragment="formulaire", form=form, consultation=None, told=told)


@bp_gestion.route("/<int:id>/modifier", methods=["GET", "POST"])
@access("coordination")
def edit(id):
    consultation = _find(id)
    form = TermsForm(obj=consultation)
    if form.validate_on_submit():
        try:
            consulting.change(id, until=form.until.data, words=form.words.data or "")
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La consultation est enregistrée.")
            return redirect(url_for(".show", id=id), 303)
    return page("project/consultation_edit.html", fragment="formulaire", form=form, consultation=consultation)


@bp_gestion.get("/<int:id>")
@access(*READERS)
def show(id):
    return _shown(_find(id))


def _shown(consultation: Consultation, refused=None):
    comments = comments_of([consultation])[consultation.id]
    fiche = consultation.fiche
    others = Consultation.select().where(Consultation.fiche == fiche, Consultation.id != consultation.id)
    return page(
        "project/consultation.html",
        form=refused,
        consultation=consultation,
        comments=comments,
        forms=answering.forms_for(comments, refused) if may("coordination") else {},
        others=list(others.order_by(Consultation.id.desc())),
        waits=sum(not each.is_answered and each.author_id is not None for each in comments),
    )


def _find(id) -> Consultation:
    return Consultation.joined().where(Consultation.id == id).get_or_none() or abort(404)


@bp_gestion.post("/<int:id>/clore")
@access("coordination")
def close(id):
    _find(id)
    consulting.close(id)
    flash("La consultation est close. Les remarques et leurs réponses restent lisibles.")
    return redirect(url_for(".show", id=id), 303)


@bp_gestion.post("/remarques/<int:id>")
@access("coordination")
def answer(id):
    comment = Comment.joined().where(Comment.id == id).get_or_none() or abort(404)
    refused = answering.take(comment)
    if refused is not None:
        return _shown(_find(comment.consultation_id), refused)
    flash("La réponse est enregistrée ; son auteur en est prévenu par e-mail.")
    return redirect(url_for(".show", id=comment.consultation_id, _anchor=f"remarque-{id}"), 303)
