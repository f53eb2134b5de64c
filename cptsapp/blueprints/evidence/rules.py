"""What is written of evidence: proofs expected, changed, dropped; pieces attached and taken off."""

from collections.abc import Iterable
from datetime import date

from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.document.models import Document
from cptsapp.blueprints.project.models import Fiche
from cptsapp.kernel import journal
from cptsapp.kernel.db import db, locked
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import StoredFile

from .models import Piece, Proof, ProofKind

MOST_PROOFS, MOST_PIECES = 200, 50  # of one fiche, of one proof
for _action, _sentence in {
    "proof.expected": "Preuve attendue ajoutée à une fiche-action",
    "proof.changed": "Preuve attendue modifiée",
    "proof.dropped": "Preuve attendue retirée",
    "proof.attached": "Pièce jointe à une preuve",
    "proof.detached": "Pièce retirée d’une preuve",
}.items():
    journal.declare(_action, _sentence)


@db.atomic()
def expect(
    fiche_id: int,
    *,
    label: str,
    kind: str,
    contract_id: int | None = None,
    year: int | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> Proof:
    """Say that an action must give a proof: for a year of the contract, between two days, or for good. Twice is once.

    Raises RuleError when the period makes no sense.
    """
    fiche = locked(Fiche.select().where(Fiche.id == fiche_id, Fiche.deleted_at.is_null())).get_or_none()
    if fiche is None:
        raise RuleError("Cette fiche est dans la corbeille ou n’existe plus. Rechargez la page.")
    proof = Proof(fiche=fiche)
    _fill(proof, label, kind, contract_id, year, starts_on, ends_on)
    same = _same(proof)
    if same:
        return same
    if Proof.select().where(Proof.fiche == fiche).count() >= MOST_PROOFS:
        raise RuleError(f"Une fiche attend {MOST_PROOFS} preuves au plus. Retirez-en d’abord.")
    proof.save(force_insert=True)
    journal.write("proof.expected", "fiche", fiche.id, proof=proof.id)
    return proof


@db.atomic()
def expect_all(fiche_id: int, wanted: Iterable[tuple[str, str]], *, contract_id: int | None, year: int | None) -> int:
    """Expect several (label, kind) proofs for a year at once; return how many are new."""
    before = Proof.select().where(Proof.fiche == fiche_id).count()
    for label, kind in wanted:
        expect(fiche_id, label=label, kind=kind, contract_id=contract_id, year=year)
    return Proof.select().where(Proof.fiche == fiche_id).count() - before


@db.atomic()
def change(
    proof_id: int,
    *,
    label: str,
    kind: str,
    contract_id: int | None = None,
    year: int | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> Proof:
    proof = _held(proof_id)
    _fill(proof, label, kind, contract_id, year, starts_on, ends_on)
    if _same(proof):
        raise RuleError("Cette fiche attend déjà cette preuve pour cette période.", "label")
    proof.save()
    journal.write("proof.changed", "fiche", proof.fiche_id, proof=proof.id)
    return proof


def _fill(proof: Proof, label, kind, contract_id, year, starts_on, ends_on):
    proof.label, proof.kind = " ".join(label.split()), kind
    if not proof.label:
        raise RuleError("Dites quelle preuve est attendue.", "label")
    if len(proof.label) > 160:
        raise RuleError("Ce libellé dépasse 160 caractères.", "label")
    if kind not in list(ProofKind):
        raise RuleError("Choisissez la nature dans la liste.", "kind")
    contract = Contract.get_or_none(Contract.id == contract_id) if contract_id else None
    if contract_id and (contract is None or year is None or not 1 <= year <= contract.years):
        raise RuleError("Choisissez une année du contrat.", "period")
    if (starts_on is None) != (ends_on is None):
        raise RuleError("Donnez les deux jours, ou aucun.", "ends_on")
    if contract and starts_on:
        raise RuleError("Choisissez une année du contrat, ou deux jours : l’un des deux.", "period")
    if starts_on and ends_on < starts_on:
        raise RuleError("Le dernier jour précède le premier.", "ends_on")
    proof.contract, proof.year = contract, year if contract else None
    proof.starts_on, proof.ends_on = starts_on, ends_on


def _same(proof: Proof) -> Proof | None:
    mine = (Proof.fiche == proof.fiche_id) & (Proof.label == proof.label) & (Proof.kind == proof.kind)
    others = [each for each in Proof.select().where(mine) if each.id != proof.id]
    period = (proof.contract_id, proof.year, proof.starts_on, proof.ends_on)
    return next((x for x in others if (x.contract_id, x.year, x.starts_on, x.ends_on) == period), None)


@db.atomic()
def drop(proof_id: int) -> None:
    """Expect a proof no longer; its pieces are taken off it, a document stays where it is kept."""
    proof = _held(proof_id)
    proof.delete_instance()
    journal.write("proof.dropped", "fiche", proof.fiche_id, proof=proof.id)


@db.atomic()
def attach(proof_id: int, *, title: str = "", file_id: int | None = None, document_id: int | None = None) -> Piece:
    """Attach a file that was stored, or a document of the association. The same one twice is once."""
    proof = _held(proof_id)
    if bool(file_id) == bool(document_id):
        raise RuleError("Joignez un fichier, ou choisissez un document : l’un des deux.", "file")
    stored = StoredFile.get_or_none(StoredFile.id == file_id) if file_id else None
    document = Document.get_or_none(Document.id == document_id, Document.deleted_at.is_null()) if document_id else None
    if stored is None and document is None:
        raise RuleError("Ce fichier n’est plus là. Choisissez-le de nouveau.", "file" if file_id else "document")
    mine = Piece.proof == proof
    same = Piece.get_or_none(mine, Piece.file == stored if stored else Piece.document == document)
    if same:
        return same
    if Piece.select().where(mine).count() >= MOST_PIECES:
        raise RuleError(f"Une preuve a {MOST_PIECES} pièces au plus. Retirez-en une.", "file")
    title = " ".join(title.split()) or (document.title if document else stored.original_name)
    made = Piece.create(proof=proof, title=title[:160], file=stored, document=document, added_by=journal.actor())
    journal.write("proof.attached", "fiche", proof.fiche_id, proof=proof.id, piece=made.id)
    return made


@db.atomic()
def detach(piece_id: int) -> Proof:
    """Take a piece off; its file is erased later if nothing else refers to it."""
    piece = Piece.get_or_none(Piece.id == piece_id)
    if piece is None:
        raise RuleError("Cette pièce a déjà été retirée. Rechargez la page.")
    proof = _held(piece.proof_id)
    piece.delete_instance()
    journal.write("proof.detached", "fiche", proof.fiche_id, proof=proof.id, piece=piece.id)
    return proof


def _held(proof_id: int) -> Proof:
    found = locked(Proof.select().where(Proof.id == proof_id)).get_or_none()
    if found is None:
        raise RuleError("Cette preuve n’est plus attendue. Rechargez la page.")
    return found
