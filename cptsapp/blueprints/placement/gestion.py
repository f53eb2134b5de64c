"""The register of placements in the gestion: the list, the figures by semester, a line."""

from datetime import date

from flask import Blueprint, abort, flash, redirect, url_for
from wtforms import IntegerField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from cptsapp.blueprints.adherent.choosing import Among, ChoosingForm, PersonChoice
from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.directory import offering
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation
from cptsapp.kernel.tables import Bulk, Column, DataTable, OneOf
from cptsapp.kernel.text import plural

from . import rules
from .models import Level, Placement, next_semester, semester_label, semester_of, short_label

bp_gestion = Blueprint("placement_gestion", __name__, url_prefix="/gestion/stages")
READERS = ("bureau", "coordination")
SEMESTERS_BACK = 8
navigation.append(
    NavItem("gestion", "Stages", "placement_gestion.index", "calendar-clock", READERS, "Répertoires", order=64)
)


def _known() -> list[tuple[str, str]]:
    query = Placement.select(Placement.starts_on).distinct().order_by(Placement.starts_on.desc())
    return [(start.isoformat(), semester_label(start)) for (start,) in query.tuples()]


PLACEMENTS = DataTable(
    "stages",
    Column("semestre", "Semestre", "semester", sort=Placement.starts_on, link="placement_gestion.edit"),
    Column("maitre", "Maître de stage", "host_label", sort=Person.folded),
    Column("commune", "Commune", "commune_name", sort=Commune.sort_name),
    Column("niveau", "Niveau", "level_label", sort=Placement.level),
    Column("nombre", "Stagiaires", "number", sort=Placement.number, number=True),
    Column("lieux", "Lieux et demi-journées", "sites", shown=False),
    noun=("ligne", "lignes"),
    search=[Person.folded],
    filters=[
        OneOf("semestre", "Semestre", Placement.starts_on, _known, blank="Tous les semestres"),
        OneOf("niveau", "Niveau", Placement.level, Level, blank="Tous les niveaux"),
    ],
    order="-semestre",
    bulk=[Bulk("reconduire", "Reconduire au semestre suivant")],
    bulk_endpoint="placement_gestion.bulk",
    export_endpoint="placement_gestion.export",
    empty="Inscrivez ici les stages de chaque semestre : un maître de stage, un niveau, un nombre. Jamais de nom.",
    people=True,
)


def _hosts() -> Among:
    health = [code for code, each in reference.professions().items() if each.is_health]
    approved = offering.volunteers("msu", stage="agree")
    return Among(Practice.profession.in_(health), "Maîtres de stage agréés", approved)


class PlacementForm(ChoosingForm):
    starts_on = SelectField("Semestre")
    host = PersonChoice("Maître de stage", [InputRequired("Choisissez le maître de stage.")], among=_hosts)
    level = SelectField("Niveau", choices=Level.choices())
    number = IntegerField(
        "Nombre de stagiaires",
        [InputRequired("Écrivez un nombre."), NumberRange(1, rules.MOST, f"De 1 à {rules.MOST}.")],
        default=1,
    )
    sites = TextAreaField(
        "Lieux et demi-journées",
        [Length(max=rules.LONGEST_NOTE)],
        description="Pour une maquette partagée : « lundi et mardi au cabinet, jeudi matin à la PMI ». N’écrivez "
        "jamais le nom d’un étudiant.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        last = next_semester(next_semester(semester_of(today())))
        starts = {add_months(last, -6 * back) for back in range(SEMESTERS_BACK)}
        kept = self.starts_on.object_data
        starts |= {date.fromisoformat(kept)} if kept else set()
        ordered = sorted(starts, reverse=True)
        self.starts_on.choices = [(start.isoformat(), semester_label(start)) for start in ordered]


@bp_gestion.get("")
@access(*READERS)
def index():
    semesters = Placement.semesters()
    points = [(short_label(start), number) for start, number in semesters]
    rows = [(semester_label(start), number) for start, number in reversed(semesters)]
    return PLACEMENTS.page("placement/list.html", Placement.joined(), points=points, semesters=rows)


@bp_gestion.post("/export")
@access("coordination")
def export():
    return PLACEMENTS.export(Placement.joined())


@bp_gestion.post("/lot")
@access("coordination")
def bulk():
    _, ids = PLACEMENTS.selection(Placement.joined())
    made = rules.carry_on(ids)
    flash(
        f"{plural(made, 'ligne écrite', 'lignes écrites')} au semestre suivant."
        if made
        else "Rien à reconduire : ces lignes y sont déjà."
    )
    return redirect(PLACEMENTS.back("placement_gestion.index"), 303)


@bp_gestion.route("/nouveau", methods=["GET", "POST"])
@access("coordination")
def create():
    return _edit(None)


@bp_gestion.route("/<int:id>", methods=["GET", "POST"])
@access("coordination")
def edit(id):
    return _edit(Placement.get_or_none(Placement.id == id) or abort(404))


def _edit(row):
    start = row.starts_on if row else semester_of(today())
    data = {"starts_on": start.isoformat()}
    if row:
        data |= {"host": str(row.host_id or ""), "level": row.level, "number": row.number, "sites": row.sites}
    form = PlacementForm(data=data)
    if form.validate_on_submit():
        values = {"level": form.level.data, "number": form.number.data, "sites": form.sites.data}
        values |= {"starts_on": date.fromisoformat(form.starts_on.data), "host_id": int(form.host.data)}
        try:
            rules.save(row and row.id, **values)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le stage est inscrit au registre.")
            return redirect(url_for(".index"), 303)
    return page("placement/edit.html", fragment="formulaire", form=form, placement=row)


@bp_gestion.post("/<int:id>/retirer")
@access("coordination")
def delete(id):
    if Placement.get_or_none(Placement.id == id) is None:
        abort(404)
    rules.delete(id)
    flash("La ligne est retirée du registre.")
    return redirect(url_for(".index"), 303)
