"""A letter compiled once: its layout, its headers, and its texts cut where a name goes.

A piece is quoted-printable once for everybody and ends with a soft break, so that what follows it starts a line; a
recipient then costs the encoding of a few names and a join.
"""

import binascii
import hashlib
import json
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from functools import cached_property, lru_cache
from html import escape

from flask import render_template
from markupsafe import Markup

from cptsapp.kernel.dates import to_paris
from cptsapp.kernel.mail import Identity, Kind
from cptsapp.kernel.mail import headers as mail_headers
from cptsapp.kernel.settings import settings

from .letters import CLOSE, OPEN, Letter, Recipient, marked, value_of, without_fields

HEAVIEST_BYTES = 100_000  # of HTML: Gmail cuts what is longer
UNSUBSCRIBE, PREFERENCES = "=unsubscribe", "=preferences"
_SOFT_BREAK = b"=\r\n"
_OWN_HEADERS = ("To: ", "Date: ", "Message-ID: ", "Subject: ")


class Compiled:
    """A letter ready for any recipient. `pieces` alternate fixed text and the name of a field."""

    def __init__(self, subject: list[str], text: list[str], html: list[str], head: list[str], list_id: str):
        self.subject, self.text, self.html, self.head, self.list_id = subject, text, html, head, list_id

    def to_json(self) -> str:
        return json.dumps([self.subject, self.text, self.html, self.head, self.list_id], ensure_ascii=False)

    @classmethod
    def from_json(cls, stored: str) -> "Compiled":
        return cls(*json.loads(stored))

    # What one person reads

    def subject_for(self, recipient: Recipient) -> str:
        return mail_headers.one_line(_joined(self.subject, recipient))[:300]

    def text_for(self, recipient: Recipient) -> str:
        return _joined(self.text, recipient)

    def html_for(self, recipient: Recipient) -> str:
        return _joined(self.html, recipient, escape)

    @property
    def is_too_heavy(self) -> bool:
        """Tell whether some mail programs will cut the message."""
        return len("".join(self.html[::2]).encode()) >= HEAVIEST_BYTES

    def message_for(
        self, recipient: Recipient, *, message_id: str, at: datetime, subject: str = "", is_test: bool = False
    ) -> bytes:
        """Return the bytes of a recipient's mail; `at` is naive UTC. A test carries no header that unsubscribes."""
        lines = [
            *self.head,
            f"To: {mail_headers.refuse_breaks(recipient.address)}",
            _subject_line(subject or self.subject_for(recipient)),
            _date_line(at.replace(microsecond=0)),
            f"Message-ID: {mail_headers.refuse_breaks(message_id)}",
        ]
        if not is_test:
            lines += _unsubscribe_lines(recipient.unsubscribe_url)
        head, between, end = self._frame
        values = _Values(recipient)
        return b"".join(
            [
                "\r\n".join(lines).encode("ascii"),
                head,
                *_encoded(self._text_pieces, values),
                between,
                *_encoded(self._html_pieces, values, escape),
                end,
            ]
        )

    @cached_property
    def _frame(self) -> tuple[bytes, bytes, bytes]:
        """Return what stands before the text, between the two parts and after them."""
        # « =_ » cannot occur in quoted-printable; the same letter always has the same boundary.
        boundary = "=_" + hashlib.sha256("".join([*self.text, *self.html]).encode()).hexdigest()[:24]
        part = 'Content-Type: text/{}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
        head = f'\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
        return (
            f"{head}--{boundary}\r\n{part.format('plain')}".encode(),
            f"\r\n--{boundary}\r\n{part.format('html')}".encode(),
            f"\r\n--{boundary}--\r\n".encode(),
        )

    @cached_property
    def _text_pieces(self):
        return _prepared(self.text)

    @cached_property
    def _html_pieces(self):
        return _prepared(self.html)


def compile(letter: Letter, identity: Identity, *, list_id: str = "lettre") -> Compiled:
    """Return a letter with its layout, its footer and its headers, ready for any recipient."""
    context = {
        "letter": letter,
        "sender": identity,
        "base_url": settings.base_url,
        "unsubscribe": f"{OPEN}{UNSUBSCRIBE}{CLOSE}",
        "preferences": f"{OPEN}{PREFERENCES}{CLOSE}",
    }
    body = Markup(marked(letter.html))  # noqa: S704 (sanitised by its source, as all that comes from Markdown)
    html = render_template("mail/mailing/_letter.html", body=body, **context)
    text = render_template("mail/mailing/_letter.txt", body=marked(letter.text).strip(), **context)
    return Compiled(
        _pieces(marked(mail_headers.one_line(letter.subject))),
        _pieces(text.strip() + "\n"),
        _pieces(html.strip() + "\n"),
        _head(letter, identity, list_id),
        list_id,
    )


