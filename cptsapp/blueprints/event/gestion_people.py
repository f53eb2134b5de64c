"""The people of one event: who is registered, who waits, what they ask, and one registration at a time."""

from flask import abort, flash, redirect, request, url_for
from wtforms import BooleanField, TextAreaField
from wtforms.validators import Length

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import Form
from cptsapp.kernel.htmx import page
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.registry import write_to
from cptsapp.kernel.tables import Bulk, Cases, Column, DataTable, OneOf, Period
from cptsapp.kernel.text import plural
from cptsapp.kernel.urls import number_of

from . import desk_people, inviting, links, moves, seats
from .gestion import bp_gestion, event_or_404
from .models import Event, Question, QuestionKind
from .people import LIVING, Answer, Attendance, Place, Registration
from .people_forms import add_form

STATES = {
    "presents": ("Inscrits et en attente", Registration.state.in_([str(each) for each in LIVING])),
    "inscrits": ("Inscrits", Registration.state == Place.CONFIRMED),
    "attente": ("En liste d’attente", Registration.state == Place.WAITING),
    "venus": ("Venus sans inscription", Registration.state == Place.WALK_IN),
    "desinscrits": ("Désinscrits", Registration.state == Place.CANCELLED),
    "retires": ("Retirés", Registration.state == Place.REMOVED),
}
BULK = [
    Bulk("renvoyer", "Renvoyer l’e-mail"),
    Bulk("confirmer", "Donner une place"),
    Bulk("ecrire", "Écrire à…"),
    Bulk("retirer", "Retirer", "danger"),
]


def table_of(event: Event) -> DataTable:
    """Return the list of an event's registrations, with a column for each of its questions."""
    questions = list(event.questions.where(Question.kind != QuestionKind.GUESTS).order_by(Question.position))
    asked = [_answer_column(each) for each in questions]
    return DataTable(
        "inscrits",
        Column("nom", "Nom", "list_label", sort=Registration.folded, link="event_gestion.registration", sub="email"),
        Column("etat", "État", "place.label", sort=Registration.state, badge=lambda row: row.place.badge),
        Column("profession", "Profession", "profession_label", sort=Registration.profession, sub="organisation"),
        Column("cpts", "CPTS", "cpts", sort=Registration.cpts),
        Column("places", "Places", "seats", number=True),
        Column("le", "Inscrit le", "registered_at", sort=Registration.registered_at),
        Column("present", "Présent", lambda row: "oui" if row.was_there else ""),
        Column("prenom", "Prénom", "given_name", shown=False),
        Column("famille", "Nom de famille", "family_name", shown=False),
        Column("email", "E-mail", "email", shown=False),
        Column("organisme", "Organisme", "organisation", shown=False),
        Column("professionnel", "Professionnel de santé", "is_professional", shown=False),
        Column("accompagnants", "Accompagnants", "guests", shown=False),
        Column("inscrit-par", "Inscrit par", "by_name", shown=False),
        Column("question", "Question aux intervenants", "speakers_question", shown=False),
        *asked,
        noun=("inscription", "inscriptions"),
        search=[Registration.folded],
        filters=[
            Cases("etat", "État", STATES, default="presents", blank="Toutes"),
            OneOf(
                "profession",
                "Profession",
                Registration.profession,
                lambda: _professions(event),
                blank="Toutes les professions",
            ),
            OneOf(
                "cpts",
                "CPTS d’origine",
                Registration.cpts,
                lambda: _distinct(event, Registration.cpts),
                blank="Toutes les CPTS",
            ),
            Period("inscrit", "Inscrit", Registration.registered_at),
        ],
        order="nom",
        bulk=BULK,
        bulk_endpoint="event_gestion.people_bulk",
        export_endpoint="event_gestion.people_export",
        hint="Nom, adresse ou organisme",
        empty="Les personnes inscrites à cet événement s’affichent ici.",
        people=True,
        near=2,
        prepare=_prepare,
    )


def _answer_column(question: Question) -> Column:
    return Column(f"q{question.id}", question.label, lambda row: row.answers_by.get(question.id, ""), shown=False)


