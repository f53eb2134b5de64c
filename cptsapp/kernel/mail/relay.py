"""The connection to the relay, configured and opened by Flask-Mail.

Flask-Mail opens a connection without timeout, without a verified certificate and under the name of this machine, and
its `send` marks no moment between the body and the final dot: so its configuration and `mail.connect()` are kept, the
opening is made sound here, and the dialogue is our own.
"""

import smtplib
import socket
import ssl
from urllib.parse import urlsplit

import flask_mail

from ..settings import settings

TIMEOUT_SECONDS = 10


class RelayConnection(flask_mail.Connection):
    """`with mail.connect() as connection: connection.host` is an open, logged-in smtplib.SMTP."""

    def configure_host(self) -> smtplib.SMTP:
        relay = self.mail
        kind, options = smtplib.SMTP, {}
        if relay.use_ssl:
            kind, options = smtplib.SMTP_SSL, {"context": ssl.create_default_context()}
        host = kind(relay.server, relay.port, local_hostname=our_name(), timeout=TIMEOUT_SECONDS, **options)
        try:
            self._prepare(host)
        except BaseException:
            host.close()
            raise
        return host

    def _prepare(self, host):
        # Without it the final dot, written by itself, waits 40 ms for the acknowledgement of the body.
        host.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        host.ehlo_or_helo_if_needed()
        if self.mail.use_tls:
            host.starttls(context=ssl.create_default_context())
            host.ehlo()
        if self.mail.username and self.mail.password:
            host.login(self.mail.username, self.mail.password)

    def __exit__(self, exc_type, exc_value, tb):
        """Leave politely; a relay that has gone already is not an error."""
        if self.host is not None:
            quit_quietly(self.host)


class Mail(flask_mail.Mail):
    """Flask-Mail, whose connections are sound."""

    def connect(self) -> RelayConnection:
        return RelayConnection(self.state)


mail = Mail()


def init_app(app):
    """Give Flask-Mail the settings of this instance."""
    app.config.update(
        MAIL_SERVER=settings.mail_server,
        MAIL_PORT=settings.mail_port,
        MAIL_USERNAME=settings.mail_username or None,
        MAIL_PASSWORD=settings.mail_password or None,
        MAIL_USE_TLS=settings.mail_tls == "starttls",
        MAIL_USE_SSL=settings.mail_tls == "ssl",
        MAIL_SUPPRESS_SEND=False,
    )
    mail.state = mail.init_app(app)


def our_name() -> str:
    """Return the name under which we greet the relay: the site's own, not this machine's."""
    host = urlsplit(settings.base_url).hostname or ""
    return host if "." in host and not host.replace(".", "").isdigit() else "[127.0.0.1]"


def quit_quietly(host: smtplib.SMTP):
    try:
        host.quit()
    except (OSError, smtplib.SMTPException):
        host.close()
