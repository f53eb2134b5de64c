"""What the two directories, members' and public, have in common: the search, the pages of cards, the answers."""

from dataclasses import dataclass
from math import ceil
from urllib.parse import urlencode

from flask import Response, abort, request

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel.files import serve
from cptsapp.kernel.text import slugify

from . import cards, listing, vcard
from .models import Portrait

BY_PAGE = 24
LONGEST_SEARCH = 100


@dataclass(frozen=True)
class Found:
    """One reading of a directory: what was asked, and the cards of the page."""

    q: str
    profession: str
    commune: str
    total: int
    page: int
    pages: int
    cards: list
    professions: list[tuple[str, str]]
    communes: list[tuple[str, str]]

    @property
    def narrowed(self) -> bool:
        return bool(self.q or self.profession or self.commune)

    def url(self, *, path: str = "", page: int = 1) -> str:
        asked = {"q": self.q, "profession": self.profession, "commune": self.commune, "page": page if page > 1 else ""}
        query = urlencode({key: value for key, value in asked.items() if value})
        return f"{path or request.path}?{query}" if query else path or request.path


def find(readers: cards.Readers, *, whole: bool = False) -> Found:
    """Return what the address asks for: a page of cards, or all of them."""
    q = " ".join("".join(c if c.isprintable() else " " for c in request.args.get("q", "")).split())[:LONGEST_SEARCH]
    professions, communes = listing.professions(readers), listing.communes(readers)
    profession, commune = request.args.get("profession", ""), request.args.get("commune", "")
    profession = profession if profession in dict(professions) else ""
    commune = commune if commune in dict(communes) else ""
    found = listing.Listed(readers).narrow(q=q, profession=profession, commune=commune)
    total = found.count_all()
    pages = max(1, ceil(total / BY_PAGE))
    asked = request.args.get("page", "")
    page = min(pages, max(1, int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1))
    part = found.all_cards() if whole else found.cards((page - 1) * BY_PAGE, BY_PAGE)
    return Found(q, profession, commune, total, page, pages, part, professions, communes)


def one(found: list[cards.Card]) -> cards.Card:
    return found[0] if found else abort(404)


def vcf(card: cards.Card) -> Response:
    response = Response(vcard.text_of(card, organisation=identity().name), content_type="text/vcard; charset=utf-8")
    response.headers["Content-Disposition"] = f"attachment; filename={slugify(card.label)}.vcf"
    response.headers["Cache-Control"] = "no-store"
    return response


def photo(card: cards.Card) -> Response:
    portrait = Portrait.of(card.id) if card.has_photo else None
    return serve(portrait.file) if portrait else abort(404)
