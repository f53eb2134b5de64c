"""Keys that outlive a change of the instance's secret key: drawn once, kept in the database, encrypted under it.

What was hashed or signed with one of them years ago (a refusal, the link of an old letter) is still recognised.
"""

import secrets
from weakref import WeakKeyDictionary

from peewee import CharField

from . import crypto, rekeying
from .db import Table, db

KEY_BYTES = 32
_known = WeakKeyDictionary()  # of each open database: {name: key}


class LastingKey(Table):
    """One key of the instance, for one use."""

    name = CharField(max_length=40, unique=True)
    encrypted = CharField(max_length=200)


def key(name: str) -> bytes:
    """Return the 32 bytes of a use, drawn at the first call."""
    kept = _known.setdefault(db.obj, {})
    return kept.get(name) or _read(name, kept)


@db.atomic()
def _read(name, kept) -> bytes:
    row = LastingKey.get_or_none(LastingKey.name == name) or _draw(name)
    found = bytes.fromhex(crypto.decrypt(row.encrypted, _context(name)))
    if not crypto.is_current(row.encrypted):
        encrypted = crypto.encrypt(found.hex(), _context(name))
        LastingKey.update(encrypted=encrypted).where(LastingKey.name == name).execute()
    db.after_commit(lambda: kept.update({name: found}))  # one drawn in a transaction that fails is forgotten with it
    return found


def _draw(name) -> LastingKey:
    encrypted = crypto.encrypt(secrets.token_hex(KEY_BYTES), _context(name))
    LastingKey.insert(name=name, encrypted=encrypted).on_conflict_ignore().execute()
    return LastingKey.get(LastingKey.name == name)  # of two at once, the first is everybody's


def _context(name):
    return f"lasting_key.{name}"


rekeying.sealed(LastingKey.encrypted, lambda row: _context(row.name))
