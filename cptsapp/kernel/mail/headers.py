"""The bytes of a mail: addresses and headers that hold no line break, quoted-printable parts, lines under 998 bytes.

Built by hand rather than by `email.message`: ten times cheaper, and every header passes through `_clean`.
"""

import base64
import binascii
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache
from typing import NamedTuple

from ..dates import to_paris
from .identity import Identity
from .models import Kind

_NO = r"\s@<>()\[\],;:\"\\\x00-\x1f\x7f"  # never in an address, outside the quoted forms that nobody uses
_ADDRESS = re.compile(rf"[^{_NO}]+@[^{_NO}_]+\.[^{_NO}_.]{{2,}}")
_DOMAIN = re.compile(r"[A-Za-z0-9.-]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_ATEXT_WORDS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
CLOSED_NETWORK = "mssante.fr"

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+(; [a-z-]+=[A-Za-z0-9._-]+)*")

# What a mailing may add; the rest of the headers are ours.
ALLOWED = {
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Id",
    "List-Archive",
    "Archived-At",
    "Feedback-ID",
}


def one_line(text: str) -> str:
    """Return `text` on one line: line breaks, NUL and other controls become a space."""
    return _CONTROLS.sub(" ", text).strip()


def refuse_breaks(text: str) -> str:
    """Return `text`, or raise ValueError when it holds a line break or another control character."""
    if _CONTROLS.search(text):
        raise ValueError("control character in a mail header")
    return text


@lru_cache(maxsize=1024)  # of one mail it is asked three times
def envelope_address(address: str) -> str | None:
    """Return an address in ASCII as the relay takes it (« é.fr » becomes « xn--… »), or None when it is no address."""
    if len(address) > 254 or not _ADDRESS.fullmatch(address):
        return None
    local, domain = address.rsplit("@", 1)
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    if not _DOMAIN.fullmatch(ascii_domain):
        return None
    if len(local) > 64 or not local.isascii() or ".." in local or local.startswith(".") or local.endswith("."):
        return None
    return f"{local}@{ascii_domain}"


def is_closed_network(address: str) -> bool:
    """Tell whether an address belongs to the secure health mail network, which takes nothing from outside."""
    domain = address.rsplit("@", 1)[-1].lower()
    return domain == CLOSED_NETWORK or domain.endswith("." + CLOSED_NETWORK)


def domain_of(address: str) -> str:
    return address.rsplit("@", 1)[-1]


def new_message_id(sender: str) -> str:
    """Return a Message-ID that nobody can guess, ending with the sending domain."""
    return f"<{secrets.token_hex(16)}@{domain_of(sender)}>"


def text_header(name: str, text: str) -> str:
    """Return a header line whose value is a person's text, encoded and folded when it is long or not ASCII."""
    text = one_line(text)
    if text.isascii() and len(name) + len(text) < 76:
        return f"{name}: {text}"
    return f"{name}: " + Header(text, "utf-8", header_name=name).encode(linesep="\r\n")


def mailbox_header(name: str, display: str, address: str) -> str:
    display, address = one_line(display), refuse_breaks(address)
    if not display:
        return f"{name}: {address}"
    if display.isascii() and len(display) < 60:
        quoted = display if _ATEXT_WORDS.fullmatch(display) else '"' + re.sub(r'(["\\])', r"\\\1", display) + '"'
    else:
        quoted = Header(display, "utf-8", header_name=name).encode(linesep="\r\n")
    return f"{name}: {quoted}\r\n <{address}>" if len(quoted) > 40 else f"{name}: {quoted} <{address}>"


def head(
    *, kind: str, identity: Identity, to: str, subject: str, message_id: str, at: datetime, reply_to="", extra=None
) -> list[str]:
    """Return the header lines but the MIME ones. `at` is naive UTC; `extra` is limited to ALLOWED and to mailings."""
    lines = [
        mailbox_header("From", identity.name, identity.email),
        f"To: {refuse_breaks(to)}",
        text_header("Subject", subject),
        f"Date: {format_datetime(to_paris(at))}",
        f"Message-ID: {refuse_breaks(message_id)}",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
    ]
    if reply_to or identity.reply_to:
        lines.append(f"Reply-To: {refuse_breaks(reply_to or identity.reply_to)}")
    if kind == Kind.COLLECTIVE:
        lines.append("Precedence: bulk")
        lines += [extra_header(name, value) for name, value in (extra or {}).items()]
    return lines


def extra_header(name: str, value: str) -> str:
    """Return a header of mailings: one of ALLOWED, in ASCII, without a line break; a long one is folded."""
    if name not in ALLOWED or not value.isascii():
        raise ValueError(f"header {name!r} is not one that a mailing may carry")
    if name == "List-Unsubscribe" and not value.startswith("<https://"):
        raise ValueError("List-Unsubscribe starts with an https address")
    if name == "List-Unsubscribe-Post" and value != "List-Unsubscribe=One-Click":
        raise ValueError("List-Unsubscribe-Post has one value")
    line = f"{name}: {refuse_breaks(value)}"
    return line.replace(" <", "\r\n <") if len(line) > 900 else line


def quoted_printable(text: str) -> bytes:
    """Return `text` as quoted-printable bytes whose lines end with CRLF and hold 76 characters at most."""
    unix = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    return binascii.b2a_qp(unix, istext=True).replace(b"\n", b"\r\n")


def part(subtype: str, text: str) -> bytes:
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    ).encode() + quoted_printable(text.rstrip("\n") + "\n")


class Attached(NamedTuple):
    """A file as a mail carries it; `media_type` is whole: « text/calendar; charset=utf-8; method=PUBLISH »."""

    name: str
    media_type: str
    content: bytes


def checked(file: Attached) -> Attached:
    """Return a file whose name and type may stand in headers, or raise ValueError."""
    if not _FILE_NAME.fullmatch(file.name) or not _MEDIA_TYPE.fullmatch(file.media_type):
        raise ValueError(f"a mail cannot carry the file {file.name!r} ({file.media_type!r})")
    return file


def file_part(file: Attached) -> bytes:
    """Return a file as a part, in base64: no line of it starts with a dot or a dash."""
    name, media_type, content = checked(file)
    lines = (
        f'Content-Type: {media_type}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
    )
    return lines.encode("ascii") + base64.encodebytes(content).replace(b"\n", b"\r\n")


def message(lines: list[str], *, text: str, html: str, files: Sequence[Attached] = ()) -> bytes:
    """Return a whole message: multipart/alternative, text first, HTML last; with files, inside a multipart/mixed."""
    top = "\r\n".join([*lines, "MIME-Version: 1.0"]).encode("ascii") + b"\r\n"
    both = _multipart("alternative", [part("plain", text), part("html", html)])
    return top + (_multipart("mixed", [both, *map(file_part, files)]) if files else both)


def _multipart(subtype: str, parts: list[bytes]) -> bytes:
    boundary = f"=_{secrets.token_hex(12)}"  # « =_ » cannot occur in quoted-printable, nor start a line of base64
    mark = f"--{boundary}".encode()
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n'.encode()
    pieces = [head, mark, *(piece + mark for piece in parts[:-1]), parts[-1] + mark + b"--"]
    return b"\r\n".join([*pieces, b""])
