"""The setting of the public directory, the portraits, and what each person lets anybody read."""

from peewee import BooleanField, CharField, DateTimeField, ForeignKeyField, TextField

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.files import StoredFile
from cptsapp.kernel.registry import Personal

READERS = "Les adhérents ; le public pour ce que la personne choisit de lui montrer"
BASIS = "Consentement, champ par champ, retirable à tout moment"


class Directory(Table):
    """One row: whether the public directory is open, and what it says first."""

    public_on = BooleanField(default=False)
    introduction = TextField(default="")

    @classmethod
    def current(cls) -> "Directory":
        return cls.get_or_none(cls.id == 1) or cls()


class PublicChoice(Table):
    """What a person who is in the public directory shows there beside name, profession and commune."""

    person = ForeignKeyField(Person, primary_key=True, on_delete="CASCADE")
    fields = CharField(max_length=200, default="")  # names of cards.CHOSEN, joined by spaces

    class Meta:
        personal = Personal(
            purpose="Annuaire public des adhérents",
            basis=BASIS,
            kept="Jusqu’au retrait du choix ou à la fin de l’adhésion",
            categories="Choix de montrer chaque coordonnée",
            recipients=READERS,
        )

    @classmethod
    def of(cls, person_id: int) -> set[str]:
        row = cls.get_or_none(cls.person == person_id)
        return set(row.fields.split()) if row else set()


class Portrait(Table):
    """The photograph that a person gave of themselves."""

    person = ForeignKeyField(Person, primary_key=True, on_delete="CASCADE")
    file = ForeignKeyField(StoredFile, on_delete="RESTRICT")
    at = DateTimeField(default=now)

    class Meta:
        personal = Personal(
            purpose="Annuaire des adhérents : photographie",
            basis=BASIS,
            kept="Jusqu’à son retrait, puis 30 jours",
            categories="Photographie",
            recipients=READERS,
        )

    @classmethod
    def of(cls, person_id: int) -> "Portrait | None":
        return cls.select(cls, StoredFile).join(StoredFile).where(cls.person == person_id).first()
