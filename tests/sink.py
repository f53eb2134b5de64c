"""A real SMTP server in a thread, that keeps the bytes it received and misbehaves when asked."""

import asyncio
import email
import email.policy
import re
import ssl
import time
import warnings
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


@dataclass
class Letter:
    """What one DATA brought: the envelope and the bytes."""

    sender: str
    to: list[str]
    content: bytes

    @property
    def message(self):
        return email.message_from_bytes(self.content, policy=email.policy.default)

    @property
    def text(self) -> str:
        return self.message.get_body(("plain",)).get_content().replace("\r\n", "\n")

    @property
    def html(self) -> str:
        return self.message.get_body(("html",)).get_content().replace("\r\n", "\n")

    @property
    def links(self) -> list[str]:
        return re.findall(r"https?://[^\s<>\")]+", self.text)


@dataclass
class Sink:
    """`letters` is what was accepted; the other fields say how to answer, by address or once."""

    letters: list[Letter] = field(default_factory=list)
    at_mail: str = ""  # a reply that refuses
    at_recipient: dict[str, list[str]] = field(default_factory=dict)  # address -> replies, taken one by one
    after_dot: list[str] = field(default_factory=list)  # "drop" keeps the mail and cuts; "cut" forgets it and cuts
    cut_at_data: int = 0  # connections to cut before the dot
    pipelining: bool = True
    password: str = ""
    tls: ssl.SSLContext | None = None
    slow_seconds: float = 0.0
    connections: int = 0
    commands: list[str] = field(default_factory=list)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        if self.pipelining:
            responses.insert(1, "250-PIPELINING")
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        self.commands.append("MAIL")
        if self.at_mail:
            return self.at_mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.commands.append("RCPT")
        if self.cut_at_data:
            self.cut_at_data -= 1
            server.transport.abort()
            return "421 bye"
        replies = self.at_recipient.get(address)
        if replies:
            return replies.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.slow_seconds:
            time.sleep(self.slow_seconds)
        answer = self.after_dot.pop(0) if self.after_dot else "250 2.0.0 OK"
        if answer != "cut" and answer[0] not in "45":
            self.letters.append(Letter(envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        if answer in ("drop", "cut"):
            server.transport.abort()
        return answer

    def authenticate(self, server, session, envelope, mechanism, data):
        return AuthResult(success=data.password == self.password.encode(), handled=False)


class SinkServer(Controller):
    """A sink on a free port of loopback."""

    def __init__(self, sink: Sink):
        super().__init__(sink, hostname="127.0.0.1", port=0)
        self.talks = []

    def factory(self):
        options = {"enable_SMTPUTF8": False, "tls_context": self.handler.tls}
        if self.handler.password:
            options |= {
                "authenticator": self.handler.authenticate,
                "auth_required": True,
                "auth_require_tls": False,
            }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a password without TLS: this is loopback
            self.talks.append(SMTP(self.handler, loop=self.loop, **options))
        return self.talks[-1]

    def stop(self, no_assert=False):
        """Close what is open first, or the loop's end would complain of it."""
        asyncio.run_coroutine_threadsafe(self._close_all(), self.loop).result()
        super().stop(no_assert)

    async def _close_all(self):
        for talk in self.talks:
            if talk.transport is not None:
                talk.transport.abort()
        await asyncio.sleep(0.01)

    def _trigger_server(self):
        """The port is known once the server listens."""
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
