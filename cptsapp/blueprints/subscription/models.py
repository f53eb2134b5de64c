"""Subscriptions and their proof, partners, topics, refusals that follow a person, and counts without anybody."""

import json

from peewee import CharField, Check, DateField, DateTimeField, ForeignKeyField, IntegerField, TextField

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.registry import Personal

LETTERS = "Lettre d’information"
RECIPIENTS = "Coordination"


class RequestKind(Choice):
    """What a confirmation link does."""

    SUBSCRIBE = "subscribe", "Abonnement"
    CHANGE = "change", "Changement d’adresse"


class PartnerKind(Choice):
    """What a partner of the association is."""

    CPAM = "cpam", "Assurance maladie"
    ARS = "ars", "Agence régionale de santé"
    COLLECTIVITE = "collectivite", "Collectivité"
    ESTABLISHMENT = "establishment", "Établissement de santé"
    MEDICO_SOCIAL = "medico_social", "Établissement médico-social"
    ASSOCIATION = "association", "Association"
    CPTS = "cpts", "Autre CPTS ou dispositif d’appui"
    ORDER = "order", "Ordre ou syndicat"
    EDUCATION = "education", "École ou université"
    PRESS = "press", "Presse"
    OTHER = "other", "Autre"


class Counted(Choice):
    """What is counted day by day, without anybody's name."""

    ASKED = "asked", "Demandes d’abonnement"
    CONFIRMED = "confirmed", "Abonnements confirmés"
    UNSUBSCRIBED = "unsubscribed", "Désabonnements"
    OPPOSED = "opposed", "Oppositions"
    COMPLAINED = "complained", "Envois signalés comme indésirables"
    LAPSED = "lapsed", "Abonnements éteints sans nouvelles"


class Topic(Table):
    """Something that subscribers may ask to hear of. A closed one is no longer offered, and keeps its readers."""

    name = CharField(max_length=80)
    folded = CharField(max_length=80, unique=True)
    description = CharField(max_length=200, default="")
    position = IntegerField(default=0)
    created_at = DateTimeField(default=now)
    closed_at = DateTimeField(null=True)

    class Meta:
        constraints = [Check("name <> ''")]

    @classmethod
    def offered(cls):
        return cls.select().where(cls.closed_at.is_null()).order_by(cls.position, cls.id)


class TopicChoice(Table):
    """A topic that somebody has chosen."""

    person = ForeignKeyField(Person, on_delete="CASCADE", backref="topic_choices")
    topic = ForeignKeyField(Topic, on_delete="CASCADE", backref="choices")
    chosen_at = DateTimeField(default=now)

    class Meta:
        indexes = ((("person", "topic"), True),)
        personal = Personal(
            purpose=LETTERS,
            basis="Consentement",
            kept="Tant que dure l’abonnement",
            categories="Thèmes choisis",
            recipients=RECIPIENTS,
        )


class Subscription(Table):
    """A visitor's consent: what was shown and on which page, when they asked, when they confirmed it by their mailbox.

    `alive_at` is their last sign of life; three years later they are asked again, at `asked_again_at`. A subscription
    that ended is forgotten thirty days later.
    """

    person = ForeignKeyField(Person, unique=True, on_delete="CASCADE", backref="subscriptions")
    email = CharField(max_length=254)  # the address that confirmed
    wording = TextField()
    page = CharField(max_length=200)
    asked_at = DateTimeField()
    confirmed_at = DateTimeField(default=now, index=True)
    alive_at = DateTimeField(default=now, index=True)
    asked_again_at = DateTimeField(null=True)
    ended_at = DateTimeField(null=True, index=True)

    class Meta:
        constraints = [Check("wording <> ''"), Check("confirmed_at >= asked_at")]
        personal = Personal(
            purpose=LETTERS,
            basis="Consentement, confirmé par un lien envoyé à l’adresse",
            kept="30 jours après le désabonnement ; 3 ans sans signe de vie",
            categories="Adresse e-mail, texte accepté, page, dates de la demande et de la confirmation",
            recipients=RECIPIENTS,
        )


