"""The link by which one side of an introduction answers without logging in: signed, kept nowhere.

It opens that side of that introduction and nothing else, whatever was proposed besides. Opening it changes nothing.
"""

from itsdangerous import BadData, URLSafeTimedSerializer

from cptsapp.kernel.crypto import secret_keys
from cptsapp.kernel.settings import settings

from .models import Introduction, Side

LONGEST, DAYS = 200, 180


def link_of(introduction: Introduction, side: Side) -> str:
    return f"{settings.base_url}/mise-en-relation/{token_of(introduction, side)}"


def token_of(introduction: Introduction, side: Side) -> str:
    return _signer().dumps([introduction.id, str(side), introduction.link_version])


def opened(token: str) -> tuple[Introduction, Side] | None:
    """Return the introduction and the side of a link that holds, in any state."""
    try:
        id, side, version = _signer().loads(token if len(token) <= LONGEST else "", max_age=DAYS * 86400)
    except (BadData, TypeError, ValueError):
        return None
    found = Introduction.joined().where(Introduction.id == id).first()
    return (found, Side(side)) if found and found.link_version == version else None


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_keys()[::-1], salt="introduction")  # itsdangerous signs with the last key
