"""The list of persons and structures, and the record that gathers what each feature knows of one."""

from flask import Blueprint, abort, flash, redirect, request, url_for

from cptsapp.kernel import cards
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation, person_panels
from cptsapp.kernel.tables import Cases, Column, DataTable

from . import rules
from .forms import PersonForm, StructureForm
from .models import Kind, Person

bp_gestion = Blueprint("person_gestion", __name__, url_prefix="/gestion/personnes")

navigation.append(
    NavItem(
        "gestion", "Personnes", "person_gestion.index", "users", ("bureau", "coordination"), "Association", order=50
    )
)

PEOPLE = DataTable(
    "personnes",
    Column("nom", "Nom", "list_label", sort=Person.folded, link="person_gestion.show", sub="email"),
    Column("telephone", "Téléphone", "phone"),
    Column("type", "Type", "kind_label", sort=Person.kind),
    Column("cree", "Ajout", "created_at", sort=Person.created_at, shown=False),
    noun=("fiche", "fiches"),
    search=[Person.folded, Person.phone],
    filters=[
        Cases(
            "type",
            "Type",
            {
                "personnes": ("Personnes", Person.kind == Kind.PERSON),
                "structures": ("Structures", Person.kind == Kind.STRUCTURE),
            },
            blank="Tous les types",
        ),
        Cases(
            "etat",
            "État",
            {
                "presentes": ("Présentes", Person.deleted_at.is_null()),
                "corbeille": ("Corbeille", Person.deleted_at.is_null(False)),
            },
            default="presentes",
            blank="Toutes",
        ),
    ],
    order="nom",
    export_endpoint="person_gestion.export",
    empty="Les personnes et les structures que connaît l’association s’affichent ici.",
    people=True,
)


@bp_gestion.get("/")
@access("bureau", "coordination")
def index():
    return PEOPLE.page("person/list.html", Person.select())


@bp_gestion.post("/export")
@access("coordination")
def export():
    return PEOPLE.export(Person.select())


@bp_gestion.route("/nouvelle", methods=["GET", "POST"])
@access("coordination")
def create():
    kind = Kind.STRUCTURE if request.args.get("type") == Kind.STRUCTURE else Kind.PERSON
    form = _form(kind)
    if form.validate_on_submit():
        try:
            person = rules.create(kind=kind, **form.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La fiche est créée.")
            return redirect(url_for(".show", id=person.id), 303)
    return page("person/edit.html", fragment="formulaire", form=form, kind=kind, person=None)


@bp_gestion.get("/<int:id>")
@access("bureau", "coordination")
def show(id):
    person = _find(id)
    return page("person/show.html", person=person, panels=cards.panels(person_panels, person=person))


@bp_gestion.route("/<int:id>/modifier", methods=["GET", "POST"])
@access("coordination")
def edit(id):
    person = _find(id)
    if person.deleted_at:
        abort(404)
    form = _form(Kind(person.kind), obj=person)
    if form.validate_on_submit():
        try:
            rules.update(id, **form.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La fiche est enregistrée.")
            return redirect(url_for(".show", id=id), 303)
    return page("person/edit.html", fragment="formulaire", form=form, kind=person.kind, person=person)


@bp_gestion.post("/<int:id>/supprimer")
@access("coordination")
def delete(id):
    _find(id)
    rules.delete(id)
    flash("La fiche est à la corbeille. Vous pouvez encore la reprendre.")
    return redirect(url_for(".show", id=id), 303)


@bp_gestion.post("/<int:id>/reprendre")
@access("coordination")
def restore(id):
    _find(id)
    rules.restore(id)
    flash("La fiche est de retour dans la liste.")
    return redirect(url_for(".show", id=id), 303)


def _find(id) -> Person:
    return Person.with_id(id) or abort(404)


def _form(kind, **values):
    return (StructureForm if kind == Kind.STRUCTURE else PersonForm)(**values)
