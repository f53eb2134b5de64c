"""The directories of an instance, their entries, what is indexed of each, and every change that was made.

An `Entry` keeps its answers as JSON: a definition may gain a field without a migration. What filters compare is
written beside it, one `EntryValue` a value, and what a search reads in a full-text index (`finding`): lists cost the
same from a hundred to ten thousand entries. An `EntryChange` keeps the whole state after each change: `history` reads
the past there.
"""

import json
from datetime import date

from peewee import (
    JOIN,
    BooleanField,
    CharField,
    Check,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.registry import Personal

PURPOSE = "Répertoires de volontaires : être trouvé pour ce que l’on propose"
BASIS = "Consentement, daté, avec sa formulation ; retirable à tout moment"
RECIPIENTS = "Selon chaque répertoire et chaque champ : coordination, professionnels, adhérents, public"
KEPT = "Jusqu’au retrait, puis 12 mois ; 24 mois après la dernière confirmation"


class Status(Choice):
    """Where an entry stands. `badge` is the kind of its badge."""

    TO_VALIDATE = "to_validate", "À valider"
    LISTED = "listed", "Dans la liste"
    PAUSED = "paused", "En pause"
    EXPIRED = "expired", "À confirmer"
    LEFT = "left", "Retirée"

    @property
    def badge(self) -> str:
        return {"to_validate": "warn", "listed": "ok", "paused": "", "expired": "warn", "left": "mute"}[self.value]


# The allowed changes of status; any other is refused.
STATUS_CHANGES = {
    Status.TO_VALIDATE: {Status.LISTED, Status.LEFT},
    Status.LISTED: {Status.PAUSED, Status.EXPIRED, Status.LEFT},
    Status.PAUSED: {Status.LISTED, Status.EXPIRED, Status.LEFT},
    Status.EXPIRED: {Status.LISTED, Status.LEFT},
    Status.LEFT: {Status.TO_VALIDATE, Status.LISTED},
}
HOLDING = (Status.TO_VALIDATE, Status.LISTED, Status.PAUSED)  # those that keep what only one may have


class Means(Choice):
    """How an agreement was given."""

    ONLINE = "online", "En ligne, par la personne"
    PAPER = "paper", "Sur papier"
    PHONE = "phone", "Par téléphone"
    SPEECH = "speech", "De vive voix"
    MAIL = "mail", "Par e-mail"


class Act(Choice):
    """What a change was."""

    DECLARED = "declared", "Inscription"
    KEYED = "keyed", "Inscription saisie pour la personne"
    CHANGED = "changed", "Modification"
    MOVED = "moved", "Changement d’étape"
    VALIDATED = "validated", "Validation"
    REFUSED = "refused", "Refus"
    CONFIRMED = "confirmed", "Confirmation"
    PAUSED = "paused", "Mise en pause"
    RESUMED = "resumed", "Fin de la pause"
    EXPIRED = "expired", "Sortie de la liste, faute de confirmation"
    LEFT = "left", "Retrait"
    RESTORED = "restored", "Retour après retrait"


class Repertoire(Table):
    """What this instance says of one directory: its own definition (JSON), or that a shipped one is closed here.

    Without a row, a shipped definition is open as it is. The row is also what is held while places are counted.
    """

    slug = CharField(max_length=60, unique=True)
    data_json = TextField(default="")
    closed_at = DateTimeField(null=True)
    changed_at = DateTimeField(default=now)
    changed_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")


class Entry(Table):
    """One entry of the directory `directory` (a slug). `person` is whom it speaks of, or who brings a thing.

    A thing may have no person: a public service that the coordination keyed in. `declared_by` is the person who
    declares for a structure. `confirmed_on` is the last day on which somebody said that it is right, `expires_on` the
    last day on which it is listed. `slot` tells apart the entries of one person in one list.
    """

    directory = CharField(max_length=60)
    person = ForeignKeyField(Person, null=True, on_delete="CASCADE", backref="repertoire_entries")
    declared_by = ForeignKeyField(Person, null=True, on_delete="SET NULL", backref="declared_entries")
    slot = CharField(max_length=120, default="")
    title = CharField(max_length=160, default="")
    sort_name = CharField(max_length=200, default="")
    profession = CharField(max_length=12, default="")  # a code of territory.reference, or ""
    commune = ForeignKeyField(Commune, null=True, on_delete="SET NULL", backref="repertoire_entries")
    email = CharField(max_length=254, default="")
    phone = CharField(max_length=30, default="")
    show_email = BooleanField(default=False)
    show_phone = BooleanField(default=False)
    is_public = BooleanField(default=False)  # agreed to the public page
    is_shared = BooleanField(default=False)  # agreed to be shown to partners
    is_speaker = BooleanField(default=False)  # ready to speak of it at an event
    values_json = TextField(default="{}")
    status = CharField(max_length=12, default=Status.LISTED, choices=Status.choices())
    stage = CharField(max_length=40, default="")
    stage_on = DateField(null=True)
    consented_on = DateField(null=True)
    consent_means = CharField(max_length=10, default="")
    consent_version = CharField(max_length=40, default="")
    consent_text = TextField(default="")
    confirmed_on = DateField(default=today)
    expires_on = DateField(null=True)
    created_at = DateTimeField(default=now)
    left_at = DateTimeField(null=True)
    link_version = IntegerField(default=1)

    class Meta:
        table_name = "repertoire_entry"
        indexes = (
            # All that reading a list in its order compares: the rows are read of one page only.
            (("directory", "status", "sort_name", "id", "expires_on", "is_public", "person"), False),
            (("directory", "sort_name", "id"), False),
            (("status", "expires_on"), False),
            (("directory", "stage", "status"), False),
        )
        constraints = [
            Check("status IN ('to_validate', 'listed', 'paused', 'expired', 'left')"),
            Check("(status = 'left') = (left_at IS NOT NULL)"),
            Check("person_id IS NULL OR (consented_on IS NOT NULL AND consent_means <> '')"),
            Check("person_id IS NOT NULL OR title <> ''"),
            Check("(stage = '') = (stage_on IS NULL)"),
        ]
        personal = Personal(
            purpose=PURPOSE,
            basis=BASIS,
            kept=KEPT,
            categories="Nom, profession, commune, coordonnées choisies, réponses au répertoire, accord et sa date",
            recipients=RECIPIENTS,
        )

    @property
    def values(self) -> dict:
        return json.loads(self.values_json)

    @property
    def state(self) -> Status:
        return Status(self.status)

    @property
    def label(self) -> str:
        """The title of a thing, else the name of whom it speaks of."""
        return self.title or (self.person.label if self.person_id else "")

    @property
    def profession_label(self) -> str:
        known = reference.professions().get(self.profession)
        return known.label if known else ""

    @property
    def means_label(self) -> str:
        return Means(self.consent_means).label if self.consent_means else ""

    @property
    def is_live(self) -> bool:
        """Tell whether readers find it today."""
        return self.status == Status.LISTED and (self.expires_on is None or self.expires_on >= today())

    @classmethod
    def live(cls, day: date | None = None):
        """Return the condition that an entry is in the visible list on `day` (today)."""
        return (cls.status == Status.LISTED) & (cls.expires_on.is_null() | (cls.expires_on >= (day or today())))

    @classmethod
    def joined(cls):
        """Return the entries with the person and the commune that their pages show."""
        query = cls.select(cls, Person, Commune).join(Person, JOIN.LEFT_OUTER, on=(cls.person == Person.id))
        return query.switch(cls).join(Commune, JOIN.LEFT_OUTER, on=(cls.commune == Commune.insee))

    @classmethod
    def of_person(cls, person_id: int):
        """Return the entries that speak of a person, or that they declared, the latest first."""
        mine = (cls.person == person_id) | (cls.declared_by == person_id)
        return cls.joined().where(mine).order_by(cls.created_at.desc(), cls.id.desc())


Entry.add_index(
    Entry.index(
        Entry.directory,
        Entry.person,
        Entry.slot,
        unique=True,
        where=Entry.left_at.is_null() & Entry.person.is_null(False),
        name="repertoire_entry_one_live",
    )
)


class EntryValue(Table):
    """A value that filters compare; `level` is the rank of the readers who may know it (definition.Readers).

    `sort_name` is that of the entry: those who have a value are read in the order of the list, as far as a page goes.

    Besides the fields of the definition: « @commune », « @where » (commune or communes covered), « @around » (their
    intercommunalités, by SIREN), « @profession », « @speaker » and « @shared » ("oui").
    """

    entry = ForeignKeyField(Entry, on_delete="CASCADE", backref="indexed")
    directory = CharField(max_length=60)
    field = CharField(max_length=60)
    value = CharField(max_length=120)
    sort_name = CharField(max_length=200, default="")
    level = IntegerField()

    class Meta:
        table_name = "repertoire_value"
        indexes = ((("directory", "field", "value", "sort_name", "entry", "level"), False),)
        personal = Personal(
            purpose=PURPOSE,
            basis=BASIS,
            kept=KEPT,
            categories="Valeurs indexées des réponses",
            recipients=RECIPIENTS,
        )


class EntryHold(Table):
    """What only one entry of a directory may have: « referent=oui/protocole=12 ». The index is the rule."""

    entry = ForeignKeyField(Entry, on_delete="CASCADE", backref="holds")
    directory = CharField(max_length=60)
    key = CharField(max_length=200)

    class Meta:
        table_name = "repertoire_hold"
        indexes = ((("directory", "key"), True),)


class EntryUse(Table):
    """One place taken of an entry that has a capacity; of nobody named."""

    entry = ForeignKeyField(Entry, on_delete="CASCADE", backref="uses")
    used_on = DateField()
    at = DateTimeField(default=now)
    by = ForeignKeyField(Account, null=True, on_delete="SET NULL")

    class Meta:
        table_name = "repertoire_use"
        indexes = ((("entry", "used_on"), False),)


class EntryChange(Table):
    """One change of an entry, and its whole state afterwards (see `history.state_of`)."""

    entry = ForeignKeyField(Entry, on_delete="CASCADE", backref="changes")
    directory = CharField(max_length=60)
    at = DateTimeField(default=now)
    act = CharField(max_length=12, choices=Act.choices())
    status = CharField(max_length=12)
    stage = CharField(max_length=40, default="")
    note = CharField(max_length=500, default="")
    state_json = TextField()
    by = ForeignKeyField(Account, null=True, on_delete="SET NULL")

    class Meta:
        table_name = "repertoire_change"
        indexes = ((("directory", "at", "entry"), False), (("directory", "stage", "at"), False))
        personal = Personal(
            purpose=PURPOSE,
            basis=BASIS,
            kept=KEPT,
            categories="Chaque état de l’inscription, avec sa date et le compte qui l’a modifiée",
            recipients="La personne elle-même, la coordination",
        )

    @property
    def act_label(self) -> str:
        return Act(self.act).label

    @property
    def after(self) -> dict:
        return json.loads(self.state_json)


class EntryNote(Table):
    """What the coordination notes of an entry, for itself. The person may ask for a copy."""

    entry = ForeignKeyField(Entry, on_delete="CASCADE", backref="notes")
    at = DateTimeField(default=now)
    by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    text = TextField()

    class Meta:
        table_name = "repertoire_note"
        personal = Personal(
            purpose=PURPOSE,
            basis="Intérêt légitime : suivre une démarche de volontariat",
            kept=KEPT,
            categories="Notes de suivi de la coordination",
            recipients="Coordination, la personne sur demande",
        )


class EntryApart(Table):
    """Two entries that somebody looked at and found to be two: they are no longer shown as one."""

    first = ForeignKeyField(Entry, on_delete="CASCADE", backref="+")
    second = ForeignKeyField(Entry, on_delete="CASCADE", backref="+")
    at = DateTimeField(default=now)
    by = ForeignKeyField(Account, null=True, on_delete="SET NULL")

    class Meta:
        table_name = "repertoire_apart"
        indexes = ((("first", "second"), True),)
        constraints = [Check("first_id < second_id")]


class Partner(Table):
    """Somebody of another body (DAC, CPAM, SAS, CLIC…) to whom some lists are opened, until a day included."""

    person = ForeignKeyField(Person, unique=True, on_delete="CASCADE", backref="partner_access")
    organisation = CharField(max_length=120)
    until = DateField()
    given_at = DateTimeField(default=now)
    given_by = ForeignKeyField(Account, null=True, on_delete="SET NULL", backref="+")

    class Meta:
        table_name = "repertoire_partner"
        constraints = [Check("organisation <> ''")]
        personal = Personal(
            purpose="Accès de partenaires à des répertoires",
            basis="Intérêt légitime : orienter vers les professionnels du territoire",
            kept="Jusqu’à la fin de l’accès, puis 12 mois",
            categories="Organisme, listes ouvertes, date de fin, compte qui a donné l’accès",
            recipients="Coordination, la personne elle-même",
        )

    @property
    def is_current(self) -> bool:
        return self.until >= today()

    @classmethod
    def lists_of(cls, person_id: int) -> frozenset[str]:
        """Return the slugs of the lists that a person reads as a partner today."""
        mine = (cls.person == person_id) & (cls.until >= today())
        rows = PartnerList.select(PartnerList.directory).join(cls).where(mine)
        return frozenset(slug for (slug,) in rows.tuples())


class PartnerList(Table):
    """One list opened to a partner."""

    partner = ForeignKeyField(Partner, on_delete="CASCADE", backref="lists")
    directory = CharField(max_length=60)

    class Meta:
        table_name = "repertoire_partner_list"
        indexes = ((("partner", "directory"), True),)


class PartnerReading(Table):
    """How many cards of a list partners opened on a day; of nobody named."""

    directory = CharField(max_length=60)
    read_on = DateField()
    count = IntegerField(default=0)

    class Meta:
        table_name = "repertoire_partner_reading"
        indexes = ((("read_on", "directory"), True),)
