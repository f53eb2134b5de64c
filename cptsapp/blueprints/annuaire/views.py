"""The members' directory in the member space, and the public one when the association opens it."""

from flask import Blueprint, abort

from cptsapp.kernel.access import access
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation, reserved_slugs

from . import listing, pages
from .cards import Card, Readers
from .models import Directory

bp = Blueprint("annuaire", __name__)
reserved_slugs.add("annuaire")
navigation.append(NavItem("space", "Annuaire", "annuaire.index", "users", ("adherent",), order=20))


@bp.get("/espace/annuaire")
@access("adherent")
def index():
    return page("annuaire/index.html", fragment="resultats", found=pages.find(Readers.MEMBERS))


@bp.get("/espace/annuaire/imprimer")
@access("adherent")
def sheet():
    return page("annuaire/sheet.html", found=pages.find(Readers.MEMBERS, whole=True))


@bp.get("/espace/annuaire/<int:id>")
@access("adherent")
def show(id):
    card = pages.one(listing.for_members(id))
    return page("annuaire/show.html", card=card, colleagues=_people_of(card), structure=_structure_of(card))


def _people_of(card: Card) -> list[Card]:
    """Return the members who practise in a structure, when the card is that of one."""
    return listing.practising_at(card.id) if card.name else []


def _structure_of(card: Card) -> Card | None:
    found = listing.for_members(card.structure_id) if card.structure_id else []
    return found[0] if found else None


@bp.get("/espace/annuaire/<int:id>/carte.vcf")
@access("adherent")
def vcf(id):
    return pages.vcf(pages.one(listing.for_members(id)))


@bp.get("/espace/annuaire/<int:id>/photo")
@access("adherent")
def photo(id):
    return pages.photo(pages.one(listing.for_members(id)))


# For everybody


def _open_to_public() -> Directory:
    directory = Directory.current()
    return directory if directory.public_on else abort(404)


@bp.get("/annuaire")
@access("public")
def public():
    directory = _open_to_public()
    found = pages.find(Readers.PUBLIC)
    return page("annuaire/public.html", fragment="resultats", found=found, directory=directory)


@bp.get("/annuaire/<int:id>/carte.vcf")
@access("public")
def public_vcf(id):
    _open_to_public()
    return pages.vcf(pages.one(listing.for_public(id)))


@bp.get("/annuaire/<int:id>/photo")
@access("public")
def public_photo(id):
    _open_to_public()
    return pages.photo(pages.one(listing.for_public(id)))
