"""Mails of the demonstration: one that really leaves to the local mailbox, and the cases that a coordinator meets."""

from datetime import timedelta

from cptsapp.kernel import mail
from cptsapp.kernel.db import db, now
from cptsapp.kernel.mail import Kind, OutgoingMail, State
from cptsapp.kernel.mail.models import MailTry
from cptsapp.kernel.registry import demo_data


@demo_data(order=95)
@db.atomic()
def fill():
    mail.queue("outbox/welcome", to="coordination@exemple.fr", key="demo.welcome")
    mail.queue("outbox/welcome", to="dr.exemple@pro.mssante.fr", key="demo.closed-network")
    _told("ancienne.adresse@exemple.fr", State.REFUSED, 550, "5.1.1 user unknown", hours=5)
    _told("invitee@exemple.fr", State.UNCERTAIN, None, "SMTPServerDisconnected: connection lost", hours=26)


def _told(to, state, code, words, *, hours):
    """A mail with a past: what the server answered, some hours ago."""
    at = now() - timedelta(hours=hours)
    row = mail.queue(
        "outbox/welcome", to=to, kind=Kind.REMINDER, key=f"demo.{state}", not_before=now() + timedelta(days=1)
    )
    changes = {
        "created_at": at,
        "attempts": 1,
        "smtp_code": code,
        "last_error": words,
        "message_id": f"<demo-{state}@exemple.fr>",
    }
    changes |= {"done_at": at} if state == State.REFUSED else {"doubts": 1, "doubt_at": at}
    OutgoingMail.update(state=state, **changes).where(OutgoingMail.id == row.id).execute()
    MailTry.create(mail=row, at=at, outcome="refused" if code else "doubt", smtp_code=code, words=words)
