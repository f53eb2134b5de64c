"""The site's pages of events: what is announced, registering, asking to be told of the next one."""

import secrets
from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_login import current_user
from peewee import JOIN

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import limits, registry
from cptsapp.kernel.access import access, may, may_read
from cptsapp.kernel.db import as_they_are, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import StoredFile
from cptsapp.kernel.htmx import page
from cptsapp.kernel.markdown import render
from cptsapp.kernel.pagecache import kept_ready
from cptsapp.kernel.text import normalise_email

from . import booking, eligibility, links, wishes, wording
from .entries import is_received, questions_of
from .forms import OTHER, AddressForm, answers, guests, registering, typed
from .models import Audience, Booking, CoOrganiser, Event, Material, MaterialReaders, Question, Status
from .people import Place, Registration
from .showing import visibility_of

bp = Blueprint("event", __name__, url_prefix="/evenements")
registry.reserved_slugs.add("evenements")

PER_ADDRESS = 60  # registrations an hour from one address: a whole health centre shares one
PER_MAILBOX = 6  # mails a day to one address, so that nobody floods another's


def member() -> Person | None:
    """Return the person who is logged in."""
    return current_user.person if current_user.is_authenticated else None


def event_or_404(slug: str) -> Event:
    """Return an event that whoever asks may see; one for invited people opens by their link or their account."""
    event = next(iter(as_they_are(Event, "slug = ?", slug)), None)
    if event is None or event.deleted_at:
        abort(404)
    event.invitation = links.invitation_of(request.args.get("invitation", ""), event)
    is_invited = event.audience == Audience.INVITED and event.status != Status.DRAFT and _is_invited(event)
    if not (may_read(visibility_of(event)) or is_invited):
        abort(404)
    return event


def _is_invited(event: Event) -> bool:
    person = member()
    if event.invitation or person is None:
        return event.invitation is not None
    return eligibility.is_invited(event, person=person, email=current_user.email)


@bp.get("/<slug>")
@access("public")
@kept_ready
def show(slug):
    event, person = event_or_404(slug), member()
    mine = _registration_of(event, person) if person else None
    return page(
        "event/show.html",
        event=event,
        **_about(event),
        description=render(event.description),
        agenda=render(event.agenda),
        mine=mine,
        my_url=links.personal_link(mine) if mine else "",
        one_click=person is not None and mine is None and _fits_one_click(event, person),
        one_click_key=secrets.token_urlsafe(12) if person else "",
        partners=list(event.co_organisers.order_by(CoOrganiser.position)),
        materials=_materials(event),
        next_event=_next_of(event),
        status=200,
    )


def _about(event: Event) -> dict:
    """Return what the pages of an event say of it."""
    return {
        "sessions": (sessions := wording.sessions_of(event)),
        "when": wording.when_lines(event, sessions),
        "where": wording.where_line(event),
        "link_comes": wording.link_comes(event),
        "is_for": eligibility.is_for(event),
        "standing": booking.standing(event),
        "closed": booking.why_closed(event),
        "is_offered": event.booking == Booking.ONLINE and not event.counts_heads,
        "invitation": request.args.get("invitation") or None,
    }


def _registration_of(event: Event, person: Person) -> Registration | None:
    """Return the living registration of a member, known by the record or by the account's address."""
    who = Registration.person == person.id
    own = Registration.email_normalised == current_user.email
    living = Registration.state.in_([str(Place.CONFIRMED), str(Place.WAITING), str(Place.WALK_IN)])
    return Registration.select().where(Registration.event == event.id, who | own, living).first()


def _fits_one_click(event: Event, person: Person) -> bool:
    """Tell whether a member's record answers all that an event asks."""
    if booking.why_closed(event) or Question.select().where(Question.event == event.id, Question.is_required).exists():
        return False
    profession = Practice.of(person.id).profession
    return not eligibility.refusal(event, profession=profession, person=person, email=current_user.email)


def _materials(event: Event) -> list[Material]:
    """Return the materials that whoever asks may read here; those of registrants are on their own page."""
    readers = [MaterialReaders.PUBLIC] + ([MaterialReaders.ADHERENTS] if may("adherent") else [])
    chosen = event.materials.where(Material.readers.in_([str(each) for each in readers]))
    return list(chosen.select(Material, StoredFile).join(StoredFile, JOIN.LEFT_OUTER).order_by(Material.position))


def _next_of(event: Event) -> Event | None:
    """Return the next event of the same series that is announced."""
    if event.series_id is None:
        return None
    coming = Event.select().where(Event.series == event.series_id, Event.id != event.id, Event.starts_at > now())
    coming = coming.where(Event.status == Status.PUBLISHED, Event.deleted_at.is_null())
    return next((each for each in coming.order_by(Event.starts_at) if may_read(visibility_of(each))), None)


