"""How long subscriptions are kept: unconfirmed ones 30 days, ended ones 30 days, silent ones 3 years and a question."""

from datetime import date, datetime, timedelta

from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.privacy import rules as privacy_rules
from cptsapp.kernel import journal, mail, tokens
from cptsapp.kernel.dates import add_months, date_fr, start_of
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.registry import purge

from . import links, preferences, subscribing, tallies
from .models import Counted, Partner, Subscription, SubscriptionRequest, TopicChoice

SILENT_MONTHS = 36
ANSWER_DAYS = ENDED_DAYS = REMOVED_DAYS = 30
ASKED_AT_ONCE = 200  # a day: what is asked of many leaves over several
journal.declare("subscription.forgotten", "Abonnement terminé effacé")


def _days_before(today: date, days: int) -> datetime:
    return start_of(today) - timedelta(days=days)


@purge("subscription.unconfirmed", "Abonnements jamais confirmés")
@db.atomic()
def forget_unconfirmed(today: date) -> int:
    old = SubscriptionRequest.asked_at < _days_before(today, subscribing.UNCONFIRMED_DAYS)
    ids = [id for (id,) in SubscriptionRequest.select(SubscriptionRequest.id).where(old).tuples()]
    for id in ids:
        tokens.forget(subscribing.CONFIRM, id)
    return SubscriptionRequest.delete().where(SubscriptionRequest.id.in_(ids)).execute()


@purge("subscription.ended", "Abonnements terminés")
def forget_ended(today: date) -> int:
    """Forget those who unsubscribed a month ago; the hash of the address stays, so that the refusal does."""
    return _forget_those(Subscription.ended_at < _days_before(today, ENDED_DAYS))


@purge("subscription.silent", "Abonnés sans nouvelles depuis 3 ans")
def ask_and_forget_silent(today: date) -> int:
    """Ask the silent whether they stay, and forget those who have not answered; return how many are forgotten."""
    _ask_silent(today)
    return _forget_those(Subscription.asked_again_at < _days_before(today, ANSWER_DAYS), lapsed_on=today)


def _forget_those(condition, *, lapsed_on: date | None = None) -> int:
    """Forget the subscriptions of which this is true, one at a time; return how many."""
    rows = list(Subscription.select(Subscription.person).where(condition).tuples())
    return sum(_forget_one(person_id, condition, lapsed_on) for (person_id,) in rows)


@db.atomic()
def _forget_one(person_id: int, condition, lapsed_on: date | None) -> int:
    mine = Subscription.select(Subscription.id).where(Subscription.person == person_id, condition)
    if not locked(mine).first():
        return 0  # taken up again while others were forgotten
    if lapsed_on:
        tallies.count(Counted.LAPSED, day=lapsed_on)
    return forget(person_id)


@db.atomic()
def _ask_silent(today: date) -> None:
    silent = Subscription.alive_at < start_of(add_months(today, -SILENT_MONTHS))
    waiting = Subscription.asked_again_at.is_null() & Subscription.ended_at.is_null()
    for each in list(Subscription.select().where(silent, waiting).limit(ASKED_AT_ONCE)):
        Subscription.update(asked_again_at=max(now(), start_of(today))).where(Subscription.id == each.id).execute()
        values = {
            "link": links.preferences_url(each.email),
            "since": date_fr(each.confirmed_at),
            "days": ANSWER_DAYS,
        }
        mail.queue("subscription/still", to=each.email, person_id=each.person_id, values=values, secret=["link"])


@db.atomic()
def forget(person_id: int) -> int:
    """Forget a subscription, and the person when nothing else is known of them; return 1."""
    if preferences.stands_alone(person_id):
        privacy_rules.erase_person(person_id)
        return 1
    Subscription.delete().where(Subscription.person == person_id).execute()
    TopicChoice.delete().where(TopicChoice.person == person_id).execute()
    journal.write("subscription.forgotten", "person", person_id)
    return 1


@purge("subscription.partners", "Partenaires retirés")
def forget_removed(today: date) -> int:
    """Forget the partners taken off the list a month ago, and their record when nothing else needs it."""
    gone = Partner.removed_at < _days_before(today, REMOVED_DAYS)
    count = 0
    for (person_id,) in list(Partner.select(Partner.person).where(gone).tuples()):
        with db.atomic():
            forgotten = Partner.delete().where(Partner.person == person_id, gone).execute()
            count += forgotten
            if forgotten and preferences.stands_alone(person_id) and not _subscribes(person_id):
                privacy_rules.erase_person(person_id)
    return count


def _subscribes(person_id: int) -> bool:
    return Subscription.select().where(Subscription.person == person_id).exists()


@db.atomic()
def forget_links(person_id: int) -> None:
    """Delete what waits for a click and concerns an address that only this person has, or this person by name."""
    person = Person.get_or_none(Person.id == person_id)
    if person is None:
        return
    mine = [each for each in SubscriptionRequest.select() if person_id in each.persons]
    if person.email_normalised and Person.with_email(person.email).count() <= 1:
        same = SubscriptionRequest.email_normalised == person.email_normalised
        mine += list(SubscriptionRequest.select().where(same))
    for each in mine:
        tokens.forget(subscribing.CONFIRM, each.id)
        each.delete_instance()
    partner = Partner.get_or_none(Partner.person == person_id)
    if partner:
        mail.OutgoingMail.delete().where(mail.OutgoingMail.key == f"partner-informed-{partner.id}").execute()
