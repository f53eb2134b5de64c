"""The addresses that letters carry: to unsubscribe, and to one's preferences. Nothing of them is stored.

A link holds the address itself, encrypted under a key of the instance (AES-SIV: the same address gives the same link,
and one that was changed by a single sign opens nothing). It names one list, does not expire, and outlives the erasure
of the person: who left us may still say no.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from cptsapp.kernel import lasting
from cptsapp.kernel.mail import Kind
from cptsapp.kernel.settings import settings
from cptsapp.kernel.text import normalise_email

LISTS = {Kind.COLLECTIVE: "c", Kind.REMINDER: "r"}
TRIAL, PREFERENCES = "t", "p"
LONGEST = 600
_KINDS = {mark: kind for kind, mark in LISTS.items()}


@dataclass(frozen=True)
class Named:
    """Whom a link names, and which list; that of a trial sending names nobody's subscription."""

    address: str
    kind: Kind = Kind.COLLECTIVE
    is_trial: bool = False


def ready() -> None:
    """Read the key of the links, so that they can be written by a thread that does not talk to the database."""
    lasting.key("subscription.links")


def unsubscribe_url(address: str, kind: Kind = Kind.COLLECTIVE, *, is_trial: bool = False) -> str:
    """Return the address of List-Unsubscribe: a POST to it ends this kind of mail, a GET shows a button."""
    mark = TRIAL if is_trial else LISTS[kind]
    return f"{settings.base_url}/lettre/desabonnement/{_sealed(mark, address)}"


def preferences_url(address: str, *, is_path: bool = False) -> str:
    """Return the address of the preferences page of an address, or only its path."""
    return f"{'' if is_path else settings.base_url}/lettre/preferences/{_sealed(PREFERENCES, address)}"


def read_unsubscribe(token: str) -> Named | None:
    """Return what the link of a letter names, or None when it is not one of ours."""
    mark = token[:1]
    if mark != TRIAL and mark not in _KINDS:
        return None
    address = _opened(mark, token)
    return address and Named(address, _KINDS.get(mark, Kind.COLLECTIVE), is_trial=mark == TRIAL)


def read_preferences(token: str) -> str | None:
    """Return the address whose preferences a link opens, or None when it is not one of ours."""
    return _opened(PREFERENCES, token) if token[:1] == PREFERENCES else None


def _sealed(mark: str, address: str) -> str:
    sealed = _cipher(lasting.key("subscription.links")).encrypt(normalise_email(address).encode(), [mark.encode()])
    return mark + urlsafe_b64encode(sealed).decode().rstrip("=")


def _opened(mark: str, token: str) -> str | None:
    if len(token) > LONGEST or not token.isascii():
        return None
    text = token[1:]
    try:
        sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        opened = _cipher(lasting.key("subscription.links")).decrypt(sealed, [mark.encode()])
        return opened.decode() if _sealed(mark, opened.decode()) == token else None  # written in one way only
    except (ValueError, InvalidTag):
        return None


@lru_cache(maxsize=8)
def _cipher(key: bytes) -> AESSIV:
    return AESSIV(hmac.digest(key, b"links", "sha512"))
