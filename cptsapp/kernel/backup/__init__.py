"""One archive that holds an instance, and the way back from it.

The database is copied while people work, everything is listed with its SHA-256 in `manifest.json`, which comes last,
and the archive is read again before it counts as one. PostgreSQL is saved through a SQLite copy of its rows: an
archive of one kind of database can be put back in the other.

    making.py     make one          sealing.py    lock it with a key
    restoring.py  put one back      rotation.py   which ones to keep
    archive.py    the file itself   record.py     the last success, the last failure, what is going on
    nightly.py    every night, and when asked in gestion
"""

from .making import before_migration, save
from .nightly import save_later
from .record import is_asked, progress, state
from .restoring import check, erased_since, restore, rows_of
from .rotation import SEALED
from .sealing import secret_in, secret_of

__all__ = [
    "SEALED",
    "before_migration",
    "check",
    "erased_since",
    "is_asked",
    "progress",
    "restore",
    "rows_of",
    "save",
    "save_later",
    "secret_in",
    "secret_of",
    "state",
]
