"""One index over everything people may search: accents and case do not matter, the beginning of a word is enough.

The text shown is in `SearchDocument`; its words, folded, are in an FTS5 table on SQLite and in a tsvector on
PostgreSQL. Words are cut here, not by the database, so that both give the same answers.

    index("news", article.slug, title=…, body=plain(…), url=…, visibility=Visibility.PUBLIC, at=article.at)
    forget("news", article.slug)
    search("diabete bri", visibilities=readable())  ->  Results(total=2, more=False, hits=[Hit(…), Hit(…)])
    search_kinds("diabete bri", ["news", "page"], visibilities=readable(), limit=5)  ->  {"news": Results(…)}
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from markupsafe import Markup, escape
from peewee import CharField, DateTimeField, TextField

from . import registry
from .db import Table, among, db, extra_schema
from .prepared import prepared
from .searchengine import engine
from .text import fold

SHORTEST = 2  # letters of a word worth searching
MOST_WORDS = 8
MOST_RANKED = 1_000  # beyond, a search is too wide to be ranked: titles first, then the latest
LONGEST_BODY = 100_000
LONGEST_WORD = 60
EXCERPT = 220
_WORD = re.compile(r"[^\W_]+")


class SearchDocument(Table):
    """What a person reads of one thing that can be found. Later ids are later documents."""

    kind = CharField(max_length=40)
    subject_id = CharField(max_length=200)
    title = CharField(max_length=300)
    body = TextField()
    url = CharField(max_length=500)
    visibility = CharField(max_length=20)
    at = DateTimeField(null=True)

    class Meta:
        indexes = ((("kind", "subject_id"), True),)


@dataclass(frozen=True)
class Hit:
    """One thing found; `heading` is its title and `excerpt` a piece of its text, the words found in <mark>."""

    kind: str
    id: str
    title: str
    url: str
    heading: Markup
    excerpt: Markup
    at: datetime | None


@dataclass(frozen=True)
class Results:
    """`total` things found; when `more` is true there are even more, and nobody counted them."""

    total: int
    hits: list[Hit]
    more: bool = False


def _create(database):
    engine().create(database)


extra_schema.append(_create)


def words_of(text: str) -> list[str]:
    """Return the folded words of a text, in order: what is indexed and what is asked."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(fold(text))]


def asked_words(q: str) -> list[str]:
    """Return the words of a query that can be searched; none when it is too short."""
    return [word for word in words_of(q[:300]) if len(word) >= SHORTEST][:MOST_WORDS]


@db.atomic()
def index(
    kind: str, id, *, title: str, body: str, url: str, visibility: str, at: datetime | date | None = None
) -> bool:
    """Make one thing findable, or say again what it has become; tell whether anything changed."""
    moment = at if at is None or isinstance(at, datetime) else datetime(at.year, at.month, at.day)
    values = {
        "title": _clean(title)[:300],
        "body": _clean(body)[:LONGEST_BODY],
        "url": url,
        "visibility": str(visibility),
        "at": moment,
    }
    found = SearchDocument.get_or_none(SearchDocument.kind == kind, SearchDocument.subject_id == str(id))
    if found and all(getattr(found, name) == value for name, value in values.items()):
        return False
    if found:
        SearchDocument.update(values).where(SearchDocument.id == found.id).execute()
    else:
        found = SearchDocument.create(kind=kind, subject_id=str(id), **values)
    engine().put(found.id, kind, values["visibility"], words_of(title), words_of(values["body"]))
    return True


@db.atomic()
def forget(kind: str, id) -> None:
    """Make one thing impossible to find."""
    _forget((SearchDocument.kind == kind) & (SearchDocument.subject_id == str(id)))


def _forget(condition):
    for id, kind in list(SearchDocument.select(SearchDocument.id, SearchDocument.kind).where(condition).tuples()):
        engine().drop(id, kind)
    SearchDocument.delete().where(condition).execute()


def rebuild() -> int:
    """Index again what every feature has registered, and forget the rest; return how many documents there are.

    Each document is its own short transaction: the site goes on meanwhile, and what it changed is read again after.
    """
    kept = 0
    for source in registry.search_sources:
        read = _rows_of(source)
        for row in sorted(read.values(), key=lambda row: str(row.get("at") or "")):
            index(source.key, **row)
        kept += _catch_up(source, read)
    with db.atomic():
        _forget(SearchDocument.kind.not_in([source.key for source in registry.search_sources]))
    return kept


def refill() -> int:
    """Make the words of every document again, in a base that was copied without them; return how many there are."""
    documents = SearchDocument.select(SearchDocument.id).order_by(SearchDocument.id).tuples()
    ids = [id for (id,) in documents]
    for start in range(0, len(ids), 200):
        with db.atomic():
            for row in SearchDocument.select().where(SearchDocument.id.in_(ids[start : start + 200])):
                engine().put(row.id, row.kind, row.visibility, words_of(row.title), words_of(row.body))
    return len(ids)


