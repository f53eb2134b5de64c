"""Sendings before they leave: their list, whom each is for, the trial, the hour."""

from datetime import datetime, time, timedelta

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_login import current_user

from cptsapp.kernel import limits
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import datetime_fr, to_paris, today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.mail.dialogue import Result
from cptsapp.kernel.tables import Column, DataTable, OneOf, Period

from . import advising, audience, groups, progress, rules, sources, trying
from .audience import Op, Step
from .forms import GroupForm, HourForm, TrialForm
from .letters import values_for, without_fields
from .models import Mailing, SavedAudience, State

bp_gestion = Blueprint("mailing_gestion", __name__, url_prefix="/gestion/envois")

BADGES = {State.DRAFT: "mute", State.SCHEDULED: "mute", State.SENDING: "warn", State.PAUSED: "warn", State.SENT: "ok",
          State.CANCELLED: "bad"}  # fmt: skip
TRIALS_PER_HOUR = 30


def with_figures(rows: list[Mailing]):
    """Look up at once the figures of the sendings of a page, and the subjects of those that have not left."""
    figures = progress.counts_of([row.id for row in rows]) if rows else {}
    for row in rows:
        row.figures = figures[row.id]
        row.title = title_of(row)


def title_of(mailing: Mailing) -> str:
    if not mailing.is_open:
        return mailing.subject
    source = sources.find(mailing.source_key)
    letter = source.letter(mailing.source_id) if source else None
    return without_fields(letter.subject if letter else mailing.subject) or "Sans objet"


def when(row: Mailing):
    return row.started_at or row.scheduled_at


MAILINGS = DataTable(
    "envois",
    Column("lettre", "Envoi", "title", sort=Mailing.folded, link="mailing_gestion.show"),
    Column("etat", "État", "state_label", sort=Mailing.state, badge=lambda row: BADGES[row.state]),
    Column("destinataires", "Destinataires", lambda row: row.figures.recipients or None, number=True),
    Column("partis", "Partis", lambda row: None if row.is_open else row.figures.sent, number=True),
    Column("refuses", "Refusés", lambda row: row.figures.refused or None, number=True),
    Column("doute", "À vérifier", lambda row: row.figures.uncertain or None, number=True),
    Column("depart", "Départ", when, sort=Mailing.started_at),
    Column("cree", "Préparé", "created_at", sort=Mailing.created_at, shown=False),
    noun=("envoi", "envois"),
    search=[Mailing.folded],
    filters=[
        OneOf("etat", "État", Mailing.state, State, blank="Tous les états"),
        Period("depart", "Départ", Mailing.started_at),
    ],
    order="-cree",
    export_endpoint="mailing_gestion.export",
    hint="Objet",
    empty="Chaque lettre et chaque message envoyés à plusieurs personnes s’affichent ici, avec ce qu’ils sont devenus.",
    prepare=with_figures,
)


@bp_gestion.get("/")
@access("coordination")
def index():
    return MAILINGS.page("mailing/list.html", Mailing.select(), groups=SavedAudience.select().count())


@bp_gestion.post("/export")
@access("coordination")
def export():
    return MAILINGS.export(Mailing.select())


# Whom it is for


@bp_gestion.route("/<int:id>/destinataires", methods=["GET", "POST"])
@access("coordination")
def recipients(id):
    mailing = open_or_leave(id)
    if not isinstance(mailing, Mailing):
        return mailing
    known, error, group = audience.offered(), None, GroupForm()
    steps = audience.steps_of(mailing.audience)
    act = request.form.get("act", "count") if request.method == "POST" else ""
    if act:
        steps = typed_steps()
    try:
        if act == "save":
            rules.set_audience(id, steps)
            return redirect(url_for(".send", id=id), 303)
        if act == "group" and group.validate():
            groups.save(group.name.data, steps)
            rules.set_audience(id, steps)
            flash(f"Le groupe « {group.name.data} » est enregistré : il suivra ceux qui arrivent et ceux qui partent.")
            return redirect(url_for(".recipients", id=id), 303)
    except RuleError as refusal:
        error = str(refusal)
    return page(
        "mailing/recipients.html",
        fragment="choix",
        form=group if act == "group" else None,
        group=group,
        mailing=mailing,
        title=title_of(mailing),
        steps=steps,
        known=known,
        ops=Op,
        words=audience.describe(steps, known),
        count=audience.count(steps),
        error=error,
        status=422 if error or (act == "group" and group.errors) else None,
    )


def typed_steps() -> list[Step]:
    """Return the steps of the posted form; a line without a choice is one taken away."""
    removed = request.form.get("remove", "")
    lines = zip(request.form.getlist("op"), request.form.getlist("choice"), strict=False)
    found = []
    for rank, (op, choice) in enumerate(lines):
        segment, _, value = choice.partition("|")
        if segment and value and removed != str(rank):
            found.append(Step(op if op in list(Op) else Op.OR, segment, value))
    return found[: audience.MOST_STEPS + 1]


