"""The coordination's room of events: their list, and the page from which each is led to its end."""

from copy import copy
from dataclasses import dataclass

from flask import Blueprint, abort, current_app, flash, redirect, request, url_for
from peewee import JOIN
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.access import access, may
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import Form
from cptsapp.kernel.htmx import page
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.tables import Bulk, Cases, Column, DataTable, OneOf, Period
from cptsapp.kernel.text import NBSP, plural
from cptsapp.kernel.themes import Theme

from . import checking, counts, rules
from .models import Booking, Event, EventKind, Material, Series, Session, Status
from .people import LIVING, Registration

bp_gestion = Blueprint("event_gestion", __name__, url_prefix="/gestion/evenements")
READERS = ("bureau", "coordination")
MOST_ENTRIES = 12


@dataclass(frozen=True)
class Moments(Cases):
    """Cases whose conditions depend on the moment when they are asked; tabs above the list choose among them."""

    widget = "hidden"

    def condition(self, values):
        made = super().condition(values)
        return made() if callable(made) else made


STATES = {
    "a-venir": ("À venir et brouillons", lambda: _is_present & _is_ahead()),
    "a-cloturer": (
        "Passés à confirmer",
        lambda: _is_present & (Event.status == Status.PUBLISHED) & (Event.ends_at <= now()),
    ),
    "tenus": ("Tenus", lambda: _is_present & (Event.status == Status.HELD)),
    "annules": ("Annulés", lambda: _is_present & (Event.status == Status.CANCELLED)),
    "corbeille": ("Corbeille", lambda: Event.deleted_at.is_null(False)),
}
NOTHING = {
    "a-venir": "Rien à venir, et aucun brouillon.",
    "a-cloturer": "Aucun événement passé n’attend d’être marqué comme tenu.",
    "tenus": "Aucun événement n’a encore été marqué comme tenu.",
    "annules": "Aucun événement n’a été annulé.",
    "corbeille": "La corbeille est vide.",
}
_is_present = Event.deleted_at.is_null()


def _is_ahead():
    return (Event.status == Status.DRAFT) | ((Event.status == Status.PUBLISHED) & (Event.ends_at > now()))


def series_choices():
    return list(Series.select(Series.id, Series.title).order_by(Series.title, Series.id).tuples())


def registered_words(event) -> str:
    """« 12 sur 30 »: the seats taken and those there are."""
    taken = event.counts.seats
    return f"{taken}{NBSP}sur{NBSP}{event.capacity}" if event.capacity else str(taken or "")


def state_words(event) -> str:
    if event.deleted_at:
        return "Corbeille"
    return "À confirmer" if event.status == Status.PUBLISHED and event.is_past else event.state.label


def state_badge(event) -> str:
    return "warn" if state_words(event) == "À confirmer" else event.state.badge


def prepare(events) -> None:
    found = counts.counts_of(events)
    for each in events:
        each.counts = found[each.id]


EVENTS = DataTable(
    "evenements",
    Column("titre", "Événement", "heading", sort=Event.folded, link="event_gestion.show", sub="kind_label"),
    Column("quand", "Quand", "starts_at", sort=(Event.starts_at.is_null(), Event.starts_at)),
    Column("etat", "État", state_words, sort=Event.status, badge=state_badge),
    Column("inscrits", "Inscrits", registered_words, number=True, export="counts.seats"),
    Column("attente", "En attente", lambda row: row.counts.waiting or "", number=True, export="counts.waiting"),
    Column("presents", "Présents", lambda row: row.counts.present or "", number=True, export="counts.present"),
    Column("professionnels", "Professionnels présents", "counts.professionals", shown=False),
    Column("places", "Places", "capacity", shown=False),
    Column("fin", "Fin", "ends_at", sort=(Event.ends_at.is_null(), Event.ends_at), shown=False),
    Column("nature", "Nature", "kind_label", shown=False),
    Column("theme", "Thème", "theme_label", shown=False),
    Column("mission", "Mission", lambda row: _mission(row), shown=False),
    Column("action", "Action", "action", shown=False),
    Column("serie", "Série", lambda row: row.series.title if row.series_id else "", shown=False),
    Column("public", "Pour qui", "audience_label", shown=False),
    Column("lieu", "Lieu", "place", shown=False),
    Column("commune", "Commune", lambda row: row.commune.name if row.commune_id else "", shown=False),
    noun=("événement", "événements"),
    search=[Event.folded],
    filters=[
        Moments("etat", "État", STATES, default="a-venir", blank="Tous"),
        OneOf("nature", "Nature", Event.kind, EventKind, blank="Toutes les natures"),
        OneOf("theme", "Thème", Event.theme, Theme, blank="Tous les thèmes"),
        OneOf("serie", "Série", Event.series, series_choices, blank="Toutes les séries"),
        Period("tenu", "Prévu", Event.starts_at),
    ],
    order="quand",
    bulk=[
        Bulk("publier", "Publier"),
        Bulk("tenu", "Marquer comme tenus"),
        Bulk("corbeille", "Mettre à la corbeille", "danger"),
    ],
    bulk_endpoint="event_gestion.bulk",
    export_endpoint="event_gestion.export",
    hint="Titre, lieu, intervenant, action…",
    empty="Créez le premier événement : il reste en brouillon tant que vous ne le publiez pas.",
    prepare=prepare,
    near=3,
)
READ_ONLY = copy(EVENTS)
READ_ONLY.bulk = ()
BULK = {"publier": rules.publish, "tenu": rules.hold, "corbeille": rules.trash}


