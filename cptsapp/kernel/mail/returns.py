"""Where the returns of a mail go: the bounce mailbox or, when a domain takes them, an address of each mail's own.

An address of its own (VERP) needs no reading of the report to know which mail came back. Its end is a keyed mark:
nobody can make up a return.
"""

import hmac
import re

from .. import lasting
from ..settings import settings
from .identity import Identity

LOCAL = "retours"
_OURS = re.compile(LOCAL + r"\+([0-9a-f]{1,15})-([0-9a-f]{12})@", re.IGNORECASE)


def envelope(identity: Identity, mail_id: int) -> str:
    """Return the envelope sender of a mail."""
    domain = settings.mail_bounce_domain
    return f"{LOCAL}+{mail_id:x}-{_mark(mail_id)}@{domain}" if domain else identity.envelope


def mail_of(address: str) -> int | None:
    """Return the id of the mail whose returns an address takes, or None when it is not one of ours."""
    found = _OURS.match(address.strip().strip("<>"))
    if not found:
        return None
    mail_id = int(found[1], 16)
    return mail_id if hmac.compare_digest(found[2].lower(), _mark(mail_id)) else None


def _mark(mail_id: int) -> str:
    return hmac.digest(lasting.key("mail.returns"), str(mail_id).encode(), "sha256").hex()[:12]
