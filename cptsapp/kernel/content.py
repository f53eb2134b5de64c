"""The site's texts: Markdown files that are the truth, read once and followed as they change.

A `Collection` is one folder of `instance/content`. Each process keeps what it has read; when the folder's date moves,
and at most once a second otherwise, whoever asks first looks at the folder (one pass over its entries) and reads again
the files that changed. So what the site writes shows at once in every worker, a file edited on disk within two seconds,
and a request reads no file. A file that cannot be read is listed in `broken()` and its last good version stays.
"""

import hashlib
import logging
import os
import stat
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from fcntl import LOCK_EX, flock
from pathlib import Path

from . import frontmatter, versions
from .db import now
from .errors import Conflict, RuleError
from .files import names_in
from .frontmatter import Malformed
from .settings import settings
from .text import SLUG_LENGTH, slugify

log = logging.getLogger("cptsapp.content")
LOOK_EVERY_SECONDS = 1.0
LONGEST_NAME = 252  # bytes, « .md » left out: no disk holds a longer one
TICK_NS = 20_000_000  # two changes within one tick of the disk's clock bear one date
FRESH_NS = 2_000_000_000  # a file younger than this may change again without its date changing: it is read again
collections: dict[str, "Collection"] = {}


@dataclass(frozen=True)
class Document:
    """One file: its header, the line of each key, its Markdown, and the hash that tells one version from another."""

    slug: str
    header: dict
    lines: dict[str, int]
    body: str
    hash: str
    modified_at: datetime  # naive UTC
    files: frozenset[str]  # names of the images and files that it mentions


@dataclass(frozen=True)
class Broken:
    """A file that cannot be shown as it is: where, why, and whether an earlier version stays online."""

    file: str
    slug: str
    line: int
    reason: str
    kept: bool


class FileConflict(Conflict):
    """Somebody else changed the file first. `theirs` is what is on disk (None: taken away), `mine` was not written;
    the revision to build on is a hash."""

    def __init__(self, theirs: str | None, mine: str, hash: str):
        sentence = "Ce texte a été changé ailleurs, ou son fichier ne se lit plus. Ouvrez-le pour le corriger."
        super().__init__(sentence, theirs, hash)
        self.mine = mine


@dataclass(frozen=True)
class Snapshot:
    """What one process knows of a folder at one moment. `seen` maps a file to what told that it had not changed."""

    folder: Path
    items: dict = field(default_factory=dict)
    broken: dict[str, Broken] = field(default_factory=dict)
    seen: dict[str, tuple] = field(default_factory=dict)
    version: str = ""
    derived: dict = field(default_factory=dict)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def is_slug(name: str) -> bool:
    return len(name) <= SLUG_LENGTH and slugify(name) == name


