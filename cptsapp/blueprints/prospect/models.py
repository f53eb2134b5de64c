"""Prospects and what was said to them."""

from datetime import date

from peewee import JOIN, BooleanField, CharField, Check, DateField, DateTimeField, ForeignKeyField, TextField

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.registry import Personal
from cptsapp.kernel.text import fold, normalise_email

RECIPIENTS = "Coordination"
KEPT = "24 mois sans contact ; après une opposition, le nom, la commune et l’adresse seuls, 3 ans, pour la respecter"


class State(Choice):
    """Where things stand with a prospect; `badge` is the kind of its badge."""

    NEW = "new", "À contacter"
    APPROACHED = "approached", "Contacté"
    STOPPED = "stopped", "Ne plus contacter"
    CONVERTED = "converted", "Devenu adhérent"

    @property
    def badge(self) -> str:
        return {"new": "warn", "approached": "", "stopped": "bad", "converted": "ok"}[self.value]


class Means(Choice):
    """How somebody was approached."""

    PHONE = "phone", "Téléphone"
    VISIT = "visit", "Rencontre"
    MAIL = "mail", "E-mail personnel"
    LETTER = "letter", "Courrier"
    EVENT = "event", "Réunion ou événement"


class Prospect(Table):
    """Somebody to invite. The state follows from the dates; one who became a member keeps only the link to the person.

    `source` says where the name and the address come from, `informed_on` when the person was told of it.
    """

    given_name = CharField(max_length=80, default="")
    family_name = CharField(max_length=80, default="")
    organisation = CharField(max_length=160, default="")
    profession = CharField(max_length=12, default="")  # a code of territory.reference, or "" for none
    profession_other = CharField(max_length=120, default="")
    commune = ForeignKeyField(Commune, null=True, on_delete="SET NULL")
    email = CharField(max_length=254, default="")
    phone = CharField(max_length=30, default="")
    source = CharField(max_length=200, default="")
    informed_on = DateField(null=True)
    note = TextField(default="")
    folded = CharField(max_length=600, default="", index=True)
    email_normalised = CharField(max_length=254, default="", index=True)
    last_approach_on = DateField(null=True, index=True)
    stopped_on = DateField(null=True)
    converted_at = DateTimeField(null=True)
    person = ForeignKeyField(Person, null=True, on_delete="SET NULL", backref="prospects")
    created_at = DateTimeField(default=now, index=True)

    class Meta:
        constraints = [Check("family_name <> '' OR converted_at IS NOT NULL")]
        personal = Personal(
            purpose="Inviter des professionnels du territoire à adhérer",
            basis="Intérêt légitime : faire connaître l’association ; opposition possible à tout moment",
            kept=KEPT,
            categories="Nom, profession, commune, coordonnées professionnelles, origine de ces données, suivi",
            recipients=RECIPIENTS,
        )

    @property
    def label(self) -> str:
        return f"{self.given_name} {self.family_name}".strip() or (self.person.label if self.person_id else "Sans nom")

    @property
    def list_label(self) -> str:
        return f"{self.family_name.upper()} {self.given_name}".strip() or self.label

    @property
    def profession_label(self) -> str:
        known = reference.professions().get(self.profession)
        return self.profession_other or (known.label if known else "")

    @property
    def commune_name(self) -> str:
        return self.commune.name if self.commune_id else ""

    @property
    def state(self) -> State:
        if self.converted_at:
            return State.CONVERTED
        if self.stopped_on:
            return State.STOPPED
        return State.APPROACHED if self.last_approach_on else State.NEW

    @property
    def may_be_approached(self) -> bool:
        return self.state in (State.NEW, State.APPROACHED)

    @classmethod
    def in_state(cls, state: State):
        """Return the condition that a prospect is in a state: the same rule as `state`."""
        open_ones = cls.converted_at.is_null() & cls.stopped_on.is_null()
        return {
            State.NEW: open_ones & cls.last_approach_on.is_null(),
            State.APPROACHED: open_ones & cls.last_approach_on.is_null(False),
            State.STOPPED: cls.converted_at.is_null() & cls.stopped_on.is_null(False),
            State.CONVERTED: cls.converted_at.is_null(False),
        }[state]

    @classmethod
    def listed(cls):
        """Return the prospects with what their list shows."""
        query = cls.select(cls, Commune, Person).join(Commune, JOIN.LEFT_OUTER)
        return query.switch(cls).join(Person, JOIN.LEFT_OUTER, on=cls.person)

    @classmethod
    def count_in(cls, state: State) -> int:
        return cls.select().where(cls.in_state(state)).count()

    @classmethod
    def converted_between(cls, since, until) -> int:
        return cls.select().where(cls.converted_at >= since, cls.converted_at < until).count()

    @classmethod
    def uninformed(cls):
        """Return those who were approached and do not know yet where their data come from."""
        return cls.select().where(cls.in_state(State.APPROACHED), cls.informed_on.is_null())

    def refresh_copies(self):
        """Bring the compared copies up to date with what people read."""
        self.email_normalised = normalise_email(self.email)
        words = (self.family_name, self.given_name, self.organisation, self.profession_label, self.commune_name)
        self.folded = " ".join(fold(word) for word in (*words, self.email) if word)[:600]


class Approach(Table):
    """One time somebody of the association spoke or wrote to a prospect."""

    prospect = ForeignKeyField(Prospect, on_delete="CASCADE", backref="approaches")
    on = DateField(column_name="approached_on")
    means = CharField(max_length=10, choices=Means.choices())
    informed = BooleanField(default=False)
    text = TextField(default="")
    by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    at = DateTimeField(default=now)

    class Meta:
        personal = Personal(
            purpose="Inviter des professionnels du territoire à adhérer",
            basis="Intérêt légitime : faire connaître l’association ; opposition possible à tout moment",
            kept=KEPT,
            categories="Date, moyen et compte rendu de chaque contact",
            recipients=RECIPIENTS,
        )

    @property
    def means_label(self) -> str:
        return Means(self.means).label


def silent_since(day: date):
    """Return the condition that nobody has spoken to a prospect since `day`, nor stopped or converted them."""
    open_ones = Prospect.converted_at.is_null() & Prospect.stopped_on.is_null()
    never = Prospect.last_approach_on.is_null() & (Prospect.created_at < day)
    return open_ones & (never | (Prospect.last_approach_on < day))
