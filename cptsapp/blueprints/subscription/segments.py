"""Whom letters may be for: everybody who is written to, partners by kind, subscribers, those whom a topic interests.

Who refuses is in them as well: the sender leaves them aside, and says why.
"""

from cptsapp.blueprints.adherent.models import Membership
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.registry import segment
from cptsapp.kernel.urls import number_of

from .models import Partner, PartnerKind, Subscription, Topic, TopicChoice

ALL = "tous"


def _present(query, column):
    binned = Person.select(Person.id).where(Person.deleted_at.is_null(False))
    return query.where(column.not_in(binned))


def _everybody_choices() -> list[tuple[str, str]]:
    return [(ALL, "Adhérents, partenaires et abonnés")]


@segment("tous", "Tout le monde", choices=_everybody_choices, order=1)
def everybody(value: str):
    people = (Membership.current().select(Membership.person), partners(ALL), subscribers(ALL))
    anyone = Person.id.in_(people[0]) | Person.id.in_(people[1]) | Person.id.in_(people[2])
    return Person.select(Person.id).where(anyone, Person.deleted_at.is_null())


def _partner_kinds() -> list[tuple[str, str]]:
    used = {kind for (kind,) in Partner.select(Partner.kind).where(Partner.removed_at.is_null()).distinct().tuples()}
    kinds = [(each.value, each.label) for each in PartnerKind if each in used]
    return [(ALL, "Tous les partenaires"), *kinds] if kinds else []


@segment("partenaires", "Partenaires", choices=_partner_kinds, order=30)
def partners(value: str):
    query = _present(Partner.select(Partner.person).where(Partner.removed_at.is_null()), Partner.person)
    return query if value == ALL else query.where(Partner.kind == value)


def _subscriber_choices() -> list[tuple[str, str]]:
    return [(ALL, "Abonnés par le site")]


@segment("abonnes", "Abonnés", choices=_subscriber_choices, order=40)
def subscribers(value: str):
    running = Subscription.select(Subscription.person).where(Subscription.ended_at.is_null())
    return _present(running, Subscription.person)


def _topics() -> list[tuple[str, str]]:
    return [(str(each.id), each.name) for each in Topic.select().order_by(Topic.position, Topic.id)]


@segment("themes", "Intéressés par un thème", choices=_topics, order=41)
def interested(value: str):
    chosen = TopicChoice.select(TopicChoice.person).where(TopicChoice.topic == number_of(value))
    return _present(chosen, TopicChoice.person)
