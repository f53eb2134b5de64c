"""Making a backup while people work."""

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from peewee import PeeweeException, sqlite3

from .. import copying, release
from ..db import db, is_sqlite, now
from ..errors import RuleError
from ..settings import settings
from . import archive, record, rotation, sealing

PARTS = ("content", "uploads", "versions", "trash", "last-good")
SECRETS = ("cpts.toml",)
DATABASE = "cpts.db"
"""The name under which the database stands in an archive, whatever its name in the instance."""
TELL_EVERY = 0.3
NO_ROOM = "Il n’y a plus de place sur le disque"


def save(target: Path | None = None, *, with_secrets: bool = False, secret: bytes | None = None) -> Path:
    """Write one archive of the instance, read it again, and return its path.

    `target` may be a folder or a file name in .tar.gz. Locked with `secret`, or with the file of the settings. Raises
    RuleError when it cannot be made; the former ones are then as they were.
    """
    started_at, clock = now(), time.monotonic()
    with record.held(wait_seconds=1), _failures_noted():
        secret = secret or (sealing.secret_in(settings.backup_key_file) if settings.backup_key_file else None)
        path = _archive_path(target, sealed=bool(secret))
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        partial = path.with_name(f".tmp-{path.name}")
        try:
            _make(partial, secret, with_secrets, started_at)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        record.note_success(path, at=started_at, seconds=time.monotonic() - clock, sealed=bool(secret))
        rotation.rotate()
    return path


def _make(partial: Path, secret, with_secrets, started_at):
    with tempfile.TemporaryDirectory(dir=partial.parent, prefix=".tmp-") as room:
        copy = Path(room) / DATABASE
        copy_database(copy)
        problems = database_problems(copy)
        if problems:
            raise RuleError(f"La base a un défaut : {problems[0]}. Les sauvegardes précédentes sont gardées.")
        files = {DATABASE: copy} | _files(PARTS + (SECRETS if with_secrets else ()))
        facts = {
            "version": release.VERSION,
            "made_at": started_at.isoformat(),
            "database": {"migrations": copying.migrations_of(copy), "rows": copying.rows_of(copy)},
        }
        archive.write(partial, files, facts, secret=secret, tell=_teller(started_at))
    archive.read(partial, secret)


def _teller(started_at):
    """Return what notes the progress, no more often than a person can read it."""
    last = [0.0]

    def tell(done, total):
        if time.monotonic() - last[0] >= TELL_EVERY:
            last[0] = time.monotonic()
            record.note_progress(done, total, started_at)

    return tell


@contextmanager
def _failures_noted():
    """Leave a word of what went wrong; what the system refuses becomes a sentence."""
    try:
        yield
    except RuleError as error:
        record.note_failure(str(error))
        raise
    except (OSError, PeeweeException) as error:
        said = NO_ROOM if _is_full(error) else f"L’écriture a été refusée ({type(error).__name__})"
        record.note_failure(said)
        raise RuleError(f"{said} : la sauvegarde n’a pas été faite. Les précédentes sont intactes.") from error
    except Exception as error:
        record.note_failure(type(error).__name__)
        raise


def _is_full(error: Exception) -> bool:
    """Tell whether the disk is full, for the system or for SQLite."""
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "disk is full" in str(error)


def _sweep(folder: Path):
    """Take away what a backup that was killed left behind: the lock says that nobody is making one."""
    for path in folder.glob(".tmp-*"):
        if path.name.startswith(".tmp-cptsapp-"):
            path.unlink(missing_ok=True)
        elif (path / DATABASE).exists():
            shutil.rmtree(path, ignore_errors=True)


def copy_database(copy: Path):
    """Write the database, as it stands at one moment, into a new SQLite file."""
    if is_sqlite():
        db.execute_sql("VACUUM INTO ?", (str(copy),))
    else:
        copying.to_sqlite(copy)
    copy.chmod(0o600)


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


def before_migration() -> Path:
    """Keep a copy of the database alone, beside the backups, before its tables change."""
    settings.backups.mkdir(exist_ok=True)
    copy = settings.backups / f"avant-migration-{now():%Y%m%d-%H%M%S-%f}.db"
    if is_sqlite():
        copy_database(copy)
    return copy


def _archive_path(target: Path | None, *, sealed: bool) -> Path:
    """Return where an archive goes; a name that is taken is left to the one that has it."""
    if target is not None and not target.is_dir() and ".tar.gz" in target.name:
        return target
    moment = now()
    while (path := _named(target, moment, sealed)).exists():
        moment += timedelta(seconds=1)
    return path


def _named(folder: Path | None, moment: datetime, sealed: bool) -> Path:
    name = f"cptsapp-{moment:%Y%m%d-%H%M%S}.tar.gz" + (rotation.SEALED if sealed else "")
    return (folder or settings.backups) / name


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