def _prepare(rows) -> None:
    """Set on the rows what they answered and whether they were there, in two queries."""
    ids = [each.id for each in rows]
    answers = Answer.select(Answer.registration, Answer.question, Answer.text).where(Answer.registration.in_(ids))
    given = {}
    for registration, question, text in answers.tuples():
        given.setdefault(registration, {})[question] = text
    came = Attendance.select(Attendance.registration).where(Attendance.registration.in_(ids), Attendance.is_present)
    there = {id for (id,) in came.tuples()}
    for each in rows:
        each.answers_by, each.was_there = given.get(each.id, {}), each.id in there


def _professions(event: Event) -> list[tuple[str, str]]:
    known = reference.professions()
    codes = {code for code, _ in _distinct(event, Registration.profession)}
    return [(code, known[code].label) for code in known if code in codes]


def _distinct(event: Event, column) -> list[tuple[str, str]]:
    query = Registration.select(column).where(Registration.event == event, column != "").distinct().order_by(column)
    return [(value, value) for (value,) in query.tuples()]


def rows_of(event: Event):
    return Registration.select().where(Registration.event == event, Registration.forgotten_at.is_null())


@bp_gestion.get("/<int:id>/inscrits")
@access("coordination")
def people(id):
    event = event_or_404(id)
    return table_of(event).page(
        "event/gestion_people.html", rows_of(event), event=event, standing=lambda: seats.standing(event)
    )


@bp_gestion.post("/<int:id>/inscrits/export")
@access("coordination")
def people_export(id):
    event = event_or_404(id)
    return table_of(event).export(rows_of(event))


@bp_gestion.post("/<int:id>/inscrits/lot")
@access("coordination")
def people_bulk(id):
    event = event_or_404(id)
    table = table_of(event)
    action, ids = table.selection(rows_of(event))
    if action == "retirer":
        return _removal(event, ids, RemoveForm(formdata=None))
    if action == "ecrire":
        persons = Registration.select(Registration.person).where(Registration.id.in_(ids))
        return redirect(write_to({id for (id,) in persons.tuples() if id}), 303)
    act, said = {
        "renvoyer": (desk_people.resend, ("e-mail part de nouveau", "e-mails partent de nouveau")),
        "confirmer": (desk_people.confirm, ("place donnée", "places données")),
    }[action]
    _tell(act(ids), said)
    return redirect(table.back("event_gestion.people", id=id), 303)


def _tell(done: desk_people.Done, said: tuple[str, str]) -> None:
    if done.count:
        flash(f"{plural(done.count, *said)}.")
    if done.refusals:
        flash(
            f"{plural(len(done.refusals), 'inscription inchangée', 'inscriptions inchangées')}. {done.refusals[0]}",
            "error",
        )


class RemoveForm(Form):
    reason = TextAreaField("Pourquoi", [Length(max=moves.LONGEST_REASON)])
    notify = BooleanField("Prévenir par e-mail", default=True)


@bp_gestion.post("/<int:id>/inscrits/retirer")
@access("coordination")
def people_remove(id):
    """Take away the registrations that were ticked, once the reason is written."""
    event, form = event_or_404(id), RemoveForm()
    ids = [int(each) for each in request.form.getlist("id") if each.isascii() and each.isdecimal() and len(each) < 10]
    mine = [each for (each,) in rows_of(event).where(Registration.id.in_(ids)).select(Registration.id).tuples()]
    if form.validate():
        try:
            done = desk_people.remove(mine, form.reason.data or "", notify=form.notify.data)
        except RuleError as error:
            form.refuse(error)
        else:
            _tell(done, ("inscription retirée", "inscriptions retirées"))
            return redirect(url_for("event_gestion.people", id=id), 303)
    return _removal(event, mine, form)


def _removal(event: Event, ids: list[int], form: RemoveForm):
    chosen = list(rows_of(event).where(Registration.id.in_(ids)).order_by(Registration.folded))
    return page("event/gestion_remove.html", form=form, event=event, chosen=chosen)


# The waiting list


@bp_gestion.get("/<int:id>/attente")
@access("coordination")
def queue(id):
    event = event_or_404(id)
    return page(
        "event/gestion_queue.html",
        event=event,
        waiting=list(seats.waiting_list(id)),
        standing=seats.standing(event),
        is_open=seats.is_open(event),
    )


