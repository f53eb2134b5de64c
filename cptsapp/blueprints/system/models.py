"""What is looked at: the jobs and their runs, the mails that wait, what the disk holds."""

import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cptsapp.kernel import jobs
from cptsapp.kernel.dates import to_utc
from cptsapp.kernel.db import now
from cptsapp.kernel.jobs import JobClock, JobRun
from cptsapp.kernel.mail import OutgoingMail, State
from cptsapp.kernel.settings import settings

from .words import job_name

STUCK_AFTER = timedelta(hours=1)
PARTS = (
    ("Base de données", ("cpts.db", "cpts.db-wal", "cpts.db-shm")),
    ("Fichiers envoyés", ("uploads",)),
    ("Contenus et leurs versions", ("content", "versions", "trash", "last-good")),
    ("Sauvegardes", ("backups",)),
)


@dataclass(frozen=True)
class JobLine:
    """A job that comes back: when it ran, when it will, and what its last run said."""

    name: str
    label: str
    rhythm: str
    ran_at: datetime | None
    next_at: datetime | None
    is_failed: bool
    error: str
    tries: int = 1


def job_lines(moment: datetime | None = None) -> list[JobLine]:
    """Return the jobs that come back, those of each day first; two queries."""
    moment = moment or now()
    clocks = dict(JobClock.select(JobClock.name, JobClock.ran_at).tuples())
    last = {run.name: run for run in JobRun.select().order_by(JobRun.due_on, JobRun.id)}
    coming = [each for each in jobs.JOBS.values() if each.at or each.minutes]
    lines = [
        _daily(each, last.get(each.name), moment) if each.at else _frequent(each, clocks.get(each.name), moment)
        for each in coming
    ]
    return sorted(lines, key=lambda line: (not line.is_failed, line.rhythm.startswith("toutes"), line.label))


def _daily(each, run: JobRun | None, moment: datetime) -> JobLine:
    day = jobs.last_due_day(each.at, moment) + timedelta(days=1)
    is_failed = bool(run and run.error and run.finished_at is None)
    strikes = to_utc(datetime.combine(day, each.at))
    if is_failed and run.tries < jobs.MOST_TRIES:
        strikes = max(moment, run.started_at + jobs.RETRY_AFTER)
    error = run.error.split(":", 1)[0] if is_failed else ""  # its kind: what it says may name somebody
    ran_at = run and (run.finished_at or run.started_at)
    hour = f"chaque jour à {each.at:%H}\u00a0h\u00a0{each.at:%M}"
    return JobLine(each.name, job_name(each.name), hour, ran_at, strikes, is_failed, error, run.tries if run else 1)


def _frequent(each, ran_at: datetime | None, moment: datetime) -> JobLine:
    next_at = max(moment, ran_at + timedelta(minutes=each.minutes)) if ran_at else moment
    rhythm = "toutes les minutes" if each.minutes == 1 else f"toutes les {each.minutes}\u00a0minutes"
    return JobLine(each.name, job_name(each.name), rhythm, ran_at, next_at, False, "")


def mail_figures() -> dict[str, int]:
    """Return how many mails wait, for too long, are refused, or wait for a decision."""
    waiting = OutgoingMail.state.in_((State.PENDING, State.CLAIMED, State.IN_DOUBT))
    stuck = OutgoingMail.next_try_at < now() - STUCK_AFTER
    count = OutgoingMail.select().where
    return {
        "waiting": count(waiting).count(),
        "stuck": count(waiting, stuck).count(),
        "refused": count(OutgoingMail.state == State.REFUSED, OutgoingMail.done_at > now() - timedelta(days=7)).count(),
        "uncertain": count(OutgoingMail.state == State.UNCERTAIN).count(),
    }


@dataclass(frozen=True)
class Disk:
    total: int
    free: int
    parts: list[tuple[str, int]]

    @property
    def used_percent(self) -> int:
        return round(100 * (self.total - self.free) / self.total)

    @property
    def is_short(self) -> bool:
        """Tell whether room is short: a backup needs about what the instance weighs."""
        return self.free < max(512 * 2**20, sum(size for _, size in self.parts[:3]))


def disk() -> Disk:
    usage = shutil.disk_usage(settings.instance)
    parts = [(label, sum(_weight(settings.instance / name) for name in names)) for label, names in PARTS]
    return Disk(usage.total, usage.free, parts)


def _weight(path: Path) -> int:
    """Return the bytes of a file or of all that a folder holds; what goes away meanwhile weighs nothing."""
    try:
        if not path.is_dir():
            return path.stat().st_size
        with os.scandir(path) as entries:
            return sum(_weight(Path(each.path)) for each in entries if not each.is_symlink())
    except OSError:
        return 0


def readable_size(count: int) -> str:
    """« 3,4 Mo »: in the units that people buy disks in."""
    for unit in ("octets", "Ko", "Mo"):
        if count < 1000:
            return f"{count:.1f}".replace(".", ",").removesuffix(",0") + f"\u00a0{unit}"
        count /= 1000
    return f"{count:.1f}".replace(".", ",").removesuffix(",0") + "\u00a0Go"