@bp.route("/<slug>/inscription", methods=["GET", "POST"])
@access("public")
def register(slug):
    event, status = event_or_404(slug), None
    is_colleague = request.args.get("pour") == "collegue"
    questions = questions_of(event)
    form = registering(event, questions, is_colleague=is_colleague, data=_known(event, is_colleague))
    if form.validate_on_submit():
        try:
            outcome = _receive(event, form, is_colleague)
        except RuleError as error:
            form.refuse(error)
        except limits.TooManyTries as error:
            form.form_errors.append(_too_many(error))
            status = 429
        else:
            return redirect(_after(event, outcome, is_colleague), 303)
    return page(
        "event/register.html",
        fragment="formulaire",
        form=form,
        status=status,
        event=event,
        questions=questions,
        is_colleague=is_colleague,
        needs_login=event.audience == Audience.ADHERENTS and not may("adherent"),
        **_about(event),
    )


def _known(event: Event, is_colleague: bool) -> dict:
    """Return what the form holds when it opens: a member's own record, or the invited person's address."""
    person = member()
    if is_colleague:
        return {"by_name": person.label} if person else {}
    if person is None:
        return {"email": event.invitation.email} if event.invitation else {}
    practice = Practice.of(person.id)
    return {
        "given_name": person.given_name or person.label,
        "family_name": person.family_name,
        "email": event.invitation.email if event.invitation else current_user.email,
        "profession": practice.profession or (OTHER if practice.profession_other else ""),
        "profession_other": practice.profession_other,
        "organisation": practice.organisation,
    }


def _receive(event: Event, form, is_colleague: bool) -> booking.Outcome:
    """Count the sending, then register; the same form sent again is neither counted nor registered twice."""
    values = typed(form)
    if not is_received(form.key, values):
        _count(values.get("email", ""))
    person = member()
    by = (form.by_name.data, current_user.email if person else "") if is_colleague else None
    given = {"guests": guests(form), "answers": answers(form), "by": by, "person": person}
    return booking.register(event, form.key, values=values, **given)


def _count(email: str):
    tries = [("event", limits.network(request.remote_addr), PER_ADDRESS, timedelta(hours=1))]
    if email:
        tries.append(("event-mail", normalise_email(email), PER_MAILBOX, timedelta(days=1)))
    limits.hit_each(*tries)


def _too_many(error: limits.TooManyTries) -> str:
    return (
        "Plusieurs inscriptions viennent d’être envoyées. La vôtre est gardée ici : vous pourrez l’envoyer dans "
        f"{limits.in_words(error.wait)}."
    )


def _after(event: Event, outcome: booking.Outcome, is_colleague: bool) -> str:
    """Return where a registration leads: one's own page when it is surely one's own, else the page for anybody."""
    entry, person = outcome.registration, member()
    is_own = person is not None and entry.person_id == person.id and not is_colleague
    if is_own or not entry.email:
        return url_for("event.mine", token=links.personal_token(entry), nouveau=1 if outcome.is_new else None)
    asked = {"attente": 1 if outcome.waits else None, "pour": "collegue" if is_colleague else None}
    return url_for("event.sent", slug=event.slug, invitation=request.args.get("invitation"), **asked)


@bp.post("/<slug>/inscription/un-clic")
@access("account")
def register_at_once(slug):
    """Register a member with what their record says; whatever is missing leads to the form."""
    event = event_or_404(slug)
    values = {name: value for name, value in _known(event, False).items() if value != OTHER}
    try:
        _count(current_user.email)
        key = request.form.get("form_key", "")[:40] or secrets.token_urlsafe(12)
        outcome = booking.register(event, key, values=values, person=member())
    except RuleError as error:
        flash(str(error), "error")
        return redirect(url_for("event.register", slug=slug), 303)
    except limits.TooManyTries as error:
        flash(_too_many(error), "error")
        return redirect(url_for("event.show", slug=slug), 303)
    return redirect(_after(event, outcome, False), 303)


@bp.get("/<slug>/inscription/envoyee")
@access("public")
def sent(slug):
    event = event_or_404(slug)
    waits, is_colleague = bool(request.args.get("attente")), request.args.get("pour") == "collegue"
    return page("event/register_sent.html", event=event, waits=waits, is_colleague=is_colleague)


@bp.route("/<slug>/mon-lien", methods=["GET", "POST"])
@access("public")
def send_link(slug):
    """Mail their personal link again to whoever lost it; the answer is the same for any address."""
    event = event_or_404(slug)
    return _with_address(event, "link", lambda form: booking.resend(event, form.email.data, form.key))


@bp.route("/<slug>/prevenez-moi", methods=["GET", "POST"])
@access("public")
def tell_me(slug):
    """Keep an address that wants to hear of the next session."""
    event, person = event_or_404(slug), member()
    name = person.label if person else ""
    return _with_address(event, "next", lambda form: wishes.ask(event, form.email.data, name=name, person=person))


def _with_address(event: Event, what: str, act):
    """Show the form of one address, and do `act` with it."""
    form, status = AddressForm(data={"email": current_user.email} if member() else {}), None
    if form.validate_on_submit():
        try:
            _count(form.email.data)
            act(form)
        except RuleError as error:
            form.refuse(error)
        except limits.TooManyTries as error:
            form.form_errors.append(_too_many(error))
            status = 429
        else:
            return redirect(url_for("event.noted", slug=event.slug, quoi=what), 303)
    return page("event/register_address.html", fragment="formulaire", form=form, status=status, event=event, what=what)


@bp.get("/<slug>/note")
@access("public")
def noted(slug):
    event = event_or_404(slug)
    return page("event/register_noted.html", event=event, what=request.args.get("quoi"))
