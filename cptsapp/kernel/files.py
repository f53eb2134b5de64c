"""Files that people send: checked, named by their content, kept under `instance/uploads`, served safely.

A stored file belongs to what refers to it: an article, a page, a document. Features say who may read it through
`file_use`, so that a picture of a members' article is a members' picture, at once, without copying a rule.

Slow work (decoding, hashing, writing to disk) is done before any transaction: store first, then call the rule that
refers to the file. What nothing refers to any more is purged after thirty days.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from flask import Blueprint, Response, abort, send_file
from peewee import CharField, Check, DateTimeField, IntegerField

from . import attachments, pictures
from .access import Visibility, access, may_read, roles
from .db import Table, db, now
from .errors import RuleError
from .registry import Personal, purge, reserved_slugs
from .settings import settings

bp = Blueprint("files", __name__)
reserved_slugs |= {"images", "fichiers"}

ORPHAN_DAYS = 30
LOOK_EVERY_SECONDS = 1.5  # a picture put by hand shows within two seconds
IMAGES, FILES = "/images/", "/fichiers/"  # the addresses under which texts name them
NAME = re.compile(r"/(?:images|fichiers)/([0-9A-Za-z][0-9A-Za-z._-]{0,119})")
SAFE_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,119}")

Use = Callable[[str], Iterable[Visibility]]
file_uses: list[Use] = []


class StoredFile(Table):
    """One file on disk. `name` comes from its content, so that the same file sent twice is one row."""

    name = CharField(max_length=60, unique=True)
    media_type = CharField(max_length=100)
    size_bytes = IntegerField()
    width = IntegerField(null=True)
    height = IntegerField(null=True)
    original_name = CharField(max_length=120)
    visibility = CharField(max_length=20, default=Visibility.COORDINATION)  # while nothing refers to it
    created_at = DateTimeField(default=now, index=True)

    class Meta:
        constraints = [Check("size_bytes > 0"), Check("(width IS NULL) = (height IS NULL)")]
        personal = Personal(
            purpose="Fichiers joints aux contenus et aux documents",
            basis="Intérêt légitime : informer et archiver",
            kept="Tant qu’un contenu les cite, puis 30 jours",
            categories="Nom donné au fichier ; ce que le fichier contient",
            recipients="Les lecteurs du contenu auquel il est joint",
        )

    @property
    def is_image(self) -> bool:
        return self.width is not None

    @property
    def url(self) -> str:
        return (IMAGES if self.is_image else FILES) + self.name

    @property
    def path(self) -> Path:
        return _place(self.name)


class ImageInfo(NamedTuple):
    """What a template needs to show an image: its address, its small one (the same when there is none), pixels."""

    url: str
    small_url: str
    width: int
    height: int


def store_image(file, *, visibility=Visibility.COORDINATION, max_side: int = pictures.LARGE) -> StoredFile:
    """Keep an uploaded picture as clean WebP, `max_side` pixels at most; raise RuleError in French otherwise."""
    return _store_picture(file.filename, _read(file), visibility, max_side)


def store_mail_image(file) -> StoredFile:
    """Keep an uploaded picture as the JPEG that mails show; raise RuleError in French otherwise."""
    return _store_for_mail(file.filename, _read(file))


def mail_image(address: str) -> StoredFile | None:
    """Return the JPEG that mails show in place of the site's picture at `address`, or None when there is none.

    Anybody may read it, at an address that nobody guesses: mail programs ask for pictures without a login.
    """
    found = re.fullmatch(rf"{IMAGES}({SAFE_NAME.pattern})", address or "")
    if not found:
        return None
    name = _main_name(found[1])
    stored = StoredFile.get_or_none(StoredFile.name == name)
    if stored and stored.media_type == "image/jpeg":
        return stored
    path = stored.path if stored and stored.path.is_file() else _dropped_image(name)[0]
    return _store_for_mail(stored.original_name if stored else name, path.read_bytes()) if path else None


def _store_for_mail(shown: str | None, data: bytes) -> StoredFile:
    picture = pictures.for_mail(data)
    name = hashlib.sha256(picture.data).hexdigest()[:32] + ".jpg"
    _write(name, picture.data)
    size = picture.width, picture.height
    return _record(name, picture.data, "image/jpeg", attachments.display_name(shown), Visibility.PUBLIC, *size)


def store_attachment(file, *, visibility=Visibility.COORDINATION) -> StoredFile:
    """Keep an uploaded file of an allowed type (a picture is written again); raise RuleError in French otherwise."""
    shown = attachments.display_name(file.filename)
    data = _read(file)
    media_type = attachments.check(shown, data)
    if media_type.startswith("image/"):
        return _store_picture(shown, data, visibility, pictures.LARGE)
    name = hashlib.sha256(data).hexdigest()[:32] + Path(shown).suffix.lower()
    _write(name, data)
    return _record(name, data, media_type, shown, visibility)


def _store_picture(shown: str | None, data: bytes, visibility: Visibility, side: int) -> StoredFile:
    picture = pictures.encode(data, largest=side)
    stem = hashlib.sha256(picture.data).hexdigest()[:32]
    if picture.small:
        _write(f"{stem}-{pictures.SMALL}.webp", picture.small)
    _write(f"{stem}.webp", picture.data)
    shown = attachments.display_name(shown)
    return _record(f"{stem}.webp", picture.data, "image/webp", shown, visibility, picture.width, picture.height)


@db.atomic()
def _record(name, data, media_type, shown, visibility, width=None, height=None) -> StoredFile:
    row = StoredFile.insert(
        name=name,
        media_type=media_type,
        size_bytes=len(data),
        width=width,
        height=height,
        original_name=shown,
        visibility=visibility,
    )
    row.on_conflict_ignore().execute()
    # Sent again: the thirty days before the purge start again.
    StoredFile.update(created_at=now()).where(StoredFile.name == name).execute()
    return StoredFile.get(StoredFile.name == name)


def _read(file) -> bytes:
    """Return the bytes of an uploaded file, refused when larger than the setting allows."""
    data = file.stream.read(settings.max_upload_bytes + 1)
    if len(data) > settings.max_upload_bytes:
        raise RuleError(f"Ce fichier dépasse {settings.max_upload_mb} Mo. Réduisez-le, puis envoyez-le de nouveau.")
    return data


def _place(name: str) -> Path:
    return settings.uploads / name[:2] / name


def _write(name: str, data: bytes) -> None:
    """Write the file once, whole or not at all, on the disk before it is named in the database."""
    path = _place(name)
    if path.exists() and path.stat().st_size == len(data):
        os.utime(path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    for folder in (path.parent, settings.uploads):
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


# --- who may read them ------------------------------------------------------------------------------------------


def file_use(function: Use) -> Use:
    """Register a function of a file's name that gives the visibility of each thing, readable now, that shows it.

    A draft or a thing in the trash is for the coordination: it gives COORDINATION.
    """
    file_uses.append(function)
    return function


def names_in(text: str) -> set[str]:
    """Return the names of the files that a text refers to, as `/images/<name>` or `/fichiers/<name>`."""
    return {_main_name(each) for each in NAME.findall(text)}


def may_see(name: str, given: frozenset[str], otherwise: Visibility) -> bool:
    """Tell whether `given` roles may read any of the things that show the file, or `otherwise` when nothing does."""
    return any(may_read(each, given) for each in uses_of(name) or {otherwise})


def uses_of(name: str) -> set[Visibility]:
    """Return the visibilities of the things that show the file, empty when nothing does."""
    return {each for use in file_uses for each in use(name)}


def _main_name(name: str) -> str:
    """Return the name of the picture of which `name` may be the small variant."""
    return name.replace(f"-{pictures.SMALL}.webp", ".webp")


# --- serving ----------------------------------------------------------------------------------------------------


@bp.get("/images/<name>")
@access("public")
def image(name: str) -> Response:
    """Answer `/images/<name>`, from the uploads or from `content/images`; 404 alike when missing or not to be seen."""
    stored = StoredFile.get_or_none(StoredFile.name == _main_name(name))
    if stored and stored.is_image:
        path, media_type, otherwise = _place(name), stored.media_type, stored.visibility
    else:
        path, media_type = _dropped_image(name)
        otherwise = Visibility.PUBLIC
    if not path or not path.is_file() or not may_see(_main_name(name), roles(), otherwise):
        abort(404)
    return _with_cache(send_file(path, mimetype=media_type, conditional=True), name, otherwise)


@bp.get("/fichiers/<name>")
@access("public")
def file(name: str) -> Response:
    """Answer `/fichiers/<name>`: an attachment that no browser runs, whatever it holds; 404 as above."""
    stored = StoredFile.get_or_none(StoredFile.name == name)
    if stored and not stored.is_image:
        path, shown, media_type, otherwise = stored.path, stored.original_name, stored.media_type, stored.visibility
    else:
        path, shown, otherwise = _dropped("fichiers", name), name, Visibility.PUBLIC
        media_type = attachments.TYPES.get(Path(name).suffix.lower())
    if not path or not media_type or not path.is_file() or not may_see(name, roles(), otherwise):
        abort(404)
    return _with_cache(_attachment(path, media_type, shown), name, otherwise)


def serve(stored: StoredFile, *, download_name: str | None = None) -> Response:
    """Answer with a stored file that the caller let the reader have; a picture shows, the rest downloads."""
    if not stored.path.is_file():
        abort(404)
    if stored.is_image:
        response = send_file(stored.path, mimetype=stored.media_type, conditional=True)
    else:
        response = _attachment(stored.path, stored.media_type, download_name or stored.original_name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _attachment(path: Path, media_type: str, shown: str) -> Response:
    name = attachments.display_name(shown)  # it goes into a header
    response = send_file(path, mimetype=media_type, as_attachment=True, download_name=name, conditional=True)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _with_cache(response: Response, name: str, otherwise: Visibility) -> Response:
    """Let caches keep for a day what any visitor may read, and nothing else."""
    public = may_see(_main_name(name), frozenset(), otherwise)
    response.headers["Cache-Control"] = "public, max-age=86400" if public else "private, no-store"
    return response


def _dropped(folder: str, name: str) -> Path | None:
    """Return the file that someone put by hand in `content/<folder>`, never one outside it."""
    if not SAFE_NAME.fullmatch(name):
        return None
    path = settings.content / folder / name
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return None
    return path if _stands_inside(str(path), changed) else None


@lru_cache(maxsize=2000)
def _stands_inside(path: str, changed: int) -> bool:
    """Tell whether a path is a file of its own folder, not a link that leads out of it."""
    real = Path(path).resolve()
    return real.is_file() and real.is_relative_to(Path(path).parent.resolve())


def _dropped_image(name: str) -> tuple[Path | None, str | None]:
    """Return the path and type of a picture put by hand in `content/images`, when its content is a safe picture."""
    path = _dropped("images", name)
    media_type = path and _picture_type(str(path), path.stat().st_mtime_ns)
    return (path, media_type) if media_type else (None, None)


@lru_cache(maxsize=2000)
def _picture_type(path: str, changed: int) -> str | None:
    """Return the type of a safe picture whose content agrees with its name, or None."""
    with open(path, "rb") as file:
        media_type = pictures.sniff(file.read(16))
    agrees = media_type and pictures.EXTENSIONS.get(Path(path).suffix.lower()) == media_type
    return media_type if agrees else None


@bp.app_template_global()
def image_info(url: str) -> ImageInfo | None:
    """Return what a template needs to show the site's image at `url`, or None when there is no such image."""
    return _image_info(url or "", settings.instance, int(monotonic() / LOOK_EVERY_SECONDS))


