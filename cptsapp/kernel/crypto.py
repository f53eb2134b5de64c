"""Encryption of single fields, and keyed hashes: with keys derived from the instance's secret key.

A text is bound to its context (its table, column and row): moved elsewhere it no longer opens. After a change of
`secret_key` the old one stays in `old_secret_keys` until all is encrypted again (`is_current` tells what is not).
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .settings import settings

NONCE_BYTES = 12
KEY_NAME_BYTES = 4


class DecryptionError(Exception):
    """The text was changed, belongs to another context, or was encrypted under a key that is gone."""


def secret_keys() -> list[str]:
    """Return the secret keys of the instance, the current one first."""
    old = [key.strip() for key in settings.old_secret_keys.split(",")]
    return [settings.secret_key, *filter(None, old)]


def _derive(secret_key: str, use: str) -> bytes:
    """Return 32 bytes for one use of a secret key; the secret itself never serves twice."""
    return hmac.digest(secret_key.encode(), b"cptsapp " + use.encode(), "sha256")


def _name(key: bytes) -> bytes:
    """Return the few bytes that say under which key a text was encrypted."""
    return hashlib.sha256(b"name" + key).digest()[:KEY_NAME_BYTES]


def encrypt(text: str, context: str) -> str:
    """Return `text` encrypted (AES-256-GCM) and bound to `context`, as ASCII that a text column holds."""
    key = _derive(secret_keys()[0], "encryption")
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), context.encode())
    return urlsafe_b64encode(_name(key) + nonce + sealed).decode()


def decrypt(encrypted: str, context: str) -> str:
    """Return the text of `encrypt(text, context)`; raise DecryptionError otherwise."""
    try:
        raw = urlsafe_b64decode(encrypted)
    except ValueError as error:
        raise DecryptionError("not an encrypted text") from error
    name, nonce, sealed = raw[:KEY_NAME_BYTES], raw[KEY_NAME_BYTES:][:NONCE_BYTES], raw[KEY_NAME_BYTES + NONCE_BYTES :]
    for key in (_derive(each, "encryption") for each in secret_keys()):
        if _name(key) == name:
            try:
                return AESGCM(key).decrypt(nonce, sealed, context.encode()).decode()
            except (InvalidTag, ValueError) as error:
                raise DecryptionError("changed, or from another context") from error
    raise DecryptionError("no key opens it: is the old one in old_secret_keys?")


def is_current(encrypted: str) -> bool:
    """Tell whether `encrypted` was made under the current key, or waits to be encrypted again."""
    return urlsafe_b64decode(encrypted)[:KEY_NAME_BYTES] == _name(_derive(secret_keys()[0], "encryption"))


def keyed_hash(text: str, purpose: str) -> str:
    """Return 64 hexadecimal digits that only this instance can compute, different for each purpose."""
    return _keyed_hash(secret_keys()[0], text, purpose)


def keyed_hashes(text: str, purpose: str) -> list[str]:
    """Return the hashes that `text` may have been stored under: the current key's, then the old ones'."""
    return [_keyed_hash(key, text, purpose) for key in secret_keys()]


def _keyed_hash(secret_key, text, purpose):
    return hmac.digest(_derive(secret_key, "hash " + purpose), text.encode("utf-8", "surrogatepass"), "sha256").hex()
