"""A message that came back, read: which address, which of our mails, for good or for now.

Sources: RFC 3464 and 3463 (delivery), 3834 (automatic replies), 5965 (complaints).

Nothing is decided here, and nothing that a stranger can write decides anything: a report counts when it names a mail
of ours by its own return address or by its Message-ID, which nobody can guess.
"""

import email
import email.policy
import hashlib
import re
from dataclasses import dataclass
from email.message import EmailMessage

from ..text import normalise_email
from . import returns
from .models import Bounce

LONGEST_WORDS = 1000
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_MESSAGE_ID = re.compile(r"^message-id:\s*(<[^>\s]{1,240}>)", re.IGNORECASE | re.MULTILINE)
_TO_HEADERS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
_NOBODY = re.compile(
    r"(user|recipient|mailbox|account|address)[^.]{0,40}"
    r"(unknown|not (found|exist)|does not exist|doesn't exist|invalid)"
    r"|(unknown|no such|invalid|inexistent) (user|recipient|mailbox|address)|n'existe pas|utilisateur inconnu",
    re.IGNORECASE,
)
_POLICY = re.compile(
    r"spam|blacklist|blocklist|blocked|policy|reputation|listed|relay|dmarc|\bspf\b|dkim|authenticat|sender"
    r"|message (size|too)|virus|content",
    re.IGNORECASE,
)
_ABSENT = re.compile(
    r"(re\s*:\s*)?(absence|absent|réponse automatique|out of (the )?office|automatic reply)", re.IGNORECASE
)


@dataclass(frozen=True)
class Report:
    """What a returned message says; `mail_id` and `message_id` name one of ours when they can."""

    kind: Bounce
    digest: str
    address: str = ""
    status: str = ""
    words: str = ""
    mail_id: int | None = None
    message_id: str = ""


def read(content: bytes, *, to: str = "") -> Report:
    """Read a returned message; `to` is the envelope recipient when the pipe tells it. Never raises."""
    try:
        message = email.message_from_bytes(content, policy=email.policy.default)
        return _read(message, content, to)
    except Exception:  # whatever strangers send: a person will read it
        return Report(Bounce.UNKNOWN, _hash(content))


def _read(message: EmailMessage, content: bytes, to: str) -> Report:
    own = {"mail_id": _own_address(message, to), "message_id": _our_message_id(message)}
    digest = _digest(message, content)
    groups = _recipients(message)
    if groups:
        group = next((each for each in groups if _said(each, "Action").lower() == "failed"), groups[0])
        status, words = _status_of(group), _said(group, "Diagnostic-Code").partition(";")[2].strip()
        words = words or _said(group, "Diagnostic-Code")
        address = (_said(group, "Original-Recipient") or _said(group, "Final-Recipient")).rpartition(";")[2]
        kind = classify(_said(group, "Action").lower(), status, words)
        return Report(kind, digest, normalise_email(address.strip(" <>")), status, words[:LONGEST_WORDS], **own)
    feedback = _feedback(message)
    if feedback:
        kind = Bounce.REPLY if feedback in ("not-spam", "auth-failure") else Bounce.COMPLAINT
        return Report(kind, digest, words=f"Feedback-Type: {feedback}"[:LONGEST_WORDS], **own)
    if _is_automatic_reply(message):
        return Report(Bounce.REPLY, digest, **own)
    text = _text_of(message)
    found = _STATUS.search(text)
    if found and own["mail_id"]:  # not a standard report, but it came to the address of one mail
        return Report(classify("failed", found[1], text), digest, "", found[1], text[:LONGEST_WORDS], **own)
    return Report(Bounce.UNKNOWN, digest, words=text[:LONGEST_WORDS], **own)


def classify(action: str, status: str, words: str) -> Bounce:
    """Return what a report means: for good, for now, or the message's own fault."""
    if action == "delayed":
        return Bounce.DELAYED
    if action != "failed":
        return Bounce.REPLY
    family, _, detail = status.partition(".")
    if family == "4" or status == "5.2.2":
        return Bounce.SOFT
    if detail.startswith(("7.", "6.")) or status in ("5.1.7", "5.1.8", "5.3.4"):  # policy, content, our own address
        return Bounce.POLICY
    if detail.startswith("1.") or status == "5.4.4":
        return Bounce.HARD
    if _NOBODY.search(words):
        return Bounce.HARD
    return Bounce.POLICY if _POLICY.search(words) else Bounce.SOFT


def classify_refusal(code: int | None, words: str) -> tuple[Bounce, str]:
    """Return what the relay's refusal of a recipient means, and the enhanced status in its words."""
    found = _STATUS.search(words)
    if found:
        return classify("failed", found[1], words), found[1]
    if code is None or code < 500 or code == 552:
        return Bounce.SOFT, ""
    if _NOBODY.search(words):
        return Bounce.HARD, ""
    if _POLICY.search(words) or code not in (550, 551, 553):
        return Bounce.POLICY, ""
    return Bounce.HARD, ""


def _recipients(message) -> list:
    """Return the groups of a delivery report that speak of a recipient."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            groups = part.get_payload()
            return [each for each in groups if each["Final-Recipient"]] if isinstance(groups, list) else []
    return []


def _feedback(message) -> str:
    """Return what a provider's report says its user did with our message: « abuse », « not-spam »…"""
    for part in message.walk():
        if part.get_content_type() == "message/feedback-report":
            inner = part.get_payload()
            fields = inner[0] if isinstance(inner, list) else email.message_from_string(str(inner))
            return _said(fields, "Feedback-Type").lower()
    return ""


def _said(group, name) -> str:
    return " ".join(str(group.get(name, "")).split())


def _status_of(group) -> str:
    found = _STATUS.search(_said(group, "Status"))
    return found[1] if found else ""


def _own_address(message, to: str) -> int | None:
    """Return the mail whose own return address took this message."""
    addresses = [to, *(str(value) for name in _TO_HEADERS for value in message.get_all(name, []))]
    return next(filter(None, (returns.mail_of(each) for each in addresses if each)), None)


def _our_message_id(message) -> str:
    """Return the Message-ID of the message that a report carries back."""
    for part in list(message.walk())[1:]:
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            inner = part.get_payload()
            text = (
                inner[0].as_string()[:20_000]
                if isinstance(inner, list)
                else str(part.get_payload(decode=True) or b"", "utf-8", "replace")
            )
            found = _MESSAGE_ID.search(text)
            if found:
                return found[1]
    return ""


def _is_automatic_reply(message) -> bool:
    submitted = str(message.get("Auto-Submitted", "")).lower()
    if submitted.startswith("auto-replied") or message["X-Autoreply"] or message["X-Autorespond"]:
        return True
    if str(message.get("Precedence", "")).lower() == "auto_reply":
        return True
    return bool(_ABSENT.match(str(message.get("Subject", ""))))


def _text_of(message) -> str:
    body = message.get_body(("plain", "html"))
    text = body.get_content() if body is not None else ""
    return " ".join(str(text).split())[:5000]


def _digest(message, content: bytes) -> str:
    """Return what is the same each time one report is handled, whatever each road adds above it."""
    id = str(message.get("Message-ID", "")).strip()
    if id:
        return _hash(id.encode("utf-8", "replace"))
    body = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[-1]
    return _hash(body.replace(b"\r\n", b"\n").strip() or content)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
