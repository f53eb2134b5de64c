"""The rules that give a collège, what they leave to decide, and deciding it."""

from flask import flash, redirect, request, url_for
from wtforms import SelectField
from wtforms.validators import DataRequired

from cptsapp.blueprints.association.models import College
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import Form
from cptsapp.kernel.htmx import page
from cptsapp.kernel.text import plural

from . import colleges
from .gestion import bp_gestion
from .models import MemberType

MOST_SHOWN = 50  # members to decide on one page; the rest follows as they are decided


class RuleForm(Form):
    type = SelectField("Qualité", choices=[("", "Toute qualité"), *MemberType.choices()])
    practice = SelectField("Profession ou famille", choices=colleges.practice_choices)
    college_id = SelectField("Collège", [DataRequired("Choisissez un collège.")], coerce=str)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.college_id.choices = [("", "Choisissez"), *((str(each.id), each.name) for each in College.ordered())]


@bp_gestion.route("/colleges", methods=["GET", "POST"])
@access("coordination")
def college_rules():
    form = RuleForm()
    if form.validate_on_submit():
        try:
            college_id = int(form.college_id.data)
            colleges.save_rule(type=form.type.data, practice=form.practice.data, college_id=college_id)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La règle est enregistrée. Elle vaut pour les prochains adhérents ; appliquez-la aux présents.")
            return redirect(url_for("adherent_gestion.college_rules"), 303)
    shown = colleges.first_undecided(MOST_SHOWN)
    return page(
        "adherent/colleges.html",
        form=form,
        rules=colleges.CollegeRule.all(),
        colleges=list(College.ordered()),
        total=colleges.undecided().count_all(),
        memberships=shown,
        practices=colleges.professions_of(shown),
    )


@bp_gestion.post("/colleges/<int:id>/retirer")
@access("coordination")
def college_rule_remove(id):
    colleges.remove_rule(id)
    flash("La règle est retirée. Les collèges déjà donnés restent.")
    return redirect(url_for("adherent_gestion.college_rules"), 303)


@bp_gestion.post("/colleges/appliquer")
@access("coordination")
def college_rules_apply():
    changed = colleges.apply()
    flash(f"{plural(changed, 'adhérent a reçu', 'adhérents ont reçu')} le collège des règles.")
    return redirect(url_for("adherent_gestion.college_rules"), 303)


@bp_gestion.post("/colleges/decider/<int:membership_id>")
@access("coordination")
def college_decide(membership_id):
    colleges.decide(membership_id, request.form.get("college_id", type=int))
    flash("Le collège est enregistré.")
    return redirect(url_for("adherent_gestion.college_rules"), 303)
