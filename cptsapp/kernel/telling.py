"""What features prove, tell of what was done, ask members: registries read by evidence, reports and the project."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from .registry import Named, Panel, _adder


@dataclass(frozen=True)
class Evidence:
    """Something that a feature holds or can make, and that proves an action of the project was carried out.

    `code` is the action's; `kind` one of evidence.models.ProofKind; `url` where it opens. `make()` gives the bytes of
    `file_name`; None when it is only a link. `names_people`: for the coordination alone.
    """

    code: str
    kind: str
    title: str
    on: date
    url: str
    file_name: str = ""
    make: Callable[[], bytes] | None = None
    names_people: bool = False


@dataclass(frozen=True)
class Done:
    """Something that was done, for a report: « Atelier équilibre », its day, « atelier, 15 participants », and the
    codes of the actions that it carries."""

    title: str
    on: date
    details: str = ""
    codes: tuple[str, ...] = ()


evidence_sources: list[Named] = []
chronicles: list[Named] = []
questions: list[Panel] = []


def evidence_source(key, label):
    """A function of the codes of some actions and of a period, both days included, that gives their Evidence."""
    return _adder(evidence_sources, lambda call: Named(key, label, call))


def chronicle(key, label):
    """A function of a period, both days included, that gives what was Done in it, the first first."""
    return _adder(chronicles, lambda call: Named(key, label, call))


def question(title, *, template, order=50):
    """A function of the fiches under consultation that gives its template's values: a part of the page where members
    find what they are asked about the project."""
    return _adder(questions, lambda load: Panel(title, template, ("adherent",), load, order))
