"""The campaigns in the gestion: the list, one of them, its form, its materials."""

from flask import Blueprint, abort, flash, redirect, request, url_for

from cptsapp.blueprints.project.models import Fiche
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, action_sources, navigation
from cptsapp.kernel.tables import Cases, Column, DataTable, OneOf
from cptsapp.kernel.themes import Theme
from cptsapp.kernel.urls import number_of

from . import rules
from .forms import MaterialForm, OutreachForm, fiche_choices
from .models import Audience, Carrier, Channel, Material, Moment, Outreach, Service

bp_gestion = Blueprint("outreach_gestion", __name__, url_prefix="/gestion/campagnes")
READERS = ("bureau", "coordination")
WITHOUT_BALANCE = "sans-bilan"
navigation.append(NavItem("gestion", "Campagnes", "outreach_gestion.index", "activity", READERS, "Projet", order=33))


class MomentFilter(Cases):
    """Where campaigns stand today."""

    def condition(self, values):
        match values[self.key]:
            case "":
                return None
            case value if value == WITHOUT_BALANCE:
                return Outreach.without_balance(today())
            case value:
                return Outreach.at_moment(Moment(value), today())


class YearFilter(OneOf):
    def condition(self, values):
        return Outreach.in_year(int(values[self.key])) if values[self.key] else None


class ChannelFilter(OneOf):
    def condition(self, values):
        return Outreach.is_carried_by(values[self.key]) if values[self.key] else None


class ActionFilter(OneOf):
    def condition(self, values):
        return Outreach.serves(int(values[self.key])) if values[self.key] else None


def _prepare(rows: list[Outreach]) -> None:
    """Set on the campaigns of a page the names of their channels and actions."""
    channels: dict[int, list[str]] = {each.id: [] for each in rows}
    fiches: dict[int, list[str]] = {each.id: [] for each in rows}
    for each in Carrier.select().where(Carrier.outreach.in_(list(channels))).order_by(Carrier.id):
        channels[each.outreach_id].append(Channel(each.channel).short)
    mine = Service.select(Service, Fiche).join(Fiche).where(Service.outreach.in_(list(fiches)))
    for each in mine.where(Fiche.deleted_at.is_null()).order_by(Service.id):
        fiches[each.outreach_id].append(each.fiche.code or each.fiche.full_title)
    for each in rows:
        each.channel_names, each.action_names = ", ".join(channels[each.id]), ", ".join(fiches[each.id])


CAMPAIGNS = DataTable(
    "campagnes",
    Column("titre", "Campagne", "title", sort=Outreach.folded, link="outreach_gestion.show", sub="about"),
    Column("debut", "Premier jour", "starts_on", sort=Outreach.starts_on, sub="until"),
    Column("etat", "État", lambda row: row.moment(today()).label, badge=lambda row: row.moment(today()).badge),
    Column("canaux", "Canaux", "channel_names"),
    Column("actions", "Actions", "action_names"),
    Column("touchees", "Personnes touchées", "reached", sort=Outreach.reached, number=True),
    Column("source", "Source du nombre", "reached_source", shown=False),
    Column("fin", "Dernier jour", "ends_on", shown=False),
    Column("public", "S’adresse à", "audience_label", shown=False),
    Column("theme", "Thème", "theme_label", shown=False),
    Column("message", "Message", "message", shown=False),
    Column("autre", "Autre canal", "other_channel", shown=False),
    Column("relais", "Relais", lambda row: " ; ".join(row.relay_names), shown=False),
    Column("bilan", "Bilan", "results", shown=False),
    noun=("campagne", "campagnes"),
    search=[Outreach.folded],
    hint="Titre, message, relais…",
    filters=[
        YearFilter("annee", "Année", None, lambda: [(str(each), str(each)) for each in Outreach.years()],
                   blank="Toutes les années"),
        OneOf("public", "S’adresse à", Outreach.audience, Audience, blank="Tous les publics"),
        OneOf("theme", "Thème", Outreach.theme, Theme, blank="Tous les thèmes"),
        ChannelFilter("canal", "Canal", None, Channel, blank="Tous les canaux"),
        ActionFilter("action_servie", "Action servie", None, fiche_choices, blank="Toutes les actions"),
        MomentFilter(
            "etat",
            "État",
            {each.value: (each.label, None) for each in Moment} | {WITHOUT_BALANCE: ("Terminée, sans bilan", None)},
            blank="Tous les états",
        ),
    ],
    near=4,
    order="-debut",
    prepare=_prepare,
    export_endpoint="outreach_gestion.export",
    empty="Inscrivez chaque campagne une fois, avec tous ses canaux : elle comptera dans le projet et le rapport.",
    starts=(("outreach_gestion.create", "Inscrire une campagne"),),
)  # fmt: skip


