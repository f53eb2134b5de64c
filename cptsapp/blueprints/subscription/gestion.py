"""The subscribers in the gestion, the topics they choose, and what a person said to the coordination."""

from flask import Blueprint, flash, redirect, url_for

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.mail.holds import HELD_KINDS
from cptsapp.kernel.tables import Cases, Column, DataTable, Period

from . import figures, preferences, topics
from .models import Subscription, Topic, TopicChoice
from .partner_forms import TopicForm

bp_gestion = Blueprint("subscription_gestion", __name__, url_prefix="/gestion/abonnes")
STATES = {
    "abonnes": ("Abonnés", Subscription.ended_at.is_null()),
    "desabonnes": ("Désabonnés", Subscription.ended_at.is_null(False)),
    "sans-nouvelles": ("Sans nouvelles, interrogés", Subscription.asked_again_at.is_null(False)),
}


class TopicFilter(Cases):
    """The readers of one topic; its choices are those of the day."""

    def options(self):
        return [(str(each.id), each.name) for each in Topic.select().order_by(Topic.position, Topic.id)]

    def condition(self, values):
        chosen = TopicChoice.select(TopicChoice.person).where(TopicChoice.topic == int(values[self.key] or 0))
        return Subscription.person.in_(chosen) if values[self.key] else None


def _prepare(rows) -> None:
    """Set on the rows the names of the topics chosen, in one query."""
    ids = [each.person_id for each in rows]
    query = TopicChoice.select(TopicChoice.person, Topic.name).join(Topic).where(TopicChoice.person.in_(ids))
    names = {}
    for person_id, name in query.order_by(Topic.position, Topic.id).tuples():
        names.setdefault(person_id, []).append(name)
    for each in rows:
        each.topics = ", ".join(names.get(each.person_id, ()))


BADGES = {"Désabonné": "mute", "Sans nouvelles": "warn", "Abonné": "ok"}


def _state(row) -> str:
    if row.ended_at:
        return "Désabonné"
    return "Sans nouvelles" if row.asked_again_at else "Abonné"


SUBSCRIBERS = DataTable(
    "abonnes",
    Column("nom", "Nom", "person.list_label", sort=Person.folded, sub="person.email",
           link=lambda row: url_for("person_gestion.show", id=row.person_id)),
    Column("depuis", "Abonné le", "confirmed_at", sort=Subscription.confirmed_at),
    Column("themes", "Thèmes", "topics"),
    Column("etat", "État", _state, badge=lambda row: BADGES[_state(row)]),
    Column("prenom", "Prénom", "person.given_name", shown=False),
    Column("famille", "Nom de famille", "person.family_name", shown=False),
    Column("email", "Adresse e-mail", "person.email", shown=False),
    Column("demande", "Demande le", "asked_at", shown=False),
    Column("page", "Page", "page", shown=False),
    Column("texte", "Texte accepté", "wording", shown=False),
    Column("signe", "Dernier signe de vie", "alive_at", shown=False),
    noun=("abonné", "abonnés"),
    search=[Person.folded],
    filters=[
        Cases("etat", "État", STATES, default="abonnes", blank="Tous"),
        TopicFilter("theme", "Thème", {}, blank="Tous les thèmes"),
        Period("abonne", "Abonné", Subscription.confirmed_at),
    ],
    order="-depuis",
    export_endpoint="subscription_gestion.export",
    empty="Les personnes qui s’abonnent depuis le site, et le confirment par e-mail, s’affichent ici.",
    hint="Nom ou adresse",
    people=True,
    near=2,
    prepare=_prepare,
)  # fmt: skip


def _rows():
    return Subscription.select(Subscription, Person).join(Person).where(Person.deleted_at.is_null())


@bp_gestion.get("/")
@access("bureau", "coordination")
def index():
    return SUBSCRIBERS.page("subscription/gestion_list.html", _rows(), figures=lambda: figures.summary(today()))


@bp_gestion.post("/export")
@access("coordination")
def export():
    return SUBSCRIBERS.export(_rows())


@bp_gestion.post("/personnes/<int:id>/opposition")
@access("coordination")
def oppose(id):
    """Record that a person asked, by telephone or in a meeting, to be written to no more."""
    person = Person.present().where(Person.id == id).first()
    try:
        if person is None:
            raise RuleError("Cette fiche n’existe plus.")
        preferences.refuse_for(person, HELD_KINDS)
    except RuleError as error:
        flash(str(error), "error")
    else:
        flash("C’est noté : plus aucun envoi collectif ne part à cette adresse. Seule la personne peut y revenir.")
    return redirect(url_for("person_gestion.show", id=id), 303)


# Topics


@bp_gestion.route("/themes", methods=["GET", "POST"])
@access("coordination")
def themes():
    form = TopicForm()
    if form.validate_on_submit():
        try:
            topics.save(form.name.data or "", form.description.data or "")
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le thème est proposé à qui s’abonne.")
            return redirect(url_for(".themes"), 303)
    return page("subscription/gestion_topics.html", fragment="formulaire", form=form, topics=topics.counted())


@bp_gestion.route("/themes/<int:id>", methods=["GET", "POST"])
@access("coordination")
def edit_theme(id):
    topic = Topic.get_or_none(Topic.id == id)
    if topic is None:
        flash("Ce thème n’existe plus.", "error")
        return redirect(url_for(".themes"), 303)
    form = TopicForm(obj=topic)
    if form.validate_on_submit():
        try:
            topics.save(form.name.data or "", form.description.data or "", topic_id=id)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le thème est enregistré.")
            return redirect(url_for(".themes"), 303)
    return page("subscription/gestion_topic.html", fragment="formulaire", form=form, topic=topic)


THEME_ACTS = {
    "monter": (topics.move_up, "Le thème remonte d’un rang."),
    "fermer": (topics.close, "Le thème n’est plus proposé. Ceux qui l’ont choisi le gardent."),
    "rouvrir": (topics.reopen, "Le thème est proposé de nouveau."),
    "retirer": (topics.remove, "Le thème est retiré."),
}


@bp_gestion.post("/themes/<int:id>/<any(monter, fermer, rouvrir, retirer):act>")
@access("coordination")
def act_on_theme(id, act):
    verb, said = THEME_ACTS[act]
    try:
        verb(id)
    except RuleError as error:
        flash(str(error), "error")
    else:
        flash(said)
    return redirect(url_for(".themes"), 303)
