"""The day itself: the list at the door, people who come unannounced, the paper sheet, heads counted, the QR code."""

from datetime import UTC, datetime

from flask import Response, abort, flash, jsonify, redirect, request, url_for
from flask_login import current_user
from wtforms import EmailField, HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import Email, InputRequired, Length, NumberRange, Optional

from cptsapp.blueprints.person.forms import INCOMPLETE_EMAIL
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.access import access
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import Form, new_key
from cptsapp.kernel.htmx import page
from cptsapp.kernel.text import plural
from cptsapp.kernel.urls import number_of

from . import attendance, evidence, moves, sheets
from .attendance import BANDS, Tick
from .gestion import bp_gestion, event_or_404
from .models import Event, HeadCount, Session
from .people import Place, Registration

MOST_TICKS = 2_000  # in one sending: a phone that was away for a day
EARLIEST = 1_500_000_000_000  # milliseconds: a phone without its date says 1970


class WalkInForm(Form):
    """Somebody at the door, in two fields."""

    form_key = HiddenField()
    name = StringField("Prénom et nom", [InputRequired("Indiquez au moins le prénom."), Length(max=160)])
    profession = SelectField("Profession", default="")
    email = EmailField("Adresse e-mail", [Optional(), Email(INCOMPLETE_EMAIL), Length(max=254)])

    def __init__(self, **kwargs):
        super().__init__(data={"form_key": new_key()[:40]}, **kwargs)
        self.profession.choices = {
            "": [("", "Pas un professionnel de santé, ou non précisée")],
            **dict(reference.profession_choices()),
        }


def heads_form(session: Session) -> Form:
    """Return the form that counts people by age band, filled with what was counted before."""
    fields = {f"band-{band}": IntegerField(label, [Optional(), NumberRange(0, attendance.MOST_HEADS)])
              for band, label in BANDS.items()}  # fmt: skip
    label = "Dont professionnels de santé"
    fields["professionals"] = IntegerField(label, [Optional(), NumberRange(0, attendance.MOST_HEADS)])
    known = {f"band-{each.band}": each.count for each in HeadCount.select().where(HeadCount.session == session)}
    known["professionals"] = sum(each.professionals for each in HeadCount.select().where(HeadCount.session == session))
    return type("HeadsForm", (Form,), fields)(data=known)


def _session(event: Event, sessions: list[Session]) -> Session | None:
    """Return the session asked for, or the one at hand."""
    asked = number_of(request.values.get("seance"))
    chosen = next((each for each in sessions if each.id == asked), None)
    return chosen or attendance.at_hand(sessions)


def _opened(id) -> tuple[Event, list[Session], Session]:
    event = event_or_404(id)
    sessions = attendance.sessions_of(event)
    session = _session(event, sessions)
    if session is None:
        abort(404)
    return event, sessions, session


# The list at the door


@bp_gestion.get("/<int:id>/presence", endpoint="day")
@access("coordination")
def day(id):
    event, sessions, session = _opened(id)
    return _door(event, sessions, session)


def _door(event, sessions, session, form=None):
    people = list(attendance.expected(event, request.args.get("q", "")))
    heads = {each.band: each.count for each in HeadCount.select().where(HeadCount.session == session)}
    return page(
        "event/day.html",
        fragment="liste",
        form=form if form is not None and form.errors else None,
        walk_in=form or WalkInForm(formdata=None),
        event=event,
        sessions=sessions,
        session=session,
        people=people,
        present=attendance.present_at(session),
        heads=sum(heads.values()),
        Place=Place,
        q=request.args.get("q", ""),
    )


def _back(event, session, **where):
    asked = {"seance": session.id, "q": request.form.get("q") or None}
    return redirect(url_for("event_gestion.day", id=event.id, **asked, **where), 303)


@bp_gestion.post("/<int:id>/presence/pointer")
@access("coordination")
def tick(id):
    """One tap, for a browser without JavaScript."""
    event, _, session = _opened(id)
    registration_id = number_of(request.form.get("inscription"))
    is_present = request.form.get("present") != "non"
    one = Tick(registration_id, session.id, is_present, now())
    if not attendance.record(event.id, [one], current_user.id):
        raise RuleError("Cette personne n’est plus dans la liste. Rechargez la page.")
    return _back(event, session, _anchor=f"p{registration_id}")


@bp_gestion.post("/<int:id>/presence/pointages")
@access("coordination")
def ticks(id):
    """Taps kept by a phone: JSON {"ticks": [{"r": registration, "s": session, "p": present, "t": milliseconds}]}."""
    event = event_or_404(id)
    try:
        sent = _read_ticks(request.get_json(force=True, silent=True))
        kept = attendance.record(event.id, sent, current_user.id)
    except RuleError as error:
        return jsonify(error=str(error)), 422
    # What is true now, for the phone to show: another one may have said otherwise since.
    present = {id: sorted(attendance.present_at(id)) for id in {each.session_id for each in sent}}
    return jsonify(kept=kept, ignored=len(sent) - kept, present=present)


def _read_ticks(sent) -> list[Tick]:
    rows = sent.get("ticks") if isinstance(sent, dict) else None
    if not isinstance(rows, list) or len(rows) > MOST_TICKS:
        raise RuleError("Ces pointages ne se lisent pas. Rechargez la page, puis pointez de nouveau.")
    return [_read_tick(row) for row in rows]