@lru_cache(maxsize=4000)
def _image_info(url: str, instance: Path, moment: int) -> ImageInfo | None:
    """A list shows dozens of pictures: each is looked for on the disk once in a while, not at each page."""
    found = re.fullmatch(rf"{IMAGES}({SAFE_NAME.pattern})", url)
    if not found:
        return None
    name = _main_name(found[1])
    path = _place(name)
    if not path.is_file():
        path = _dropped_image(name)[0]
    if not path:
        return None
    size = _size(str(path), path.stat().st_mtime_ns)
    small = f"{name.removesuffix('.webp')}-{pictures.SMALL}.webp"
    return size and ImageInfo(IMAGES + name, IMAGES + (small if _place(small).is_file() else name), *size)


@lru_cache(maxsize=2000)
def _size(path: str, changed: int) -> tuple[int, int] | None:
    return pictures.size(Path(path).read_bytes())


# --- purging ----------------------------------------------------------------------------------------------------


@purge("files", "Fichiers que rien ne cite plus")
def purge_orphans(today: date) -> int:
    """Remove the files that nothing has referred to for thirty days; return how many.

    Referred to means: shown by a feature (`file_use`), held by a row of another table, or named in any text of the
    content, its versions and its trash. If one of these cannot be read, nothing is removed. What somebody sends again
    meanwhile stays.
    """
    before = datetime.combine(today, time()) - timedelta(days=ORPHAN_DAYS)
    old = list(StoredFile.select().where(StoredFile.created_at < before))
    if not old:
        return 0
    cited = _named_on_disk() | _held_by_rows()
    orphans, count = [each for each in old if each.name not in cited and not uses_of(each.name)], 0
    for each in orphans:
        still_old = (StoredFile.id == each.id) & (StoredFile.created_at < before)
        with db.atomic():
            is_gone = StoredFile.delete().where(still_old).execute()  # a row that refers to it stops the purge here
        if not is_gone:
            continue
        for path in (each.path, _place(f"{Path(each.name).stem}-{pictures.SMALL}.webp")):
            path.unlink(missing_ok=True)
        count += 1
    return count


def _named_on_disk() -> set[str]:
    """Return the names of files that the content, its versions, its trash and its last good copies mention."""
    folders = [settings.content, *(settings.instance / each for each in ("versions", "trash", "last-good"))]
    found = set()
    for path in (path for folder in folders for path in folder.rglob("*")):
        if path.is_file() and path.suffix.lower() not in attachments.TYPES:
            found |= names_in(path.read_text("utf-8", "replace"))
    return found


def _held_by_rows() -> set[str]:
    """Return the names of the files that a row of any table points to."""
    held = set()
    for key in StoredFile._meta.backrefs:
        rows = StoredFile.select(StoredFile.name).join(key.model, on=(key == StoredFile.id))
        held |= {name for (name,) in rows.tuples()}
    return held
