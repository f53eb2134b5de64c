"""« Mes envois » in the member space: what I receive, decided by who is logged in."""

from flask import Blueprint, flash, redirect, request, url_for
from flask_login import current_user

from cptsapp.kernel.access import access
from cptsapp.kernel.htmx import page
from cptsapp.kernel.text import normalise_email

from . import preferences
from .forms import PreferencesForm

bp_space = Blueprint("subscription_space", __name__, url_prefix="/espace/envois")


@bp_space.route("/", methods=["GET", "POST"])
@access("account")
def index():
    person = current_user.person
    if not person.email_normalised:
        return page("subscription/space.html", form=None, mine=None)
    mine = preferences.of(person.email_normalised)
    form = PreferencesForm.showing(mine, formdata=request.form if request.method == "POST" else None)
    if form.validate_on_submit():
        stopped = mine.stopped_by(form.kinds.data)
        is_asked = preferences.save(mine.address, form.kinds.data, form.topic_ids(), is_proved=_is_mine(person))
        flash(preferences.said(stopped, is_asked=is_asked))
        return redirect(url_for(".index"), 303)
    return page("subscription/space.html", form=form, mine=mine)


def _is_mine(person) -> bool:
    """Tell whether the address of the record is the one that the login proves to be theirs."""
    return normalise_email(current_user.email) == person.email_normalised
