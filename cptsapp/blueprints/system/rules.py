"""What an administrator may ask of the installation."""

from datetime import date
from pathlib import Path

from cptsapp.kernel import backup, jobs, journal
from cptsapp.kernel.backup import rotation
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.jobs import job

from . import handover

RUN = journal.declare("system.job_asked", "Tâche lancée à la main")
DOWNLOADED = journal.declare("system.backup_downloaded", "Sauvegarde téléchargée")
EXPORT_ASKED = journal.declare("system.export_asked", "Export complet demandé")
EXPORTED = journal.declare("system.exported", "Export complet fait")


@journal.subject("backup", "Sauvegarde")
def names_of_backups(ids):
    return {id: (id, "") for id in ids if id}


@journal.subject("job", "Tâche")
def names_of_jobs(ids):
    return {id: (handover.job_name(id), "") for id in ids}


@db.atomic()
def run_now(name: str, today: date) -> str:
    """Ask the worker for a job that comes back; return its name in French."""
    each = jobs.JOBS.get(name)
    if each is None or not (each.at or each.minutes):
        raise RuleError("Cette tâche n’existe plus. Rechargez la page.")
    journal.write(RUN, "job", name)
    each.later(*([today] if each.takes_day else []))
    return handover.job_name(name)


@db.atomic()
def ask_backup():
    """Ask for a backup now. Raises RuleError when one is being made."""
    if backup.progress() is not None:
        raise RuleError("Une sauvegarde est déjà en cours. Attendez qu’elle soit finie.")
    backup.save_later()


@db.atomic()
def ask_export():
    """Ask for the files that a successor reads."""
    journal.write(EXPORT_ASKED, "backup", "")
    export_now.later()


@job
def export_now():
    path = handover.write()
    with db.atomic():
        journal.write(EXPORTED, "backup", path.name)


def downloadable(name: str) -> Path | None:
    """Return the file of this name among the backups and the exports, or None."""
    known = {path.name: path for _, path in rotation.archives()} | {path.name: path for path in handover.made()}
    return known.get(name)


@db.atomic()
def note_download(name: str):
    journal.write(DOWNLOADED, "backup", name)