def _mission(event) -> str:
    known = reference.missions().get(event.mission)
    return known.label if known else ""


def listed():
    """Return the events with what their list shows; those of the trash when they alone are asked for."""
    query = Event.select(Event, Series, Commune).join(Series, JOIN.LEFT_OUTER).switch(Event)
    query = query.join(Commune, JOIN.LEFT_OUTER)
    return query if request.values.get("etat") == "corbeille" else query.where(_is_present)


@bp_gestion.get("/")
@access(*READERS)
def index():
    table = EVENTS if may("coordination") else READ_ONLY
    return table.page("event/gestion_list.html", listed(), has_any=_has_any, states=STATES, nothing=NOTHING)


def _has_any() -> bool:
    return Event.select().where(_is_present).exists()


@bp_gestion.post("/export")
@access(*READERS)
def export():
    return EVENTS.export(listed())


@bp_gestion.post("/lot")
@access("coordination")
def bulk():
    action, ids = EVENTS.selection(listed())
    done, refusals = 0, []
    for each in ids:
        try:
            BULK[action](each)
            done += 1
        except RuleError as error:
            refusals.append(str(error))
    if done:
        flash(f"{plural(done, 'événement changé', 'événements changés')}.")
    if refusals:
        flash(f"{plural(len(refusals), 'événement inchangé', 'événements inchangés')}. {refusals[0]}", "error")
    return redirect(EVENTS.back("event_gestion.index"), 303)


# One event


@bp_gestion.get("/<int:id>")
@access(*READERS)
def show(id):
    event = event_or_404(id)
    return page(
        "event/gestion_show.html",
        event=event,
        counts=counts.of_one(event),
        sessions=list(event.sessions.order_by(Session.starts_at)),
        materials=Material.select().where(Material.event == event).count(),
        todo=to_complete(event),
        state=state_words(event),
        badge=state_badge(event),
        mission=_mission(event),
        registered=event.registrations.exists(),
        entries=journal_of(event) if may("coordination") else [],
        Status=Status,
        Booking=Booking,
    )


def to_complete(event: Event) -> list[str]:
    """Return what a coordinator would still write before people read the event."""
    if event.status != Status.DRAFT:
        return []
    missing = [
        ("sa date", event.starts_at is None),
        ("son lieu ou son lien de connexion", not (event.place or event.address or event.online_url)),
        ("sa présentation", not event.description and not event.summary),
        ("le numéro ou l’adresse où s’inscrire", event.booking == Booking.ELSEWHERE and not event.booking_note),
        ("les personnes invitées", event.audience == "invited" and not event.invitations.exists()),
    ]
    return [words for words, lacks in missing if lacks]


def journal_of(event: Event) -> list[JournalEntry]:
    entries = JournalEntry.select().where(
        JournalEntry.subject_kind == "event", JournalEntry.subject_id == str(event.id)
    )
    return list(entries.order_by(JournalEntry.id.desc()).limit(MOST_ENTRIES))


