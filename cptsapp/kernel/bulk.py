"""The same act on many rows, each on its own: one that is refused stops no other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .errors import RuleError


@dataclass
class Done:
    """How many were done, and why each of the others was not."""

    count: int = 0
    refusals: list[str] = field(default_factory=list)


def each(ids: Iterable[int], act: Callable) -> Done:
    """Call `act` with each id; it decides and writes in its own transaction."""
    done = Done()
    for id in ids:
        try:
            act(id)
            done.count += 1
        except RuleError as error:
            done.refusals.append(str(error))
    return done