def archive_html(letter: Letter) -> str:
    """Return the column of a letter as its archive shows it: nobody's name, nobody's links."""
    return without_fields(letter.html)


def _head(letter: Letter, identity: Identity, list_id: str) -> list[str]:
    """Return the header lines that everybody gets; those of one recipient come with the recipient."""
    domain = mail_headers.domain_of(identity.email)
    name = _encoded_words(letter.list_name or identity.name)
    campaign = hashlib.sha256(f"{letter.subject}\n{letter.html}".encode()).hexdigest()[:8]
    extra = {
        "List-Id": f"{name} <{list_id}.{domain}>",
        "Feedback-ID": f"{campaign}:{list_id}:{domain.replace('.', '-')}:cpts",
    }
    if letter.archive_url.startswith("https://"):
        extra["Archived-At"] = f"<{letter.archive_url}>"
        extra["List-Archive"] = f"<{settings.base_url}/lettre/archives/>"
    lines = mail_headers.head(
        kind=Kind.COLLECTIVE,
        identity=identity,
        to="a@exemple.fr",
        subject="-",
        message_id="<->",
        at=datetime(2000, 1, 1),
        extra=extra,
    )
    return [line for line in lines if not line.startswith(_OWN_HEADERS)]


def _encoded_words(text: str) -> str:
    """Return a display name in ASCII, on one line."""
    text = mail_headers.one_line(text)[:80]
    if text.isascii():
        return '"' + text.replace("\\", "").replace('"', "") + '"'
    return Header(text, "utf-8").encode(linesep="").replace("?==?", "?= =?")


def _unsubscribe_lines(url: str) -> list[str]:
    """Return the two headers of RFC 8058; a local run, without https, has none."""
    if not url.startswith("https://"):
        return []
    return [
        mail_headers.extra_header("List-Unsubscribe", f"<{url}>"),
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ]


@lru_cache(maxsize=64)
def _subject_line(subject: str) -> str:
    return mail_headers.text_header("Subject", subject)


@lru_cache(maxsize=4)
def _date_line(at: datetime) -> str:
    return f"Date: {format_datetime(to_paris(at))}"


# Pieces


def _pieces(text: str) -> list[str]:
    """Return fixed texts (even places) and names of fields (odd ones) of a text whose fields are marked."""
    pieces = []
    for part in text.split(OPEN):
        name, closed, rest = part.partition(CLOSE)
        pieces += [name, rest] if closed else [part]
    return pieces


def _value(name: str, recipient: Recipient) -> str:
    if name == UNSUBSCRIBE:
        return recipient.unsubscribe_url
    if name == PREFERENCES:
        return recipient.preferences_url
    return mail_headers.one_line(value_of(name, recipient.values))


def _joined(pieces: list[str], recipient: Recipient, escaped=str) -> str:
    return "".join(piece if rank % 2 == 0 else escaped(_value(piece, recipient)) for rank, piece in enumerate(pieces))


class _Values(dict):
    """The values of one recipient, encoded once each."""

    def __init__(self, recipient):
        self.recipient = recipient

    def __missing__(self, asked):
        name, escaped = asked
        value = self[asked] = _quoted(escaped(_value(name, self.recipient)))
        return value


def _prepared(pieces: list[str]) -> list:
    """Return fixed pieces encoded, each but the last followed by a soft break; names of fields stay as they are."""
    last = len(pieces) - 1
    return [piece if rank % 2 else _quoted(piece, is_last=rank == last) for rank, piece in enumerate(pieces)]


def _encoded(pieces: list, values: _Values, escaped=str):
    return (piece if type(piece) is bytes else values[piece, escaped] for piece in pieces)


def _quoted(text: str, *, is_last: bool = False) -> bytes:
    """Return `text` in quoted-printable, so that it starts a line and, unless it is the last, leaves one started.

    No line starts with a dot: what the wire would double has nothing left to double.
    """
    unix = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    coded = b"\r\n" + binascii.b2a_qp(unix, istext=True).replace(b"\n", b"\r\n")
    while b"\r\n." in coded:
        coded = coded.replace(b"\r\n.", b"\r\n=2E=\r\n")
    coded = coded[2:]
    if is_last:
        return coded
    return coded + _SOFT_BREAK if coded else b""
