"""What a person may decide about a mail that did not leave, or that perhaps did."""

from collections.abc import Iterable

from .. import journal
from ..db import db, locked, now
from ..errors import RuleError
from . import campaigns, marks
from .models import OutgoingMail, State
from .queue import nudge_after_commit
from .render import HIDDEN

RESENT = journal.declare("mail.resent", "E-mail renvoyé")
SETTLED = journal.declare("mail.settled", "E-mail à ne pas renvoyer")

NOT_RESENT = "Non renvoyé, sur décision."


def may_resend(row: OutgoingMail) -> bool:
    """Tell whether a mail may leave again: refused, or in doubt, and still whole."""
    return row.state in (State.REFUSED, State.UNCERTAIN) and not is_wiped(row)


def is_wiped(row: OutgoingMail) -> bool:
    """Tell whether the one-time link of a mail is no longer known."""
    return any(row.values.get(name) == HIDDEN for name in row.secret.split(",") if name)


@db.atomic()
def resend(mail_id: int) -> OutgoingMail:
    """Put a refused or uncertain mail back in the queue, with the same Message-ID.

    Raises RuleError when it may not leave again.
    """
    row = row_of(mail_id)
    if row.state not in (State.REFUSED, State.UNCERTAIN):
        raise RuleError("Cet e-mail n’attend pas de décision : il est parti, ou il va partir.")
    if is_wiped(row):
        raise RuleError(
            "Cet e-mail contenait un lien personnel, effacé depuis. Refaites la demande qui l’avait causé : "
            "un nouveau lien partira."
        )
    if row.campaign_id is not None:
        campaigns.woken(row.campaign_id)
    row.state, row.done_at, row.attempts, row.next_try_at = State.PENDING, None, 0, now()
    row.save()
    journal.write(RESENT, "mail", row.id)
    nudge_after_commit()
    return row


@db.atomic()
def settle(mail_id: int) -> OutgoingMail:
    """Leave an uncertain mail as it is: it counts as delivered, and nobody is asked again."""
    row = row_of(mail_id)
    if row.state != State.UNCERTAIN:
        raise RuleError("Cet e-mail n’attend pas de décision.")
    close(row, NOT_RESENT)
    journal.write(SETTLED, "mail", row.id)
    return row


def decide(action: str, mail_ids: Iterable[int]) -> int:
    """Resend or settle each mail that allows it; return how many did. Raises RuleError when none does."""
    act, count, refusal = {"renvoyer": resend, "laisser": settle}[action], 0, None
    for mail_id in mail_ids:
        try:
            act(mail_id)
        except RuleError as error:
            refusal = error
            continue
        count += 1
    if not count:
        raise refusal or RuleError("Aucun des e-mails cochés n’attend de décision.")
    return count


def close(row: OutgoingMail, reason: str):
    """Mark, inside a transaction, that a mail does not leave, and why."""
    row.state, row.skip_reason, row.done_at = State.SKIPPED, reason, now()
    row.claimed_by, row.lease_until = "", None
    row.save()
    if row.secret:
        marks.wipe(row)


def row_of(mail_id: int) -> OutgoingMail:
    return locked(OutgoingMail.select().where(OutgoingMail.id == mail_id)).get()
