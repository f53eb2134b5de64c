"""What benchmarks yield, and the page of the documentation that keeps it: docs/performance.md, between its marks.

A benchmark yields tables and sentences. Its part of the page is rewritten, the words around it are written by hand.
"""

import os
import platform
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cptsapp.kernel.dates import date_fr, today

PAGE = Path(__file__).parents[1] / "docs/performance.md"
NBSP = "\N{NO-BREAK SPACE}"


@dataclass
class Table:
    """Columns by their heads; rows of texts, the first of each says what was measured."""

    heads: tuple[str, ...]
    rows: list[tuple]

    def __str__(self):
        under = ["---", *["---:"] * (len(self.heads) - 1)]
        return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in (self.heads, under, *self.rows))


def number(value: float, decimals: int = 0) -> str:
    """Return a number as French writes it: « 1 234,5 »."""
    return f"{value:,.{decimals}f}".replace(",", NBSP).replace(".", ",")


def times(ratio: float) -> str:
    return f"×{NBSP}{number(ratio, 2)}"


def machine() -> str:
    """Return when and on what the figures come, and how busy it was: others may work on it too."""
    busy = number(os.getloadavg()[0], 1)
    return (
        f"*{date_fr(today())}, {platform.machine()}, {os.cpu_count()} cœurs, Python {platform.python_version()}, "
        f"charge au départ {busy}.*"
    )


def marks(name: str) -> tuple[str, str]:
    return f"<!-- {name} -->", f"<!-- fin de {name} -->"


def marked(page: str) -> list[str]:
    """Return the names of the benchmarks that have a part in a page, in its order."""
    return re.findall(r"^<!-- (\w+) -->$", page, re.M)


def write(name: str, blocks: Iterable[str], page: Path = PAGE) -> None:
    """Put what a benchmark yielded in its part of the page; the rest stays as it is."""
    opening, closing = marks(name)
    before, rest = page.read_text(encoding="utf-8").split(opening, 1)
    _, after = rest.split(closing, 1)
    part = "\n\n".join(blocks)
    page.write_text(f"{before}{opening}\n\n{part}\n\n{closing}{after}", encoding="utf-8")
