"""What went wrong lately: errors of pages and of jobs, in a small file of the instance that bounds itself.

It holds the kind of the error, the place in the code, the endpoint and a trace: never what the error said, an address
or a name. A file rather than a table: it can still be written when the database is what broke.
"""

import fcntl
import json
import logging
import secrets
import traceback
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import g, has_app_context, has_request_context, request

from .db import now
from .settings import settings

NAME = "erreurs.jsonl"
MOST_BYTES = 256 * 1024
KEPT = timedelta(days=7)
OURS = "cptsapp/"


@dataclass(frozen=True)
class Trouble:
    """One kind of error at one place: how often, when last, and the trace shown to whoever met it last."""

    kind: str
    place: str
    where: str
    at: datetime
    trace: str
    count: int = 1


def trace_id() -> str:
    """Return the mark of this request or job, the same in its page, its log lines and this file."""
    if not has_app_context():
        return secrets.token_hex(4)
    if "trace" not in g:
        g.trace = secrets.token_hex(4)
    return g.trace


class Handler(logging.Handler):
    """Writes down each error that is logged; it never breaks what was logging it."""

    def emit(self, record):
        with suppress(Exception):
            _append(_line(record))


def _line(record) -> dict:
    error = record.exc_info[1] if record.exc_info else None
    return {
        "at": now().isoformat(),
        "kind": type(error).__name__ if error else "Erreur",
        "place": _place(error) if error else f"{record.module}:{record.lineno}",
        "where": (request.endpoint or "") if has_request_context() else "tâche de fond",
        "trace": trace_id(),
    }


def _place(error: BaseException) -> str:
    """Return the last line of our own code that the error went through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if OURS in each.filename] or list(frames)
    return f"{ours[-1].filename.split(OURS, 1)[-1]}:{ours[-1].lineno}" if ours else ""


def _path() -> Path:
    return settings.instance / NAME


def _append(line: dict):
    with _path().open("a+", encoding="utf-8") as file:
        _path().chmod(0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        if file.tell() > MOST_BYTES:
            file.seek(0)
            kept = file.readlines()
            file.truncate(0)
            file.writelines(kept[len(kept) // 2 :])
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def recent(moment: datetime | None = None) -> list[Trouble]:
    """Return the errors of the last seven days, alike ones together, the latest first."""
    since = (moment or now()) - KEPT
    found: dict[tuple, Trouble] = {}
    for line in _lines():
        at = datetime.fromisoformat(line["at"])
        if at >= since:
            key = (line["kind"], line["place"], line["where"])
            count = found[key].count + 1 if key in found else 1
            found[key] = Trouble(*key, at, line["trace"], count)
    return sorted(found.values(), key=lambda each: each.at, reverse=True)


def _lines():
    try:
        text = _path().read_text(encoding="utf-8")
    except OSError:
        return
    for line in text.splitlines():
        with suppress(ValueError):
            yield json.loads(line)


def purge() -> int:
    """Forget the lines that are older than a week; return how many."""
    if not _path().is_file():
        return 0
    with _path().open("r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        lines = file.readlines()
        limit = (now() - KEPT).isoformat()
        kept = [line for line in lines if line > f'{{"at": "{limit}']
        file.seek(0)
        file.truncate(0)
        file.writelines(kept)
    return len(lines) - len(kept)