class SubscriptionRequest(Table):
    """What waits for a click in somebody's mailbox: to subscribe, or to move what we send to a new address."""

    kind = CharField(max_length=12, default=RequestKind.SUBSCRIBE)
    email = CharField(max_length=254)
    email_normalised = CharField(max_length=254, index=True)
    given_name = CharField(max_length=80, default="")
    family_name = CharField(max_length=80, default="")
    topics_json = TextField(default="[]")  # ids of the topics ticked
    persons_json = TextField(default="[]")  # ids of those whose address changes
    kinds = CharField(max_length=40, default="collective")  # the kinds of mail asked for, joined by spaces
    wording = TextField(default="")
    page = CharField(max_length=200, default="")
    asked_at = DateTimeField(default=now, index=True)

    class Meta:
        constraints = [Check("kind IN ('subscribe', 'change')"), Check("kind = 'change' OR wording <> ''")]
        personal = Personal(
            purpose=LETTERS,
            basis="Consentement, en attente de confirmation",
            kept="30 jours sans confirmation",
            categories="Adresse e-mail, nom s’il est donné, thèmes, texte accepté, page, date",
            recipients="Personne",
        )

    @property
    def topics(self) -> list[int]:
        return json.loads(self.topics_json)

    @property
    def persons(self) -> list[int]:
        return json.loads(self.persons_json)


class AddressPace(Table):
    """When confirmations were last sent to an address, so that nobody is flooded by somebody else's hand."""

    address_hash = CharField(max_length=64, unique=True)
    times_json = TextField(default="[]")
    last_at = DateTimeField(default=now, index=True)

    class Meta:
        personal = Personal(
            purpose="Protection contre les essais répétés et les envois en masse",
            basis="Intérêt légitime : sécurité",
            kept="2 jours",
            categories="Empreinte chiffrée d’une adresse, heures des confirmations envoyées",
            recipients="Personne : comptage automatique",
        )


class Partner(Table):
    """Somebody, or a body, that the association works with; kept by the coordination, without an account.

    `source` says where the address comes from, `informed_at` when the partner was told that we keep it.
    """

    person = ForeignKeyField(Person, unique=True, on_delete="CASCADE", backref="partners")
    kind = CharField(max_length=16, index=True)
    organisation = CharField(max_length=160, default="")
    function = CharField(max_length=120, default="")
    source = CharField(max_length=200, default="")
    folded = CharField(max_length=300, default="", index=True)
    informed_at = DateTimeField(null=True)
    created_at = DateTimeField(default=now)
    removed_at = DateTimeField(null=True)

    class Meta:
        constraints = [Check(f"kind IN ({', '.join(repr(str(each)) for each in PartnerKind)})")]
        personal = Personal(
            purpose="Relations avec les partenaires",
            basis="Intérêt légitime : informer les partenaires de l’association ; opposition à tout moment",
            kept="Tant que dure le partenariat",
            categories="Organisme, fonction, coordonnées professionnelles, origine de ces données",
            recipients=RECIPIENTS,
        )

    @property
    def kind_label(self) -> str:
        return PartnerKind(self.kind).label


class Refusal(Table):
    """What holds a person's address, kept beside the person: a refusal follows them when their address changes."""

    person = ForeignKeyField(Person, on_delete="CASCADE", backref="refusals")
    kind = CharField(max_length=12)
    reason = CharField(max_length=12)
    address_hash = CharField(max_length=64, index=True)
    at = DateTimeField(default=now)

    class Meta:
        constraints = [
            Check("kind IN ('reminder', 'collective')"),
            Check("reason IN ('complained', 'opposed', 'unsubscribed')"),
        ]
        indexes = ((("person", "kind", "reason"), True),)
        personal = Personal(
            purpose="Respecter le refus de recevoir nos envois",
            basis="Obligation légale : droit d’opposition (RGPD, article 21)",
            kept="Tant que dure la fiche ; ensuite, la seule empreinte de l’adresse",
            categories="Type d’envoi refusé, motif, date",
            recipients="La personne elle-même, coordination",
        )


class SubscriptionTally(Table):
    """How many of one thing happened on a Paris day; nobody is in it, and nothing takes it away."""

    day = DateField()
    what = CharField(max_length=16)
    count = IntegerField(default=0)

    class Meta:
        indexes = ((("day", "what"), True),)
