"""One's own registration, opened by the personal link of the mails: see, change, cancel, hand over. No login."""

import segno
from flask import Response, abort, redirect, request, url_for

from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import serve
from cptsapp.kernel.htmx import page

from . import booking, certificates, links, wording
from .calendar_file import event_ics
from .forms import OTHER, QUESTION, answers, changing, guests, handing_over, typed
from .models import Event, Material, MaterialReaders, Question
from .people import Answer, Attendance, Place, Registration
from .views import bp


def _opened(token: str):
    """Return the registration of a link, or the page that says what became of it."""
    found = links.opened(token)
    if found is None or found.registration.forgotten_at:
        return None, page("event/mine_dead.html", event=None, status=404)
    if not found.is_current:
        return None, page("event/mine_dead.html", event=found.registration.event, status=410)
    return found.registration, None


@bp.after_request
def keep_to_oneself(response):
    """What a personal link opens stays in no cache: not the browser's, nor one between."""
    if "token" in (request.view_args or {}):
        response.headers.setdefault("Cache-Control", "private, no-store")
    return response


@bp.get("/inscription/<token>")
@access("public")
def mine(token):
    registration, dead = _opened(token)
    return dead or _shown(token, registration)


def _shown(token: str, registration: Registration, error: str = ""):
    event, place = registration.event, registration.place
    is_coming = place == Place.CONFIRMED and not event.is_past and not event.cancelled_at
    return page(
        "event/mine.html",
        token=token,
        registration=registration,
        event=event,
        error=error,
        when=wording.when_lines(event),
        where=wording.where_line(event),
        rank=booking.rank(registration) if place == Place.WAITING else 0,
        is_new=bool(request.args.get("nouveau")),
        shows_link=is_coming and wording.shows_link(event),
        link_comes=wording.link_comes(event) if is_coming else "",
        code=segno.make(links.door_link(registration), error="m", micro=False) if is_coming else None,
        answers=list(Answer.select(Answer, Question).join(Question).where(Answer.registration == registration.id)),
        materials=_materials(registration),
        may_certify=certificates.may_have(registration, event),
        may_change=place in (Place.CONFIRMED, Place.WAITING) and not event.is_past and not event.cancelled_at,
        may_return=place == Place.CANCELLED and booking.is_open(event),
        status=422 if error else 200,
    )


def _materials(registration: Registration) -> list[Material]:
    """Return what a registrant may read of the event, those who were there a little more."""
    if registration.place not in (Place.CONFIRMED, Place.WALK_IN):
        return []
    readers = [MaterialReaders.PUBLIC, MaterialReaders.REGISTERED]
    here = (Attendance.registration == registration.id) & Attendance.is_present
    if Attendance.select().where(here).exists():
        readers.append(MaterialReaders.PRESENT)
    chosen = registration.event.materials.where(Material.readers.in_([str(each) for each in readers]))
    return list(chosen.order_by(Material.position, Material.id))


@bp.get("/inscription/<token>/document/<int:id>")
@access("public")
def material(token, id):
    """Answer with a material that this registrant may read; 404 for any other."""
    registration, dead = _opened(token)
    if dead:
        return dead
    found = next((each for each in _materials(registration) if each.id == id), None)
    if found is None or found.file is None:
        abort(404)
    return serve(found.file, download_name=found.file.original_name)


@bp.post("/inscription/<token>/attestation.pdf")
@access("public")
def certificate(token):
    """The certificate of attendance; asked for by a button, for it gives itself a code the first time."""
    registration, dead = _opened(token)
    if dead:
        return dead
    try:
        content = certificates.pdf([certificates.issue(registration.id)])
    except RuleError as error:
        return _shown(token, registration, str(error))
    headers = {"Content-Disposition": 'attachment; filename="attestation-de-presence.pdf"'}
    return Response(content, content_type="application/pdf", headers=headers | {"Cache-Control": "private, no-store"})


@bp.get("/inscription/<token>/rendez-vous.ics")
@access("public")
def calendar_file(token):
    registration, dead = _opened(token)
    if dead:
        return dead
    text = event_ics(registration.event, registration=registration)
    headers = {"Content-Disposition": "attachment; filename=rendez-vous.ics", "Cache-Control": "private, no-store"}
    return Response(text, content_type="text/calendar; charset=utf-8; method=PUBLISH", headers=headers)


@bp.route("/inscription/<token>/modifier", methods=["GET", "POST"])
@access("public")
def change(token):
    registration, dead = _opened(token)
    if dead:
        return dead
    event = registration.event
    form = changing(event, _questions(event), data=_said(registration))
    if form.validate_on_submit():
        try:
            booking.change(registration, values=typed(form), guests=guests(form), answers=answers(form))
        except RuleError as error:
            form.refuse(error)
        else:
            return redirect(url_for("event.mine", token=token), 303)
    values = {"token": token, "registration": registration, "event": event}
    return page("event/mine_change.html", fragment="formulaire", form=form, **values)


def _questions(event: Event) -> list[Question]:
    return list(event.questions.order_by(Question.position))


def _said(registration: Registration) -> dict:
    """Return what a registrant said, by the names of the form."""
    names = ("given_name", "family_name", "profession", "profession_other", "organisation", "cpts", "guests")
    said = {name: getattr(registration, name) for name in (*names, "speakers_question")}
    if registration.profession_other:
        said["profession"] = OTHER
    return said | {f"{QUESTION}{each.question_id}": each.text for each in registration.answers}


@bp.route("/inscription/<token>/annuler", methods=["GET", "POST"])
@access("public")
def cancel(token):
    """Ask, then cancel: a mail program that opens links by itself cancels nothing."""
    registration, dead = _opened(token)
    if dead:
        return dead
    if request.method == "POST":
        try:
            booking.cancel(registration.id, link_version=registration.link_version)
        except RuleError as error:
            return _shown(token, registration, str(error))
        return redirect(url_for("event.mine", token=token), 303)
    when = wording.when_lines(registration.event)
    values = {"token": token, "registration": registration, "event": registration.event, "when": when}
    return page("event/mine_cancel.html", **values)


@bp.route("/inscription/<token>/transmettre", methods=["GET", "POST"])
@access("public")
def hand_over(token):
    registration, dead = _opened(token)
    if dead:
        return dead
    event = registration.event
    form = handing_over(event)
    if form.validate_on_submit():
        try:
            booking.transfer(registration, values=typed(form))
        except RuleError as error:
            form.refuse(error)
        else:
            return redirect(url_for("event.handed_over", slug=event.slug), 303)
    values = {"token": token, "registration": registration, "event": event}
    return page("event/mine_transfer.html", fragment="formulaire", form=form, **values)


@bp.get("/<slug>/place-transmise")
@access("public")
def handed_over(slug):
    """Say that a place changed hands; nothing more, so that it may be read by anybody."""
    event = Event.get_or_none(Event.slug == slug) or abort(404)
    return page("event/mine_handed_over.html", event=event)
