"""What a member practises and shows to others; who speaks for a structure."""

from peewee import JOIN, BooleanField, CharField, DateTimeField, ForeignKeyField, TextField

from cptsapp.blueprints.person import finding
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.kept import once
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.registry import Personal

from .tags import BUREAU


class Practice(Table):
    """What a member does, where, and which of it colleagues may see: each field by a choice, off by default."""

    person = ForeignKeyField(Person, primary_key=True, on_delete="CASCADE", backref="practices")
    profession = CharField(max_length=12, default="")  # a code of territory.reference, or "" for none
    profession_other = CharField(max_length=120, default="")
    rpps = CharField(max_length=20, default="", index=True)
    adeli = CharField(max_length=20, default="", index=True)
    mode = CharField(max_length=120, default="")  # cabinet, maison de santé, hôpital…
    commune = ForeignKeyField(Commune, null=True, on_delete="SET NULL")
    organisation = CharField(max_length=160, default="")
    works_at = ForeignKeyField(Person, null=True, on_delete="SET NULL", backref="people")  # a structure
    area_json = TextField(default="[]")  # INSEE codes of the communes covered
    competences = TextField(default="")
    hours = TextField(default="")
    show_email = BooleanField(default=False)
    show_phone = BooleanField(default=False)
    show_hours = BooleanField(default=False)
    show_photo = BooleanField(default=False)
    in_directory = BooleanField(default=True)  # listed for colleagues; they are told of it and may say no
    public_listing = BooleanField(default=False)
    shown_changed_at = DateTimeField(null=True)

    class Meta:
        indexes = (
            (("profession", "commune", "person"), False),
            (("commune", "profession", "person"), False),
            (("in_directory", "person"), False),
            (("public_listing", "person"), False),
        )
        personal = Personal(
            purpose="Fiche de l’adhérent et annuaire",
            basis="Exécution de l’adhésion ; consentement pour ce qui est montré aux autres",
            kept="3 ans après la fin de l’adhésion",
            categories="Profession, commune d’exercice, numéro RPPS ou ADELI, structure, compétences, horaires",
            recipients=f"{BUREAU} ; les adhérents et le public selon ce que la personne choisit de montrer",
        )

    def save(self, *args, **kwargs):
        """Save, and let the person be found by what is now written."""
        written = super().save(*args, **kwargs)
        finding.refresh([self.person_id])
        return written

    @classmethod
    def of(cls, person_id: int) -> "Practice":
        """Return the row of a person, or a blank one that is not saved yet."""
        return cls.find(person_id) or cls(person=person_id)

    @classmethod
    def find(cls, person_id: int) -> "Practice | None":
        """Return the row of a person, its commune joined."""
        return _read_practice(person_id)

    @property
    def profession_label(self) -> str:
        known = reference.professions().get(self.profession)
        return self.profession_other or (known.label if known else "")


@prepared
def _practice_of(person):
    return Practice.select(Practice, Commune).join(Commune, JOIN.LEFT_OUTER).where(Practice.person == person)


_read_practice = once(_practice_of.first)


class StructureRole(Table):
    """Who speaks for a structure that is a member, and who stands in. Changing them leaves its membership as it is."""

    structure = ForeignKeyField(Person, primary_key=True, on_delete="CASCADE", backref="structure_roles")
    representative = ForeignKeyField(Person, null=True, on_delete="SET NULL", backref="represents")
    deputy = ForeignKeyField(Person, null=True, on_delete="SET NULL", backref="stands_in_for")
    changed_at = DateTimeField(default=now)

    class Meta:
        personal = Personal(
            purpose="Représentation des structures adhérentes",
            basis="Exécution de l’adhésion",
            kept="Tant que dure l’adhésion de la structure",
            categories="Nom du représentant et de son suppléant",
            recipients=BUREAU,
        )
