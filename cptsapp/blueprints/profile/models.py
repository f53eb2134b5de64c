"""Certificates of membership, what members changed of their record, and what they asked."""

import json

from peewee import JOIN, CharField, DateField, DateTimeField, ForeignKeyField, TextField

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.registry import Personal

BUREAU = "La personne elle-même, la coordination"


class Certificate(Table):
    """A certificate given to a member; `code` is printed on it and anyone may ask whether it holds."""

    code = CharField(max_length=20, unique=True)
    person = ForeignKeyField(Person, on_delete="CASCADE", backref="certificates")
    issued_on = DateField()
    until = DateField(null=True)

    class Meta:
        indexes = ((("person", "until"), False),)
        personal = Personal(
            purpose="Attestations d’adhésion vérifiables",
            basis="Demande de la personne",
            kept="Jusqu’à l’effacement de la fiche",
            categories="Code de vérification, date, fin de validité",
            recipients="Qui présente le code lit : attestation valable ou non, prénom et initiale du nom",
        )


class ProfileChange(Table):
    """A change that a member made and that the coordination must know: profession, commune, address, quality."""

    person = ForeignKeyField(Person, on_delete="CASCADE", backref="profile_changes")
    at = DateTimeField(default=now, index=True)
    changes_json = TextField()  # [[label, before, after], …]
    seen_at = DateTimeField(null=True, index=True)
    seen_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")

    class Meta:
        personal = Personal(
            purpose="Suivi des fiches d’adhérents modifiées par les intéressés",
            basis="Exécution de l’adhésion",
            kept="12 mois",
            categories="Profession, commune, adresse e-mail ou qualité, avant et après",
            recipients=BUREAU,
        )

    @property
    def changes(self) -> list[list[str]]:
        return json.loads(self.changes_json)


class RequestKind(Choice):
    LEAVE = "leave", "Départ de l’association"
    ERASURE = "erasure", "Effacement des données"


class Outcome(Choice):
    """How a request ended; an empty one waits."""

    DONE = "done", "Fait"
    UNDONE = "undone", "Annulé par la coordination"
    WITHDRAWN = "withdrawn", "Retirée par la personne"
    REFUSED = "refused", "Refusée"


class ProfileRequest(Table):
    """A departure, done at once, or a request of erasure, which the coordination carries out."""

    kind = CharField(max_length=10, choices=RequestKind.choices())
    person = ForeignKeyField(Person, null=True, on_delete="SET NULL", backref="profile_requests")
    reason = TextField(default="")
    memory_json = TextField(default="{}")  # what undoing a departure needs: membership and its end before
    asked_at = DateTimeField(default=now, index=True)
    decided_at = DateTimeField(null=True)
    decided_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    outcome = CharField(max_length=10, default="")

    class Meta:
        personal = Personal(
            purpose="Demandes de départ et d’effacement",
            basis="Obligation légale : répondre aux demandes des personnes",
            kept="Le nom et le motif jusqu’à l’effacement ; la date et l’issue, sans le nom, 3 ans",
            categories="Nature de la demande, motif écrit par la personne, dates, issue",
            recipients=BUREAU,
        )

    @classmethod
    def joined(cls):
        return cls.select(cls, Person).join(Person, JOIN.LEFT_OUTER)

    @classmethod
    def open_erasure(cls, person_id: int) -> "ProfileRequest | None":
        mine = (cls.person == person_id) & (cls.kind == RequestKind.ERASURE)
        return cls.select().where(mine, cls.decided_at.is_null()).first()

    @property
    def kind_label(self) -> str:
        return RequestKind(self.kind).label

    @property
    def outcome_label(self) -> str:
        return Outcome(self.outcome).label if self.outcome else "À traiter"
