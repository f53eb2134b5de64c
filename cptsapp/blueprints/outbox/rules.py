"""What a person may decide about a mail that did not leave, and the test mail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from cptsapp.blueprints.association import rules as association
from cptsapp.kernel import journal, mail
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import Kind, MailSender, OutgoingMail, State, marks
from cptsapp.kernel.mail.dialogue import Result
from cptsapp.kernel.mail.explain import explain
from cptsapp.kernel.mail.models import FrozenMail
from cptsapp.kernel.mail.queue import nudge_after_commit
from cptsapp.kernel.mail.render import HIDDEN
from cptsapp.kernel.mail.sender import deliver_now

RESENT = journal.declare("mail.resent", "E-mail renvoyé")
SETTLED = journal.declare("mail.settled", "E-mail à ne pas renvoyer")
RETRIED = journal.declare("mail.retried", "Envoi des e-mails relancé")
TESTED = journal.declare("mail.tested", "E-mail d’essai envoyé")

NOT_RESENT = "Non renvoyé, sur décision."
TEST_FAILED = "Essai sans succès."


@dataclass(frozen=True)
class Tested:
    """What came of a test mail: the sender's address, success or not, the server's words and what they mean."""

    sender: str
    is_sent: bool
    code: int | None
    words: str
    meaning: str


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
    row = _row(mail_id)
    if row.state not in (State.REFUSED, State.UNCERTAIN):
        raise RuleError("Cet e-mail n’attend pas de décision : il est parti, ou il va partir.")
    if is_wiped(row):
        raise RuleError(
            "Cet e-mail contenait un lien personnel, effacé depuis. Refaites la demande qui l’avait causé : "
            "un nouveau lien partira."
        )
    row.state, row.done_at, row.attempts, row.next_try_at = State.PENDING, None, 0, now()
    row.save()
    journal.write(RESENT, "mail", row.id)
    nudge_after_commit()
    return row


@db.atomic()
def settle(mail_id: int) -> OutgoingMail:
    """Leave an uncertain mail as it is: it counts as delivered, and nobody is asked again."""
    row = _row(mail_id)
    if row.state != State.UNCERTAIN:
        raise RuleError("Cet e-mail n’attend pas de décision.")
    _close(row, NOT_RESENT)
    journal.write(SETTLED, "mail", row.id)
    return row


def decide(action: str, mail_ids: Iterable[int]) -> int:
    """Resend or settle each mail that allows it; return how many did. Raises RuleError when none does."""
    act, count = {"renvoyer": resend, "laisser": settle}[action], 0
    for mail_id in mail_ids:
        try:
            act(mail_id)
        except RuleError:
            continue
        count += 1
    if not count:
        raise RuleError("Aucun des e-mails cochés n’attend de décision.")
    return count


@db.atomic()
def try_now():
    """End the wait of a pause: the sender tries at once, and pauses again if the server still refuses."""
    if MailSender.update(paused_until=now()).where(MailSender.pauses > 0).execute():
        journal.write(RETRIED, "mail_sender", 1)
    nudge_after_commit()


def send_test(to: str, kind: Kind) -> Tested:
    """Send a test mail from the sender of `kind` here and now, and say what the server answered.

    Raises RuleError when `to` is not an address, or one that ordinary mail cannot reach.
    """
    sender = mail.identity_for(kind)
    with db.atomic():
        row = mail.queue(
            "outbox/test",
            to=to,
            kind=kind,
            values={"collective": kind == Kind.COLLECTIVE, "address": sender.email},
            not_before=now() + timedelta(days=1),
        )
        journal.write(TESTED, "mail", row.id, kind=str(kind))
    if row.state == State.SKIPPED:
        raise RuleError(row.skip_reason, field="to")
    outcome = deliver_now(row.id)
    is_sent = outcome.result == Result.SENT
    with db.atomic():
        if is_sent:
            association.record_mail_test()
        else:
            _close(_row(row.id), TEST_FAILED)
    words = f"{outcome.code or ''} {outcome.words}".strip()
    return Tested(sender.email, is_sent, outcome.code, words, "" if is_sent else explain(words))


def _close(row: OutgoingMail, reason: str):
    row.state, row.skip_reason, row.done_at = State.SKIPPED, reason, now()
    row.claimed_by, row.lease_until = "", None
    row.save()
    if row.secret:
        marks.wipe(row)


def _row(mail_id: int) -> OutgoingMail:
    return locked(OutgoingMail.select().where(OutgoingMail.id == mail_id)).get()


@db.atomic()
def erase_person(person_id: int):
    """Forget a person's mails; one that still waits leaves first, and one shared with others only loses the name."""
    for row in list(OutgoingMail.of_person(person_id)):
        others = [each for each in row.persons if each != person_id]
        if not others and row.state not in (State.PENDING, State.CLAIMED, State.IN_DOUBT):
            row.delete_instance()
            continue
        names = f",{','.join(map(str, others))}," if others else ""
        OutgoingMail.update(person_ids=names).where(OutgoingMail.id == row.id).execute()


def frozen_of(row: OutgoingMail) -> bytes | None:
    found = FrozenMail.get_or_none(FrozenMail.mail == row.id)
    return bytes(found.content) if found else None