# The last look


@bp_gestion.route("/<int:id>/envoyer", methods=["GET", "POST"])
@access("coordination")
def send(id):
    mailing = open_or_leave(id)
    if not isinstance(mailing, Mailing):
        return mailing
    form, error = HourForm(), None
    if request.method == "POST":
        try:
            if request.form.get("act") == "now":
                rules.start(id)
                return redirect(url_for(".show", id=id), 303)
            if form.validate():
                mailing = rules.schedule(id, form.at.data)
                flash(f"L’envoi partira le {datetime_fr(mailing.scheduled_at)}.")
                return redirect(url_for(".show", id=id), 303)
        except RuleError as refusal:
            if refusal.field:
                form.refuse(refusal)
            else:
                error = str(refusal)
    return _last_look(mailing, form=form, error=error)


@bp_gestion.post("/<int:id>/essai")
@access("coordination")
def trial(id):
    mailing = open_or_leave(id)
    if not isinstance(mailing, Mailing):
        return mailing
    form, tried = TrialForm(), None
    if form.validate_on_submit():
        limits.hit("mailing-trial", str(current_user.id), limit=TRIALS_PER_HOUR, per=timedelta(hours=1))
        try:
            tried = trying.send_trial(mailing, form.to.data, own_values())
        except RuleError as refusal:
            form.refuse(refusal)
    return _last_look(mailing, trial=form, tried=tried, form=HourForm(formdata=None), refused=bool(form.errors))


def own_values() -> dict[str, str]:
    """Return the fields of whoever tries: their own name."""
    person = current_user.person
    return values_for([person.given_name], [person.label])


def _last_look(mailing, *, form, trial=None, tried=None, error=None, refused=False):
    steps = audience.steps_of(mailing.audience)
    letter, trouble = None, error
    try:
        letter = rules.letter_of(mailing)
    except RuleError as refusal:
        trouble = trouble or str(refusal)
    people = audience.candidates(steps)
    trial = trial or TrialForm(formdata=None, to=current_user.email)
    if form.at.data is None and not form.is_submitted():
        planned = mailing.scheduled_at
        form.at.data = to_paris(planned).replace(tzinfo=None) if planned else next_morning()
    return page(
        "mailing/send.html",
        fragment="essai",
        form=form if form.errors else None,
        hour=form,
        trial=trial,
        tried=tried and {"is_sent": tried[0].result == Result.SENT, "words": tried[0].words, "meaning": tried[1]},
        mailing=mailing,
        title=title_of(mailing),
        letter=letter,
        source=sources.find(mailing.source_key),
        words=audience.describe(steps),
        count=sum(not each.reason for each in people),
        left_out=sum(bool(each.reason) for each in people),
        advice=advising.advice(mailing, letter, people) if letter else [],
        error=trouble,
        missed=rules.is_missed(mailing),
        status=422 if error or refused or form.errors else None,
    )


def next_morning() -> datetime:
    """Return tomorrow at nine in Paris, naive: the hour offered first."""
    return datetime.combine(today() + timedelta(days=1), time(9))


@bp_gestion.post("/<int:id>/deprogrammer")
@access("coordination")
def unschedule(id):
    found_or_404(id)
    rules.unschedule(id)
    flash("L’envoi n’est plus programmé : il attend votre décision.")
    return redirect(url_for(".send", id=id), 303)


@bp_gestion.post("/<int:id>/effacer")
@access("coordination")
def delete(id):
    found_or_404(id)
    rules.delete(id)
    flash("L’envoi préparé est effacé. La lettre, elle, est toujours là.")
    return redirect(url_for(".index"), 303)


def found_or_404(id) -> Mailing:
    return Mailing.get_or_none(Mailing.id == id) or abort(404)


def open_or_leave(id):
    """Return a sending that has not left, or the answer that leads to its progress."""
    mailing = found_or_404(id)
    if mailing.is_open:
        return mailing
    if request.method == "POST":
        raise RuleError("Cet envoi a commencé : il ne change plus. Rechargez la page pour le voir.")
    return redirect(url_for(".show", id=id), 303)


# Groups


@bp_gestion.get("/groupes")
@access("coordination")
def saved_groups():
    rows = list(SavedAudience.select().order_by(SavedAudience.name))
    known, found = audience.offered() if rows else [], []
    for each in rows:
        steps = audience.steps_of(each.steps)
        found.append((each, audience.describe(steps, known), audience.count(steps)))
    return page("mailing/groups.html", found=found)


@bp_gestion.post("/groupes/<int:id>/effacer")
@access("coordination")
def delete_group(id):
    if SavedAudience.get_or_none(SavedAudience.id == id) is None:
        abort(404)
    groups.delete(id)
    flash("Le groupe est effacé.")
    return redirect(url_for(".saved_groups"), 303)
