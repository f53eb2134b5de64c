"""The connection to the relay: encrypted when asked, its certificate verified, and the passes made by hand."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cptsapp.kernel import mail
from cptsapp.kernel.db import db
from cptsapp.kernel.mail import MailSender, OutgoingMail, State, relay, sender


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 that nobody vouches for, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    moment = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "serveur.pem"
    private = serialization.PrivateFormat.PKCS8
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def encrypted(mailbox, certificate, settings, app, monkeypatch):
    monkeypatch.setattr(sender, "SECONDS_BETWEEN_FAILURES", 0.01)
    mailbox.sink.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    mailbox.sink.tls.load_cert_chain(certificate)
    settings.mail_tls, settings.mail_server = "starttls", "localhost"
    relay.init_app(app)
    return mailbox


def write():
    with db.atomic():
        return mail.queue("outbox/welcome", to="zoe@exemple.fr")


def test_a_certificate_that_nobody_vouches_for_stops_the_sending(encrypted):
    row = write()
    encrypted.deliver()
    assert encrypted.letters == []
    assert "CERTIFICATE_VERIFY_FAILED" in MailSender.state().pause_words
    assert OutgoingMail.get_by_id(row.id).state == State.PENDING


def test_a_mail_leaves_over_an_encrypted_connection(encrypted, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    write()
    [letter] = encrypted.deliver()
    assert letter.to == ["zoe@exemple.fr"]


def test_a_server_without_encryption_is_not_spoken_to_in_clear(mailbox, settings, app, monkeypatch):
    monkeypatch.setattr(sender, "SECONDS_BETWEEN_FAILURES", 0.01)
    settings.mail_tls, settings.mail_username, settings.mail_password = "starttls", "moi", "secret"
    relay.init_app(app)
    write()
    mailbox.deliver()
    assert mailbox.letters == []
    assert "STARTTLS" in MailSender.state().pause_words


def test_mails_leave_by_a_command(mailbox, app):
    write()
    result = app.test_cli_runner().invoke(args=["mail", "send-due"])
    assert (result.exit_code, result.output) == (0, "1\u00a0essai\u00a0: parti\n")
    assert len(mailbox.letters) == 1


def test_what_is_due_is_done_by_a_command(mailbox, app):
    write()
    result = app.test_cli_runner().invoke(args=["jobs", "run-due"])
    assert result.exit_code == 0
    assert len(mailbox.letters) == 1
    assert OutgoingMail.get().state == State.SENT
