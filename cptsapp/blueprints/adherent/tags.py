"""What the coordination writes on members: tags, notes, and the lists it comes back to."""

from peewee import CharField, DateTimeField, ForeignKeyField, TextField

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.registry import Personal

BUREAU = "Bureau et coordination"


class Tag(Table):
    """A word that the coordination puts on members: « groupe diabète », « maître de stage »."""

    name = CharField(max_length=60)
    folded = CharField(max_length=60, unique=True)


class PersonTag(Table):
    person = ForeignKeyField(Person, on_delete="CASCADE", backref="person_tags")
    tag = ForeignKeyField(Tag, on_delete="CASCADE", backref="person_tags")

    class Meta:
        indexes = ((("person", "tag"), True),)
        personal = Personal(
            purpose="Étiquettes de suivi des adhérents",
            basis="Intérêt légitime : animer l’association",
            kept="Avec la fiche de la personne",
            categories="Mots choisis par la coordination",
            recipients=BUREAU,
        )


class PersonNote(Table):
    """A note about a person, by somebody of the bureau or the coordination; never health data."""

    person = ForeignKeyField(Person, on_delete="CASCADE", backref="person_notes")
    author = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    at = DateTimeField(default=now)
    text = TextField()

    class Meta:
        personal = Personal(
            purpose="Notes de suivi des adhérents",
            basis="Intérêt légitime : animer l’association",
            kept="Avec la fiche de la personne",
            categories="Notes de suivi",
            recipients=BUREAU,
        )


class SavedView(Table):
    """A reading of a list under a name: its words and filters. Without an owner, the whole gestion shares it."""

    list = CharField(max_length=40)
    name = CharField(max_length=80)
    query = TextField()  # the query string of the list
    owner = ForeignKeyField(Account, null=True, on_delete="CASCADE")
    created_at = DateTimeField(default=now)
