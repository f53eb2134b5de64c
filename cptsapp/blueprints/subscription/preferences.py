"""What one address receives, and the choices of whoever reads its mailbox: no account, no password."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.adherent.models import Membership, counting_bounds
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.privacy import rules as privacy_rules
from cptsapp.blueprints.profile import rules as profile_rules
from cptsapp.blueprints.profile.models import ProfileRequest
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import Kind, holds
from cptsapp.kernel.mail.holds import HELD_KINDS, Reason
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.text import normalise_email

from . import refusals, subscribing
from .models import Partner, Refusal, Subscription, SubscriptionRequest, Topic, TopicChoice

OWN = (Subscription, TopicChoice, Refusal)  # what this feature alone keeps of a visitor
PAGE = "Page de préférences"
SPOKEN = {Kind.COLLECTIVE: ("la lettre", "les autres envois collectifs"), Kind.REMINDER: ("les rappels",)}


@dataclass
class Preferences:
    """What an address receives. `held` says why each kind of mail that does not leave does not."""

    address: str
    persons: list[Person]
    held: dict[Kind, Reason]
    topics: list[Topic]
    chosen: set[int]
    is_subscriber: bool
    is_member: bool
    is_partner: bool
    with_account: set[int] = field(default_factory=set)

    def receives(self, kind: str) -> bool:
        return Kind(kind) not in self.held

    def stopped_by(self, kinds: Iterable[str]) -> list[Kind]:
        """Return the kinds of mail that leave now and would not with these choices."""
        wanted = {Kind(each) for each in kinds}
        return [kind for kind in HELD_KINDS if kind not in wanted and kind not in self.held]

    @property
    def movable(self) -> list[Person]:
        """Those whose address may change here; who has an account does it there."""
        return [each for each in self.persons if each.id not in self.with_account]


class ListPlace(NamedTuple):
    """In which capacity an address is written to."""

    is_member: bool
    is_partner: bool
    is_subscriber: bool


def place_of(address: str) -> ListPlace:
    """Tell in which capacity the persons of a normalised address are written to."""
    return ListPlace(
        _members.value(address, *counting_bounds()) is not None,
        _partners.value(address) is not None,
        _subscribers.value(address) is not None,
    )


def _at(address):
    return (Person.email_normalised == address) & Person.deleted_at.is_null()


@prepared
def _members(address, day, first):
    return Membership.counting(day, first).join(Person).where(_at(address))


@prepared
def _partners(address):
    return Partner.select(Partner.id).join(Person).where(_at(address), Partner.removed_at.is_null())


@prepared
def _subscribers(address):
    return Subscription.select(Subscription.id).join(Person).where(_at(address), Subscription.ended_at.is_null())


def of(address: str) -> Preferences:
    persons = list(Person.with_email(address))
    ids = [each.id for each in persons]
    chosen = TopicChoice.select(TopicChoice.topic).where(TopicChoice.person.in_(ids)).tuples()
    place = place_of(normalise_email(address))
    return Preferences(
        address=address,
        persons=persons,
        held=held(address),
        topics=list(Topic.offered()),
        chosen={id for (id,) in chosen},
        is_subscriber=place.is_subscriber,
        is_member=place.is_member,
        is_partner=place.is_partner,
        with_account={id for (id,) in Account.select(Account.person).where(Account.person.in_(ids)).tuples()},
    )


def said(stopped: list[Kind], *, is_asked: bool) -> str:
    """Return what an address reads of its choices: which mails stop and how to have them again, what to confirm."""
    if is_asked:
        asked = "Confirmez par l’e-mail que nous vous envoyons ce que vous souhaitez recevoir de nouveau."
        return f"{_said_of_stop(stopped)} {asked}" if stopped else f"Presque fini : {asked[0].lower()}{asked[1:]}"
    return _said_of_stop(stopped) if stopped else "Vos choix sont enregistrés : ils valent dès maintenant."


def _said_of_stop(stopped) -> str:
    words = ", ni ".join(word for kind in SPOKEN if kind in stopped for word in SPOKEN[kind])
    again = "Pour en recevoir de nouveau, cochez-les sur cette page et enregistrez."
    return f"Désabonnement enregistré : vous ne recevrez plus {words}. Cela vaut dès maintenant. {again}"


def held(address: str) -> dict[Kind, Reason]:
    """Return why each kind of mail does not leave for an address, returned mails included."""
    found = {kind: holds.reasons([address], kind).get(address) for kind in HELD_KINDS}
    return {kind: reason for kind, reason in found.items() if reason}


@db.atomic()
def save(address: str, kinds: Iterable[str], topics: Iterable[int], *, is_proved: bool = False) -> bool:
    """Write the choices of an address; return whether a confirmation is asked for what is taken up again.

    A switch put out counts at once. One lit again waits for the mailbox to confirm it, unless it is proved already.
    """
    now_held, wanted = held(address), {Kind(each) for each in kinds}
    ids = [each.id for each in Person.with_email(address)]
    for id in ids:
        subscribing.choose(id, topics)
    Subscription.update(alive_at=now(), asked_again_at=None).where(
        Subscription.person.in_(ids), Subscription.ended_at.is_null()
    ).execute()
    stopped = [kind for kind in HELD_KINDS if kind not in wanted and kind not in now_held]
    if stopped:
        refusals.refuse(address, stopped, _reason(ids))
    lit = [kind for kind in HELD_KINDS if kind in wanted and kind in now_held]
    if lit and is_proved:
        take_up(address, lit)
    elif lit:
        subscribing.ask(address, page=PAGE, topics=topics, kinds=lit)
    return bool(lit) and not is_proved


def _reason(ids: list[int]) -> Reason:
    """Members and partners oppose what they are sent without having asked; who asked unsubscribes."""
    asked = Subscription.select().where(Subscription.person.in_(ids)).exists()
    return Reason.UNSUBSCRIBED if asked else Reason.OPPOSED


@db.atomic()
def take_up(address: str, kinds: Iterable[Kind]) -> None:
    """Let kinds of mail leave again for somebody who has proved to be the owner of the address."""
    kinds = list(kinds)
    refusals.accept(address, kinds)
    if Kind.COLLECTIVE in kinds:
        ids = [each.id for each in Person.with_email(address)]
        Subscription.update(ended_at=None, alive_at=now()).where(Subscription.person.in_(ids)).execute()


@db.atomic()
def stay(address: str) -> None:
    """Note that a subscriber wishes to remain one."""
    ids = [each.id for each in Person.with_email(address)]
    Subscription.update(alive_at=now(), asked_again_at=None).where(
        Subscription.person.in_(ids), Subscription.ended_at.is_null()
    ).execute()


def stands_alone(person_id: int) -> bool:
    """Tell whether nothing but a subscription is kept of a person: no membership, no account, no registration."""
    others = (key for key in Person._meta.backrefs if key.model not in OWN)
    return not any(key.model.select().where(key == person_id).exists() for key in others)


@db.atomic()
def erase(address: str) -> bool:
    """Erase whoever has this address, the refusal kept as a hash; return whether all of it is done.

    Who is more than a subscriber (member, partner, registered somewhere) has the coordination answer: False.
    """
    refusals.refuse(address, HELD_KINDS)
    SubscriptionRequest.delete().where(SubscriptionRequest.email_normalised == address).execute()
    done = True
    for person in list(Person.with_email(address)):
        if stands_alone(person.id):
            privacy_rules.erase_person(person.id)
            continue
        done = False
        if not ProfileRequest.open_erasure(person.id):
            profile_rules.ask_erasure(person.id, reason="Demandé depuis la page de préférences des envois")
    return done


def refuse_for(person: Person, kinds: Iterable[str]) -> bool:
    """Record that a person told the coordination to be written to no more."""
    if not person.email_normalised:
        raise RuleError("Cette fiche n’a pas d’adresse e-mail : rien ne lui est envoyé.")
    return refusals.refuse(person.email, [Kind(each) for each in kinds], Reason.OPPOSED)
