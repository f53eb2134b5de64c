"""Saying no, and taking it back: kept by address for the sender, and beside each person who has that address."""

from collections.abc import Iterable

from cptsapp.blueprints.person.models import Person, saved, saved_many
from cptsapp.kernel import journal
from cptsapp.kernel.db import db, now
from cptsapp.kernel.mail import Kind, holds
from cptsapp.kernel.mail.holds import HELD_KINDS, REFUSALS, Reason
from cptsapp.kernel.text import normalise_email

from . import tallies
from .models import Counted, Refusal, Subscription

journal.declare("subscription.refused", "Refus de recevoir nos envois enregistré")
journal.declare("subscription.accepted", "Envois acceptés de nouveau par la personne")
FOLLOWED = "Suit la personne à sa nouvelle adresse"
_COUNTED = {
    Reason.UNSUBSCRIBED: Counted.UNSUBSCRIBED,
    Reason.OPPOSED: Counted.OPPOSED,
    Reason.COMPLAINED: Counted.COMPLAINED,
}


@db.atomic()
def refuse(address: str, kinds: Iterable[Kind] = (Kind.COLLECTIVE,), reason: Reason = Reason.UNSUBSCRIBED) -> bool:
    """Stop kinds of mail to an address, at once; tell whether that is new. Asked again, it changes nothing."""
    kinds = [Kind(each) for each in kinds]
    new = [kind for kind in kinds if holds.hold(address, [kind], reason)]
    hash = holds.hash_of(address)
    ids = [id for (id,) in Person.select(Person.id).where(_has(address)).tuples()]
    for id in ids:
        for kind in kinds:
            Refusal.insert(person=id, kind=kind, reason=reason, address_hash=hash).on_conflict_ignore().execute()
    if Kind.COLLECTIVE in kinds:
        running = Subscription.person.in_(ids) & Subscription.ended_at.is_null()
        Subscription.update(ended_at=now()).where(running).execute()
    if Kind.COLLECTIVE in new:
        tallies.count(_COUNTED[reason])
    for id in ids if new else ():
        journal.write("subscription.refused", "person", id, kinds=[str(each) for each in new], reason=str(reason))
    return bool(new)


@db.atomic()
def accept(address: str, kinds: Iterable[Kind] = HELD_KINDS) -> bool:
    """Let kinds of mail leave again for an address whose owner has just asked for it; tell whether that changes.

    Only what comes through that mailbox may call it: a confirmation link, or a preference page.
    """
    kinds = [Kind(each) for each in kinds]
    hash = holds.hash_of(address)
    gone = holds.release(address, kinds)
    ids = [id for (id,) in Person.select(Person.id).where(_has(address)).tuples()]
    gone += (
        Refusal.delete()
        .where((Refusal.address_hash == hash) | Refusal.person.in_(ids), Refusal.kind.in_(kinds))
        .execute()
    )
    if gone:
        for id in ids:
            journal.write("subscription.accepted", "person", id, kinds=[str(each) for each in kinds])
    return bool(gone)


def _has(address: str):
    return (Person.email_normalised == normalise_email(address)) & (Person.email_normalised != "")


@saved.connect
def follow(person: Person) -> None:
    """Hold the new address of a person whose former one refused: changing it in a list lifts no refusal."""
    if not person.email_normalised:
        return
    mine = list(Refusal.select().where(Refusal.person == person.id))
    if not mine:
        adopt([person])
        return
    hash = holds.hash_of(person.email_normalised)
    for refusal in mine:
        if refusal.address_hash != hash:
            holds.hold(hash, [refusal.kind], refusal.reason, FOLLOWED)
            Refusal.update(address_hash=hash).where(Refusal.id == refusal.id).execute()


@saved_many.connect
def adopt(persons: list[Person]) -> None:
    """Note beside persons what their address had refused before they were known, so that it follows them."""
    for kind in HELD_KINDS:
        found = holds.reasons([each.email_normalised for each in persons if each.email_normalised], kind)
        for person in persons if found else ():
            reason = found.get(person.email_normalised)
            if reason in REFUSALS:
                hash = holds.hash_of(person.email_normalised)
                values = {"person": person.id, "kind": kind, "reason": reason, "address_hash": hash}
                Refusal.insert(values).on_conflict_ignore().execute()
