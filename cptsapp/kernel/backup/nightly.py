"""Every night, and when somebody asks for one: the worker makes the backup, and an old one is said."""

from .. import journal
from ..dates import ago
from ..db import db
from ..errors import RuleError
from ..jobs import daily, job
from ..registry import check
from ..settings import settings
from . import record
from .making import save

MADE = journal.declare("backup.made", "Sauvegarde faite")
ASKED = journal.declare("backup.asked", "Sauvegarde demandée")


@daily("02:15")
def save_nightly():
    if settings.backup_nightly:
        _save()


@job
def save_now():
    """Make one; what went wrong is in the record, where whoever asked for it reads it."""
    try:
        _save()
    except RuleError:
        return


def _save():
    path = save()
    with db.atomic():
        journal.write(MADE, "backup", path.name)


@db.atomic()
def save_later():
    """Ask the worker for a backup."""
    journal.write(ASKED, "backup", "")
    record.note_asked()
    save_now.later()


@check("Sauvegarde", order=25)
def last_is_recent():
    found = record.state()
    if found.failed_at:
        return False, f"La dernière sauvegarde a échoué {ago(found.failed_at)} : {found.failure}"
    if found.is_old:
        return False, f"La dernière sauvegarde a été faite {ago(found.at)}. Lancez « cptsapp backup »."
    if found.at is None:
        return True, "La première sauvegarde se fera cette nuit."
    return True, f"Dernière sauvegarde {ago(found.at)}."
