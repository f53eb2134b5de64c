"""Which backups are kept: all of the last two days, then those of 7 days, 5 weeks and 12 months."""

import re
from datetime import datetime, timedelta
from pathlib import Path

from ..db import now
from ..settings import settings

DAYS, WEEKS, MONTHS = 7, 5, 12
JUST_MADE = timedelta(days=2)
COPIES_KEPT = timedelta(days=30)  # copies made before the tables changed
SEALED = ".chiffre"  # what is added to the name of a locked archive
NAME = re.compile(r"cptsapp-(\d{8}-\d{6})\.tar\.gz(\.chiffre)?")
COPY = "avant-migration-*.db"


def made_at(name: str) -> datetime | None:
    """Return when an archive was made (naive UTC), by its name; None when it is not one of ours."""
    found = NAME.fullmatch(name)
    try:
        return datetime.strptime(found[1], "%Y%m%d-%H%M%S") if found else None
    except ValueError:
        return None


def archives(folder: Path | None = None) -> list[tuple[datetime, Path]]:
    """Return the backups of a folder, the last made first."""
    folder = folder or settings.backups
    found = [(made_at(path.name), path) for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(((at, path) for at, path in found if at), reverse=True)


def kept(moments: list[datetime]) -> set[datetime]:
    """Return those to keep: the last of each of the last 7 days, 5 weeks and 12 months that have one.

    And all that are hardly older than the last: one made by hand is not taken away by the next one of the same day.
    """
    chosen = {at for at in moments if at > max(moments) - JUST_MADE}
    periods = (
        (DAYS, lambda at: at.date()),
        (WEEKS, lambda at: at.isocalendar()[:2]),
        (MONTHS, lambda at: (at.year, at.month)),
    )
    for count, period in periods:
        last = {period(at): at for at in sorted(moments)}
        chosen |= {last[key] for key in sorted(last)[-count:]}
    return chosen


def rotate() -> int:
    """Delete the backups of the instance that are no longer kept; return how many. Those elsewhere are left alone."""
    found = archives()
    keep = kept([at for at, _ in found])
    dead = [path for at, path in found if at not in keep]
    copies = sorted(settings.backups.glob(COPY))[:-1]
    dead += [path for path in copies if datetime.utcfromtimestamp(path.stat().st_mtime) < now() - COPIES_KEPT]
    for path in dead:
        path.unlink(missing_ok=True)
    return len(dead)
