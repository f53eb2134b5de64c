"""What is kept beside the content: every version, the trash, and the last good copy of each file.

instance/versions/<collection>/<slug>/<moment>-<hash8>-<account or fichier>.md
instance/trash/<collection>/<moment>--<slug>--<account or fichier>.md
instance/last-good/<collection>/<slug>.md
"""

import hashlib
import logging
import os
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .db import now
from .settings import settings

log = logging.getLogger("cptsapp.content")
MOMENT = "%Y%m%dT%H%M%S%fZ"
ON_DISK = "fichier"  # written by whoever keeps the files, not by an account
_VERSION = re.compile(r"(\d{8}T\d{12}Z)-([0-9a-f]{8})-(\d+|fichier)")
_TRASHED = re.compile(r"(\d{8}T\d{12}Z)--([^/]+)--(\d+|fichier)")


@dataclass(frozen=True)
class Version:
    """One version of a text: `author` is an account's id, or None when the file was changed on disk."""

    id: str
    at: datetime
    hash8: str
    author: int | None


@dataclass(frozen=True)
class Trashed:
    """A text in the trash; `id` brings it back."""

    id: str
    slug: str
    at: datetime
    author: int | None


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, on the disk before anybody sees it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, data, durable=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _replace(path: Path, data: bytes, *, durable: bool):
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.chmod(temporary, 0o640)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _read_moment(text: str) -> datetime:
    return datetime.strptime(text, MOMENT)


def _author(text: str) -> int | None:
    return None if text == ON_DISK else int(text)


# Versions


def _versions(collection: str, slug: str) -> Path:
    return settings.instance / "versions" / collection / slug


def keep(
    collection: str, slug: str, data: bytes, author: int | None, *, at: datetime | None = None, only_unknown=False
) -> str:
    """Keep one version and return its id; with `only_unknown`, not when the same text is kept already."""
    hash8 = hashlib.sha256(data).hexdigest()[:8]
    folder = _versions(collection, slug)
    if only_unknown:
        known = next((each.id for each in of(collection, slug) if each.hash8 == hash8), None)
        if known:
            return known
    name = f"{(at or now()).strftime(MOMENT)}-{hash8}-{ON_DISK if author is None else author}"
    write(folder / f"{name}.md", data)
    return name


def of(collection: str, slug: str) -> list[Version]:
    """Return the versions of a text, the last first."""
    try:
        names = os.listdir(_versions(collection, slug))
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = [match for name in names if (match := _VERSION.fullmatch(name.removesuffix(".md")))]
    versions = [Version(each[0], _read_moment(each[1]), each[2], _author(each[3])) for each in found]
    return sorted(versions, key=lambda each: each.id, reverse=True)


def read(collection: str, slug: str, version: str) -> bytes | None:
    """Return the text of one version, or None when there is no such version."""
    if not _VERSION.fullmatch(version):
        return None
    try:
        return (_versions(collection, slug) / f"{version}.md").read_bytes()
    except FileNotFoundError:
        return None


def rename(collection: str, slug: str, new: str) -> None:
    """Let the versions of a text follow its new name, beside those of an older text of that name."""
    source, target = _versions(collection, slug), _versions(collection, new)
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        for each in source.iterdir():
            os.replace(each, target / each.name)
        source.rmdir()
    forget_last_good(collection, slug)


# The last good copy. Losing one loses nothing but a fallback: a full disk must not take the site down with it.


def _last_good(collection: str, slug: str) -> Path:
    return settings.instance / "last-good" / collection / f"{slug}.md"


def keep_last_good(collection: str, slug: str, data: bytes, changed_ns: int) -> None:
    """Keep a copy of a file that reads well; when it replaces another one, keep both as versions."""
    path = _last_good(collection, slug)
    try:
        old = path.stat() if path.exists() else None
        if old and (old.st_mtime_ns, old.st_size) == (changed_ns, len(data)):
            return
        before = path.read_bytes() if old else data
        if before != data:
            keep(collection, slug, before, None, at=moment(old.st_mtime_ns), only_unknown=True)
            keep(collection, slug, data, None, at=moment(changed_ns), only_unknown=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, data, durable=False)
        os.utime(path, ns=(changed_ns, changed_ns))
    except OSError:
        log.exception("no last good copy of %s/%s", collection, slug)


def last_good(collection: str, slug: str) -> tuple[bytes, datetime] | None:
    """Return the last copy that read well and when it was written, or None."""
    path = _last_good(collection, slug)
    try:
        return path.read_bytes(), moment(path.stat().st_mtime_ns)
    except OSError:
        return None


def forget_last_good(collection: str, slug: str) -> None:
    _last_good(collection, slug).unlink(missing_ok=True)


def moment(ns: int) -> datetime:
    return datetime.fromtimestamp(ns / 1e9, UTC).replace(tzinfo=None)


# The trash


def to_trash(collection: str, slug: str, path: Path, author: int | None) -> str:
    """Move a file to the trash; return the id under which it can come back."""
    folder = settings.instance / "trash" / collection
    folder.mkdir(parents=True, exist_ok=True)
    id = f"{now().strftime(MOMENT)}--{slug}--{ON_DISK if author is None else author}"
    os.rename(path, folder / f"{id}.md")
    return id


def trashed(collection: str) -> list[Trashed]:
    """Return what is in the trash, the last first."""
    folder = settings.instance / "trash" / collection
    names = sorted(os.listdir(folder), reverse=True) if folder.is_dir() else []
    found = [match for name in names if (match := _TRASHED.fullmatch(name.removesuffix(".md")))]
    return [Trashed(each[0], each[2], _read_moment(each[1]), _author(each[3])) for each in found]


def trashed_path(collection: str, id: str) -> Path | None:
    """Return the file of `id`, or None when it is no longer in the trash."""
    path = settings.instance / "trash" / collection / f"{id}.md"
    return path if _TRASHED.fullmatch(id) and path.is_file() else None


def trashed_slug(id: str) -> str:
    return _TRASHED.fullmatch(id)[2]