@bp_gestion.get("/")
@access(*READERS)
def index():
    return CAMPAIGNS.page("outreach/list.html", Outreach.select())


@bp_gestion.post("/export")
@access(*READERS)
def export():
    return CAMPAIGNS.export(Outreach.select())


@bp_gestion.route("/nouvelle", methods=["GET", "POST"])
@access("coordination")
def create():
    model = Outreach.get_or_none(Outreach.id == number_of(request.args.get("comme")))
    fiche = number_of(request.args.get("fiche"))
    form = OutreachForm.of(model, again=True) if model else OutreachForm(data={"fiches": [str(fiche)] if fiche else []})
    return _edit(form, None)


@bp_gestion.route("/<int:id>/modifier", methods=["GET", "POST"])
@access("coordination")
def edit(id):
    row = _find(id)
    return _edit(OutreachForm.of(row), row)


def _edit(form: OutreachForm, row: Outreach | None):
    if form.validate_on_submit():
        try:
            saved = rules.save(row and row.id, **form.values())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La campagne est enregistrée." if row else "La campagne est inscrite. Joignez-y ses supports.")
            return redirect(url_for(".show", id=saved.id), 303)
    return page("outreach/edit.html", fragment="formulaire", form=form, outreach=row)


def _find(id) -> Outreach:
    return Outreach.get_or_none(Outreach.id == id) or abort(404)


@bp_gestion.get("/<int:id>")
@access(*READERS)
def show(id):
    return _shown(_find(id), MaterialForm(formdata=None))


def _shown(row: Outreach, form: MaterialForm):
    _prepare([row])
    fiches = Fiche.select().join(Service).where(Service.outreach == row, Fiche.deleted_at.is_null()).order_by(Fiche.id)
    return page(
        "outreach/show.html",
        fragment="formulaire",
        form=form,
        outreach=row,
        moment=row.moment(today()),
        fiches=list(fiches),
        materials=list(Material.joined().where(Material.outreach == row)),
        around=_around(row, fiches),
    )


def _around(row: Outreach, fiches) -> list[tuple]:
    """Return what carries the same actions while the campaign runs: (words, day, address), the first first."""
    codes = {each.code for each in fiches} - {""}
    found = {each for source in action_sources for code in codes for each in source.call(code)}
    last = row.ends_on or today()
    return sorted((each for each in found if row.starts_on <= each[1] <= last), key=lambda each: (each[1], each[0]))


@bp_gestion.post("/<int:id>")
@access("coordination")
def attach(id):
    row, form = _find(id), MaterialForm()
    shaped = form.validate()
    if form.take_file() and shaped:
        try:
            rules.attach(id, **form.values())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le support est joint.")
            return redirect(url_for(".show", id=id), 303)
    return _shown(row, form)


@bp_gestion.post("/<int:id>/supprimer")
@access("coordination")
def delete(id):
    row = _find(id)
    rules.delete(id)
    flash(f"La campagne du {date_fr(row.starts_on)} est supprimée.")
    return redirect(url_for(".index"), 303)


@bp_gestion.post("/supports/<int:id>/retirer")
@access("coordination")
def detach(id):
    if not Material.select().where(Material.id == id).exists():
        abort(404)
    outreach_id = rules.detach(id)
    flash("Le support est retiré.")
    return redirect(url_for(".show", id=outreach_id), 303)