def _read_tick(row) -> Tick:
    numbers = [row.get(name) if isinstance(row, dict) else None for name in ("r", "s", "t")]
    if not all(isinstance(each, int) and not isinstance(each, bool) and 0 < each < 2**53 for each in numbers):
        raise RuleError("Un pointage ne se lit pas. Rechargez la page, puis pointez de nouveau.")
    registration_id, session_id, moment = numbers
    at = now()
    if EARLIEST <= moment <= at.replace(tzinfo=UTC).timestamp() * 1000:
        at = datetime.fromtimestamp(moment / 1000, UTC).replace(tzinfo=None)
    return Tick(min(registration_id, 2**31 - 1), min(session_id, 2**31 - 1), row.get("p") is True, at)


@bp_gestion.post("/<int:id>/presence/sans-inscription")
@access("coordination")
def walk_in(id):
    event, sessions, session = _opened(id)
    form = WalkInForm()
    if form.validate_on_submit():
        given_name, family_name = attendance.split_name(form.name.data)
        try:
            entry = moves.walk_in(
                event.id,
                session.id,
                form.form_key.data,
                given_name=given_name[:80],
                family_name=family_name[:80],
                profession=form.profession.data,
                email=form.email.data or "",
                account_id=current_user.id,
            )
        except RuleError as error:
            form.refuse(error)
        else:
            flash(f"{entry.label} est dans la liste, présent.")
            return _back(event, session, _anchor=f"p{entry.id}")
    return _door(event, sessions, session, form)


# Paper, heads, the QR code


@bp_gestion.route("/<int:id>/presence/feuille", methods=["GET", "POST"])
@access("coordination")
def paper(id):
    """Keying in a signed sheet."""
    event, sessions, session = _opened(id)
    if request.method == "POST":
        chosen = {number_of(each) for each in request.form.getlist("present")}
        count = attendance.key_in(event.id, session.id, chosen, current_user.id)
        flash(f"La feuille est enregistrée : {plural(count, 'présent', 'présents')}.")
        return _back(event, session)
    return page(
        "event/day_paper.html",
        event=event,
        sessions=sessions,
        session=session,
        people=list(attendance.expected(event)),
        present=attendance.present_at(session),
    )


@bp_gestion.route("/<int:id>/presence/compter", methods=["GET", "POST"])
@access("coordination")
def heads(id):
    """Counting people without naming them."""
    event, sessions, session = _opened(id)
    form = heads_form(session)
    if form.validate_on_submit():
        counts = {band: [form[f"band-{band}"].data or 0, 0] for band in BANDS}
        _share_professionals(counts, form.professionals.data or 0)
        try:
            total = attendance.count_heads(event.id, session.id, {band: tuple(count) for band, count in counts.items()})
        except RuleError as error:
            form.refuse(error)
        else:
            flash(f"{plural(total, 'participant compté', 'participants comptés')}.")
            return redirect(url_for("event_gestion.day", id=id, seance=session.id), 303)
    return page(
        "event/day_heads.html", fragment="formulaire", form=form, event=event, sessions=sessions, session=session
    )


def _share_professionals(counts: dict[str, list[int]], professionals: int) -> None:
    """Put the professionals, counted in all, in the first bands that can hold them; what is over shows as too many."""
    for band in reversed(list(counts)):
        counts[band][1] = min(professionals, counts[band][0])
        professionals -= counts[band][1]
    if professionals:
        counts[""][1] += professionals


@bp_gestion.get("/entree/")
@access("coordination")
def typed_code():
    """The code of a registrant, typed when the camera does not read it."""
    code = "".join(each for each in request.args.get("code", "").upper() if each.isalnum())[:12]
    if code:
        return redirect(url_for("event_gestion.door", code=code), 303)
    return page("event/day_code.html", registration=None, code="")


@bp_gestion.get("/entree/<code>", endpoint="door")
@access("coordination")
def door(code):
    """What the camera of the phone opens: who it is, and one button."""
    found = Registration.joined().where(Registration.code == code[:12].upper()).first()
    if found is None or found.forgotten_at:
        return page("event/day_code.html", registration=None, code=code[:12], status=404)
    sessions = attendance.sessions_of(found.event)
    session = _session(found.event, sessions)
    return page(
        "event/day_code.html",
        registration=found,
        code=code,
        event=found.event,
        sessions=sessions,
        session=session,
        is_present=bool(session) and found.id in attendance.present_at(session),
        Place=Place,
    )


@bp_gestion.post("/entree/<code>")
@access("coordination")
def let_in(code):
    found = Registration.joined().where(Registration.code == code[:12].upper()).first() or abort(404)
    session = _session(found.event, attendance.sessions_of(found.event)) or abort(404)
    attendance.record(found.event_id, [Tick(found.id, session.id, True, now())], current_user.id)
    flash(f"{found.label} est présent.")
    return redirect(url_for("event_gestion.door", code=code, seance=session.id), 303)


@bp_gestion.get("/<int:id>/presence/emargement.pdf")
@access("coordination")
def signatures(id):
    event, _, session = _opened(id)
    blanks = min(max(number_of(request.args.get("lignes", "10")), 0), sheets.MOST_BLANKS)
    content = sheets.signature_sheet(event, session, list(attendance.expected(event)), blanks=blanks)
    name = f"emargement-{event.slug}-{session.id}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, content_type="application/pdf", headers=headers)


@bp_gestion.get("/<int:id>/presence/presents.pdf")
@access("coordination")
def presence(id):
    """Who was at a session, on paper: what the funders are shown."""
    event, _, session = _opened(id)
    content = evidence.presence_list(event, session)
    headers = {"Content-Disposition": f'inline; filename="{evidence.name_of(event, session)}"'}
    return Response(content, content_type="application/pdf", headers=headers | {"Cache-Control": "private, no-store"})
