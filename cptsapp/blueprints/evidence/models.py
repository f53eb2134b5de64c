"""The proofs that an action is expected to give, and the pieces attached to them."""

from datetime import date

from peewee import JOIN, CharField, Check, DateField, DateTimeField, ForeignKeyField, IntegerField

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.document.models import Document
from cptsapp.blueprints.project.models import Fiche
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import short_fr
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.files import StoredFile


class ProofKind(Choice):
    SIGNATURES = "signatures", "Émargement"
    MINUTES = "minutes", "Compte rendu"
    SUPPORT = "support", "Support"
    AGREEMENT = "agreement", "Convention"
    OTHER = "other", "Autre"

    @property
    def names_people(self) -> bool:
        """Tell whether its pieces list people: the coordination alone opens them."""
        return self == ProofKind.SIGNATURES


class Proof(Table):
    """What an action must be able to show: for a year of the contract, between two days, or for its whole life."""

    fiche = ForeignKeyField(Fiche, on_delete="CASCADE", backref="proofs")
    kind = CharField(max_length=12, default=ProofKind.OTHER)
    label = CharField(max_length=160)
    contract = ForeignKeyField(Contract, null=True, on_delete="RESTRICT")
    year = IntegerField(null=True)
    starts_on = DateField(null=True)
    ends_on = DateField(null=True)
    created_at = DateTimeField(default=now)

    class Meta:
        table_name = "expected_proof"
        constraints = [
            Check("label <> ''"),
            Check("(contract_id IS NULL) = (year IS NULL)"),
            Check("contract_id IS NULL OR starts_on IS NULL"),
            Check("(starts_on IS NULL) = (ends_on IS NULL)"),
            Check("starts_on <= ends_on"),
        ]

    @property
    def nature(self) -> ProofKind:
        return ProofKind(self.kind)

    @property
    def bounds(self) -> tuple[date, date] | None:
        """The first and the last day that it is about, None for the whole life of the action."""
        if self.contract_id:
            return self.contract.bounds(self.year)
        return (self.starts_on, self.ends_on) if self.starts_on else None

    @property
    def period_label(self) -> str:
        if self.contract_id:
            return f"Année {self.year}"
        return f"{short_fr(self.starts_on)} – {short_fr(self.ends_on)}" if self.starts_on else "Toute l’action"

    def concerns(self, start: date, end: date) -> bool:
        """Tell whether it is about some day of a period."""
        return self.bounds is None or (self.bounds[0] <= end and self.bounds[1] >= start)

    @classmethod
    def joined(cls):
        """Return those of fiches that are not in the bin, fiche and contract joined, in the order of the project."""
        query = cls.select(cls, Fiche, Contract).join(Fiche).switch(cls).join(Contract, JOIN.LEFT_OUTER)
        return query.where(Fiche.deleted_at.is_null()).order_by(Fiche.mission, Fiche.id, cls.year, cls.id)


class Piece(Table):
    """What proves it: a file that was sent, or a document of the association. One file proves a thing once."""

    proof = ForeignKeyField(Proof, on_delete="CASCADE", backref="pieces")
    title = CharField(max_length=160)
    file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="pieces")
    document = ForeignKeyField(Document, null=True, on_delete="CASCADE", backref="pieces")
    added_at = DateTimeField(default=now)
    added_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")

    class Meta:
        table_name = "proof_piece"
        indexes = ((("proof", "file"), True), (("proof", "document"), True))
        constraints = [Check("title <> ''"), Check("(file_id IS NULL) <> (document_id IS NULL)")]

    @property
    def is_there(self) -> bool:
        """Tell whether it can be shown: a document that was binned proves nothing until it comes back."""
        return self.document_id is None or self.document.deleted_at is None

    @classmethod
    def joined(cls):
        query = cls.select(cls, StoredFile, Document).join(StoredFile, JOIN.LEFT_OUTER)
        return query.switch(cls).join(Document, JOIN.LEFT_OUTER).order_by(cls.id)
