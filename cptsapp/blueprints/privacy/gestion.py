"""The register of processings; and, from a person's record, the copy of their data and their erasure."""

from flask import Blueprint, abort, flash, redirect, url_for

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import exports
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.personal import processings
from cptsapp.kernel.registry import NavItem, navigation, person_panel

from . import rules
from .forms import ErasureForm
from .views import as_file

bp_gestion = Blueprint("privacy_gestion", __name__, url_prefix="/gestion/registre")
navigation.append(
    NavItem(
        "gestion", "Registre RGPD", "privacy_gestion.index", "shield", ("coordination", "admin"), "Réglages", order=60
    )
)
LABELS = ("Finalité", "Base légale", "Données", "Destinataires", "Conservation")


@bp_gestion.get("")
@access("coordination", "admin")
def index():
    return page("privacy/register.html", processings=processings())


@bp_gestion.get("/registre.<any(csv, xlsx):kind>")
@access("coordination", "admin")
def download(kind):
    rows = ([each.purpose, each.basis, each.categories, each.recipients, each.kept] for each in processings())
    return exports.download("registre-des-traitements", kind, list(LABELS), rows)


@person_panel("Données personnelles", template="privacy/_panel.html", access=("coordination",), order=90)
def panel(person):
    return {}


@bp_gestion.post("/personnes/<int:id>/copie")
@access("coordination")
def copy(id):
    _person_or_404(id)
    return as_file(id)


@bp_gestion.route("/personnes/<int:id>/effacer", methods=["GET", "POST"])
@access("coordination")
def erase(id):
    person, form = _person_or_404(id), ErasureForm()
    if form.validate_on_submit():
        try:
            rules.erase_person(id)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Tout ce que le site savait de cette personne est effacé.")
            return redirect(url_for("person_gestion.index"), 303)
    return page("privacy/erase.html", form=form, person=person, erasable=rules.erasable(id))


def _person_or_404(id) -> Person:
    return Person.get_or_none(Person.id == id) or abort(404)
