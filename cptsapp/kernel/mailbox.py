"""The demonstration's mailbox: a real local SMTP server that keeps what it receives as `.eml` files.

Only for loopback: whoever can reach it can fill it.
"""

import asyncio
import email
import email.policy
import itertools
import os
import re
import secrets
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import nh3
from markupsafe import Markup, escape

from .later import Later

controllers, smtp = Later("aiosmtpd.controller"), Later("aiosmtpd.smtp")

KEPT = 500  # the oldest go first
MAX_BYTES = 10 * 1024 * 1024
DROPPED_TAGS = {"script", "style", "title"}
KEPT_TAGS = {"a", "p", "br", "ul", "ol", "li", "strong", "em", "h2", "h3", "blockquote", "hr"}


class Keeper:
    """Writes each mail in a file named by its moment of arrival, whole or not at all."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.arrivals = itertools.count()
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server, session, envelope):
        name = f"{time.time_ns():020d}-{next(self.arrivals):06d}-{secrets.token_hex(3)}"
        part = self.folder / f".{name}.part"
        part.write_bytes(envelope.content)
        os.replace(part, self.folder / f"{name}.eml")
        self._forget_oldest()
        return "250 2.0.0 OK"

    def _forget_oldest(self):
        kept = sorted(self.folder.glob("*.eml"))
        for path in kept[: max(0, len(kept) - KEPT)]:
            path.unlink(missing_ok=True)


def letters(folder: Path) -> list[Path]:
    """Return the files received, newest first."""
    return sorted(folder.glob("*.eml"), reverse=True) if folder.is_dir() else []


def controller(folder: Path, *, port: int, host: str = "127.0.0.1") -> "controllers.Controller":
    """Return the server, not started yet, for tests and for the process."""
    return controllers.Controller(Keeper(folder), hostname=host, port=port, data_size_limit=MAX_BYTES)


def run(folder: Path, *, port: int, host: str = "127.0.0.1"):
    """Receive mails in `folder` until SIGTERM or SIGINT."""
    asyncio.run(_serve(folder, host, port))


async def _serve(folder, host, port):
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, ended.set)
    keeper = Keeper(folder)
    server = await loop.create_server(
        lambda: smtp.SMTP(keeper, hostname="boite.locale", data_size_limit=MAX_BYTES, loop=loop), host=host, port=port
    )
    async with server:
        with suppress(asyncio.CancelledError):
            await ended.wait()


# Reading


@dataclass(frozen=True)
class Received:
    """A letter as a page shows it; `text` and `html` are safe to print."""

    name: str
    subject: str
    sender: str
    to: str
    at: datetime
    text: str = ""
    html: str = ""


def summary(path: Path) -> Received:
    return _received(path, _parse(path))


def read(path: Path) -> Received:
    """Return a letter with its text, whose addresses are links, and its HTML, cleaned of all but words and links."""
    message = _parse(path)
    found = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
    words = {kind: part.get_content() if part else "" for kind, part in found.items()}
    return replace(_received(path, message), text=_linked(words["plain"]), html=_clean(words["html"]))


def _parse(path):
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def _received(path, message) -> Received:
    at = datetime.fromtimestamp(int(path.stem.split("-")[0]) / 1e9, UTC).replace(tzinfo=None)
    return Received(path.stem, str(message["Subject"] or ""), str(message["From"] or ""), str(message["To"] or ""), at)


def _linked(text: str) -> Markup:
    pieces = re.split(r"(https?://[^\s<>\"]*[^\s<>\".,;:!?)])", text.replace("\r\n", "\n"))
    linked = [
        f'<a href="{escape(each)}">{escape(each)}</a>' if at % 2 else escape(each) for at, each in enumerate(pieces)
    ]
    return Markup("".join(linked))  # noqa: S704 (each piece was escaped)


def _clean(html: str) -> Markup:
    kept = nh3.clean(
        html,
        tags=KEPT_TAGS,
        clean_content_tags=DROPPED_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    return Markup(kept.strip())  # noqa: S704 (cleaned just here)
