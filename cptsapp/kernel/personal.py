"""The register of processings, computed from the tables that hold personal data. Source: RGPD, article 30.

In a tag, `kept="{contact_months} mois"` names a setting: the register shows its value.
"""

import re
from dataclasses import dataclass

from . import db
from .registry import Personal
from .settings import settings

_SETTING = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Processing:
    """One line of the register: a purpose, and what every table that serves it declares."""

    purpose: str
    basis: str
    categories: str
    recipients: str
    kept: str
    tables: tuple[str, ...]


def tags() -> list[tuple[str, Personal]]:
    """Return the (table name, tag) pairs of the tables that hold personal data."""
    found = ((table._meta.table_name, getattr(table._meta, "personal", None)) for table in db.tables())
    return sorted(((name, tag) for name, tag in found if tag), key=lambda pair: pair[0])


def processings() -> list[Processing]:
    """Return the lines of the register, one for each purpose, in alphabetical order."""
    by_purpose = {}
    for name, tag in tags():
        by_purpose.setdefault(tag.purpose, []).append((name, tag))
    return [_line(purpose, group) for purpose, group in sorted(by_purpose.items())]


def _line(purpose, group) -> Processing:
    def joined(field):
        return " ; ".join(dict.fromkeys(getattr(tag, field) for _, tag in group))

    names = tuple(name for name, _ in group)
    kept = _SETTING.sub(lambda found: str(getattr(settings, found[1])), joined("kept"))
    return Processing(purpose, joined("basis"), joined("categories"), joined("recipients"), kept, names)
