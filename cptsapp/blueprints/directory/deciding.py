"""What the coordination decides of an entry: it is listed, or refused with a reason that the person is sent."""

from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError

from . import letters, writing
from .models import Act, Entry, Status


@db.atomic()
def validate(entry_id: int) -> Entry:
    """List an entry that waits; the person is told. Of two people at once, the first decides."""
    definition, entry = writing.held(entry_id)
    if entry.state != Status.TO_VALIDATE:
        raise RuleError("Cette fiche n’attend plus de validation. Rechargez la page.")
    writing.to_status(entry, Status.LISTED)
    entry.confirmed_on = today()
    writing.write(definition, entry, Act.VALIDATED)
    letters.validated(definition, entry)
    return entry


@db.atomic()
def refuse(entry_id: int, reason: str) -> Entry:
    """Refuse an entry that waits, with a reason that the person is sent; it can be taken back."""
    reason = " ".join(reason.split())
    if not reason:
        raise RuleError("Écrivez le motif : la personne le recevra.", "reason")
    definition, entry = writing.held(entry_id)
    if entry.state != Status.TO_VALIDATE:
        raise RuleError("Cette fiche n’attend plus de validation. Rechargez la page.")
    writing.to_status(entry, Status.LEFT)
    entry.left_at = now()
    writing.write(definition, entry, Act.REFUSED, note=reason)
    letters.refused(definition, entry, reason)
    return entry
