"""The file of a backup: a tar, compressed, perhaps sealed, whose last entry lists the others with their SHA-256.

It is written and read as a stream: what an instance weighs never stands in memory.
"""

import gzip
import hashlib
import io
import json
import os
import tarfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from ..errors import RuleError
from .sealing import DAMAGED, SealedReader, SealedWriter, is_sealed

FORMAT = 2
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 64 * 1024 * 1024
BLOCK = 256 * 1024


class _Hashed:
    """A file being read, hashed on its way."""

    def __init__(self, file):
        self.file, self.digest = file, hashlib.sha256()

    def read(self, size=-1):
        data = self.file.read(size)
        self.digest.update(data)
        return data


def write(path: Path, files: dict[str, Path], facts: dict, *, secret: bytes | None, tell: Callable[[int, int], None]):
    """Write an archive of `files` (its names -> the files on disk); `tell(done, total)` is called as it goes."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        sealed = SealedWriter(file, secret) if secret else None
        with (
            gzip.GzipFile(filename="", fileobj=sealed or file, mode="wb", compresslevel=6) as zipped,
            tarfile.open(fileobj=zipped, mode="w|") as tar,
        ):
            listed = {}
            for number, (name, found) in enumerate(files.items()):
                tell(number, len(files))
                if (digest := _add_file(tar, name, found)) is not None:
                    listed[name] = digest
            manifest = {"product": "cptsapp", "format": FORMAT, **facts, "files": listed}
            body = json.dumps(manifest, indent=1, ensure_ascii=False).encode()
            tar.addfile(_entry(MANIFEST, len(body)), io.BytesIO(body))
        if sealed:
            sealed.close()
        file.flush()
        os.fsync(file.fileno())


def _add_file(tar, name: str, found: Path) -> str | None:
    """Add one file and return its digest, or None when it was renamed or thrown away meanwhile."""
    try:
        opened = found.open("rb")
    except FileNotFoundError:
        return None
    with opened:  # what is hashed is what is kept: the file that is open stays what it is when it is replaced
        hashed = _Hashed(opened)
        tar.addfile(_entry(name, os.fstat(opened.fileno()).st_size), hashed)
    return hashed.digest.hexdigest()


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o600, int(time.time())
    return entry


@contextmanager
def _opened(source: Path, secret: bytes | None):
    """Open an archive, sealed or not; every way in which it may be unreadable is a sentence."""
    try:
        with source.open("rb") as file:
            sealed = is_sealed(file.read(32))
            file.seek(0)
            if sealed and secret is None:
                raise RuleError("Cette sauvegarde est chiffrée : donnez sa phrase secrète ou son fichier de clé.")
            with gzip.GzipFile(fileobj=SealedReader(file, secret) if sealed else file, mode="rb") as zipped:
                yield zipped
                while zipped.read(BLOCK):  # to the very end: a file cut after its last entry is damaged as well
                    pass
    except FileNotFoundError as error:
        raise RuleError(f"{source} n’existe pas. Vérifiez le chemin de la sauvegarde.") from error
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise RuleError(
            f"{source} n’est pas une sauvegarde lisible ({error}). Essayez-en une plus ancienne. Rien n’a été changé."
        ) from error
    except OSError as error:
        raise RuleError(f"La sauvegarde n’a pas pu être lue : {error}. Rien n’a été changé.") from error


def read(source: Path, secret: bytes | None, folder: Path | None = None) -> dict:
    """Read an archive to its end, into `folder` if there is one; return its manifest once every digest is right.

    Raises RuleError when anything is missing, added, changed, or tries to leave the folder.
    """
    found, manifest = {}, None
    with _opened(source, secret) as zipped, tarfile.open(fileobj=zipped, mode="r|") as tar:
        for entry in tar:
            if entry.name == MANIFEST:
                manifest = _manifest(tar, entry)
            else:
                found[entry.name] = _take(tar, entry, folder)
    if manifest is None:
        raise RuleError("Ce fichier n’est pas une sauvegarde de cptsapp : sa liste manque. Rien n’a été changé.")
    _compare(manifest["files"], found)
    return manifest


def _manifest(tar, entry) -> dict:
    if entry.size > LARGEST_MANIFEST or not entry.isreg():
        raise RuleError(DAMAGED)
    try:
        manifest = json.loads(tar.extractfile(entry).read())
        listed = manifest["files"]
        if manifest["product"] == "cptsapp" and all(isinstance(each, str) for each in listed.values()):
            return manifest
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise RuleError("Ce fichier n’est pas une sauvegarde de cptsapp : sa liste ne se lit pas. Rien n’a été changé.")


def _take(tar, entry: tarfile.TarInfo, folder: Path | None) -> str:
    """Read one entry and return its digest; write it under `folder` if there is one."""
    name = PurePosixPath(entry.name)
    if not entry.isreg() or name.is_absolute() or ".." in name.parts or "\\" in entry.name:
        raise RuleError(f"Cette archive contient « {entry.name} », qui n’a rien à y faire. Rien n’a été changé.")
    digest, blocks = hashlib.sha256(), iter(lambda: body.read(BLOCK), b"")
    body = tar.extractfile(entry)
    if folder is None:
        for block in blocks:
            digest.update(block)
        return digest.hexdigest()
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for block in blocks:
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _compare(listed: dict[str, str], found: dict[str, str]):
    for name in _differing(listed, found):
        raise RuleError(f"La sauvegarde est abîmée : « {name} » ne correspond pas à sa liste. Rien n’a été changé.")


def _differing(listed, found) -> Iterator[str]:
    yield from sorted(name for name in listed.keys() | found.keys() if listed.get(name) != found.get(name))
