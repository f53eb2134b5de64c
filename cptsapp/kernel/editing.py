"""Writing the site's texts: every act on a page or an article, the same for both.

A `Desk` is what one kind of text brings: its collection, its words, its address. The acts below decide, write the file
and the journal together, and say what changed to whoever keeps public pages.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import CharField

from . import journal, redirects, search, tokens, versions
from .content import Collection, FileConflict
from .dates import to_paris
from .db import Table, db, now
from .errors import RuleError
from .publication import Phase, Publication, State
from .text import slugify

PREVIEW_LASTS = timedelta(days=14)
desks: dict[str, "Desk"] = {}
ACTS = {
    "created": "création",
    "saved": "enregistrement",
    "published": "mise en ligne ou programmation",
    "archived": "archivage",
    "drafted": "retour en brouillon",
    "renamed": "changement d’adresse",
    "trashed": "mise à la corbeille",
    "untrashed": "retour de la corbeille",
    "restored": "retour à une version antérieure",
    "shared": "lien d’aperçu créé",
    "unshared": "liens d’aperçu retirés",
}
_VERBS = {State.PUBLISHED: "published", State.ARCHIVED: "archived", State.DRAFT: "drafted"}


class Indexed(Table):
    """What the search index holds of one text: the version that it was made of."""

    kind = CharField(max_length=20)
    slug = CharField(max_length=120)
    mark = CharField(max_length=120)

    class Meta:
        indexes = ((("kind", "slug"), True),)


@dataclass
class Desk:
    """One kind of text. `the` is « L’article » or « La page », `e` the mark of the feminine, `find` may know more
    items than the collection (pages that come with the product)."""

    kind: str
    collection: Collection
    the: str
    noun: tuple[str, str]
    path_of: Callable[[str], str]
    show: Callable[[Publication], object]
    e: str = ""
    reserved: Callable[[], Iterable[str]] = frozenset
    virtual: Callable[[str], Publication | None] = lambda slug: None
    dated: bool = True  # publishing it gives it a date
    fixed: frozenset[str] = frozenset()  # names that never change
    on_rename: Callable[[str, str], None] = lambda old, new: None
    is_found: Callable[[Publication], bool] = lambda item: item.is_live  # by the search of the site

    def __post_init__(self):
        desks[self.kind] = self
        for act, words in ACTS.items():
            journal.declare(f"{self.kind}.{act}", f"{self.the} : {words}")

    def find(self, slug: str) -> Publication | None:
        return self.collection.get(slug) or self.virtual(slug)

    def get(self, slug: str) -> Publication:
        found = self.find(slug)
        if found is None:
            raise RuleError(f"{self.the} n’existe plus. Retournez à la liste.")
        return found

    def write(self, act: str, slug: str, **detail):
        journal.write(f"{self.kind}.{act}", self.kind, slug, **detail)


@db.atomic()
def create(desk: Desk, header: dict, body: str, *, slug: str = "") -> Publication:
    """Write a new text under a name made from its title. Raises Malformed."""
    wanted = slugify(slug or header.get("title", ""))
    item = desk.collection.create(wanted, header, body, author=journal.actor(), reserved=set(desk.reserved()))
    desk.write("created", item.slug)
    if item.state != State.DRAFT:
        desk.write(_VERBS[item.state], item.slug)
    return item


@db.atomic()
def save(desk: Desk, slug: str, header: dict, body: str, *, base: str) -> Publication:
    """Write over the version whose hash is `base` ("" when there was none). Raises FileConflict and Malformed."""
    before = desk.find(slug)
    item = desk.collection.save(slug, header, body, base=base, author=journal.actor())
    desk.write("saved" if before and before.state == item.state else _VERBS[item.state], slug)
    _follow(desk, slug)
    return item


@db.atomic()
def save_text(desk: Desk, slug: str, text: str, *, base: str) -> Publication:
    """Write a whole file, header included, over the version whose hash is `base`. Raises FileConflict and Malformed."""
    item = desk.collection.save_text(slug, text, base=base, author=journal.actor())
    desk.write("saved", slug)
    _follow(desk, slug)
    return item


@db.atomic()
def set_state(desk: Desk, slug: str, state: State, *, at: datetime | None = None) -> Publication:
    """Publish, archive or take back a text. Publishing one that has no date, or a future one, dates it `at`."""
    item = desk.get(slug)
    header = dict(item.document.header) | {"state": state.value}
    if state == State.PUBLISHED and _needs_date(desk, item):
        header["published_at"] = typed_moment(at or now())
    saved = desk.collection.save(slug, header, item.document.body, base=item.hash, author=journal.actor())
    desk.write(_VERBS[state], slug)
    _follow(desk, slug)
    return saved


def _needs_date(desk: Desk, item: Publication) -> bool:
    return item.phase == Phase.SCHEDULED or (desk.dated and not item.published_at)


def typed_moment(moment: datetime) -> str:
    """Return a stored moment as files write it: Paris, to the minute."""
    return to_paris(moment).strftime("%Y-%m-%d %H:%M")


@db.atomic()
def rename(desk: Desk, slug: str, new: str) -> Publication:
    """Change the address of a text; the old one leads to the new one. Raises RuleError when it is taken."""
    if slugify(new) == slug:
        return desk.get(slug)
    if slug in desk.fixed:
        raise RuleError(f"{desk.the} garde toujours cette adresse.", "slug")
    if any(each.slug == slug for each in desk.collection.broken()):
        raise RuleError("Ce fichier ne se lit pas. Corrigez-le d’abord, puis changez son adresse.", "slug")
    item = desk.collection.rename(slug, slugify(new), reserved=set(desk.reserved()))
    redirects.add(desk.path_of(slug), desk.path_of(item.slug))
    tokens.rename("preview", f"{desk.kind}/{slug}", f"{desk.kind}/{item.slug}")
    desk.write("renamed", item.slug, before=slug)
    desk.on_rename(slug, item.slug)
    _follow(desk, slug, item.slug)
    return item


@db.atomic()
def trash(desk: Desk, slug: str) -> str:
    """Put a text in the trash; return the id that brings it back."""
    place = desk.collection.trash(slug, author=journal.actor())
    tokens.revoke("preview", f"{desk.kind}/{slug}")
    desk.write("trashed", slug)
    _follow(desk, slug)
    return place


@db.atomic()
def untrash(desk: Desk, place: str) -> Publication | None:
    """Bring a text back from the trash; None when it came back but cannot be read as it is."""
    item = desk.collection.untrash(place, reserved=set(desk.reserved()) - desk.fixed)
    desk.write("untrashed", item.slug if item else versions.trashed_slug(place))
    return item


@db.atomic()
def restore(desk: Desk, slug: str, version: str) -> Publication:
    """Make an earlier version the present one; the present one stays among the versions."""
    data = versions.read(desk.collection.name, slug, version)
    if data is None:
        raise RuleError("Cette version n’existe pas. Rechargez la liste des versions.")
    base = desk.collection.hash_of(slug)
    item = desk.collection.save_text(slug, data.decode("utf-8", "replace"), base=base, author=journal.actor())
    desk.write("restored", slug, version=version)
    _follow(desk, slug)
    return item


@db.atomic()
def share(desk: Desk, slug: str) -> str:
    """Return the token of a private link that shows the text for 14 days, whatever its state."""
    desk.get(slug)
    desk.write("shared", slug)
    return tokens.issue("preview", f"{desk.kind}/{slug}", PREVIEW_LASTS)


@db.atomic()
def unshare(desk: Desk, slug: str) -> None:
    """Close every private link of the text."""
    tokens.revoke("preview", f"{desk.kind}/{slug}")
    desk.write("unshared", slug)


def shared(token: str) -> tuple[Desk, Publication] | None:
    """Return what a private link shows, or None when it is closed."""
    subject = tokens.peek("preview", token)
    kind, _, slug = (subject or "").partition("/")
    item = desks[kind].find(slug) if kind in desks else None
    return (desks[kind], item) if item else None


def bulk(desk: Desk, action: str, slugs: Iterable[str]) -> int:
    """Publish, archive or trash several texts, each on its own; return how many."""
    acts = {
        "publier": lambda slug: set_state(desk, slug, State.PUBLISHED),
        "archiver": lambda slug: set_state(desk, slug, State.ARCHIVED),
        "corbeille": lambda slug: trash(desk, slug),
    }
    count, refused = 0, None
    for slug in slugs:
        try:
            count += desk.collection.get(slug) is not None and acts[action](slug) is not None
        except FileConflict as error:  # a file that no longer reads: the others go on
            refused = error
    if refused and not count:
        raise refused
    return count


def broken_count() -> int:
    """Count the files that the site cannot read, all kinds together."""
    return sum(len(desk.collection.broken()) for desk in desks.values())


# Search


def search_row(desk: Desk, item: Publication) -> dict:
    """Return what the index holds of a text."""
    return {
        "id": item.slug,
        "title": item.heading,
        "body": f"{item.summary} {item.words}".strip(),
        "url": desk.path_of(item.slug),
        "visibility": item.visibility,
        "at": item.published_at,
    }


def sync_search(desk: Desk) -> int:
    """Bring the search index up to what the files are now; return how many texts it changed.

    Two workers that notice the same change do it once: what each index row was made of is kept beside it.
    """
    wanted = {item.slug: mark for item in desk.collection.all() if (mark := _mark(desk, item))}
    known = dict(Indexed.select(Indexed.slug, Indexed.mark).where(Indexed.kind == desk.kind).tuples())
    changed = {slug for slug in wanted.keys() | known.keys() if wanted.get(slug) != known.get(slug)}
    for slug in sorted(changed):
        _index_one(desk, slug)
    return len(changed)


def _mark(desk: Desk, item: Publication | None) -> str | None:
    """Return what tells the indexed version of a text from another, None when the search must not find it."""
    return f"{item.hash[:40]} {item.visibility}" if item and desk.is_found(item) else None


def _follow(desk: Desk, *slugs: str):
    """Bring the index up to these texts in the transaction of the act: what is hidden is found no more, at once."""
    for slug in slugs:
        _index_one(desk, slug)


@db.atomic()
def _index_one(desk: Desk, slug: str):
    """Index a text as it is at this moment: who asked may have read it before it was hidden."""
    item = desk.collection.get(slug)
    mark = _mark(desk, item)
    Indexed.delete().where(Indexed.kind == desk.kind, Indexed.slug == slug).execute()
    if mark is None:
        search.forget(desk.kind, slug)
        return
    search.index(desk.kind, **search_row(desk, item))
    Indexed.insert(kind=desk.kind, slug=slug, mark=mark).on_conflict_ignore().execute()
