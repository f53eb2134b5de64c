"""The proofs proposed for a fiche, from what it says and what carries its code. Source: `data/preuves.toml`."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache

from cptsapp.blueprints.project import linked
from cptsapp.blueprints.project.models import SECTIONS, Fiche
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.text import fold

from .models import Proof, ProofKind


@dataclass(frozen=True)
class Usual:
    """A usual proof; `when` is "" (always), "evenements", "partenaires", or the beginnings of words to find."""

    label: str
    kind: ProofKind
    when: str | tuple[str, ...]


@cache
def usual() -> tuple[Usual, ...]:
    rows = tomllib.loads((reference.DATA / "preuves.toml").read_text(encoding="utf-8"))["preuve"]
    return tuple(Usual(each["libelle"], ProofKind(each["nature"]), _when(each.get("quand", ""))) for each in rows)


def _when(value) -> str | tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else value


def suggested(fiche: Fiche, contract_id: int | None, year: int | None, *, start: date, end: date) -> list[Usual]:
    """Return the usual proofs that a fiche calls for in a period, those that it expects already left out."""
    expected = Proof.select(Proof.label).where(
        Proof.fiche == fiche, (Proof.contract == contract_id) & (Proof.year == year) | Proof.contract.is_null()
    )
    known = {label for (label,) in expected.tuples()}
    words = " " + fold(" ".join([fiche.title, fiche.summary, *(getattr(fiche, name) for name in SECTIONS)]))
    has_events = any(start <= day <= end for _, rows in linked.linked_to(fiche) for _, day, _ in rows)
    found = []
    for each in usual():
        match each.when:
            case "":
                fits = True
            case "evenements":
                fits = has_events
            case "partenaires":
                fits = bool(fiche.partners.strip())
            case beginnings:
                fits = any(f" {word}" in words for word in beginnings)
        if fits and each.label not in known:
            found.append(each)
    return found
