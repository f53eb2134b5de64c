"""One mail's dialogue with the relay, cut at the one moment that matters: the final dot.

Before the dot nothing has happened and the mail may be tried again; after it, until the reply is read, nobody but the
relay knows (RFC 1047). So `may_end` is asked just before, and has marked the row when it says yes.
"""

import logging
import re
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

# Relays that examine a mail answer the dot late; taking that for a loss would make doubts. RFC 5321 says 10 minutes.
REPLY_SECONDS = 60
_LEADING_DOT = re.compile(rb"\n\.")  # a literal, which is looked for faster than « ^ » of many lines
AUTHENTICATION = {530, 534, 535, 538}
CLOSING = 421


log = logging.getLogger("cptsapp.mail")


class Result(StrEnum):
    SENT = "sent"
    REFUSED = "refused"  # the address, for good
    LATER = "later"  # not taken this time, said by the relay
    LOST = "lost"  # connection lost before the dot: nothing happened
    DOUBT = "doubt"  # connection lost after the dot
    AUTH = "auth"  # the relay does not want us
    NO_RELAY = "no_relay"  # no connection could be opened
    TAKEN = "taken"  # the lease ended: another sender has it


@dataclass(frozen=True)
class Outcome:
    result: Result
    code: int | None = None
    words: str = ""


@dataclass
class Parcel:
    """What a connection needs to deliver a mail; `write` gives its bytes, in the connection's own thread."""

    id: int
    sender: str
    to: str
    write: Callable[[], bytes]
    message_id: str = ""

    content: bytes | Outcome | None = None

    def compose(self) -> bytes | Outcome:
        """Return the bytes as DATA wants them, made once, or what comes of a mail that cannot be composed."""
        if self.content is None:
            try:
                self.content = stuffed(self.write())
            except Exception as error:
                self.content = unwritten(self.id, error)
        return self.content


def deliver(host: smtplib.SMTP, parcel: Parcel, may_end: Callable[[], bool]) -> Outcome:
    """Deliver one mail over an open connection; the connection is closed when its state is not known any more."""
    content = parcel.compose()
    if isinstance(content, Outcome):
        return content
    try:
        refusal = _open_envelope(host, parcel)
        if refusal:
            return refusal
        host.send(content)
    except (OSError, smtplib.SMTPException) as error:
        host.close()
        return Outcome(Result.LOST, *_words_of(error))
    if not may_end():
        host.close()
        return Outcome(Result.TAKEN)
    try:
        host.sock.settimeout(REPLY_SECONDS)
        host.send(b".\r\n")
        code, words = _reply(host)
        host.sock.settimeout(host.timeout)
    except (OSError, smtplib.SMTPException) as error:
        host.close()
        return Outcome(Result.DOUBT, *_words_of(error))
    return _after_dot(host, code, words)


def _after_dot(host, code, words) -> Outcome:
    if 200 <= code < 300:
        return Outcome(Result.SENT, code, words)
    if 400 <= code < 600:
        if code == CLOSING:
            host.close()
        return Outcome(Result.LATER, code, words)
    host.close()  # what was answered is no reply to a dot
    return Outcome(Result.DOUBT, code, words)


def _open_envelope(host, parcel) -> Outcome | None:
    """Say MAIL, RCPT and DATA, in one write when the relay allows it; return the refusal, or None to go on."""
    commands = [f"MAIL FROM:<{parcel.sender}>", f"RCPT TO:<{parcel.to}>", "DATA"]
    if not host.has_extn("pipelining"):
        for step, command in enumerate(commands):
            host.send(f"{command}\r\n".encode("ascii"))
            refusal = _judge(step, *_reply(host))
            if refusal:
                return _give_up(host, refusal)
        return None
    host.send("".join(f"{command}\r\n" for command in commands).encode("ascii"))
    replies = [_reply(host) for _ in commands]
    refusals = [_judge(step, *reply) for step, reply in enumerate(replies)]
    refusal = next((each for each in refusals if each), None)
    return _give_up(host, refusal, is_waiting=replies[2][0] == 354) if refusal else None


def _give_up(host, refusal: Outcome, *, is_waiting: bool = False) -> Outcome:
    """Clear the relay's mind for the next mail; what it said before holds, even when it leaves now."""
    try:
        if refusal.result in (Result.LOST, Result.AUTH):
            host.close()
            return refusal
        if is_waiting:  # for a text, although it took nobody: it gets none
            host.send(b".\r\n")
            _reply(host)
        if host.docmd("RSET")[0] != 250:
            host.close()
    except (OSError, smtplib.SMTPException):
        host.close()
    return refusal


def _judge(step: int, code: int, words: str) -> Outcome | None:
    """Return what a reply to MAIL (0), RCPT (1) or DATA (2) means, or None when it lets us go on."""
    if (200 <= code < 300 and step < 2) or (code == 354 and step == 2):
        return None
    if code in AUTHENTICATION:
        return Outcome(Result.AUTH, code, words)
    if code == CLOSING or not 400 <= code < 600:
        return Outcome(Result.LOST, code, words)
    if step == 1 and code >= 500:
        return Outcome(Result.REFUSED, code, words)
    return Outcome(Result.LATER, code, words)


def _reply(host) -> tuple[int, str]:
    code, words = host.getreply()
    return code, words.decode("utf-8", "replace")


def _words_of(error) -> tuple[int | None, str]:
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        return error.smtp_code, words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return None, f"{type(error).__name__}: {error}"


def stuffed(content: bytes) -> bytes:
    """Return the bytes of a mail as DATA wants them: leading dots doubled, CRLF at the end."""
    content = _LEADING_DOT.sub(b"\n..", content)
    if content.startswith(b"."):
        content = b"." + content
    return content if content.endswith(b"\r\n") else content + b"\r\n"


def unwritten(id: int, error: Exception) -> Outcome:
    """Return what a mail that cannot be composed comes to: one bad template must not stop the others."""
    log.error("mail %s could not be composed", id, exc_info=error)
    return Outcome(Result.LATER, None, f"Ce message n’a pas pu être composé : {type(error).__name__}: {error}")


def failure(error: BaseException) -> Outcome:
    """Return what an error while opening a connection means."""
    code, words = _words_of(error)
    refused = isinstance(error, smtplib.SMTPAuthenticationError) or code in AUTHENTICATION
    return Outcome(Result.AUTH if refused else Result.NO_RELAY, code, words)
