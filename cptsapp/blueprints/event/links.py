"""The links by which people without an account reach what is theirs: signed, kept nowhere, closed by a version.

A personal link opens one registration, whatever its state; handing a place over makes a new one and closes the former.
"""

from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

from cptsapp.kernel.crypto import secret_keys
from cptsapp.kernel.settings import settings

from .people import Invitation, Registration

LONGEST = 200  # characters of a token: a longer one was never ours


@dataclass(frozen=True)
class Opened:
    """What a well signed link opens: the registration, and whether the link is still the one of who holds it."""

    registration: Registration
    is_current: bool


def personal_token(registration: Registration) -> str:
    return _signer("registration").dumps([registration.id, registration.link_version])


def personal_link(registration: Registration) -> str:
    """Return the absolute address of a person's own page, for the mails."""
    return f"{settings.base_url}/evenements/inscription/{personal_token(registration)}"


def opened(token: str) -> Opened | None:
    """Return what a personal link opens, the event joined; None when the link was altered or its row is gone."""
    read = _read("registration", token)
    if read is None:
        return None
    registration = Registration.joined().where(Registration.id == read[0]).first()
    return Opened(registration, registration.link_version == read[1]) if registration else None


def registration_of(token: str) -> Registration | None:
    """Return the registration of a personal link that still holds, in any state."""
    found = opened(token)
    return found.registration if found and found.is_current else None


def invitation_link(invitation: Invitation) -> str:
    """Return the absolute address from which an invited person registers."""
    token = _signer("invitation").dumps([invitation.id, invitation.event_id])
    return f"{settings.base_url}{invitation.event.url}/inscription?invitation={token}"


def invitation_of(token: str, event) -> Invitation | None:
    """Return the invitation to `event` that a link carries."""
    read = _read("invitation", token)
    if read is None or read[1] != event.id:
        return None
    return Invitation.get_or_none(Invitation.id == read[0], Invitation.event == event.id)


def door_link(registration: Registration) -> str:
    """Return the address that the QR code of a registrant holds; whoever keeps the door opens it."""
    return f"{settings.base_url}/gestion/evenements/entree/{registration.code}"


def sign_pair(use: str, first: int, second: int) -> str:
    """Return two numbers as a signed text, for a secret address of the site."""
    return _signer(use).dumps([first, second])


def read_pair(use: str, token: str) -> tuple[int, int] | None:
    """Return the two numbers of `sign_pair`, or None when the text was altered."""
    return _read(use, token)


def _signer(use: str) -> URLSafeSerializer:
    # itsdangerous signs with the last key and accepts them all
    return URLSafeSerializer(secret_keys()[::-1], salt=f"event {use}")


def _read(use: str, token: str) -> tuple[int, int] | None:
    try:
        first, second = _signer(use).loads(token if len(token) <= LONGEST else "")
    except (BadData, TypeError, ValueError):
        return None
    return int(first), int(second)
