"""What members changed, left or asked: read, undone, answered by the coordination."""

from flask import Blueprint, abort, flash, redirect, url_for
from flask_login import current_user

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.text import plural

from . import rules
from .forms import RefusalForm
from .models import ProfileChange, ProfileRequest, RequestKind

bp_gestion = Blueprint("profile_gestion", __name__, url_prefix="/gestion/fiches")
LATEST = 30


@bp_gestion.get("")
@access("coordination")
def index():
    unseen = ProfileChange.select(ProfileChange, Person).join(Person).where(ProfileChange.seen_at.is_null())
    requests = ProfileRequest.joined()
    return page(
        "profile/gestion.html",
        changes=list(unseen.order_by(ProfileChange.at)),
        erasures=list(requests.where(ProfileRequest.kind == RequestKind.ERASURE, ProfileRequest.decided_at.is_null())),
        ended=list(
            requests.where(ProfileRequest.decided_at.is_null(False))
            .order_by(ProfileRequest.decided_at.desc())
            .limit(LATEST)
        ),
        stale=rules.stale_count(today()),
        stale_months=rules.STALE_MONTHS,
    )


@bp_gestion.post("/inviter")
@access("coordination")
def invite():
    count = rules.invite_stale(today())
    done = plural(count, "invitation part", "invitations partent")
    flash(f"{done} par e-mail." if count else "Chacun a déjà été invité ce mois-ci, ou n’a pas d’adresse.")
    return redirect(url_for(".index"), 303)


@bp_gestion.post("/changements/<int:id>/vu")
@access("coordination")
def see(id):
    rules.see_change(id, by=current_user.id)
    return redirect(url_for(".index"), 303)


@bp_gestion.post("/departs/<int:id>/annuler")
@access("coordination")
def undo(id):
    try:
        rules.undo_leave(id, by=current_user.id)
    except RuleError as error:
        flash(str(error), "error")
    else:
        flash("Le départ est annulé : l’adhésion reprend comme avant.")
    return redirect(url_for(".index"), 303)


@bp_gestion.route("/effacements/<int:id>/refuser", methods=["GET", "POST"])
@access("coordination")
def refuse(id):
    asked, form = ProfileRequest.joined().where(ProfileRequest.id == id).first() or abort(404), RefusalForm()
    if form.validate_on_submit():
        try:
            rules.refuse_erasure(id, by=current_user.id, reason=form.reason.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La réponse part par e-mail.")
            return redirect(url_for(".index"), 303)
    return page("profile/refuse.html", form=form, asked=asked)