class Collection:
    """The files of `content/<name>`. `read` makes of a Document the feature's own item, or raises Malformed."""

    def __init__(self, name: str, read: Callable[[Document], object]):
        self.name, self._read = name, read
        self.on_change: list[Callable[[], None]] = []
        self._snapshot = Snapshot(Path())
        self._looked_at = 0.0
        self._folder_date = 0  # in ns when last looked at; 0 when it was too fresh to be trusted
        self._lock = threading.Lock()
        self._place = (None, Path())  # an instance, and the folder in it
        collections[name] = self

    @property
    def folder(self) -> Path:
        if self._place[0] is not settings.instance:
            self._place = (settings.instance, settings.content / self.name)
        return self._place[1]

    # Reading

    def all(self) -> list:
        """Return every readable item, in no order."""
        return list(self._now().items.values())

    def get(self, slug: str):
        """Return the item called `slug`, or None."""
        return self._now().items.get(slug)

    def broken(self) -> list[Broken]:
        return sorted(self._now().broken.values(), key=lambda each: each.file)

    def version(self) -> str:
        """Return a text that changes whenever any file of the collection does."""
        return self._now().version

    def derived(self, key: str, make: Callable[[list], object]):
        """Return `make(items)`, computed once per version of the folder."""
        snapshot = self._now()
        if key not in snapshot.derived:
            snapshot.derived[key] = make(list(snapshot.items.values()))
        return snapshot.derived[key]

    def showing(self, file_name: str) -> list:
        """Return the items that mention an uploaded file or image."""
        return self.derived("files", _by_file).get(file_name, [])

    def parse(self, slug: str, data: bytes, modified_at: datetime | None = None):
        """Return the item that these bytes make; raise Malformed."""
        header, lines, body = frontmatter.parse(data)
        at = modified_at or now()
        names = frozenset(names_in(data.decode("utf-8", "replace")))
        return self._read(Document(slug, header, lines, body, digest(data), at, names))

    def _now(self) -> Snapshot:
        # Whatever the site itself writes changes the folder's date: every worker sees it at the next request.
        moved = self._snapshot.folder != self.folder or _date_of(self.folder) != self._folder_date
        if not moved and time.monotonic() - self._looked_at < LOOK_EVERY_SECONDS:
            return self._snapshot
        # A file changed in place shows at the next look: one thread looks, the others go on with what is known.
        if self._lock.acquire(blocking=moved):
            try:
                changed = self._look()
            finally:
                self._lock.release()
            self._tell(changed)
        return self._snapshot

    def refresh(self) -> None:
        """Look at the folder now, whatever the time: after a write of this process."""
        with self._lock:
            changed = self._look()
        self._tell(changed)

    def _look(self) -> bool:
        """Read the files that changed since the last look; tell whether anything that the site shows did."""
        old = self._snapshot if self._snapshot.folder == self.folder else Snapshot(self.folder)
        date, now_ns = _date_of(self.folder), time.time_ns()
        entries = _entries(self.folder)
        self._folder_date = date if now_ns - date > TICK_NS else 0
        new = old if entries == old.seen and old.version else self._read_changes(old, entries)
        self._snapshot, self._looked_at = new, time.monotonic()
        return new.version != old.version

    def _read_changes(self, old: Snapshot, entries: dict) -> Snapshot:
        items, broken = {}, {}
        for name, signature in entries.items():
            slug = name.removesuffix(".md")
            if old.seen.get(name) != signature:
                self._take(slug, old, items, broken)
            else:
                items |= {slug: old.items[slug]} if slug in old.items else {}
                broken |= {slug: old.broken[slug]} if slug in old.broken else {}
        for name in old.seen.keys() - entries.keys():
            versions.forget_last_good(self.name, name.removesuffix(".md"))
        version = _version(items, broken)
        if version == old.version:
            return replace(old, seen=entries)
        return Snapshot(self.folder, items, broken, entries, version)

    def _tell(self, changed: bool):
        for tell in self.on_change if changed else ():
            try:
                tell()
            except Exception:  # what follows the files must never keep them from being read
                log.exception("after a change of %s", self.name)

    def _take(self, slug: str, old: Snapshot, items: dict, broken: dict):
        """Read one changed file into `items`; into `broken` when it cannot be read, its last good version staying."""
        path = self._path(slug)
        try:
            data = path.read_bytes()
            changed_ns = path.stat().st_mtime_ns
        except FileNotFoundError:
            return
        except OSError:
            broken[slug] = Broken(path.name, slug, 1, "Le site n’a pas le droit de lire ce fichier.", slug in old.items)
            items |= {slug: old.items[slug]} if slug in old.items else {}
            return
        if slug in old.items and slug not in old.broken and old.items[slug].document.hash == digest(data):
            items[slug] = old.items[slug]
            return
        try:
            if not is_slug(slug):
                raise Malformed(f"Ce nom de fichier ne fait pas une adresse. Essayez « {slugify(slug)}.md ».")
            items[slug] = self.parse(slug, data, versions.moment(changed_ns))
        except Malformed as error:
            kept = self._last_good(slug)
            items |= {slug: kept} if kept else {}
            broken[slug] = Broken(path.name, slug, error.line, str(error), kept is not None)
        else:
            versions.keep_last_good(self.name, slug, data, changed_ns)

    def _last_good(self, slug: str):
        kept = versions.last_good(self.name, slug) if is_slug(slug) else None
        try:
            return self.parse(slug, *kept) if kept else None
        except Malformed:  # good for an older version of the product only
            return None

    # Writing

    def text(self, slug: str) -> str | None:
        """Return the file as it is on disk, or None."""
        data = self._bytes(slug)
        return None if data is None else data.decode("utf-8", "replace")

    def hash_of(self, slug: str) -> str:
        """Return the hash of the file as it is on disk, "" when there is none."""
        data = self._bytes(slug)
        return "" if data is None else digest(data)

    def create(self, slug: str, header: dict, body: str, *, author: int | None, reserved=()):
        """Write a new file under `slug`, or under the first free name after it; return the item. Raises Malformed."""
        with self.locked():
            slug = self.free_slug(slug, reserved)
            return self._write(slug, frontmatter.dump(header, body), author)

    def save(self, slug: str, header: dict, body: str, *, base: str, author: int | None):
        """Write a header and a body over the version whose hash is `base`; see `save_text`."""
        return self.save_text(slug, frontmatter.dump(header, body), base=base, author=author)

    def save_text(self, slug: str, text: str, *, base: str, author: int | None):
        """Write a whole file over the version whose hash is `base`, "" when there must be none; return the item.

        Raises FileConflict when the file is no longer that version (what was typed is kept among the versions all the
        same), and Malformed when the text makes no item.
        """
        self.parse(slug, text.encode())
        with self.locked():
            current = self._bytes(slug)
            found = "" if current is None else digest(current)
            if found != base:
                versions.keep(self.name, slug, text.encode(), author)
                raise FileConflict(None if current is None else current.decode("utf-8", "replace"), text, found)
            return self._write(slug, text, author)

    def rename(self, slug: str, new: str, *, reserved=()):
        """Give a file another name, its versions following; return the item. Raises RuleError when it is taken."""
        with self.locked():
            if new in reserved or not is_slug(new) or self._path(new).exists():
                raise RuleError("Cette adresse est déjà prise ou réservée. Choisissez-en une autre.", "slug")
            if not self._path(slug).exists():
                raise RuleError("Ce texte n’existe plus. Retournez à la liste.")
            os.rename(self._path(slug), self._path(new))
            versions.rename(self.name, slug, new)
        self.refresh()
        return self.get(new)

    def trash(self, slug: str, *, author: int | None) -> str:
        """Take a file away, keeping it in the trash; return the id under which it can come back."""
        with self.locked():
            if not self._path(slug).exists():
                raise RuleError("Ce texte n’existe plus. Retournez à la liste.")
            place = versions.to_trash(self.name, slug, self._path(slug), author)
        self.refresh()
        return place

    def untrash(self, place: str, *, reserved=()):
        """Bring a file back from the trash, under its name or the first free one after it; return the item."""
        with self.locked():
            source = versions.trashed_path(self.name, place)
            if source is None:
                raise RuleError("Ce texte n’est plus dans la corbeille.")
            slug = self.free_slug(versions.trashed_slug(place), reserved)
            os.rename(source, self._path(slug))
        self.refresh()
        return self.get(slug)

    def free_slug(self, wanted: str, reserved=()) -> str:
        """Return `wanted`, or `wanted-2`, `wanted-3`…: the first that no file has. Hold the lock while using it."""
        wanted, number = slugify(wanted), 1
        slug = wanted
        while slug in reserved or self._path(slug).exists():
            number += 1
            slug = f"{slugify(wanted, limit=SLUG_LENGTH - 5)}-{number}"
        return slug

    @contextmanager
    def locked(self):
        """Let one writer in at a time, threads and processes together."""
        place = settings.instance / "locks"
        place.mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(place / f"content-{self.name}", "a") as file:
            flock(file, LOCK_EX)
            yield

    def _path(self, slug: str) -> Path:
        if "/" in slug or "\0" in slug or slug.startswith(".") or len(os.fsencode(slug)) > LONGEST_NAME:
            raise RuleError("Cette adresse n’est pas celle d’un texte du site.", "slug")
        return self.folder / f"{slug}.md"

    def _bytes(self, slug: str) -> bytes | None:
        try:
            return self._path(slug).read_bytes() if is_slug(slug) else None
        except FileNotFoundError:
            return None

    def _write(self, slug: str, text: str, author: int | None):
        data = text.encode()
        self.parse(slug, data)
        current = self._bytes(slug)
        if current != data:
            if current is not None:
                versions.keep(self.name, slug, current, None, only_unknown=True)
            versions.keep(self.name, slug, data, author)
            versions.write(self._path(slug), data)
        self.refresh()
        return self.get(slug)


