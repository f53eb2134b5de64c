"""A letter sent to oneself: what it will be, before anybody else sees it. No recipient is touched."""

from datetime import timedelta

from cptsapp.kernel import journal
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import Kind, OutgoingMail, State, deciding, headers, identity_for
from cptsapp.kernel.mail.dialogue import Outcome, Result
from cptsapp.kernel.mail.explain import explain
from cptsapp.kernel.mail.models import FrozenMail
from cptsapp.kernel.mail.sender import deliver_now
from cptsapp.kernel.text import fold

from . import rules, sources
from .compiling import compile
from .content import recipient
from .models import Mailing

journal.declare("mailing.tried", "Lettre envoyée en essai")
MARK = "[Test] "
FAILED = "Essai sans succès."
TEMPLATE = "mailing/test"


def send_trial(mailing: Mailing, to: str, values: dict[str, str]) -> tuple[Outcome, str]:
    """Send a letter to one address here and now; return what came of it, and what the server's words mean.

    Raises RuleError when the letter or the address is not one that can leave.
    """
    letter = rules.letter_of(mailing)
    to = to.strip()
    if headers.envelope_address(to) is None or headers.is_closed_network(to):
        raise RuleError("Cette adresse ne peut pas recevoir d’e-mail ordinaire. Indiquez-en une autre.", field="to")
    identity = identity_for(Kind.COLLECTIVE)
    compiled = compile(letter, identity, list_id=sources.find(mailing.source_key).list_id)
    whom = recipient(to, values, is_trial=True)
    subject, message_id = MARK + compiled.subject_for(whom), headers.new_message_id(identity.email)
    content = compiled.message_for(whom, message_id=message_id, at=now(), subject=subject, is_test=True)
    with db.atomic():
        row = OutgoingMail.create(
            kind=Kind.PERSONAL,
            template=TEMPLATE,
            to_address=to,
            subject=subject[:300],
            folded=fold(f"{to} {subject}"),
            message_id=message_id,
            next_try_at=now() + timedelta(days=1),
        )
        FrozenMail.create(mail=row, content=content)
        journal.write("mailing.tried", "mailing", mailing.id)
    outcome = deliver_now(row.id)
    if outcome.result == Result.SENT:
        return outcome, ""
    with db.atomic():
        row = deciding.row_of(row.id)
        if row.state != State.SENT:
            deciding.close(row, FAILED)
    return outcome, explain(f"{outcome.code or ''} {outcome.words}")
