"""The prospects in the gestion: the list, one record, what was said, the way to membership."""

from flask import Blueprint, abort, flash, redirect, url_for
from flask_login import current_user

from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.tables import Cases, Column, DataTable, OneOf

from . import rules
from .forms import ApproachForm, ConvertForm, ProspectForm
from .models import Approach, Prospect, State

bp_gestion = Blueprint("prospect_gestion", __name__, url_prefix="/gestion/prospects")
ONGOING = Prospect.in_state(State.NEW) | Prospect.in_state(State.APPROACHED)


def _professions() -> list[tuple[str, str]]:
    used = {code for (code,) in Prospect.select(Prospect.profession).distinct().tuples()}
    return [(code, each.label) for code, each in reference.professions().items() if code in used]


def _communes() -> list[tuple[str, str]]:
    query = Commune.select().join(Prospect, on=(Prospect.commune == Commune.insee)).distinct()
    return [(each.insee, each.name) for each in query.order_by(Commune.sort_name)]


PROSPECTS = DataTable(
    "prospects",
    Column("nom", "Nom", "list_label", sort=Prospect.folded, link="prospect_gestion.show", sub="organisation"),
    Column("profession", "Profession", "profession_label", sort=Prospect.profession),
    Column("commune", "Commune", "commune_name", sort=Commune.sort_name),
    Column("contact", "Dernier contact", "last_approach_on", sort=Prospect.last_approach_on),
    Column("etat", "État", lambda row: row.state.label, badge=lambda row: row.state.badge),
    Column("telephone", "Téléphone", "phone", shown=False),
    Column("email", "Adresse e-mail", "email", shown=False),
    Column("source", "Origine des coordonnées", "source", shown=False),
    Column("informe", "Informé le", "informed_on", shown=False),
    Column("note", "Notes", "note", shown=False),
    noun=("prospect", "prospects"),
    search=[Prospect.folded, Prospect.phone],
    hint="Nom, profession, commune…",
    filters=[
        Cases(
            "etat",
            "État",
            {"en-cours": ("En cours", ONGOING)} | {each.value: (each.label, Prospect.in_state(each)) for each in State},
            default="en-cours",
            blank="Tous les états",
        ),
        OneOf("profession", "Profession", Prospect.profession, _professions, blank="Toutes les professions"),
        OneOf("commune", "Commune", Prospect.commune, _communes, blank="Toutes les communes"),
    ],
    order="nom",
    export_endpoint="prospect_gestion.export",
    empty="Notez ici les professionnels à inviter : leurs coordonnées suivront jusqu’à l’adhésion, sans ressaisie.",
    starts=(("prospect_gestion.create", "Noter un premier prospect"),),
    people=True,
)


@bp_gestion.get("/")
@access("coordination")
def index():
    return PROSPECTS.page("prospect/list.html", Prospect.listed())


@bp_gestion.post("/export")
@access("coordination")
def export():
    return PROSPECTS.export(Prospect.listed())


@bp_gestion.route("/nouveau", methods=["GET", "POST"])
@access("coordination")
def create():
    form = ProspectForm()
    if form.validate_on_submit():
        try:
            prospect = rules.create(**form.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le prospect est noté.")
            return redirect(url_for(".show", id=prospect.id), 303)
    return _edit_page(form, None)


@bp_gestion.route("/<int:id>/modifier", methods=["GET", "POST"])
@access("coordination")
def edit(id):
    prospect = _find(id)
    if not prospect.may_be_approached:
        abort(404)
    form = ProspectForm(data=prospect.__data__)
    if form.validate_on_submit():
        try:
            rules.update(id, **form.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le prospect est enregistré.")
            return redirect(url_for(".show", id=id), 303)
    return _edit_page(form, prospect)


def _edit_page(form, prospect):
    communes = list(Commune.of_territory())
    return page("prospect/edit.html", fragment="formulaire", form=form, prospect=prospect, communes=communes)


@bp_gestion.get("/<int:id>")
@access("coordination")
def show(id):
    return _shown(_find(id))


def _shown(prospect, form=None, status=None):
    return page(
        "prospect/show.html",
        form=form or ApproachForm(formdata=None, data={"on": today()}),
        convert=ConvertForm(formdata=None, data={"admit": True}),
        status=status,
        prospect=prospect,
        known=rules.known_as(prospect) if prospect.may_be_approached else None,
        approaches=list(prospect.approaches.order_by(Approach.on.desc(), Approach.id.desc())),
        kept_months=rules.SILENT_MONTHS,
    )


@bp_gestion.post("/<int:id>/contact")
@access("coordination")
def approach(id):
    prospect, form = _find(id), ApproachForm()
    if form.validate_on_submit():
        try:
            rules.note_approach(id, by=current_user.id, **form.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le contact est noté.")
            return redirect(url_for(".show", id=id), 303)
    return _shown(prospect, form)


@bp_gestion.post("/<int:id>/inviter")
@access("coordination")
def invite(id):
    return _act(id, lambda: rules.invite(id, by=current_user.id), "L’invitation part dans la minute.")


@bp_gestion.post("/<int:id>/stop")
@access("coordination")
def stop(id):
    return _act(id, lambda: rules.stop(id), "C’est noté : plus personne ne contactera cette personne.")


@bp_gestion.post("/<int:id>/adherer")
@access("coordination")
def convert(id):
    _find(id)
    form = ConvertForm()
    try:
        if not form.validate():
            raise RuleError("Choisissez dans la liste en quelle qualité cette personne adhère.")
        person = rules.convert(id, type=form.type.data, admit=form.admit.data)
    except RuleError as error:
        flash(str(error), "error")
        return redirect(url_for(".show", id=id), 303)
    flash(
        "La fiche est créée avec tout ce qui était connu." + (" L’adhésion est enregistrée." if form.admit.data else "")
    )
    return redirect(url_for("person_gestion.show", id=person.id), 303)


@bp_gestion.post("/<int:id>/rattacher")
@access("coordination")
def attach(id):
    _find(id)
    try:
        person = rules.attach(id)
    except RuleError as error:
        flash(str(error), "error")
        return redirect(url_for(".show", id=id), 303)
    flash("Le prospect est rattaché à cette fiche.")
    return redirect(url_for("person_gestion.show", id=person.id), 303)


@bp_gestion.post("/<int:id>/effacer")
@access("coordination")
def delete(id):
    _find(id)
    try:
        rules.delete(id)
    except RuleError as error:
        flash(str(error), "error")
        return redirect(url_for(".show", id=id), 303)
    flash("Le prospect est effacé.")
    return redirect(url_for(".index"), 303)


def _act(id, act, said):
    """Do one act on a prospect and come back to its page, with what was done or why it was refused."""
    _find(id)
    try:
        act()
    except RuleError as error:
        flash(str(error), "error")
    else:
        flash(said)
    return redirect(url_for(".show", id=id), 303)


def _find(id) -> Prospect:
    return Prospect.listed().where(Prospect.id == id).first() or abort(404)