def version() -> str:
    """Return a text that changes whenever any file of any collection does."""
    return "-".join(each.version() for each in collections.values())


def _date_of(folder: Path) -> int:
    """Return when an entry of the folder was last added, replaced or removed (ns), -1 when there is no folder."""
    try:
        return os.stat(folder).st_mtime_ns
    except FileNotFoundError:
        return -1


def _entries(folder: Path) -> dict[str, tuple]:
    """Return, for each content file of the folder, what changes when it does."""
    found, now_ns = {}, time.time_ns()
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        return found
    with entries:
        for entry in entries:
            if not entry.name.endswith(".md") or entry.name.startswith((".", "_")):
                continue
            try:
                at = entry.stat()
            except FileNotFoundError:
                continue
            if stat.S_ISREG(at.st_mode):
                fresh = now_ns if abs(now_ns - at.st_mtime_ns) < FRESH_NS else 0
                found[entry.name] = (at.st_ino, at.st_mtime_ns, at.st_size, fresh)
    return found


def _version(items: dict, broken: dict) -> str:
    parts = [f"{slug}:{item.document.hash}" for slug, item in items.items()]
    parts += [f"{slug}!{each.line}:{each.reason}" for slug, each in broken.items()]
    return digest("\n".join(sorted(parts)).encode())[:16]


def _by_file(items: list) -> dict[str, list]:
    found = {}
    for item in items:
        for name in item.document.files:
            found.setdefault(name, []).append(item)
    return found
