"""Persons and structures, and how they are found."""

from blinker import Signal
from peewee import CharField, Check, DateTimeField, TextField

from cptsapp.kernel.choices import Choice
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.registry import Personal
from cptsapp.kernel.text import fold, normalise_email

saved = Signal("A person was written.")
saved_many = Signal("Persons were written at once, a list of them.")


class Kind(Choice):
    PERSON = "person", "Personne"
    STRUCTURE = "structure", "Structure"


class Person(Table):
    """A person (a family name at least) or a structure (a name). Deleted ones keep their row until they are erased."""

    kind = CharField(max_length=10, default=Kind.PERSON, choices=Kind.choices())
    given_name = CharField(max_length=80, default="")
    family_name = CharField(max_length=80, default="")
    name = CharField(max_length=160, default="")
    email = CharField(max_length=254, null=True)
    phone = CharField(max_length=30, default="")
    note = TextField(default="")
    # Copies that the database compares: names in the order of a list, then the address.
    folded = CharField(max_length=500, default="", index=True)
    email_normalised = CharField(max_length=254, default="", index=True)
    created_at = DateTimeField(default=now)
    deleted_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("deleted_at", "folded"), False),)  # those present, in the order of a list
        constraints = [
            Check("kind IN ('person', 'structure')"),
            Check("(kind = 'structure') = (name <> '')"),
            Check("(kind = 'person') = (family_name <> '')"),
        ]
        personal = Personal(
            purpose="Connaître les adhérents, partenaires et contacts de l’association",
            basis="Intérêt légitime : vie de l’association",
            kept="Tant que dure la relation, puis jusqu’à l’effacement demandé",
            categories="Nom, adresse e-mail, téléphone, note de suivi",
            recipients="Bureau et coordination",
        )

    @property
    def label(self) -> str:
        """The name as people say it: « Camille Alberti », « Hôpital de Forcilles »."""
        return self.name or f"{self.given_name} {self.family_name}".strip()

    @property
    def list_label(self) -> str:
        """The name as lists order it: « ALBERTI Camille », « Hôpital de Forcilles »."""
        family = self.family_name if "@" in self.family_name else self.family_name.upper()  # an address stays as it is
        return self.name or f"{family} {self.given_name}".strip()

    @property
    def is_structure(self) -> bool:
        return self.kind == Kind.STRUCTURE

    @property
    def kind_label(self) -> str:
        return Kind(self.kind).label

    def refresh_copies(self):
        """Bring the compared copies up to date with what people read; every rule that writes calls it."""
        self.email_normalised = normalise_email(self.email)
        words = (self.name, self.family_name, self.given_name, self.email_normalised)
        self.folded = " ".join(fold(word) for word in words if word)[:500]

    def save(self, *args, **kwargs):
        """Save, and say so to what follows persons: they are found by what is now written."""
        written = super().save(*args, **kwargs)
        saved.send(self)
        return written

    @classmethod
    def with_id(cls, id: int) -> "Person | None":
        return _person_with_id.first(id)

    @classmethod
    def shares_address(cls, person: "Person") -> bool:
        """Tell whether somebody else who is present has the same address."""
        return bool(person.email_normalised) and _others_at.value(person.email_normalised, person.id) is not None

    @classmethod
    def present(cls):
        """Return those who are not deleted, in the order of a list."""
        return cls.select().where(cls.deleted_at.is_null()).order_by(cls.folded, cls.id)

    @classmethod
    def with_email(cls, email: str):
        """Return those present who have this address."""
        return cls.present().where(cls.email_normalised == normalise_email(email), cls.email_normalised != "")


@prepared
def _person_with_id(id):
    return Person.select().where(Person.id == id)


@prepared
def _others_at(email, id):
    there = Person.deleted_at.is_null() & (Person.email_normalised == email)
    return Person.select(Person.id).where(there, Person.id != id)
