"""What other features hold of an action, and what changed between two versions of its fiche."""

from cptsapp.kernel.differences import Line, compare
from cptsapp.kernel.registry import action_sources

from .models import SECTIONS, Fiche

LABELS = {"title": "Titre", "label": "Numéro affiché", "code": "Code", "summary": "Résumé"} | SECTIONS


def linked_to(fiche: Fiche) -> list[tuple[str, list[tuple]]]:
    """Return the (label, rows) of what carries the code of a fiche; a row is (words, day, address)."""
    if not fiche.code:
        return []
    found = [(each.label, list(each.call(fiche.code))) for each in action_sources]
    return [(label, rows) for label, rows in found if rows]


def differences(old: dict, new: dict) -> list[tuple[str, list[Line]]]:
    """Return the (label, lines) of what two versions say otherwise."""
    pairs = [(label, old.get(name, ""), new.get(name, "")) for name, label in LABELS.items()]
    return [(label, compare(before, after)) for label, before, after in pairs if before != after]
