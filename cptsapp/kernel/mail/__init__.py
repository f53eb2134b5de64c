"""All mail leaves by here: recorded in the transaction of its cause, sent after it, each outcome known.

`queue(…)` records a mail; the rest is the sender's business.
"""

from flask import current_app, has_app_context

from . import bouncebox, holds, retention
from . import queue as _queue
from .cli import cli
from .headers import Attached
from .identity import Identity, identity_for, identity_provider
from .models import Kind, MailSender, OutgoingMail, State
from .queue import queue
from .sender import send_due, send_due_mails

__all__ = [
    "Attached",
    "Identity",
    "Kind",
    "MailSender",
    "OutgoingMail",
    "State",
    "bouncebox",
    "cli",
    "holds",
    "identity_for",
    "identity_provider",
    "queue",
    "retention",
    "send_due",
    "send_due_mails",
]


def _nudge():
    """Wake the worker; tests deliver when they choose to."""
    if not (has_app_context() and current_app.testing):
        send_due_mails.later()


_queue.NUDGE[0] = _nudge
