"""What is known of the backups: the last that was made, the last that failed, and the one being made.

Files beside the archives rather than a table: they are no part of what is saved, and tell the truth after a restore.
"""

import contextlib
import fcntl
import json
import os
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ..db import now
from ..errors import RuleError
from ..settings import settings

OLD_AFTER = timedelta(hours=30)
ASKED_FOR = timedelta(minutes=5)  # after which a backup that nobody has begun is no longer announced
STATE, LOCK, PROGRESS, ASKED = "etat.json", ".verrou", ".en-cours.json", ".demandee.json"


@dataclass(frozen=True)
class State:
    """`at`, `name`, `size` and `seconds` of the last backup that was made; `failed_at` and `failure` of a later one."""

    at: datetime | None = None
    name: str = ""
    size: int = 0
    seconds: float = 0
    sealed: bool = False
    failed_at: datetime | None = None
    failure: str = ""

    @property
    def is_old(self) -> bool:
        """Tell whether somebody must see to it: the last success is far, or the first has failed."""
        if self.at is None:
            return self.failed_at is not None
        return now() - self.at > OLD_AFTER


def _place(name: str) -> Path:
    return settings.backups / name


def state() -> State:
    values = _read(STATE)
    moments = {key: datetime.fromisoformat(values[key]) for key in ("at", "failed_at") if values.get(key)}
    return State(**(values | {"at": None, "failed_at": None} | moments))


def note_success(path: Path, *, at: datetime, seconds: float, sealed: bool):
    size = path.stat().st_size
    _write(STATE, asdict(State(at, path.name, size, round(seconds, 1), sealed)))


def note_failure(sentence: str):
    _write(STATE, asdict(state()) | {"failed_at": now(), "failure": sentence[:300]})


def note_asked():
    settings.backups.mkdir(parents=True, exist_ok=True)
    _write(ASKED, {"at": now()})


def is_asked() -> bool:
    """Tell whether a backup was asked for and has neither been made nor failed yet."""
    asked, found = _read(ASKED).get("at"), state()
    if not asked or now() - datetime.fromisoformat(asked) > ASKED_FOR:
        return False
    return not any(each and each >= datetime.fromisoformat(asked) for each in (found.at, found.failed_at))


def note_progress(done: int, total: int, started_at: datetime):
    _write(PROGRESS, {"done": done, "total": total, "started_at": started_at})


def progress() -> dict | None:
    """Return `done` and `total` of the backup being made, or None: its lock dies with the process that makes it."""
    try:
        with held(kind=fcntl.LOCK_SH):  # those who look do not take each other for a backup
            return None
    except RuleError:
        return {"done": 0, "total": 0} | _read(PROGRESS)


@contextmanager
def held(*, wait_seconds: float = 0, kind: int = fcntl.LOCK_EX):
    """Let one process at a time make a backup; raise RuleError in the others."""
    settings.backups.mkdir(parents=True, exist_ok=True)
    handle = os.open(_place(LOCK), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(handle, kind, time.monotonic() + wait_seconds)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, kind: int, until: float):
    while True:
        try:
            return fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= until:
                raise RuleError("Une sauvegarde est déjà en cours. Attendez qu’elle soit finie.") from error
            time.sleep(0.05)


def _read(name: str) -> dict:
    try:
        values = json.loads(_place(name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _write(name: str, values: dict):
    """Write a small file whole or not at all; a full disk must not hide what was to be said."""
    part = _place(f".tmp-{name}")
    with contextlib.suppress(OSError):
        part.write_text(json.dumps(values, default=datetime.isoformat, ensure_ascii=False), encoding="utf-8")
        part.chmod(0o600)
        part.replace(_place(name))
