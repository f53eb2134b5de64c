"""What is typed of a proof, and what is attached to it."""

from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from cptsapp.blueprints.document.models import Document
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.fileforms import FileForm
from cptsapp.kernel.forms import Form

from . import periods
from .models import Proof, ProofKind

DATES = "dates"


def _periods() -> list[tuple[str, str]]:
    years = [(value, label) for value, label, _, _ in periods.of_years()]
    return [*years, (DATES, "D’un jour à un autre"), ("", "Toute la durée de l’action")]


def _documents() -> list[tuple[str, str]]:
    rows = Document.select(Document.id, Document.title).where(Document.deleted_at.is_null()).order_by(Document.folded)
    return [("", "Aucun"), *((str(id), title) for id, title in rows.tuples())]


class ProofForm(Form):
    label = StringField(
        "Preuve attendue",
        [InputRequired("Dites quelle preuve est attendue."), Length(max=160)],
        description="Par exemple « Feuilles d’émargement des réunions ».",
    )
    kind = SelectField(
        "Nature",
        choices=ProofKind.choices(),
        default=ProofKind.OTHER.value,
        description="Le site fournit lui-même les listes de présents, comptes rendus et supports des événements.",
    )
    period = SelectField("Période", choices=_periods)
    starts_on = DateField("Du", [Optional()])
    ends_on = DateField("Au", [Optional()], description="Pour « D’un jour à un autre » seulement.")

    @classmethod
    def of(cls, proof: Proof) -> "ProofForm":
        period = f"{proof.contract_id}-{proof.year}" if proof.contract_id else DATES if proof.starts_on else ""
        names = ("label", "kind", "starts_on", "ends_on")
        return cls(data={name: getattr(proof, name) for name in names} | {"period": period})

    def values(self) -> dict:
        """Return what the rules take. Raises RuleError when two days are announced and not given."""
        contract, year = periods.chosen(self.period.data) or (None, None)
        days = {"starts_on": None, "ends_on": None}
        if self.period.data == DATES:
            days = {name: self[name].data for name in days}
            if not all(days.values()):
                raise RuleError("Donnez le premier et le dernier jour.", "starts_on")
        return {
            "label": self.label.data,
            "kind": self.kind.data,
            "contract_id": contract and contract.id,
            "year": year,
            **days,
        }


class PieceForm(FileForm):
    """A file or a document."""

    title = StringField("Titre", [Optional(), Length(max=160)], description="Vide : le nom du fichier ou du document.")
    document = SelectField("Ou document de l’association", [Optional()], choices=_documents)

    def values(self) -> dict:
        stored, document = self.stored, int(self.document.data) if self.document.data else None
        return {"title": self.title.data or "", "file_id": stored and stored.id, "document_id": document}
