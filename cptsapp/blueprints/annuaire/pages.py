"""What the two directories, members' and public, have in common: the search, the pages of cards, the answers."""

from dataclasses import dataclass
from math import ceil
from urllib.parse import urlencode

from flask import Response, abort, request

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel.files import serve
from cptsapp.kernel.text import slugify

from . import cards, vcard
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
    everybody: list

    @property
    def professions(self):
        return cards.professions_of(self.everybody)

    @property
    def communes(self):
        return cards.communes_of(self.everybody)

    @property
    def narrowed(self) -> bool:
        return bool(self.q or self.profession or self.commune)

    def url(self, *, path: str = "", page: int = 1) -> str:
        asked = {"q": self.q, "profession": self.profession, "commune": self.commune, "page": page if page > 1 else ""}
        query = urlencode({key: value for key, value in asked.items() if value})
        return f"{path or request.path}?{query}" if query else path or request.path


def find(everybody: list[cards.Card], *, whole: bool = False) -> Found:
    """Return what the address asks for: a page of cards, or all of them."""
    q = " ".join("".join(c if c.isprintable() else " " for c in request.args.get("q", "")).split())[:LONGEST_SEARCH]
    profession, commune = request.args.get("profession", ""), request.args.get("commune", "")
    profession = profession if profession in {card.profession_code for card in everybody} else ""
    commune = commune if commune in {card.insee for card in everybody} else ""
    found = cards.narrow(everybody, q=q, profession=profession, commune=commune)
    pages = max(1, ceil(len(found) / BY_PAGE))
    asked = request.args.get("page", "")
    page = min(pages, max(1, int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1))
    part = found if whole else found[(page - 1) * BY_PAGE : page * BY_PAGE]
    return Found(q, profession, commune, len(found), page, pages, part, everybody)


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
