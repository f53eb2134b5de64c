"""Writing an event, and making others like it."""

from flask import flash, redirect, request, url_for
from wtforms import BooleanField, DateField, IntegerField, SelectField
from wtforms.validators import InputRequired, NumberRange, Optional

from cptsapp.kernel.access import access
from cptsapp.kernel.dates import to_paris
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import Form
from cptsapp.kernel.htmx import page
from cptsapp.kernel.markdown import render
from cptsapp.kernel.text import plural

from . import asking, copies, desk, rules
from .desk_forms import EventForm
from .gestion import bp_gestion, event_or_404, series_choices
from .models import Event, Status
from .timetable import Every


@bp_gestion.route("/nouveau", methods=["GET", "POST"])
@access("coordination")
def create():
    return _write(None)


@bp_gestion.route("/<int:id>/modifier", methods=["GET", "POST"])
@access("coordination")
def edit(id):
    event = event_or_404(id)
    if event.deleted_at or event.status == Status.CANCELLED:
        flash(
            "Cet événement ne se modifie plus." if not event.deleted_at else "Rétablissez d’abord ce brouillon.",
            "error",
        )
        return redirect(url_for("event_gestion.show", id=id), 303)
    return _write(event)


def _write(event: Event | None):
    """The form: a button of its rows or of its preview shows it again, « save » and « publish » save it."""
    form = EventForm(event)
    act = request.form.get("act", "save")
    if not form.is_submitted():
        return _form(form)
    saves = act in ("save", "publish")
    shaped = saves and form.validate()
    form.keep_files()
    if act == "preview":
        return _form(form, fragment="apercu", status=200, with_preview=True)
    if part := form.change_rows(act):
        return _form(form, fragment=part, status=200, added=part if act.startswith("add-") else "")
    if shaped and not form.errors and (values := form.read()) is not None:
        try:
            saved = desk.save(
                event.id if event else None,
                values,
                series=form.series.data or "",
                insee=form.commune.data,
                questions=form.asked(),
                partners=form.co_organisers(),
                over=form.over.data or "",
                forget_answers=form.forget_answers.data,
            )
            if act == "publish":
                rules.publish(saved.id)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("L’événement est publié." if act == "publish" else "L’événement est enregistré.")
            return redirect(url_for("event_gestion.show", id=saved.id), 303)
    return _form(form, status=422 if saves else 200)


def _form(
    form: EventForm, *, fragment: str = "formulaire", status: int | None = None, with_preview: bool = False, added=""
):
    event = form.event
    preview = with_preview or event is not None
    return page(
        "event/gestion_edit.html",
        fragment=fragment,
        form=form,
        event=event,
        status=status,
        added=added,
        answered=asking.answers_of(event) if event else {},
        known_series=[title for _, title in series_choices()],
        description_html=render(form.description.data or "") if preview else "",
        agenda_html=render(form.agenda.data or "") if preview else "",
    )


# Others like it


class DuplicateForm(Form):
    weeks = IntegerField(
        "Décaler de combien de semaines",
        [Optional(), NumberRange(1, copies.MOST_WEEKS)],
        description="Vide : sans date. Sinon, aux mêmes heures de Paris.",
    )
    with_people = BooleanField(
        "Inviter d’abord les mêmes personnes",
        description="Les inscrits, et celles et ceux qui ont demandé à être prévenus de la prochaine session.",
    )
    in_series = BooleanField("Ranger les deux dans la même série", default=True)


@bp_gestion.route("/<int:id>/dupliquer", methods=["GET", "POST"])
@access("coordination")
def duplicate(id):
    """One click from the event's page copies it; the page of this address offers more."""
    event, form = event_or_404(id), DuplicateForm()
    if form.validate_on_submit():
        try:
            made = copies.duplicate(
                id, weeks=form.weeks.data, with_people=form.with_people.data, in_series=form.in_series.data
            )
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La copie est un brouillon : complétez-la, puis publiez-la.")
            return redirect(url_for("event_gestion.edit", id=made.id), 303)
    return page("event/gestion_duplicate.html", fragment="formulaire", form=form, event=event)


class RepeatForm(Form):
    every = SelectField("Quand", choices=Every.choices(), default=Every.MONTH_RANK.value)
    until = DateField("Jusqu’au", [InputRequired("Donnez le dernier jour possible.")])


@bp_gestion.route("/<int:id>/repeter", methods=["GET", "POST"])
@access("coordination")
def repeat(id):
    """First the days are shown, each with its box; then those that stay ticked become events."""
    event, form, days = event_or_404(id), RepeatForm(), []
    if not event.starts_at:
        flash("Donnez d’abord une date à l’événement : les suivantes partent d’elle.", "error")
        return redirect(url_for("event_gestion.show", id=id), 303)
    chosen = set(request.form.getlist("jour"))
    if form.validate_on_submit():
        try:
            days = copies.days_to_come(event, form.every.data, form.until.data)
            if request.form.get("act") == "create":
                passed = [each for each in days if each.isoformat() not in chosen]
                made = copies.repeat(id, form.every.data, form.until.data, passed)
                flash(f"{plural(len(made), 'événement créé', 'événements créés')}.")
                return redirect(url_for("event_gestion.index", serie=made[0].series_id), 303)
        except RuleError as error:
            form.refuse(error)
    return page(
        "event/gestion_repeat.html",
        fragment="formulaire",
        form=form,
        event=event,
        days=days,
        chosen=chosen,
        shown_before=request.form.get("act") == "create",
        is_published=copies.is_published_with(event),
        first=to_paris(event.starts_at).date(),
    )
