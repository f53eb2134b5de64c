"""What is written before anybody's name: a letter, and the {fields} that its texts may hold."""

import re
from dataclasses import dataclass, field

OPEN, CLOSE = "\ue000", "\ue001"  # around a field once it is recognised; no text that people type keeps these signs


@dataclass(frozen=True)
class Letter:
    """A letter as its source gives it.

    `html` is the inner HTML of the one column, `text` the same in plain text; both, and `subject`, may hold {fields}.
    `archive_url` is absolute, and empty unless everybody may read that page.
    """

    subject: str
    preheader: str
    html: str
    text: str
    archive_url: str = ""
    list_name: str = ""


@dataclass(frozen=True)
class Field:
    """A {field}: its French label, and what is written where it is unknown."""

    label: str
    fallback: str


# `{prenom}`, or `{prenom|vous}` with a fallback of one's own.
FIELDS = {
    "bonjour": Field("Bonjour, suivi du prénom quand il est connu", "Bonjour"),
    "prenom": Field("Le prénom", "vous"),
    "nom": Field("Le prénom et le nom", "vous"),
}
_WRITTEN = re.compile(r"\{(" + "|".join(FIELDS) + r")(?:\|([^{}\n]{0,80}))?\}")
_STRANGE = re.compile(f"[{OPEN}{CLOSE}]")


@dataclass(frozen=True)
class Recipient:
    """Whom one copy is for: the address, the values of the fields, and the links of this address alone."""

    address: str = ""
    values: dict[str, str] = field(default_factory=dict)
    unsubscribe_url: str = ""
    preferences_url: str = ""


def marked(text: str) -> str:
    """Return `text` with its fields between OPEN and CLOSE; anything else in braces stays as it was typed."""
    return _WRITTEN.sub(lambda found: f"{OPEN}{found[1]}|{found[2] or ''}{CLOSE}", _STRANGE.sub("", text))


def value_of(name: str, values: dict[str, str]) -> str:
    """Return what is written for a marked field (« prenom|vous »)."""
    key, _, fallback = name.partition("|")
    return values.get(key) or fallback or FIELDS[key].fallback


def without_fields(text: str) -> str:
    """Return `text` as it is read by nobody in particular: each field gives way to its fallback."""
    return _WRITTEN.sub(lambda found: found[2] or FIELDS[found[1]].fallback, text)


def values_for(given_names: list[str], names: list[str]) -> dict[str, str]:
    """Return the values of the fields for the persons who share an address; beyond three, nobody is named."""
    if len(names) > 3:
        return {}
    first = _listed(given_names) if all(given_names) else ""
    named = "" if any("@" in each for each in names) else _listed(names)  # who gave no name is known by the address
    values = {"prenom": first, "nom": named, "bonjour": f"Bonjour {first}" if first else ""}
    return {name: value for name, value in values.items() if value}


def _listed(names: list[str]) -> str:
    return " et ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""
