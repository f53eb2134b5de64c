"""The equipment that one holds, in the member space: since when, until when, and that it is given back."""

from flask import Blueprint, abort, flash, redirect, url_for
from flask_login import current_user
from wtforms import DateField, StringField
from wtforms.validators import InputRequired, Length

from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import Form
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import space_card

from . import holding
from .models import Loan

bp = Blueprint("loan", __name__, url_prefix="/espace/materiel")


class SaidForm(Form):
    on = DateField("Rendu le", [InputRequired("Donnez le jour du retour.")], default=today)
    note = StringField("À qui, où", [Length(max=200)], description="Par exemple : déposé à l’accueil de l’association.")


@space_card("loan.held", "Matériel que je détiens", template="loan/_held.html", access=("account",), order=45)
def held_card():
    found = holding.held_by(current_user.person_id)
    return {"loans": found} if found else None


@bp.get("")
@access("account")
def index():
    return page("loan/held.html", loans=holding.held_by(current_user.person_id))


@bp.route("/<int:id>/rendu", methods=["GET", "POST"])
@access("account")
def say_returned(id):
    """Say that something is given back: the coordination checks it."""
    loan, form = _find(id), SaidForm()
    if form.validate_on_submit():
        try:
            holding.say_returned(id, current_user.person_id, on=form.on.data, note=form.note.data or "")
        except RuleError as error:
            form.refuse(error)
        else:
            flash("C’est noté. La coordination vérifie, puis note le retour.")
            return redirect(url_for(".index"), 303)
    return page("loan/say_returned.html", fragment="formulaire", form=form, loan=loan)


@bp.post("/<int:id>/garde")
@access("account")
def unsay_returned(id):
    _find(id)
    holding.unsay_returned(id, current_user.person_id)
    flash("C’est noté : ce matériel est toujours chez vous.")
    return redirect(url_for(".index"), 303)


def _find(id: int) -> Loan:
    found = (each for each in holding.held_by(current_user.person_id) if each.id == id)
    return next(found, None) or abort(404)
