"""Consultations in the member space: a fiche is read, a comment is written, corrected, withdrawn; who leads answers."""

from flask import Blueprint, abort, flash, redirect, url_for
from flask_login import current_user

from cptsapp.kernel import cards
from cptsapp.kernel.access import access, roles
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation
from cptsapp.kernel.telling import questions

from . import answering, consulting
from .consultation import Comment, Consultation, comments_of
from .consulting_forms import CommentForm
from .models import Fiche
from .showing import sections

bp_space = Blueprint("consultation_space", __name__, url_prefix="/espace/projet")
navigation.append(NavItem("space", "Consultations", "consultation_space.index", "quote", ("adherent",), order=45))


@bp_space.get("/")
@access("adherent")
def index():
    found = list(Consultation.joined().order_by(Consultation.until.desc(), Consultation.id.desc()))
    running = sorted((each for each in found if each.is_open), key=lambda each: (each.until, each.id))
    mine = Comment.select(Comment.consultation).where(Comment.author == current_user.person_id)
    return page(
        "project/space.html",
        running=running,
        closed=[each for each in found if not each.is_open],
        commented={id for (id,) in mine.tuples()},
        panels=cards.panels(questions, fiches=[each.fiche for each in running]),
    )


@bp_space.route("/<slug>", methods=["GET", "POST"])
@access("adherent")
def show(slug):
    fiche, consultations = _consulted(slug)
    form = CommentForm()
    if form.validate_on_submit():
        try:
            made = consulting.comment(consultations[0].id, current_user.person_id, text=form.text.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Votre remarque est enregistrée. Merci. Vous recevrez la réponse par e-mail.")
            return redirect(url_for(".show", slug=slug, _anchor=f"remarque-{made.id}"), 303)
    return _shown(fiche, consultations, form)


def _consulted(slug) -> tuple[Fiche, list[Consultation]]:
    """Return a fiche on which members are or were consulted, and its consultations, the latest first."""
    fiche = Fiche.present().where(Fiche.slug == slug).get_or_none() or abort(404)
    found = list(fiche.consultations.order_by(Consultation.id.desc()))
    return (fiche, found) if found else abort(404)


def _shown(fiche, consultations, form: CommentForm, refused=None):
    comments = comments_of(consultations)
    may_answer = consulting.may_answer(fiche, current_user.person_id, roles())
    everything = [each for rows in comments.values() for each in rows]
    return page(
        "project/space_show.html",
        form=refused or form,
        comment_form=form,
        fiche=fiche,
        sections=sections(fiche),
        consultations=consultations,
        comments=comments,
        me=current_user.person_id,
        forms=answering.forms_for(everything, refused) if may_answer else {},
    )


def _own(id) -> Comment:
    mine = (Comment.id == id) & (Comment.author == current_user.person_id)
    return Comment.joined().where(mine).get_or_none() or abort(404)


@bp_space.route("/remarques/<int:id>/modifier", methods=["GET", "POST"])
@access("adherent")
def correct(id):
    comment = _own(id)
    form = CommentForm(obj=comment)
    if form.validate_on_submit():
        try:
            consulting.correct(id, current_user.person_id, text=form.text.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Votre remarque est corrigée.")
            return _back(comment)
    return page("project/space_correct.html", fragment="formulaire", form=form, comment=comment)


@bp_space.post("/remarques/<int:id>/retirer")
@access("adherent")
def withdraw(id):
    comment = _own(id)
    consulting.withdraw(id, current_user.person_id)
    flash("Votre remarque est retirée.")
    return redirect(url_for(".show", slug=comment.consultation.fiche.slug), 303)


@bp_space.post("/remarques/<int:id>/repondre")
@access("adherent")
def answer(id):
    """For who leads the action, and has no door to the gestion."""
    comment = Comment.joined().where(Comment.id == id).get_or_none() or abort(404)
    fiche, consultations = _consulted(comment.consultation.fiche.slug)
    if not consulting.may_answer(fiche, current_user.person_id, roles()):
        abort(404)
    refused = answering.take(comment)
    if refused is not None:
        return _shown(fiche, consultations, CommentForm(formdata=None), refused)
    flash("La réponse est enregistrée ; son auteur en est prévenu par e-mail.")
    return _back(comment)


def _back(comment: Comment):
    slug = comment.consultation.fiche.slug
    return redirect(url_for(".show", slug=slug, _anchor=f"remarque-{comment.id}"), 303)
