"""A form of anybody's that is sent twice, by two clicks or by two doors at once, is one act."""

import hashlib
import json
from collections.abc import Callable

from peewee import IntegrityError


def act_of(key: str, typed: dict) -> str:
    """Return what tells one act from another, for a unique column: the key of its form, and what was typed.

    Going back to the form and writing something else is a new one.
    """
    words = json.dumps([key, sorted((name, str(value)) for name, value in typed.items())])
    return hashlib.sha256(words.encode()).hexdigest()[:40]


def once(write: Callable, key: str, typed: dict):
    """Call `write(act, **typed)`, a transaction that returns the row of this act or makes it; return the row."""
    act = act_of(key, typed)
    try:
        return write(act, **typed)
    except IntegrityError:  # the same one came in by another door between the reading and the writing
        return write(act, **typed)
