"""What the lists of the site and of the member space have in common: what the address asks, the cards of a page."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import abort, request
from flask_login import current_user
from peewee import fn

from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.access import roles, view_as
from cptsapp.kernel.dates import today
from cptsapp.kernel.htmx import page
from cptsapp.kernel.text import number, plural

from . import catalogue, finding, listing, viewing
from .definition import Definition, Kind, Theme
from .finding import Asked
from .models import Entry, EntryValue
from .viewing import Card, Viewer

BY_PAGE = 24
MOST_COUNTED = 200
MOST_WHOLE = 2_000  # entries of a file or of a print
LONGEST_SEARCH = 100


@dataclass(frozen=True)
class Found:
    """One reading of a list: what was asked, and the cards of the page."""

    definition: Definition
    viewer: Viewer
    asked: Asked
    total: int
    page: int
    pages: int
    cards: list[Card]
    path: str

    @property
    def narrowed(self) -> bool:
        return bool(self.asked.q or self.asked.commune or self.asked.filters or self.asked.speakers)

    @property
    def counted(self) -> str:
        if self.total > MOST_COUNTED:
            return f"plus de {number(MOST_COUNTED)} fiches"
        return plural(self.total, "fiche")

    @property
    def has_speakers(self) -> bool:
        return viewing.may_see_speakers(self.definition, self.viewer)

    def filters(self) -> list:
        return self.definition.filters(self.viewer.rank)

    def choices(self, field) -> list[tuple[str, str]]:
        """Return the answers by which a filter narrows."""
        if field.kind == Kind.YES_NO:
            return [("oui", "Oui"), ("non", "Non")]
        if field.kind == Kind.ENTRY:
            other = catalogue.find(field.of)
            rows = finding.visible(other, self.viewer).limit(200) if other else []
            return [(str(each.id), each.label) for each in rows]
        return list(field.choices)

    def communes(self) -> list[Commune]:
        return list(Commune.of_territory())

    def parameters(self, page: int = 1) -> dict[str, str]:
        asked = {"q": self.asked.q, "commune": self.asked.commune, "autour": "1" if self.asked.around else ""}
        asked |= {"temoin": "1" if self.asked.speakers else ""} | self.asked.filters
        asked["page"] = str(page) if page > 1 else ""
        return {key: value for key, value in asked.items() if value}

    def url(self, *, path: str = "", page: int = 1) -> str:
        query = urlencode(self.parameters(page))
        return f"{path or self.path}?{query}" if query else path or self.path


def reader() -> Viewer:
    """Return whoever asks, as a reader of directories; « voir comme un partenaire » shows every list open to one."""
    viewer = viewing.viewer_of(roles(), current_user.person_id if current_user.is_authenticated else None)
    return replace(viewer, lists=frozenset(catalogue.opened())) if viewer.is_partner and view_as() else viewer


def list_or_404(slug: str, viewer: Viewer) -> Definition:
    """Return an open directory that this reader may see; 404 otherwise, as for one that does not exist."""
    definition = catalogue.opened().get(slug)
    return definition if definition and viewing.may_see_list(definition, viewer) else abort(404)


def entry_or_404(definition: Definition, id: int, viewer: Viewer) -> Entry:
    """Return an entry that this reader finds in the list; 404 otherwise."""
    return finding.visible(definition, viewer).where(Entry.id == id).first() or abort(404)


def asked_of(definition: Definition, viewer: Viewer, args) -> Asked:
    """Read what the address asks; whatever this reader cannot ask counts as absent."""
    q = " ".join("".join(c if c.isprintable() else " " for c in args.get("q", "")).split())[:LONGEST_SEARCH]
    commune = args.get("commune", "")
    filters = {}
    for field in definition.filters(viewer.rank):
        value = args.get(field.key, "")
        known = value.isascii() and value.isdecimal() and len(value) < 11 if field.kind == Kind.ENTRY else True
        if value and known and (field.kind in (Kind.ENTRY, Kind.YES_NO) or value in field.labels):
            filters[field.key] = value
    return Asked(
        q=q,
        commune=commune if commune.isascii() and commune.isalnum() and len(commune) == 5 else "",
        around=bool(args.get("autour")) and bool(commune),
        filters=filters,
        speakers=bool(args.get("temoin")) and viewing.may_see_speakers(definition, viewer),
    )


def find(definition: Definition, viewer: Viewer, *, whole: bool = False) -> Found:
    """Return what the address asks for: a page of cards, or all of them."""
    asked = asked_of(definition, viewer, request.args)
    if whole:
        rows = listing.rows(definition, viewer, asked, MOST_WHOLE)
        return _found(definition, viewer, asked, len(rows), 1, 1, rows)
    wanted = request.args.get("page", "")
    rank = max(1, int(wanted)) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 6 else 1
    rows = listing.rows(definition, viewer, asked, BY_PAGE + 1, (rank - 1) * BY_PAGE)
    if not rows and rank > 1:
        rank, rows = 1, listing.rows(definition, viewer, asked, BY_PAGE + 1)
    is_last = len(rows) <= BY_PAGE
    before = (rank - 1) * BY_PAGE
    total = before + len(rows) if is_last else listing.count(definition, viewer, asked, MOST_COUNTED + 1)
    pages = max(1, -(-min(total, MOST_COUNTED) // BY_PAGE), rank)
    return _found(definition, viewer, asked, total, rank, pages, rows[:BY_PAGE])


def _found(definition, viewer, asked, total, rank, pages, rows) -> Found:
    cards = viewing.cards_of(definition, rows, viewer)
    return Found(definition, viewer, asked, total, rank, pages, cards, request.path)


def sheet(theme: str, viewer: Viewer, *, is_public: bool):
    """Answer the lists of a theme made for paper, with what this reader may see of them."""
    if theme not in list(Theme):
        abort(404)
    lists = [
        (each, grouped(each, find(each, viewer, whole=True).cards))
        for each in catalogue.opened().values()
        if each.theme == theme and each.is_printable and viewing.may_see_list(each, viewer)
    ]
    shown = [(each, parts) for each, parts in lists if any(cards for _, cards in parts)]
    chosen = request.args.get("liste", "")
    if chosen in {each.slug for each, _ in shown}:
        shown = [(each, parts) for each, parts in shown if each.slug == chosen]
    values = {"theme": Theme(theme), "lists": shown, "is_public": is_public, "day": today()}
    return page("directory/sheet.html", **values, communes=list(Commune.of_territory()))


def groups(definition: Definition, viewer: Viewer) -> list[tuple[str, str, int]]:
    """Return (value, label, entries) of the answers by which the list is grouped, the empty ones left out."""
    field = definition.field(definition.group_by) if definition.group_by else None
    if field is None or not viewing.may_see_field(field, viewer):
        return []
    live = finding.visible(definition, viewer).select(Entry.id).order_by()
    rows = EntryValue.select(EntryValue.value, fn.COUNT(EntryValue.id)).where(
        EntryValue.directory == definition.slug,
        EntryValue.field == field.key,
        EntryValue.level <= viewer.rank,
        EntryValue.entry.in_(live),
    )
    counts = dict(rows.group_by(EntryValue.value).tuples())
    return [(key, label, counts[key]) for key, label in field.choices if key in counts]


def grouped(definition: Definition, cards: list[Card]) -> list[tuple[str, list[Card]]]:
    """Return cards under the answers to the field that the list is grouped by; one group without it."""
    if not definition.group_by:
        return [("", cards)]
    found: dict[str, list[Card]] = {}
    for card in cards:
        found.setdefault(card.line(definition.group_by) or "Autres", []).append(card)
    return sorted(found.items())


def export_rows(definition: Definition, cards: list[Card], viewer: Viewer) -> tuple[list[str], list[list]]:
    """Return the labels and the rows of a file: the fields that this reader may see, and no other."""
    fields = [field for field in definition.fields if viewing.may_see_field(field, viewer)]
    labels = ["Nom", "Profession", "Commune", *(field.label for field in fields)]
    contact = viewing.may_see_contact(definition, viewer)
    labels += ["Adresse e-mail", "Téléphone"] if contact else []
    labels.append("Confirmée le")
    rows = []
    for card in cards:
        row = [card.label, card.profession, card.commune, *(card.line(field.key) for field in fields)]
        rows.append([*row, *((card.email, card.phone) if contact else ()), card.confirmed_on])
    return labels, rows
