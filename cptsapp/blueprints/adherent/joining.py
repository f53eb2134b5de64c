"""Asking to join: a request is recorded, its address confirmed by a link, corrected when the bureau asks.

Whoever writes an address learns nothing of who owns it: the answer is the same, and the rest is said by mail.
"""

import json
from datetime import date, timedelta

from peewee import IntegrityError

from cptsapp.blueprints.person.rules import one_line
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel import journal, mail, tokens
from cptsapp.kernel.dates import date_fr, start_of, today
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.settings import settings
from cptsapp.kernel.text import fold, normalise_email

from . import origins
from .models import OTHER, Application, MemberType, RequestState

CONFIRM, CORRECT = "adhesion-confirm", "adhesion-correct"
UNCONFIRMED_DAYS = 30
ANSWER_LASTS = timedelta(days=60)
REFUSED_DAYS = 365
for _action, _sentence in {
    "adherent.requested": "Demande d’adhésion confirmée par son auteur",
    "adherent.corrected": "Demande d’adhésion corrigée par son auteur",
}.items():
    journal.declare(_action, _sentence)

BODY = ("given_name", "family_name", "function", "deputy_given_name", "deputy_family_name", "deputy_email")
PLAIN = ("phone", "profession_other", "mode", "organisation", "rpps", "adeli")


def is_received(key: str) -> bool:
    """Tell whether the form that carries this key has been sent already."""
    return Application.select().where(Application.form_key == key).exists()


def receive(key: str, *, type: str, **values) -> None:
    """Record a request and mail the link that confirms its address.

    The same form again, or another for an address whose request is open, makes no second one: the unconfirmed takes
    the last values and a new link leaves; for the confirmed a mail says where it stands.
    """
    try:
        _receive(key, MemberType(type), values)
    except IntegrityError:  # the same one came in by another door between the reading and the writing
        _receive(key, MemberType(type), values)


@db.atomic()
def _receive(key, type, values):
    if is_received(key):
        return
    email = normalise_email(values["email"])
    open_one = (Application.email_normalised == email) & Application.decided_at.is_null()
    known = locked(Application.select().where(open_one)).first()
    if known and known.email_confirmed_at:
        _mail(known, "again", state=known.state.label.lower(), on=date_fr(known.created_at))
        return
    request = known or Application()
    fill(request, type, values)
    request.form_key, request.origin = key, origins.clean(values.get("origin"))
    request.statutes_version = values.get("statutes_version", "")
    request.charter_version = values.get("charter_version", "")
    request.accepted_at = now()
    request.save()
    tokens.revoke(CONFIRM, request.id)
    token = tokens.issue(CONFIRM, request.id, timedelta(days=UNCONFIRMED_DAYS))
    until = date_fr(today() + timedelta(days=UNCONFIRMED_DAYS))
    _mail(request, "confirm", link=f"{settings.base_url}/adhesion/confirmer/{token}", until=until)


def fill(request: Application, type: MemberType, values: dict) -> None:
    """Put on a request what was typed; a name is one line, a profession is in the list or in words."""
    request.type = type
    words = {name: one_line(values.get(name) or "") for name in (*BODY, "name", "email", *PLAIN)}
    request.given_name = "" if type.is_body else words["given_name"]
    request.family_name = "" if type.is_body else words["family_name"]
    request.name = words["name"] if type.is_body else ""
    request.email, request.email_normalised = words["email"], normalise_email(words["email"])
    for name in PLAIN:
        setattr(request, name, words[name])
    chosen = values.get("profession") or ""
    request.profession = "" if chosen == OTHER or words["profession_other"] else chosen
    request.commune = territory.use(values["insee"]) if values.get("insee") else None
    request.shows = values.get("shows") or ""
    request.message = (values.get("message") or "").replace("\0", "").strip()
    request.representative_json = json.dumps({name: words[name] for name in BODY} if type.is_body else {})
    request.folded_name = folded_name(request)[:300]
    request.folded = f"{request.folded_name} {request.email_normalised}"[:500]


def folded_name(one) -> str:
    """Return the name of a person or a request as names are compared, whatever the order of its parts."""
    return " ".join(sorted(fold(f"{one.name} {one.given_name} {one.family_name}").replace("-", " ").split()))


def representative(request: Application) -> dict:
    """Return who speaks for the structure that asks, by the names of the form."""
    return json.loads(request.representative_json or "{}")


def typed(request: Application) -> dict:
    """Return what a form shows of a request, by the names of its fields."""
    shown = {name: getattr(request, name) for name in ("given_name", "family_name", "name", "email", "message", *PLAIN)}
    shown["profession"] = OTHER if request.profession_other else request.profession
    if request.commune_id:
        shown |= {"commune": request.commune_id, "commune_text": request.commune.name}
    return shown | representative(request)


def waiting_for(token: str, purpose: str) -> Application | None:
    """Return the open request that a link speaks of, or None when the link opens nothing any more."""
    subject = tokens.peek(purpose, token)
    return (
        Application.get_or_none(Application.id == int(subject), Application.decided_at.is_null()) if subject else None
    )


@db.atomic()
def confirm(token: str) -> Application:
    """Say that the address is the person's own: the request reaches the bureau. A link serves once."""
    request = _opened(CONFIRM, token)
    request.email_confirmed_at = now()
    request.save()
    journal.write("adherent.requested", "application", request.id, type=request.type)
    return request


@db.atomic()
def correct(token: str, **values) -> Application:
    """Take the corrected form of a person whom the bureau asked for a precision; the address stays."""
    request = _opened(CORRECT, token)
    fill(request, MemberType(request.type), values | {"email": request.email, "shows": request.shows})
    request.answered_at = now()
    request.save()
    journal.write("adherent.corrected", "application", request.id)
    return request


def _opened(purpose, token) -> Application:
    subject = tokens.consume(purpose, token)
    request = locked(Application.select().where(Application.id == int(subject))).first()
    if request is None or request.state in (RequestState.ACCEPTED, RequestState.REFUSED):
        raise RuleError("Cette demande a déjà reçu sa réponse, par e-mail.")
    return request


def link_to_correct(request: Application) -> str:
    """Return a new link by which the author corrects the request; call it in the transaction that mails it."""
    tokens.revoke(CORRECT, request.id)
    token = tokens.issue(CORRECT, request.id, ANSWER_LASTS)
    return f"{settings.base_url}/adhesion/corriger/{token}"


def _mail(request: Application, template: str, **values):
    mail.queue(
        f"adherent/{template}",
        to=request.email,
        values={"name": request.label, **values},
        secret=[name for name in ("link",) if name in values],
    )


@db.atomic()
def purge(day: date) -> int:
    """Delete what nobody confirmed in 30 days, and refusals after a year; return how many."""
    unconfirmed = Application.email_confirmed_at.is_null() & (
        Application.created_at < start_of(day) - timedelta(days=UNCONFIRMED_DAYS)
    )
    refused = (Application.accepted == False) & (  # noqa: E712 (SQL)
        Application.decided_at < start_of(day) - timedelta(days=REFUSED_DAYS)
    )
    return Application.delete().where(unconfirmed | refused).execute()
