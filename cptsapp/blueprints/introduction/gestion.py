"""Introductions in the gestion: the list, a proposal, what became of it, the lists for training bodies."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_login import current_user
from peewee import fn
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from cptsapp.blueprints.directory import catalogue, viewing
from cptsapp.blueprints.directory.models import Entry
from cptsapp.kernel import exports
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import Form
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation
from cptsapp.kernel.tables import Cases, Column, DataTable, OneOf, Period
from cptsapp.kernel.urls import number_of

from . import matching, rules, showing
from .models import HOSTS, SEEKERS, Demand, Introduction, Offer, Outcome, Side, State, TrainingList

bp_gestion = Blueprint("introduction_gestion", __name__, url_prefix="/gestion/mises-en-relation")
navigation.append(
    NavItem(
        "gestion", "Mises en relation", "introduction_gestion.index", "link", ("coordination",), "Répertoires", order=58
    )
)
INTRODUCTIONS = DataTable(
    "mises-en-relation",
    Column("demande", "Qui cherche ou accueille", "demand_label", sort=Demand.sort_name,
           link="introduction_gestion.show"),
    Column("ipa", "IPA", "offer_label", sort=Offer.sort_name),
    Column("objet", "Objet", "kind_label", sort=Introduction.directory),
    Column("proposee", "Proposée le", lambda row: row.proposed_at.date(), sort=Introduction.proposed_at),
    Column("etat", "État", lambda row: row.outcome_label or row.state.label, badge=lambda row: _badge(row)),
    Column("accord", "Acceptée par les deux le", "agreed_at", shown=False),
    Column("fin", "Terminée le", "closed_at", shown=False),
    noun=("mise en relation", "mises en relation"),
    search=[fn.LOWER(Demand.sort_name), fn.LOWER(Offer.sort_name)],
    filters=[
        Cases(
            "etat",
            "État",
            {"en-cours": ("En cours", Introduction.closed_at.is_null())}
            | {each.value: (each.label, Introduction.in_state(each)) for each in State}
            | {f"fin-{each.value}": (each.label, Introduction.outcome == each) for each in Outcome},
            blank="Tous les états",
        ),
        OneOf("objet", "Objet", Introduction.directory, [(SEEKERS, "Exercice"), (HOSTS, "Stage")],
              blank="Exercice et stage"),
        Period("proposee", "Proposée", Introduction.proposed_at),
    ],
    order="-proposee",
    export_endpoint="introduction_gestion.export",
    empty="Choisissez qui cherche un IPA, ou qui accueille un étudiant : les IPA qui conviennent suivent.",
    people=True,
    near=2,
)  # fmt: skip
LISTS = DataTable(
    "listes-transmises",
    Column("le", "Transmise le", "sent_at", sort=TrainingList.sent_at),
    Column("a", "À", "recipient", sort=TrainingList.recipient),
    Column("nombre", "Fiches", "number", sort=TrainingList.number, number=True),
    noun=("liste transmise", "listes transmises"),
    search=[fn.LOWER(TrainingList.recipient)],
    filters=[Period("le", "Transmise", TrainingList.sent_at)],
    order="-le",
    export_endpoint="introduction_gestion.lists_export",
    empty="Chaque liste remise à un organisme de formation s’inscrit ici, avec sa date et son destinataire.",
)


def _badge(row) -> str:
    return "ok" if row.outcome == Outcome.SUCCESS else row.state.badge


class OutcomeForm(Form):
    outcome = RadioField(
        "Ce qu’elle est devenue",
        [InputRequired("Dites si cette mise en relation a abouti.")],
        choices=[(each.value, each.label) for each in rules.GIVEN_BY_HAND],
    )


class ListForm(Form):
    recipient = StringField(
        "Organisme de formation",
        [InputRequired("Dites à quel organisme cette liste est transmise."), Length(max=160)],
        description="Par exemple : Université des Exemples, département de pratique avancée.",
    )
    format = SelectField("Format", choices=[("csv", "CSV"), ("xlsx", "XLSX, pour Excel")])


@bp_gestion.get("")
@access("coordination")
def index():
    return INTRODUCTIONS.page("introduction/list.html", Introduction.joined())


@bp_gestion.post("/export")
@access("coordination")
def export():
    return INTRODUCTIONS.export(Introduction.joined())


@bp_gestion.route("/proposer", methods=["GET", "POST"])
@access("coordination")
def propose():
    demands, error = matching.demands(), None
    chosen = number_of(request.values.get("demande"))
    demand = next((each for each in demands if each.id == chosen), None)
    if request.method == "POST":
        try:
            found = rules.propose(chosen, number_of(request.form.get("ipa")), by=current_user.id)
        except RuleError as refusal:
            error = str(refusal)
        else:
            flash("La proposition part aux deux. Aucun ne sait encore qui est l’autre.")
            return redirect(url_for(".show", id=found.id), 303)
    suggestions = matching.suggested(demand) if demand else []
    return page(
        "introduction/propose.html",
        fragment="suggestions",
        demands=demands,
        demand=demand,
        names={each.slug: each.short for each in catalogue.everything().values()},
        told=showing.described(demand) if demand else [],
        suggestions=suggestions,
        offers={each.entry.id: showing.described(each.entry) for each in suggestions},
        error=error,
        status=422 if error else None,
    )


@bp_gestion.get("/<int:id>")
@access("coordination")
def show(id):
    return _shown(_find(id))


def _shown(found, form=None):
    contacts = {side: showing.contact_of(found, side) for side in Side}
    return page(
        "introduction/show.html", introduction=found, contacts=contacts, form=form or OutcomeForm(formdata=None)
    )


@bp_gestion.post("/<int:id>/conclure")
@access("coordination")
def conclude(id):
    found, form = _find(id), OutcomeForm()
    if form.validate_on_submit():
        try:
            rules.conclude(id, form.outcome.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le résultat est noté.")
            return redirect(url_for(".show", id=id), 303)
    return _shown(found, form)


@bp_gestion.post("/<int:id>/<any(retirer, rouvrir):act>")
@access("coordination")
def change(id, act):
    _find(id)
    do, said = {
        "retirer": (rules.withdraw, "La proposition est retirée."),
        "rouvrir": (rules.reopen, "La mise en relation est rouverte."),
    }[act]
    try:
        do(id)
    except RuleError as error:
        flash(str(error), "error")
    else:
        flash(said)
    return redirect(url_for(".show", id=id), 303)


def _find(id) -> Introduction:
    return Introduction.joined().where(Introduction.id == id).first() or abort(404)


@bp_gestion.get("/organismes")
@access("coordination")
def lists():
    return _lists(ListForm(formdata=None))


def _lists(form):
    shareable = rules.shareable()
    return LISTS.page("introduction/lists.html", TrainingList.select(), form=form, shareable=shareable)


@bp_gestion.post("/organismes")
@access("coordination")
def hand_over():
    """Answer the list as a file, once it is written to whom it goes."""
    form = ListForm()
    if form.validate_on_submit():
        try:
            _, entries = rules.hand_over(form.recipient.data, by=current_user.id)
        except RuleError as error:
            form.refuse(error)
        else:
            labels, rows = _file(entries)
            return exports.download("liste-organismes-de-formation", form.format.data, labels, rows)
    response = _lists(form)
    response.status_code = 422
    return response


def _file(entries: list[Entry]) -> tuple[list[str], list[list]]:
    """Return the head and the lines of the file: what adherents read of each entry, and the contacts that it shows."""
    definitions = catalogue.everything()
    lines = []
    for entry in entries:
        definition = definitions[entry.directory]
        card = viewing.card(definition, entry, showing.READER)
        said = " ; ".join(f"{line.label} : {line.text}" for line in card.lines)
        contact = [entry.email if entry.show_email else "", entry.phone if entry.show_phone else ""]
        lines.append([definition.short, entry.label, card.commune, *contact, said, entry.confirmed_on])
    return ["Répertoire", "Nom", "Commune", "E-mail", "Téléphone", "Réponses", "Confirmée le"], lines


@bp_gestion.post("/organismes/export")
@access("coordination")
def lists_export():
    return LISTS.export(TrainingList.select())
