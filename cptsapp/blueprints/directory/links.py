"""The link by which somebody confirms, changes or withdraws an entry without logging in: signed, kept nowhere.

It opens one entry and nothing else. A new version of the link (after a withdrawal, or when it is asked) closes the
former ones. Opening it changes nothing: the page shows buttons.
"""

from itsdangerous import BadData, URLSafeTimedSerializer

from cptsapp.kernel.crypto import secret_keys
from cptsapp.kernel.settings import settings

from .models import Entry

LONGEST = 200  # characters of a token: a longer one was never ours
DAYS = 120


def token_of(entry: Entry) -> str:
    return _signer().dumps([entry.id, entry.link_version])


def link_of(entry: Entry) -> str:
    """Return the absolute address of an entry's own page, for the mails."""
    return f"{settings.base_url}/repertoires/ma-fiche/{token_of(entry)}"


def entry_of(token: str) -> Entry | None:
    """Return the entry of a link that still holds, in any state."""
    try:
        id, version = _signer().loads(token if len(token) <= LONGEST else "", max_age=DAYS * 86400)
    except (BadData, TypeError, ValueError):
        return None
    entry = Entry.joined().where(Entry.id == id).first()
    return entry if entry and entry.link_version == version else None


def _signer() -> URLSafeTimedSerializer:
    # itsdangerous signs with the last key and accepts them all
    return URLSafeTimedSerializer(secret_keys()[::-1], salt="directory entry")
