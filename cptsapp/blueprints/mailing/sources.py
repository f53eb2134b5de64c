"""Where letters come from: each kind of letter registers its source. A sending names the source and the letter's id."""

from collections.abc import Callable
from dataclasses import dataclass

from .letters import Letter


@dataclass(frozen=True)
class Advice:
    """One thing to look at before sending. `is_blocking` is for what would harm readers, never for taste."""

    sentence: str
    url: str = ""
    is_blocking: bool = False


def _nothing(id: int):
    return None


@dataclass(frozen=True)
class LetterSource:
    """A kind of letters.

    letter(id): what is sent, or None when it is gone; edit_url(id): where it is written;
    started(id): called in the transaction that freezes it, and may refuse with a RuleError;
    reopened(id): called in the transaction that gives it back, when nothing has left;
    advice(id): what to look at before sending; create(): make an empty one and return its id, for « écrire à… ».
    `list_id` names the list for mail programs, the same for each letter of the source.
    """

    key: str
    label: str
    letter: Callable[[int], Letter | None]
    edit_url: Callable[[int], str]
    advice: Callable[[int], list[Advice]] = lambda id: []
    started: Callable[[int], None] = _nothing
    reopened: Callable[[int], None] = _nothing
    create: Callable[[], int] | None = None
    list_id: str = "lettre"


_sources: dict[str, LetterSource] = {}


def register(source: LetterSource) -> LetterSource:
    _sources[source.key] = source
    return source


def find(key: str) -> LetterSource | None:
    """Return a source, or None when its feature is off."""
    return _sources.get(key)


def creating() -> LetterSource | None:
    """Return the source that can start an empty letter, for whoever wants to write to chosen people."""
    return next((each for each in _sources.values() if each.create), None)
