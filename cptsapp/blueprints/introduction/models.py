"""Introductions, and the lists handed to training bodies."""

from peewee import JOIN, CharField, Check, DateField, DateTimeField, ForeignKeyField, IntegerField

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.directory.models import Entry
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.registry import Personal

IPA, SEEKERS, HOSTS = "ipa", "ipa-recherche", "ipa-stages"  # the directories that are introduced to one another
Demand, Offer = Entry.alias(), Entry.alias()
DemandPerson, OfferPerson = Person.alias(), Person.alias()
DemandPlace, OfferPlace = Commune.alias(), Commune.alias()


class Side(Choice):
    """The two sides: whoever looks for a nurse or hosts a student, and the nurse."""

    DEMAND = "demand", "Qui cherche ou accueille"
    OFFER = "offer", "IPA"

    @property
    def other(self) -> "Side":
        return Side.OFFER if self == Side.DEMAND else Side.DEMAND


class Outcome(Choice):
    """How an introduction ended."""

    SUCCESS = "success", "Succès"
    NO_FOLLOW = "no_follow", "Sans suite"
    DECLINED = "declined", "Refusée"
    EXPIRED = "expired", "Sans réponse à temps"
    WITHDRAWN = "withdrawn", "Retirée"


class State(Choice):
    WAITING = "waiting", "En attente de réponse"
    AGREED = "agreed", "En contact"
    CLOSED = "closed", "Terminée"

    @property
    def badge(self) -> str:
        return {"waiting": "warn", "agreed": "ok", "closed": "mute"}[self.value]


class Introduction(Table):
    """One nurse proposed to one structure or colleague. It lives until it has an outcome; both agreed is a date."""

    demand = ForeignKeyField(Entry, null=True, on_delete="SET NULL", backref="introductions")
    offer = ForeignKeyField(Entry, null=True, on_delete="SET NULL", backref="introductions_as_ipa")
    directory = CharField(max_length=60)  # of the demand: kept when its entry is gone
    proposed_at = DateTimeField(default=now, index=True)
    proposed_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    expires_on = DateField()
    demand_agreed_at = DateTimeField(null=True)
    offer_agreed_at = DateTimeField(null=True)
    agreed_at = DateTimeField(null=True, index=True)
    closed_at = DateTimeField(null=True, index=True)
    outcome = CharField(max_length=12, default="")
    link_version = IntegerField(default=1)
    reminded_on = DateField(null=True)  # those who had not answered were reminded: once

    class Meta:
        constraints = [
            Check("(closed_at IS NULL) = (outcome = '')"),
            Check("(agreed_at IS NOT NULL) = (demand_agreed_at IS NOT NULL AND offer_agreed_at IS NOT NULL)"),
            Check("outcome NOT IN ('success', 'no_follow') OR agreed_at IS NOT NULL"),
            Check("outcome NOT IN ('declined', 'expired') OR agreed_at IS NULL"),
        ]
        personal = Personal(
            purpose="Mise en relation des infirmiers en pratique avancée",
            basis="Consentement : chacun répond oui ou non, et peut se retirer",
            kept="Tant que les deux fiches existent ; ensuite le résultat seul, sans personne",
            categories="Les deux fiches rapprochées, les réponses et leurs dates, le résultat",
            recipients="Coordination ; chacun des deux, après l’accord de l’un et de l’autre",
        )

    @property
    def state(self) -> State:
        if self.closed_at:
            return State.CLOSED
        return State.AGREED if self.agreed_at else State.WAITING

    @property
    def outcome_label(self) -> str:
        return Outcome(self.outcome).label if self.outcome else ""

    @property
    def demand_label(self) -> str:
        return self.demand.label if self.demand_id else "Fiche effacée"

    @property
    def offer_label(self) -> str:
        return self.offer.label if self.offer_id else "Fiche effacée"

    @property
    def is_placement(self) -> bool:
        """Tell whether it is about hosting a student, rather than working together."""
        return self.directory == HOSTS

    @property
    def kind_label(self) -> str:
        return "Stage" if self.is_placement else "Exercice"

    @classmethod
    def in_state(cls, state: State):
        """Return the condition of a state: the same rule as `state`."""
        return {
            State.WAITING: cls.closed_at.is_null() & cls.agreed_at.is_null(),
            State.AGREED: cls.closed_at.is_null() & cls.agreed_at.is_null(False),
            State.CLOSED: cls.closed_at.is_null(False),
        }[state]

    def entry(self, side: Side) -> Entry | None:
        if side == Side.DEMAND:
            return self.demand if self.demand_id else None
        return self.offer if self.offer_id else None

    def agreed(self, side: Side):
        return self.demand_agreed_at if side == Side.DEMAND else self.offer_agreed_at

    @classmethod
    def joined(cls):
        """Return introductions with both entries, of whom they speak and where."""
        left = JOIN.LEFT_OUTER
        query = cls.select(cls, Demand, DemandPerson, DemandPlace, Offer, OfferPerson, OfferPlace)
        query = query.join(Demand, left, on=(cls.demand == Demand.id))
        query = query.join(DemandPerson, left, on=(Demand.person == DemandPerson.id))
        query = query.join_from(Demand, DemandPlace, left, on=(Demand.commune == DemandPlace.insee))
        query = query.join_from(cls, Offer, left, on=(cls.offer == Offer.id))
        query = query.join_from(Offer, OfferPerson, left, on=(Offer.person == OfferPerson.id))
        return query.join_from(Offer, OfferPlace, left, on=(Offer.commune == OfferPlace.insee))


Introduction.add_index(
    Introduction.index(
        Introduction.demand, Introduction.offer, unique=True, where=Introduction.closed_at.is_null(),
        name="introduction_one_open",
    )
)  # fmt: skip


class TrainingList(Table):
    """One list handed to a training body: to whom, when, how many entries."""

    recipient = CharField(max_length=160)
    sent_at = DateTimeField(default=now, index=True)
    sent_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    number = IntegerField(default=0)

    class Meta:
        constraints = [Check("recipient <> ''")]


class TrainingListEntry(Table):
    """An entry that was in a list: so that a person may learn who has received what concerns them."""

    list = ForeignKeyField(TrainingList, on_delete="CASCADE", backref="entries")
    entry = ForeignKeyField(Entry, on_delete="CASCADE", backref="handed_over")

    class Meta:
        indexes = ((("list", "entry"), True),)
        personal = Personal(
            purpose="Transmission aux organismes de formation",
            basis="Consentement, case cochée dans la fiche du répertoire",
            kept="Tant que la fiche existe",
            categories="Fiche transmise, destinataire, date",
            recipients="Coordination, la personne elle-même",
        )
