"""The figures of the installation in the words of Prometheus: counts and moments, nobody."""

from datetime import UTC, datetime

from peewee import fn

from cptsapp.kernel import backup, release, troubles
from cptsapp.kernel.db import now
from cptsapp.kernel.jobs import JobClock
from cptsapp.kernel.mail import OutgoingMail
from cptsapp.kernel.sessions import Session

from . import models


def text() -> str:
    disk, saved = models.disk(), backup.state()
    beats = JobClock.select(fn.MAX(JobClock.ran_at)).where(JobClock.name.in_(["worker", "cron"])).scalar()
    mails = OutgoingMail.select(OutgoingMail.state, fn.COUNT(1)).group_by(OutgoingMail.state).tuples()
    lines = [
        *_one("cptsapp_info", "The version that runs", [(f'{{version="{release.VERSION}"}}', 1)]),
        *_one("cptsapp_worker_seen_timestamp_seconds", "Last sign of life of the worker", [("", _seconds(beats))]),
        *_one("cptsapp_backup_timestamp_seconds", "Last backup that was made", [("", _seconds(saved.at))]),
        *_one("cptsapp_backup_bytes", "Size of the last backup", [("", saved.size)]),
        *_one("cptsapp_backup_recent", "1 while the last backup is recent", [("", int(not saved.is_old))]),
        *_one("cptsapp_disk_free_bytes", "Room left on the disk", [("", disk.free)]),
        *_one("cptsapp_instance_bytes", "Weight of the instance", [("", sum(size for _, size in disk.parts))]),
        *_one("cptsapp_mails", "Mails by state", [(f'{{state="{state}"}}', count) for state, count in mails]),
        *_one("cptsapp_jobs_failed", "Daily jobs whose last run failed", [("", _failed())]),
        *_one("cptsapp_errors_week", "Errors of the last seven days", [("", _errors())]),
        *_one(
            "cptsapp_sessions_open", "Open sessions", [("", Session.select().where(Session.expires_at > now()).count())]
        ),
    ]
    return "\n".join(lines) + "\n"


def _one(name, help, values):
    yield f"# HELP {name} {help}"
    yield f"# TYPE {name} gauge"
    yield from (f"{name}{labels} {value}" for labels, value in values)


def _seconds(moment: datetime | str | None) -> int:
    if moment is None:
        return 0
    moment = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return int(moment.replace(tzinfo=UTC).timestamp())


def _failed() -> int:
    return sum(line.is_failed for line in models.job_lines())


def _errors() -> int:
    return sum(each.count for each in troubles.recent())


def _open_sessions() -> int:
    return Session.select().where(Session.expires_at > now()).count()
