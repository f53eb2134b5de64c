"""Putting a backup back: read to its end, verified, and only then put in place."""

import os
import shutil
import tempfile
import tomllib
from pathlib import Path

from peewee import fn, sqlite3

from .. import copying
from ..db import now
from ..errors import RuleError
from ..journal import JournalEntry
from . import archive
from .making import DATABASE, SECRETS, database_problems

UNTOUCHED = "Rien n’a été changé."


def check(source: Path, secret: bytes | None = None) -> dict:
    """Verify an archive as `restore` does, and change nothing; return its manifest."""
    with tempfile.TemporaryDirectory(prefix="cptsapp-") as room:
        return _unpacked(source, Path(room) / "instance", secret)


def restore(source: Path, folder: Path, secret: bytes | None = None) -> Path | None:
    """Put the archive in place of the instance `folder`; return where the former one was moved, or None.

    Secrets that the archive does not hold are kept from the instance that stands there, and so are its backups.
    """
    source = source.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".restauration-") as room:
        fresh = Path(room) / "instance"
        _unpacked(source, fresh, secret)
        _close_what_was_open(fresh / DATABASE)
        for name in SECRETS:
            if not (fresh / name).exists() and (folder / name).exists():
                shutil.copy2(folder / name, fresh / name)
        if not (fresh / "cpts.toml").exists():
            raise RuleError("L’archive ne contient pas les secrets : lancez d’abord « cptsapp init », puis restaurez.")
        elsewhere = _database_elsewhere(fresh / "cpts.toml")
        if elsewhere:
            copying.refuse_filled(elsewhere)
            copying.from_sqlite(fresh / DATABASE, elsewhere)
            (fresh / DATABASE).unlink()
        return _swap(fresh, folder)


def _swap(fresh: Path, folder: Path) -> Path | None:
    former = None
    if folder.exists():
        former = folder.with_name(f"{folder.name}-avant-restauration-{now():%Y%m%d-%H%M%S}")
        folder.rename(former)
    fresh.chmod(0o700)
    fresh.rename(folder)
    if former and (former / "backups").is_dir():
        (folder / "backups").rmdir()
        (former / "backups").rename(folder / "backups")
    return former


def _unpacked(source: Path, fresh: Path, secret: bytes | None) -> dict:
    """Unpack an archive into a new folder and return its manifest once all of it has been found sound."""
    fresh.mkdir(mode=0o700)
    manifest = archive.read(source, secret, fresh)
    _refuse_newer(manifest)
    base = fresh / DATABASE
    if not base.is_file():
        raise RuleError(f"Cette sauvegarde ne contient pas de base. {UNTOUCHED}")
    problems = database_problems(base)
    if problems:
        raise RuleError(f"La base de la sauvegarde est abîmée : {problems[0]}. {UNTOUCHED}")
    _refuse_newer(manifest, copying.migrations_of(base))
    rows = manifest.get("database", {}).get("rows")
    if rows is not None and rows != copying.rows_of(base):
        raise RuleError(f"La base de la sauvegarde n’a pas les lignes que sa liste annonce. {UNTOUCHED}")
    for name in ("content", "uploads", "backups"):
        (fresh / name).mkdir(exist_ok=True)
    return manifest


def _refuse_newer(manifest: dict, migrations=()):
    unknown = set(migrations) - copying.known_migrations()
    if unknown or manifest.get("format", 1) > archive.FORMAT:
        made_by = f" ({manifest['version']})" if manifest.get("version") else ""
        raise RuleError(
            f"Cette sauvegarde vient d’une version plus récente de cptsapp{made_by} : mettez d’abord le programme à "
            f"jour, puis restaurez. {UNTOUCHED}"
        )


def _database_elsewhere(chosen: Path) -> str:
    """Return the PostgreSQL address of the settings, or nothing; refuse any other place out of the folder."""
    url = os.environ.get("CPTS_DATABASE_URL") or tomllib.loads(chosen.read_text(encoding="utf-8")).get("database_url")
    if url and not url.startswith("postgres"):
        raise RuleError(
            "Le réglage « database_url » place la base hors du dossier : elle ne serait pas restaurée. "
            "Retirez ce réglage, restaurez, puis remettez la base à sa place."
        )
    return url or ""


# A session closed since the copy must not come back; a mail that waited may have left since: somebody decides.
CLOSE = {
    "session": "DELETE FROM session",
    "outgoing_mail": "UPDATE outgoing_mail SET state = 'refused', last_error = 'En attente quand la sauvegarde a été "
    "faite : peut-être déjà parti.', done_at = created_at, claimed_by = '', lease_until = NULL "
    "WHERE state IN ('pending', 'claimed', 'in_doubt')",
}


def _close_what_was_open(path: Path):
    base = sqlite3.connect(path)
    try:
        tables = {name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table, statement in CLOSE.items():
            if table in tables:
                base.execute(statement)
        base.commit()
    finally:
        base.close()


def erased_since(former: Path) -> list[int]:
    """Return the ids of the persons that the former base had erased since the last act known to the open one."""
    last = JournalEntry.select(fn.MAX(JournalEntry.at)).scalar()
    if last is None or not former.is_file():
        return []
    base = sqlite3.connect(former)
    try:
        rows = base.execute(
            "SELECT subject_id FROM journal_entry WHERE action = 'privacy.erased' AND at > ?", (last.isoformat(" "),)
        )
        return sorted({int(id) for (id,) in rows})
    except sqlite3.DatabaseError:  # what stood there was not sound: this is why a backup is put back
        return []
    finally:
        base.close()


def rows_of(former: Path, table: str) -> list[dict]:
    """Return the rows of a table of the former base, without their ids; none when it has no such table."""
    if not former.is_file():
        return []
    base = sqlite3.connect(former)
    base.row_factory = sqlite3.Row
    try:
        rows = base.execute(f'SELECT * FROM "{table}" ORDER BY id').fetchall()  # noqa: S608 (our own names)
        return [{name: row[name] for name in row.keys() if name != "id"} for row in rows]  # noqa: SIM118
    except sqlite3.DatabaseError:  # as above
        return []
    finally:
        base.close()
