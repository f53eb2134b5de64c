"""The mailbox of returns, read by IMAP every five minutes when the settings name one.

A message is marked as read once it is counted, never deleted: killed in between, it is read again and counts once.
"""

import imaplib
import logging
import ssl
from contextlib import contextmanager
from datetime import timedelta

from ..db import now
from ..jobs import JobClock, beat, every
from ..registry import check
from ..settings import settings
from . import bounces

log = logging.getLogger("cptsapp.mail")

TIMEOUT_SECONDS = 20
AT_ONCE = 200
CLOCK = "mail.bouncebox"
LATE = timedelta(hours=2)


@every(minutes=5)
def read_returns():
    """Count what has come to the mailbox of returns."""
    if not settings.bounce_imap_server:
        return
    try:
        read_mailbox()
    except (OSError, imaplib.IMAP4.error):
        log.exception("the mailbox of returns could not be read")
    else:
        beat(CLOCK)


def read_mailbox() -> int:
    """Count the unread messages of the mailbox; return how many there were."""
    with _opened() as box:
        _done(box.select(f'"{settings.bounce_imap_folder}"'))
        numbers = _done(box.uid("search", None, "UNSEEN"))[0].split()[:AT_ONCE]
        for number in numbers:
            found = _done(box.uid("fetch", number, "(BODY.PEEK[])"))
            content = next((each[1] for each in found if isinstance(each, tuple)), b"")
            if content:
                bounces.record(content)
            _done(box.uid("store", number, "+FLAGS", r"(\Seen)"))
    return len(numbers)


@contextmanager
def _opened():
    place = (settings.bounce_imap_server, settings.bounce_imap_port)
    if settings.bounce_imap_tls == "ssl":
        box = imaplib.IMAP4_SSL(*place, ssl_context=ssl.create_default_context(), timeout=TIMEOUT_SECONDS)
    else:
        box = imaplib.IMAP4(*place, timeout=TIMEOUT_SECONDS)
    try:
        if settings.bounce_imap_tls == "starttls":
            box.starttls(ssl.create_default_context())
        box.login(settings.bounce_imap_username, settings.bounce_imap_password)
        yield box
    finally:
        try:
            box.logout()
        except (OSError, imaplib.IMAP4.error):
            box.shutdown()


def _done(answer) -> list:
    kind, data = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(f"{kind}: {data}")
    return data


@check("Boîte des retours", order=31)
def check_bouncebox():
    if not settings.bounce_imap_server:
        return True, "Aucune boîte des retours n’est relevée (bounce_imap_server)."
    last = JobClock.get_or_none(JobClock.name == CLOCK)
    if last is None or last.ran_at + LATE < now():
        return False, "La boîte des retours n’a pas pu être relevée : vérifiez les réglages bounce_imap_…"
    return True, "La boîte des retours est relevée."