def _rows_of(source) -> dict[str, dict]:
    return {str(row["id"]): row for row in source.call()}


@db.atomic()
def _catch_up(source, read: dict[str, dict]) -> int:
    """Index what has changed since it was read, and forget what is gone: hidden meanwhile, it is found no more."""
    present = _rows_of(source)
    for id, row in present.items():
        if row != read.get(id):
            index(source.key, **row)
    _forget_others(source.key, set(present))
    return len(present)


def _forget_others(kind: str, seen: set[str]):
    stored = SearchDocument.select(SearchDocument.subject_id).where(SearchDocument.kind == kind).tuples()
    for id in {id for (id,) in stored} - seen:
        forget(kind, id)


def search(q: str, *, visibilities: Iterable, kinds: Iterable[str] | None = None, limit=20, offset=0) -> Results:
    """Return what matches every word of `q` among what may be read; the best first, or the latest of a wide search."""
    words, readers = asked_words(q), [str(each) for each in visibilities]
    kinds = None if kinds is None else list(kinds)
    if not words or not readers or kinds == []:
        return Results(0, [])
    finder = engine()
    asked = finder.query(words, readers, kinds)
    total = finder.count(asked, MOST_RANKED + 1)
    if total <= MOST_RANKED:
        ids = finder.ranked(asked, limit, offset) if total else []
    else:
        ids = finder.latest(asked, limit, offset)
    return Results(min(total, MOST_RANKED), [_hit(row, words) for row in _rows(ids)], total > MOST_RANKED)


def search_kinds(q: str, kinds: Iterable[str], *, visibilities: Iterable, limit: int) -> dict[str, Results]:
    """Return what `search` finds of each kind, in their order, those of which it finds nothing left out.

    All kinds are asked at once, save those of which too many are found to be ranked.
    """
    words, readers, kinds = asked_words(q), [str(each) for each in visibilities], list(kinds)
    if not words or not readers or not kinds:
        return {}
    finder = engine()
    totals = finder.counts(finder.query(words, readers, None), kinds)
    ranked = [kind for kind, total in totals.items() if total <= MOST_RANKED]
    ids = _best(finder, finder.query(words, readers, ranked), [totals[kind] for kind in ranked], limit)
    for kind in totals.keys() - set(ranked):
        ids += finder.latest(finder.query(words, readers, [kind]), limit, 0)
    hits = {kind: [] for kind in totals}
    for row in _rows(ids):
        hits[row.kind].append(_hit(row, words))
    return {kind: Results(min(n, MOST_RANKED), hits[kind], n > MOST_RANKED) for kind, n in totals.items()}


def _best(finder, asked, totals: list[int], limit: int) -> list[int]:
    """Return the best documents of each of several kinds; where none has more than one, there is nothing to weigh."""
    if not totals:
        return []
    return finder.all(asked) if max(totals) == 1 else finder.ranked_by_kind(asked, limit)


def _rows(ids: list[int]) -> list[SearchDocument]:
    rows = {row.id: row for row in _with_ids.all(json.dumps(ids))} if ids else {}
    return [rows[id] for id in ids if id in rows]


@prepared
def _with_ids(ids):
    return SearchDocument.select().where(among(SearchDocument.id, ids))


def _hit(row: SearchDocument, words: list[str]) -> Hit:
    heading, excerpt = marked(row.title, words), excerpt_of(row.body, words)
    return Hit(row.kind, row.subject_id, row.title, row.url, heading, excerpt, row.at)


def _clean(text: str) -> str:
    """Put in their place what a database or a page refuses, NUL and halves of characters: two words stay two."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


@lru_cache(maxsize=50_000)
def _folded(word: str) -> str:
    return fold(word)


def _is_asked(word: str, words: tuple[str, ...]) -> bool:
    return _folded(word).startswith(words)


def marked(text: str, words: list[str]) -> Markup:
    """Return `text` escaped, the words that begin as one of `words` in <mark>."""
    asked, parts, end = tuple(words), [], 0
    for found in _WORD.finditer(text):
        if _is_asked(found.group(), asked):
            parts += [escape(text[end : found.start()]), "<mark>", escape(found.group()), "</mark>"]
            end = found.end()
    return Markup("".join([*parts, escape(text[end:])]))  # noqa: S704 (each piece of the text is escaped)


def excerpt_of(text: str, words: list[str]) -> Markup:
    """Return about 220 characters around the first of `words`, marked; the beginning when there is none."""
    asked = tuple(words)
    first = next((found.start() for found in _WORD.finditer(text) if _is_asked(found.group(), asked)), 0)
    start = 0 if first < EXCERPT // 2 else text.rfind(" ", 0, first - EXCERPT // 4) + 1
    piece = text[start : start + EXCERPT]
    if start + EXCERPT < len(text):
        piece = piece.rsplit(" ", 1)[0] + " …"
    return marked(("… " if start else "") + " ".join(piece.split()), words)