MOVES = {
    "publier": (rules.publish, "L’événement est publié."),
    "brouillon": (rules.withdraw, "L’événement est de nouveau un brouillon : le site ne le montre plus."),
    "tenu": (rules.hold, "L’événement est marqué comme tenu : il compte dans les chiffres."),
    "rouvrir": (rules.reopen, "L’événement est de nouveau publié."),
    "corbeille": (rules.trash, "Le brouillon est à la corbeille. Vous pouvez le rétablir ici même."),
    "retablir": (rules.restore, "Le brouillon est rétabli."),
}


@bp_gestion.post("/<int:id>/<any(publier, brouillon, tenu, rouvrir, corbeille, retablir):move>")
@access("coordination")
def move(id, move):
    event_or_404(id)
    act, done = MOVES[move]
    try:
        act(id)
    except RuleError as error:
        flash(str(error), "error")
    else:
        flash(done)
    return redirect(url_for("event_gestion.show", id=id), 303)


class CancelForm(Form):
    reason = TextAreaField(
        "Pourquoi", [InputRequired("Dites pourquoi l’événement est annulé."), Length(max=300)],
        description="Les personnes inscrites le liront dans leur e-mail, et les visiteurs sur la page.",
    )  # fmt: skip


@bp_gestion.route("/<int:id>/annuler", methods=["GET", "POST"])
@access("coordination")
def cancel(id):
    event, form = event_or_404(id), CancelForm()
    if form.validate_on_submit():
        try:
            rules.cancel(id, form.reason.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("L’événement est annulé. Les personnes inscrites ou en attente reçoivent un e-mail.")
            return redirect(url_for("event_gestion.show", id=id), 303)
    told = Registration.select().where(Registration.event == event, Registration.state.in_(LIVING)).count()
    return page("event/gestion_cancel.html", fragment="formulaire", form=form, event=event, told=told)


class CountForm(Form):
    """The figures of an event of before, of which nobody kept the list."""

    participants = IntegerField("Participants", [Optional(), NumberRange(0, checking.MOST_SEATS)])
    professionals = IntegerField("Dont professionnels", [Optional(), NumberRange(0, checking.MOST_SEATS)])
    source = StringField("D’où vient ce nombre", [Length(max=160)])


@bp_gestion.route("/<int:id>/compter", methods=["GET", "POST"])
@access("coordination")
def count_by_hand(id):
    event = event_or_404(id)
    typed = {name: getattr(event, f"typed_{name}") for name in ("participants", "professionals", "source")}
    form = CountForm(data=typed)
    if form.validate_on_submit():
        try:
            rules.count_by_hand(id, **{name: form[name].data for name in ("participants", "professionals")},
                                source=form.source.data or "")  # fmt: skip
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le nombre de participants est noté.")
            return redirect(url_for("event_gestion.show", id=id), 303)
    return page("event/gestion_count.html", fragment="formulaire", form=form, event=event)


def event_or_404(id) -> Event:
    """Return an event, the ones in the trash included; what it points to is joined."""
    query = Event.select(Event, Series, Commune).join(Series, JOIN.LEFT_OUTER).switch(Event)
    return query.join(Commune, JOIN.LEFT_OUTER).where(Event.id == id).first() or abort(404)


TABS = {
    "show": "Événement",
    "people": "Inscrits",
    "queue": "Liste d’attente",
    "day": "Présence",
    "documents": "Documents",
    "invited": "Invités",
    "asked": "Questions",
    "mails": "E-mails",
    "after": "Bilan",
}


@bp_gestion.app_template_global()
def event_tabs(event: Event) -> list[tuple[str, str, bool]]:
    """Return the pages of an event that the reader may open: (label, address, whether this page is it or under it)."""
    views = {name: current_app.view_functions.get(f"event_gestion.{name}") for name in TABS}
    urls = {name: url_for(f"event_gestion.{name}", id=event.id) for name, view in views.items() if view}
    mine = {name: url for name, url in urls.items() if may(*views[name].access)}
    under = (url for url in mine.values() if f"{request.path}/".startswith(f"{url}/"))
    here = max(under, key=len, default=None)
    return [(TABS[name], url, url == here) for name, url in mine.items()] if len(mine) > 1 else []
