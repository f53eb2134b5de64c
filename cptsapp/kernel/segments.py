"""Choosing people by what features know of them: one list of ways, each with its values, for any page that asks.

A choice travels as « key:value », for instance « adherent.profession:60 ».
"""

from . import registry
from .registry import Segment


def find(key: str) -> Segment | None:
    return next((each for each in registry.segments if each.key == key), None)


def grouped() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return (label of the way, [(choice, label)]) as an HTML select takes them; a way without values is left out."""
    found = []
    for each in sorted(registry.segments, key=lambda each: (each.order, each.label)):
        choices = [(f"{each.key}:{value}", label) for value, label in each.choices()]
        if choices:
            found.append((each.label, choices))
    return found


def people_of(choice: str):
    """Return the query of the ids of the persons of a choice, in one column; None when nothing is called so."""
    key, _, value = choice.partition(":")
    segment = find(key)
    return segment.people(value) if segment and value in dict(segment.choices()) else None
