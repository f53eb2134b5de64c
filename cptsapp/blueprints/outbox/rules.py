"""The test mail, the end of a pause, and a person whose mails are forgotten."""

from dataclasses import dataclass
from datetime import timedelta

from cptsapp.blueprints.association import rules as association
from cptsapp.kernel import journal, mail
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import Kind, MailSender, OutgoingMail, State, deciding
from cptsapp.kernel.mail.dialogue import Result
from cptsapp.kernel.mail.explain import explain
from cptsapp.kernel.mail.models import FrozenMail
from cptsapp.kernel.mail.queue import nudge_after_commit
from cptsapp.kernel.mail.sender import deliver_now

RETRIED = journal.declare("mail.retried", "Envoi des e-mails relancé")
TESTED = journal.declare("mail.tested", "E-mail d’essai envoyé")

TEST_FAILED = "Essai sans succès."


@dataclass(frozen=True)
class Tested:
    """What came of a test mail: the sender's address, success or not, the server's words and what they mean."""

    sender: str
    is_sent: bool
    code: int | None
    words: str
    meaning: str


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
            deciding.close(deciding.row_of(row.id), TEST_FAILED)
    words = f"{outcome.code or ''} {outcome.words}".strip()
    return Tested(sender.email, is_sent, outcome.code, words, "" if is_sent else explain(words))


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