@bp_gestion.post("/<int:id>/attente/entrer")
@access("coordination")
def queue_let_in(id):
    event_or_404(id)
    count = moves.let_in(id)
    flash(f"{plural(count, 'personne a', 'personnes ont')} une place et reçoivent leur e-mail." if count
          else "Personne ne peut entrer : il n’y a pas assez de places libres.")  # fmt: skip
    return redirect(url_for("event_gestion.queue", id=id), 303)


# One registration


@bp_gestion.get("/inscriptions/<int:id>")
@access("coordination")
def registration(id):
    return _registration(entry_or_404(id))


def _registration(entry: Registration, refusal: str = "", typed: str = ""):
    history = JournalEntry.select().where(
        JournalEntry.subject_kind == "registration", JournalEntry.subject_id == str(entry.id)
    )
    answers = Answer.select(Answer, Question).join(Question).where(Answer.registration == entry)
    came = Attendance.select().where(Attendance.registration == entry, Attendance.is_present).count()
    return page(
        "event/gestion_registration.html",
        event=entry.event,
        entry=entry,
        answers=list(answers.order_by(Question.position)),
        history=list(history.order_by(JournalEntry.id.desc()).limit(30)),
        rank=seats.rank(entry) if entry.place == Place.WAITING else None,
        came=came,
        link=links.personal_link(entry),
        refusal=refusal,
        typed=typed,
        status=422 if refusal else None,
        Place=Place,
        LIVING=LIVING,
    )


ACTS = {
    "monter": (moves.move_up, "La personne est en tête de la liste d’attente."),
    "confirmer": (moves.confirm, "La personne a une place et reçoit son e-mail."),
    "retirer": (moves.remove, "L’inscription est retirée."),
    "renvoyer": (desk_people.resend_one, "L’e-mail part de nouveau."),
}


@bp_gestion.post("/inscriptions/<int:id>/<any(monter, confirmer, retirer, renvoyer):act>")
@access("coordination")
def act(id, act):
    entry = entry_or_404(id)
    reason = request.form.get("reason", "")
    verb, said = ACTS[act]
    try:
        if act == "renvoyer":
            verb(id)
        elif act == "retirer":
            verb(id, reason, notify=bool(request.form.get("notify")))
        else:
            verb(id, reason)
    except RuleError as error:
        return _registration(entry, str(error), reason)
    flash(said)
    if request.form.get("back") == "attente":
        return redirect(url_for("event_gestion.queue", id=entry.event_id), 303)
    return redirect(url_for("event_gestion.registration", id=id), 303)


def entry_or_404(id) -> Registration:
    query = Registration.select(Registration, Event).join(Event)
    return query.where(Registration.id == id, Registration.forgotten_at.is_null()).first() or abort(404)


# By hand


@bp_gestion.route("/<int:id>/inscrits/ajouter", methods=["GET", "POST"])
@access("coordination")
def add(id):
    """Register somebody who called: found among the members, or typed."""
    event = event_or_404(id)
    q = " ".join(request.args.get("q", "").split())[:100]
    form = add_form(event, person_id=request.args.get("personne", type=number_of))
    if form.validate_on_submit():
        key, guests = form.form_key.data or "", form.guests.data or 0
        try:
            entry = moves.add_by_hand(id, key, values=form.values(), guests=guests, answers=form.answers())
        except RuleError as error:
            form.refuse(error)
        else:
            waits = entry.place == Place.WAITING
            flash(f"{entry.label} {'attend une place' if waits else 'a une place'}.")
            return redirect(url_for("event_gestion.people", id=id), 303)
    return page("event/gestion_add.html", fragment="resultats", form=form, event=event, q=q, found=inviting.found(q))


# What they ask the speakers


@bp_gestion.get("/<int:id>/questions")
@access("coordination")
def asked(id):
    event = event_or_404(id)
    rows = rows_of(event).where(Registration.speakers_question != "", Registration.state.in_(LIVING))
    return page("event/gestion_asked.html", event=event, asked=list(rows.order_by(Registration.id)))
