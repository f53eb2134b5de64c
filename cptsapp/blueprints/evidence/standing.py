"""Where proofs stand: what was attached, what the site makes by itself, what is missing. A few queries for them all."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from cptsapp.blueprints.contract.models import Contract
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.kept import kept
from cptsapp.kernel.telling import Evidence, evidence_sources

from .models import Piece, Proof

EVER = (date(2000, 1, 1), date(2199, 12, 31))


class State(Choice):
    MISSING = "missing", "Manquante"
    MADE = "made", "Produite par le site"
    ATTACHED = "attached", "Jointe"

    @property
    def badge(self) -> str:
        return {"missing": "bad", "made": "ok", "attached": "ok"}[self.value]


@dataclass(frozen=True)
class Standing:
    """An expected proof, the pieces attached to it, and what the site makes that proves it."""

    proof: Proof
    pieces: tuple[Piece, ...]
    made: tuple[Evidence, ...]

    @property
    def id(self) -> int:
        return self.proof.id

    @property
    def state(self) -> State:
        if any(each.is_there for each in self.pieces):
            return State.ATTACHED
        return State.MADE if self.made else State.MISSING

    @property
    def is_missing(self) -> bool:
        return self.state == State.MISSING

    @property
    def rank(self) -> tuple:
        """What is missing first, then in the order of the project."""
        return (not self.is_missing, self.proof.fiche.mission, self.proof.fiche_id, self.proof.id)


def standings(proofs: Iterable[Proof]) -> list[Standing]:
    """Return where proofs stand, those missing first; their fiche and contract are joined."""
    proofs = list(proofs)
    if not proofs:
        return []
    pieces: dict[int, list[Piece]] = {each.id: [] for each in proofs}
    for piece in Piece.joined().where(Piece.proof.in_(list(pieces))):
        pieces[piece.proof_id].append(piece)
    made: dict[tuple[str, str], list[Evidence]] = {}
    for each in made_for(proofs):
        made.setdefault((each.code, each.kind), []).append(each)
    found = [Standing(each, tuple(pieces[each.id]), tuple(_proving(each, made))) for each in proofs]
    return sorted(found, key=lambda each: each.rank)


def made_for(proofs: list[Proof]) -> list[Evidence]:
    """Return all that the site makes for the actions of some proofs, over the days that they are about."""
    bounds = [each.bounds or EVER for each in proofs]
    return made({each.fiche.code for each in proofs}, min(each[0] for each in bounds), max(each[1] for each in bounds))


def made(codes: set[str], start: date, end: date) -> list[Evidence]:
    """Return what the site makes for the actions of some codes over a period, both days included."""
    codes = {each for each in codes if each}
    if not codes:
        return []
    return [each for source in evidence_sources for each in source.call(codes, start, end)]


def _proving(proof: Proof, made: dict[tuple[str, str], list[Evidence]]) -> list[Evidence]:
    start, end = proof.bounds or EVER
    return [each for each in made.get((proof.fiche.code, proof.kind), ()) if start <= each.on <= end]


@kept
def missing_count(day: date) -> int:
    """Return how many proofs are missing on a day: asked by a first page, counted again after any write."""
    return len(missing_on(day))


def missing_on(day: date) -> list[Standing]:
    """Return the proofs missing for the contract year of a day, those of no year included, already begun by then."""
    contract = Contract.at(day)
    if contract is None:
        start, end = day, day
    else:
        start, end = contract.bounds(contract.year_at(day))
    proofs = [each for each in Proof.joined() if each.concerns(start, min(end, day))]
    return [each for each in standings(proofs) if each.is_missing]
