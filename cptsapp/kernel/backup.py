"""One archive that holds an instance, and the way back from it.

The database is copied by `VACUUM INTO`, which is consistent while people work; everything is listed with its SHA-256
in `manifest.json`, and checked before anything is put in place.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from peewee import sqlite3

from .db import db, is_sqlite, now
from .errors import RuleError
from .settings import settings

PARTS = ("content", "uploads", "versions", "trash", "last-good")
SECRETS = ("cpts.toml",)
DATABASE = "cpts.db"
"""The name under which the database stands in an archive, whatever its name in the instance."""


def save(target: Path | None = None, *, with_secrets: bool = False) -> Path:
    """Write one archive of the instance and return its path; `target` may be a folder or a file name in .tar.gz."""
    if not is_sqlite():
        raise RuleError("Cette instance est sur PostgreSQL : sauvegardez sa base avec pg_dump, et son dossier à part.")
    path = _archive_path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    with tempfile.TemporaryDirectory(dir=path.parent) as room:
        copy = Path(room) / DATABASE
        db.execute_sql("VACUUM INTO ?", (str(copy),))
        files = {DATABASE: copy} | _files(PARTS + (SECRETS if with_secrets else ()))
        _write(partial, files)
    partial.chmod(0o600)
    partial.replace(path)
    return path


def before_migration() -> Path:
    """Keep a copy of the database alone, beside the backups, before its tables change."""
    settings.backups.mkdir(exist_ok=True)
    copy = settings.backups / f"avant-migration-{now():%Y%m%d-%H%M%S-%f}.db"
    if is_sqlite():
        db.execute_sql("VACUUM INTO ?", (str(copy),))
        copy.chmod(0o600)
    return copy


def _archive_path(target: Path | None) -> Path:
    name = f"cptsapp-{now():%Y%m%d-%H%M%S}.tar.gz"
    if target is None:
        return settings.backups / name
    return target / name if target.is_dir() or not target.name.endswith(".tar.gz") else target


def _files(parts) -> dict[str, Path]:
    """Return archive name → file of what an instance holds beside its database."""
    found = {}
    for part in parts:
        root = settings.instance / part
        paths = [root] if root.is_file() else sorted(_inside(root))
        found |= {path.relative_to(settings.instance).as_posix(): path for path in paths if path.is_file()}
    return found


def _inside(root: Path) -> Iterator[Path]:
    """Yield the files of a folder, those being written left out; `os.walk` minds no folder that goes meanwhile."""
    for folder, _, names in os.walk(root):
        yield from (Path(folder, name) for name in names if not name.startswith(".tmp-"))


def _write(path: Path, files: dict[str, Path]):
    listed = {}
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
        for name, found in files.items():
            # Read once: what is hashed is what is kept, even if the file changes in between.
            try:
                body = found.read_bytes()
            except FileNotFoundError:  # renamed or thrown away while people work
                continue
            listed[name] = hashlib.sha256(body).hexdigest()
            _add(archive, name, body)
        manifest = {"product": "cptsapp", "made_at": now().isoformat(), "files": listed}
        _add(archive, "manifest.json", json.dumps(manifest, indent=1).encode())


def _add(archive, name, body: bytes):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(body), 0o600, int(datetime.now().timestamp())
    archive.addfile(entry, io.BytesIO(body))


def restore(source: Path, folder: Path) -> Path | None:
    """Put the archive in place of the instance `folder`; return where the former one was moved, or None.

    The archive is unpacked beside, checked (list, digests, database integrity), and only then swapped in. Secrets that
    the archive does not hold are kept from the instance that stands there.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".restauration-") as room:
        fresh = Path(room) / "instance"
        _unpack(source, fresh)
        _verify(fresh)
        _end_sessions(fresh / DATABASE)
        for name in SECRETS:
            if not (fresh / name).exists() and (folder / name).exists():
                shutil.copy2(folder / name, fresh / name)
        if not (fresh / "cpts.toml").exists():
            raise RuleError("L’archive ne contient pas les secrets : lancez d’abord « cptsapp init », puis restaurez.")
        _refuse_elsewhere(fresh / "cpts.toml")
        former = None
        if folder.exists():
            former = folder.with_name(f"{folder.name}-avant-restauration-{now():%Y%m%d-%H%M%S}")
            folder.rename(former)
        fresh.rename(folder)
    return former


def _unpack(source: Path, fresh: Path):
    try:
        with tarfile.open(source, "r:gz") as archive:
            archive.extractall(fresh, filter="data")
    except FileNotFoundError as error:
        raise RuleError(f"{source} n’existe pas. Vérifiez le chemin de la sauvegarde.") from error
    except (tarfile.TarError, EOFError, OSError) as error:
        raise RuleError(
            f"{source} n’est pas une sauvegarde lisible ({error}). Essayez-en une plus ancienne."
        ) from error


def _verify(fresh: Path):
    try:
        listed = json.loads((fresh / "manifest.json").read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError) as error:
        raise RuleError("Ce fichier n’est pas une sauvegarde de cptsapp : sa liste manque.") from error
    for name, digest in listed.items():
        path = fresh / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise RuleError(f"La sauvegarde est abîmée : « {name} » ne correspond pas à sa liste. Rien n’a été changé.")
    problems = database_problems(fresh / DATABASE)
    if problems:
        raise RuleError(f"La base de la sauvegarde est abîmée : {problems[0]}. Rien n’a été changé.")
    (fresh / "manifest.json").unlink()
    for name in ("content", "uploads", "backups"):
        (fresh / name).mkdir(exist_ok=True)


def _refuse_elsewhere(chosen: Path):
    """Refuse to put back a database where the site would not look for it: it would open another."""
    url = os.environ.get("CPTS_DATABASE_URL") or tomllib.loads(chosen.read_text(encoding="utf-8")).get("database_url")
    if url:
        raise RuleError(
            "Le réglage « database_url » place la base hors du dossier : elle ne serait pas restaurée. "
            "Retirez ce réglage, restaurez, puis remettez la base à sa place."
        )


def _end_sessions(path: Path):
    """Let nobody be logged in again by a session that was closed since the copy was made."""
    base = sqlite3.connect(path)
    try:
        if base.execute("SELECT 1 FROM sqlite_master WHERE name = 'session'").fetchone():
            base.execute("DELETE FROM session")
            base.commit()
    finally:
        base.close()


def database_problems(path: Path) -> list[str]:
    """Return what SQLite finds wrong in a file that nobody is using: nothing when it is sound."""
    base = sqlite3.connect(path)
    try:
        said = [row[0] for row in base.execute("PRAGMA integrity_check")]
        broken = [f"lien rompu dans {row[0]}" for row in base.execute("PRAGMA foreign_key_check")]
        return [line for line in said if line != "ok"] + broken
    except sqlite3.DatabaseError as error:
        return [str(error)]
    finally:
        base.close()
