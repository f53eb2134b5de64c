"""What evidence tells the floors below: what is missing, who may read a file, the card of a fiche."""

from flask import url_for

from cptsapp.blueprints.project.models import Fiche
from cptsapp.kernel import journal
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.dates import today
from cptsapp.kernel.files import StoredFile, file_use
from cptsapp.kernel.registry import Waiting, fiche_panel, waiting
from cptsapp.kernel.text import plural

from . import periods, standing
from .models import Piece, Proof, ProofKind

journal.name_values(ProofKind)
SHOWN = 6  # missing proofs named on the page of a fiche


@file_use
def readers_of_pieces(name: str):
    """A piece is read by the bureau; one that lists people, by the coordination alone."""
    rows = Piece.select(Proof.kind).join(Proof).switch(Piece).join(StoredFile).where(StoredFile.name == name)
    for (kind,) in rows.tuples():
        yield Visibility.COORDINATION if ProofKind(kind).names_people else Visibility.BUREAU


@waiting("evidence.missing", access=("coordination",))
def missing():
    count = standing.missing_count(today())
    words = plural(count, "preuve manque", "preuves manquent")
    yield Waiting(f"{words} pour cette année du contrat", url_for("evidence_gestion.index", etat="missing"), count)


@fiche_panel("Preuves", template="evidence/_panel.html", access=("bureau", "coordination"), order=40)
def proofs_of(fiche: Fiche):
    contract, year = periods.current() or (None, None)
    start, end = contract.bounds(year) if contract else standing.EVER
    mine = [each for each in Proof.joined().where(Proof.fiche == fiche) if each.concerns(start, end)]
    found = standing.standings(mine)
    gone = [each for each in found if each.is_missing]
    return {"total": len(found), "missing": gone[:SHOWN], "more": len(gone) - SHOWN, "year": year}
