"""A visitor subscribes: asked on a page, confirmed in the mailbox, and nothing before that.

What is asked of an address says nothing of it: a new one, a known one, one that had refused get the same answer, at
the same pace. Sources: RGPD, article 7.1; CNIL, « la preuve du consentement ».
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from cptsapp.blueprints.adherent.models import Membership
from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.person.rules import one_line
from cptsapp.kernel import journal, mail, tokens
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import Kind, holds
from cptsapp.kernel.mail.headers import envelope_address, is_closed_network
from cptsapp.kernel.mail.holds import HELD_KINDS, Reason
from cptsapp.kernel.settings import settings
from cptsapp.kernel.text import normalise_email

from . import links, pace, refusals, tallies
from .models import Counted, Partner, RequestKind, Subscription, SubscriptionRequest, Topic, TopicChoice

CONFIRM = "letter-confirm"
UNCONFIRMED_DAYS = 30
CLOSED_NETWORK = (
    "Une adresse MSSanté ne reçoit pas les e-mails ordinaires : ce réseau est fermé. Indiquez-en une autre."
)
DEAD_LINK = "Ce lien a déjà servi, ou n’est plus valable."
journal.declare("subscription.confirmed", "Abonnement à la lettre confirmé")
journal.declare("subscription.moved", "Adresse des envois changée par la personne")


@dataclass(frozen=True)
class Confirmed:
    """What a confirmation link did, and the address that it did it for."""

    kind: RequestKind
    address: str


def wording() -> str:
    """Return the sentence that a visitor accepts; it is kept with the subscription."""
    return (
        f"J’accepte de recevoir par e-mail la lettre d’information et les autres envois collectifs de "
        f"{identity().name}. Je peux me désabonner à tout moment, par le lien de chaque envoi."
    )


def checked(email: str) -> str:
    """Return an address that can be written to, or raise RuleError."""
    email = (email or "").strip()
    if envelope_address(email) is None:
        raise RuleError("Cette adresse ne semble pas complète. Exemple : prenom.nom@exemple.fr.", field="email")
    if is_closed_network(email):
        raise RuleError(CLOSED_NETWORK, field="email")
    return email


@db.atomic()
def ask(
    email: str,
    *,
    page: str,
    given_name: str = "",
    family_name: str = "",
    topics: Iterable[int] = (),
    kinds: Iterable[Kind] = (Kind.COLLECTIVE,),
) -> None:
    """Send the confirmation of a subscription, or say to its owner that this address is subscribed already.

    Nothing tells the caller which, nor whether a mail leaves. Raises RuleError for what is no address.
    """
    email = checked(email)
    tallies.count(Counted.ASKED)
    if not pace.allows(email):
        return
    if is_reached(email, kinds):
        mail.queue("subscription/already", to=email, values={"link": links.preferences_url(email)}, secret=["link"])
        return
    request = SubscriptionRequest.create(
        email=email,
        email_normalised=normalise_email(email),
        given_name=one_line(given_name)[:80],
        family_name=one_line(family_name)[:80],
        topics_json=json.dumps(sorted(set(topics))),
        kinds=" ".join(map(str, kinds)),
        wording=wording(),
        page=page[:200],
    )
    _mail_link(request, "subscription/confirm", _older(request))


def is_reached(email: str, kinds: Iterable[Kind] = (Kind.COLLECTIVE,)) -> bool:
    """Tell whether what is sent to everybody reaches an address: as a subscriber, a member or a partner."""
    if any(holds.reasons([email], kind) for kind in kinds):
        return False
    mine = [each.id for each in Person.with_email(email)]
    return bool(mine) and any(
        query.exists()
        for query in (
            Subscription.select().where(Subscription.person.in_(mine), Subscription.ended_at.is_null()),
            Membership.current().where(Membership.person.in_(mine)),
            Partner.select().where(Partner.person.in_(mine), Partner.removed_at.is_null()),
        )
    )


def _older(request: SubscriptionRequest) -> list[int]:
    """Delete the other requests of the same address and kind; return their ids."""
    same = (SubscriptionRequest.email_normalised == request.email_normalised) & (
        SubscriptionRequest.kind == request.kind
    )
    rows = SubscriptionRequest.select(SubscriptionRequest.id).where(same, SubscriptionRequest.id != request.id)
    ids = [id for (id,) in rows.tuples()]
    SubscriptionRequest.delete().where(SubscriptionRequest.id.in_(ids)).execute()
    return ids


def _mail_link(request: SubscriptionRequest, template: str, replaced: Iterable[int]) -> None:
    for id in replaced:
        tokens.forget(CONFIRM, id)
    token = tokens.issue(CONFIRM, request.id, timedelta(days=UNCONFIRMED_DAYS))
    link = f"{settings.base_url}/lettre/confirmer/{token}"
    mail.queue(template, to=request.email, values={"link": link, "days": UNCONFIRMED_DAYS}, secret=["link"])


def asked_by(token: str) -> SubscriptionRequest | None:
    """Return what a confirmation link would do, and change nothing."""
    subject = tokens.peek(CONFIRM, token)
    return SubscriptionRequest.get_or_none(SubscriptionRequest.id == int(subject)) if subject else None


@db.atomic()
def confirm(token: str) -> Confirmed:
    """Do what a confirmation link says; it serves once, and of two clicks at once one does it.

    Raises RuleError when the link opens nothing any more.
    """
    id = int(tokens.consume(CONFIRM, token))
    request = locked(SubscriptionRequest.select().where(SubscriptionRequest.id == id)).first()
    if request is None:
        raise RuleError(DEAD_LINK)
    if request.kind == RequestKind.CHANGE:
        _move(request)
    else:
        _subscribe(request)
    request.delete_instance()
    return Confirmed(RequestKind(request.kind), request.email)


def _subscribe(request: SubscriptionRequest) -> None:
    kinds, moment = [Kind(each) for each in request.kinds.split()], now()
    person = _person_of(request)
    if Kind.COLLECTIVE in kinds:
        values = {
            "email": request.email,
            "wording": request.wording,
            "page": request.page,
            "asked_at": request.asked_at,
            "confirmed_at": moment,
            "alive_at": moment,
            "asked_again_at": None,
            "ended_at": None,
        }
        Subscription.insert(person=person, **values).on_conflict(
            conflict_target=[Subscription.person], update=values
        ).execute()
        choose(person.id, request.topics, only_add=True)
        tallies.count(Counted.CONFIRMED)
        journal.write("subscription.confirmed", "person", person.id)
    refusals.accept(request.email, kinds)
    holds.release(request.email, HELD_KINDS, [Reason.BOUNCED])  # a mail has just arrived there


def _person_of(request: SubscriptionRequest) -> Person:
    """Return the person known by an address, or a new one. Who gave no name is known by the address itself."""
    known = Person.with_email(request.email).first()
    if known is None:
        return person_rules.create(
            given_name=request.given_name if request.family_name else "",
            family_name=request.family_name or request.given_name or request.email[:80],
            email=request.email,
        )
    if request.family_name and is_known_by_address(known):
        return person_rules.update(
            known.id,
            given_name=request.given_name,
            family_name=request.family_name,
            email=known.email,
            phone=known.phone,
            note=known.note,
        )
    return known


def is_known_by_address(person: Person) -> bool:
    """Tell whether somebody gave no name, so that the address stands for it."""
    return bool(person.email) and person.family_name == person.email[:80]


def choose(person_id: int, topics: Iterable[int], *, only_add: bool = False) -> None:
    """Set the topics of a person; one that does not exist is left out."""
    wanted = {id for (id,) in Topic.select(Topic.id).where(Topic.id.in_(list(topics))).tuples()}
    if not only_add:
        unticked = {each.id for each in Topic.offered()} - wanted  # a closed topic, which no page shows, is kept
        TopicChoice.delete().where(TopicChoice.person == person_id, TopicChoice.topic.in_(list(unticked))).execute()
    for topic in sorted(wanted):
        TopicChoice.insert(person=person_id, topic=topic).on_conflict_ignore().execute()


# Another address


@db.atomic()
def ask_change(address: str, new: str, person_ids: Iterable[int]) -> None:
    """Send to the new address the link that moves there what these persons receive at `address`."""
    new = checked(new)
    mine = {each.id for each in Person.with_email(address)}
    chosen = sorted(mine & set(person_ids))
    if not chosen:
        raise RuleError("Cette adresse ne se change pas ici. Écrivez-nous.", field="email")
    if normalise_email(new) == normalise_email(address):
        raise RuleError("C’est déjà l’adresse à laquelle nous vous écrivons.", field="email")
    if not pace.allows(new):
        return
    request = SubscriptionRequest.create(
        kind=RequestKind.CHANGE,
        email=new,
        email_normalised=normalise_email(new),
        persons_json=json.dumps(chosen),
    )
    _mail_link(request, "subscription/change", _older(request))


def _move(request: SubscriptionRequest) -> None:
    old = set()
    for person in locked(Person.select().where(Person.id.in_(request.persons), Person.deleted_at.is_null())):
        old.add(person.email)
        person_rules.update(
            person.id,
            given_name=person.given_name,
            family_name=request.email[:80] if is_known_by_address(person) else person.family_name,
            name=person.name,
            email=request.email,
            phone=person.phone,
            note=person.note,
        )
        Subscription.update(email=request.email, alive_at=now()).where(Subscription.person == person.id).execute()
        journal.write("subscription.moved", "person", person.id)
    for address in filter(None, old):
        mail.queue("subscription/moved", to=address, values={})
