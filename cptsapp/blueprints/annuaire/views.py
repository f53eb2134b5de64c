"""The members' directory in the member space, and the public one when the association opens it."""

from flask import Blueprint, abort

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.kernel.access import access
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation, reserved_slugs

from . import cards, pages
from .models import Directory

bp = Blueprint("annuaire", __name__)
reserved_slugs.add("annuaire")
navigation.append(NavItem("space", "Annuaire", "annuaire.index", "users", ("adherent",), order=20))


@bp.get("/espace/annuaire")
@access("adherent")
def index():
    return page("annuaire/index.html", fragment="resultats", found=pages.find(cards.for_members()))


@bp.get("/espace/annuaire/imprimer")
@access("adherent")
def sheet():
    return page("annuaire/sheet.html", found=pages.find(cards.for_members(), whole=True))


@bp.get("/espace/annuaire/<int:id>")
@access("adherent")
def show(id):
    card = pages.one(cards.for_members(id))
    return page("annuaire/show.html", card=card, colleagues=_people_of(card), structure=_structure_of(card))


def _people_of(card) -> list[cards.Card]:
    """Return the members who practise in a structure, when the card is that of one."""
    if not card.name:
        return []
    ids = {person for (person,) in Practice.select(Practice.person).where(Practice.works_at == card.id).tuples()}
    return [each for each in cards.for_members() if each.id in ids] if ids else []


def _structure_of(card) -> cards.Card | None:
    found = cards.for_members(card.structure_id) if card.structure_id else []
    return found[0] if found else None


@bp.get("/espace/annuaire/<int:id>/carte.vcf")
@access("adherent")
def vcf(id):
    return pages.vcf(pages.one(cards.for_members(id)))


@bp.get("/espace/annuaire/<int:id>/photo")
@access("adherent")
def photo(id):
    return pages.photo(pages.one(cards.for_members(id)))


# For everybody


def _open_to_public() -> Directory:
    directory = Directory.current()
    return directory if directory.public_on else abort(404)


@bp.get("/annuaire")
@access("public")
def public():
    directory = _open_to_public()
    found = pages.find(cards.for_public())
    return page("annuaire/public.html", fragment="resultats", found=found, directory=directory)


@bp.get("/annuaire/<int:id>/carte.vcf")
@access("public")
def public_vcf(id):
    _open_to_public()
    return pages.vcf(pages.one(cards.for_public(id)))


@bp.get("/annuaire/<int:id>/photo")
@access("public")
def public_photo(id):
    _open_to_public()
    return pages.photo(pages.one(cards.for_public(id)))
