"""The links of mails: signed, expiring, for one purpose, and good for one use.

A link carries a signed random id; its row holds the hash of that id, so that a copy of the database opens nothing.
A page shows what the link is for with `peek` and a button; only the POST that follows calls `consume`.
"""

import hashlib
import secrets
from datetime import date, timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from peewee import CharField, DateTimeField

from .crypto import secret_keys
from .dates import start_of
from .db import Table, db, now
from .errors import RuleError
from .registry import purge


class Token(Table):
    """One link. It opens while it is unused and unexpired; `subject` is an id, never an address or a name."""

    purpose = CharField(max_length=40)
    subject = CharField(max_length=120)
    hash = CharField(max_length=64, unique=True)
    expires_at = DateTimeField(index=True)
    used_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("purpose", "subject"), False),)

    @classmethod
    def usable(cls, purpose: str):
        """Return the condition that a row of `purpose` still opens."""
        return (cls.purpose == purpose) & cls.used_at.is_null() & (cls.expires_at > now())


def issue(purpose: str, subject: str | int, lifetime: timedelta) -> str:
    """Return a new link's text, inside the transaction of the act that sends it."""
    id = secrets.token_urlsafe(32)
    Token.insert(purpose=purpose, subject=str(subject), hash=_hash(id), expires_at=now() + lifetime).execute()
    return _signer(purpose).dumps(id)


def peek(purpose: str, token: str) -> str | None:
    """Return the subject of a link that still opens, and change nothing."""
    hash = _read(purpose, token)
    row = hash and Token.select(Token.subject).where(Token.usable(purpose), Token.hash == hash).first()
    return row.subject if row else None


@db.atomic()
def consume(purpose: str, token: str) -> str:
    """Use a link up and return its subject; of two at once, one wins.

    Call it in the transaction of what the link allows: a refusal then leaves the link good.
    Raises RuleError when the link was used, has expired, was revoked or is not of this purpose.
    """
    subject = peek(purpose, token)
    used = Token.update(used_at=now()).where(Token.usable(purpose), Token.hash == _read(purpose, token)).execute()
    if subject is None or not used:
        raise RuleError("Ce lien a déjà servi ou n’est plus valable. Demandez-en un nouveau.")
    return subject


def revoke(purpose: str, subject: str | int) -> None:
    """Close every link of a subject that still opens."""
    Token.update(used_at=now()).where(Token.usable(purpose), Token.subject == str(subject)).execute()


def rename(purpose: str, old: str, new: str) -> None:
    """Let the links of a subject that changes its name go on showing it, and not what takes the old name later."""
    revoke(purpose, new)
    Token.update(subject=new).where(Token.usable(purpose), Token.subject == old).execute()


def forget(purpose: str, subject: str | int) -> None:
    """Delete every link of a subject that is itself deleted."""
    Token.delete().where(Token.purpose == purpose, Token.subject == str(subject)).execute()


def open_count(purpose: str, subject: str | int) -> int:
    """Count the links of a subject that still open."""
    return Token.select().where(Token.usable(purpose), Token.subject == str(subject)).count()


@purge("tokens", "Liens expirés")
def forget_expired(today: date) -> int:
    """Delete the links that expired before `today`."""
    return Token.delete().where(Token.expires_at < start_of(today)).execute()


def _signer(purpose):
    # itsdangerous signs with the last key and accepts them all
    return URLSafeSerializer(secret_keys()[::-1], salt=f"token {purpose}")


def _read(purpose, token) -> str | None:
    """Return the stored hash of a well signed token."""
    try:
        return _hash(_signer(purpose).loads(token))
    except BadSignature:
        return None


def _hash(id):
    return hashlib.sha256(id.encode()).hexdigest()
