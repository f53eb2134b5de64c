"""The welcomes in the gestion: who is to be met, what waits near their practice, what came of it."""

from flask import Blueprint, abort, flash, redirect, url_for
from flask_login import current_user
from wtforms import DateField, TextAreaField
from wtforms.validators import InputRequired, Length

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel import bulk as many
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import Form
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, Waiting, navigation, nearby_requests, waiting
from cptsapp.kernel.tables import Bulk, Cases, Column, DataTable
from cptsapp.kernel.text import plural

from . import rules
from .models import State, Welcome, arrived, arrived_on, is_late, is_open, row_of, state_of, waiting_counts, welcomes

bp_gestion = Blueprint("welcome_gestion", __name__, url_prefix="/gestion/accueils")
navigation.append(
    NavItem(
        "gestion", "Accueil des médecins", "welcome_gestion.index", "stethoscope", ("coordination",), "Association", 38
    )
)


class MeetingForm(Form):
    met_on = DateField("Rencontre le", [InputRequired("Indiquez le jour de la rencontre.")])
    note = TextAreaField(
        "Note",
        [Length(max=rules.LONGEST_NOTE)],
        description="Ce qui a été dit, ce qui l’intéresse. Lue par la coordination.",
    )


def met_on(person):
    row = row_of(person)
    return row.met_on if row else None


def told_by(person) -> str | None:
    """Return who noted what came of a welcome."""
    row = row_of(person)
    return row.who.label if row and row.done_by_id else None


def table_of_today() -> DataTable:
    """Return the list, whose filters know what day it is."""
    return DataTable(
        "accueils",
        Column("nom", "Médecin", "list_label", sort=Person.folded, link="welcome_gestion.show"),
        Column("commune", "Commune", "practice.place.name", sort=Commune.sort_name),
        Column("depuis", "Depuis le", arrived_on, sort=arrived()),
        Column("etat", "État", lambda row: state_of(row).label, badge=lambda row: state_of(row).badge),
        Column("rencontre", "Rencontre", met_on, sort=Welcome.met_on),
        Column("par", "Notée par", told_by),
        noun=("médecin", "médecins"),
        search=[Person.folded],
        filters=[
            Cases(
                "etat",
                "État",
                {
                    "a-faire": ("À rencontrer", is_open()),
                    "retard": ("En retard", is_late()),
                    "faits": ("Rencontrés", Welcome.met_on.is_null(False)),
                    "sans-objet": ("Sans objet", Welcome.is_needless),
                },
                default="a-faire",
                blank="Tous",
            )
        ],
        order="depuis",
        bulk=[Bulk("sans-objet", "Sans objet : déjà connus")],
        bulk_endpoint="welcome_gestion.bulk",
        export_endpoint="welcome_gestion.export",
        empty="Quand un médecin généraliste devient adhérent, il paraît ici jusqu’à ce que quelqu’un l’ait rencontré.",
        people=True,
    )


@waiting("welcome.to_do", access=("coordination",))
def what_waits():
    """Return who is to be met; those for whom it is late are told apart."""
    count, late = waiting_counts()
    words = plural(count, "nouveau médecin à rencontrer", "nouveaux médecins à rencontrer")
    if late:
        words += f", dont {late} depuis plus de deux mois"
    yield Waiting(words, url_for("welcome_gestion.index"), count)


@bp_gestion.get("/")
@access("coordination")
def index():
    return table_of_today().page("welcome/list.html", welcomes())


@bp_gestion.post("/export")
@access("coordination")
def export():
    return table_of_today().export(welcomes())


@bp_gestion.post("/lot")
@access("coordination")
def bulk():
    table = table_of_today()
    _, ids = table.selection(welcomes())
    done = many.each(ids, lambda id: rules.skip(id, by=current_user.id))
    flash(f"{plural(done.count, 'accueil classé', 'accueils classés')} sans objet.")
    return redirect(table.back("welcome_gestion.index"), 303)


@bp_gestion.route("/<int:id>", methods=["GET", "POST"])
@access("coordination")
def show(id):
    person = welcomes().where(Person.id == id).first() or abort(404)
    row = row_of(person)
    form = MeetingForm(data={"met_on": (row and row.met_on) or today(), "note": row.note if row else ""})
    if form.validate_on_submit():
        try:
            rules.meet(id, on=form.met_on.data, note=form.note.data or "", by=current_user.id)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La rencontre est notée.")
            return redirect(url_for(".show", id=id), 303)
    state = state_of(person)
    return page(
        "welcome/show.html",
        fragment="formulaire",
        form=form,
        person=person,
        row=row,
        state=state,
        is_done=state in (State.MET, State.NEEDLESS),
        since=arrived_on(person),
        told_by=told_by(person),
        requests=near(person.practice),
    )


def near(practice: Practice) -> list[tuple[str, list]]:
    """Return what waits around a practice: (heading, requests), each request words and an address."""
    if not practice.commune_id:
        return []
    found = ((source.label, list(source.call(practice.commune_id))) for source in nearby_requests)
    return [(label, requests) for label, requests in found if requests]


ACTS = {
    "ecarter": (lambda id: rules.skip(id, by=current_user.id), "L’accueil est classé sans objet."),
    "reprendre": (rules.reopen, "L’accueil est de nouveau à faire."),
    "demander": (rules.ask, "L’accueil est à faire : il paraît dans la liste."),
}


@bp_gestion.post("/<int:id>/<any(ecarter, reprendre, demander):act>")
@access("coordination")
def act(id, act):
    rule, said = ACTS[act]
    try:
        rule(id)
    except RuleError as error:
        flash(str(error), "error")
    else:
        flash(said)
    found = welcomes().where(Person.id == id).exists()
    return redirect(url_for(".show", id=id) if found else url_for(".index"), 303)
