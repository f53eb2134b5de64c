"""The project on the site: the map of its missions and actions, and each fiche that was made public."""

from flask import Blueprint, abort

from cptsapp.blueprints.territory import reference
from cptsapp.kernel import cards
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation, project_panels, public_fiche_panels, reserved_slugs

from .consultation import Consultation, counts_of
from .models import Evaluation, Fiche
from .showing import sections

bp = Blueprint("project", __name__, url_prefix="/projet")
reserved_slugs.add("projet")
navigation.append(NavItem("site", "Actions en cours", "project.index", order=37))


@bp.get("/")
@access("public")
def index():
    fiches = list(Fiche.shown())
    missions = [(each.label, [x for x in fiches if x.mission == code]) for code, each in reference.missions().items()]
    missions.append(("Autres actions", [each for each in fiches if each.mission not in reference.missions()]))
    return page(
        "project/map.html",
        missions=[(label, rows) for label, rows in missions if rows],
        panels=cards.panels(project_panels, fiches=fiches),
    )


@bp.get("/<slug>")
@access("public")
def show(slug):
    fiche = Fiche.shown().where(Fiche.slug == slug).get_or_none() or abort(404)
    latest = fiche.evaluations.order_by(Evaluation.contract.desc(), Evaluation.year.desc()).first()
    comments, answered = counts_of(fiche)
    running = fiche.consultations.where(Consultation.closed_at.is_null(), Consultation.until >= today()).first()
    return page(
        "project/public.html",
        fiche=fiche,
        latest=latest,
        sections=sections(fiche),
        comments=comments,
        answered=answered,
        running=running,
        panels=cards.panels(public_fiche_panels, fiche=fiche),
    )
