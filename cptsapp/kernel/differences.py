"""What changed between two texts, line by line and then word by word, ready for a template."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

AROUND = 2  # unchanged lines shown around a change
LONGEST_LINE = 4_000  # characters compared word by word


@dataclass(frozen=True)
class Line:
    """One line. kind: same, added, removed, or gap (`text` then says how many lines are alike).

    `pieces` are (changed, text): only the changed ones are to be marked inside an added or removed line.
    """

    kind: str
    pieces: tuple[tuple[bool, str], ...]

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.pieces)


def compare(old: str, new: str) -> list[Line]:
    """Return the lines of both texts, removed ones before those that replace them, long unchanged runs left out."""
    before, after = old.splitlines(), new.splitlines()
    lines = []
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            same = [Line("same", ((False, text),)) for text in before[i:j]]
            lines += _around(same, first=i == k == 0, last=j == len(before) and m == len(after))
        elif kind == "replace" and j - i == m - k:
            for one, other in zip(before[i:j], after[k:m], strict=True):
                lines += _words(one, other)
        else:
            lines += [Line("removed", ((True, text),)) for text in before[i:j]]
            lines += [Line("added", ((True, text),)) for text in after[k:m]]
    return lines


def _around(same: list[Line], *, first: bool, last: bool) -> list[Line]:
    """Leave out the middle of a long unchanged run."""
    start, end = 0 if first else AROUND, len(same) - (0 if last else AROUND)
    if end - start <= 2:
        return same
    return [*same[:start], Line("gap", ((False, str(end - start)),)), *same[end:]]


def _words(one: str, other: str) -> list[Line]:
    """Return a line and the one that replaced it, the words that differ told apart."""
    if len(one) + len(other) > LONGEST_LINE:
        return [Line("removed", ((True, one),)), Line("added", ((True, other),))]
    before, after = re.findall(r"\w+|\W", one), re.findall(r"\w+|\W", other)
    removed, added = [], []
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if i != j:
            removed.append((kind != "equal", "".join(before[i:j])))
        if k != m:
            added.append((kind != "equal", "".join(after[k:m])))
    return [Line("removed", tuple(removed)), Line("added", tuple(added))]
