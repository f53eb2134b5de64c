"""The legal pages: the product's text, filled with the association's identity, then what the association adds.

`{champs}` are replaced from one fixed list; a value is text, whatever it holds, and a missing one says so. A line with
`{champ?}` is left out when the field has no value.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from markupsafe import Markup

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel.content import Document
from cptsapp.kernel.dates import date_fr
from cptsapp.kernel.markdown import render, render_document
from cptsapp.kernel.personal import Processing, processings
from cptsapp.kernel.settings import settings

from .models import PAGES, Page, read_page

TITLES = {
    "mentions-legales": "Mentions légales",
    "confidentialite": "Confidentialité",
    "accessibilite": "Accessibilité",
}
TEXTS = Path(__file__).parents[2] / "data" / "legal"
MISSING = "**à compléter**"
NEVER_CHECKED = "aucun audit n’a encore été fait"
_FIELD = re.compile(r"\{([a-z_]+)\??\}")
_OPTIONAL_LINE = re.compile(r"^.*\{([a-z_]+)\?\}.*\n?", re.MULTILINE)
_SIGNS = re.compile(r"([\\`*_{}\[\]()#+!|<>~:.-])")


@dataclass(frozen=True)
class LegalPage:
    """What a legal page shows: its parts in order, and the processings for the page on privacy."""

    slug: str
    title: str
    parts: list[Markup]
    processings: list[Processing]


def blank(slug: str) -> Page | None:
    """Return the page that stands for a legal page nobody has added to yet."""
    if slug not in TITLES:
        return None
    header = {"title": TITLES[slug]}
    return read_page(Document(slug, header, {}, "", "", datetime(2020, 1, 1), frozenset()))


def values() -> dict[str, str]:
    """Return the value of each field, "" when the association has not given it."""
    known = identity()
    host = ", ".join(each for each in (known.host_name, known.host_address, known.host_phone) if each)
    return {
        "association": known.name,
        "sigle": known.short_name,
        "forme": known.legal_form,
        "adresse": known.address,
        "email": known.email,
        "telephone": known.phone,
        "directeur_publication": known.publication_director,
        "hebergeur": host,
        "rna": known.rna,
        "siret": known.siret,
        "dpo": known.dpo_contact or known.email,
        "site": settings.base_url,
        "conformite": known.accessibility,
        "date_verification": date_fr(known.accessibility_on) or NEVER_CHECKED,
        "contact_accessibilite": known.accessibility_contact or known.email,
    }


def filled(text: str, given: dict[str, str]) -> str:
    """Return Markdown in which the known {fields} are their values, as plain text; other braces stay."""

    def value(match):
        if match[1] not in given:
            return match[0]
        words = ", ".join(line.strip(" ,") for line in given[match[1]].splitlines() if line.strip(" ,"))
        return _plain(words) if words else MISSING

    asked = _OPTIONAL_LINE.sub(lambda line: line[0] if given.get(line[1], "?") else "", text)
    return _FIELD.sub(value, asked)


def _plain(words: str) -> str:
    """Return Markdown that shows `words` as they are; addresses become links."""
    if re.fullmatch(r"[\w.+-]+@[\w.-]+\.[a-z]+", words):
        return f"[{words}](mailto:{words})"
    if re.fullmatch(r"https?://[\w.:/-]+", words):
        return words
    return _SIGNS.sub(lambda sign: f"&#{ord(sign[1])};", words)


def legal_page(slug: str) -> LegalPage:
    """Return one of the three legal pages: the product's text unless the file replaces it, then what was added."""
    given, own, known = values(), PAGES.get(slug), identity()
    own = own if own and own.is_live else None
    parts = [] if own and own.replaces else [render(filled(_text(slug), given))]
    if slug == "mentions-legales":
        parts.append(render(known.legal_complement))
    if slug == "confidentialite":
        parts.append(render(known.privacy_complement))
    if slug == "accessibilite" and known.accessibility_gaps:
        parts.append(render("## Contenus non accessibles\n\n" + known.accessibility_gaps))
    if own:
        parts.append(render_document(filled(own.document.body, given), trusted=True).html)
    title = own.heading if own else TITLES[slug]
    return LegalPage(slug, title, [part for part in parts if part], processings() if slug == "confidentialite" else [])


@cache
def _text(slug: str) -> str:
    return (TEXTS / f"{slug}.md").read_text(encoding="utf-8")
