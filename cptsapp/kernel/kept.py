"""What a reading of the database gave, kept while nothing at all has been written in it.

    @kept
    def choices(): …          # run again after any write of anybody, in this process or another

The base itself says whether it has changed: nobody has to remember to say it, and nothing kept can be stale. What else
a result depends on (the day, who asks) is an argument of the function; who gets a result does not change it.
"""

from collections import OrderedDict
from functools import wraps
from threading import Lock

from flask import has_request_context, request

from .db import db, stamp

MOST = 500  # results kept, the least used forgotten first

_results: OrderedDict = OrderedDict()
_lock = Lock()


def kept(function):
    """Keep the results of a function of the database, by its arguments. Within a write, it is simply called."""

    @wraps(function)
    def answer(*args):
        return keep((function, *args), lambda: function(*args))

    return answer


def once(function):
    """Run a function of the database once in a request that only reads, whoever asks, for the same arguments."""

    @wraps(function)
    def answer(*args):
        if not has_request_context() or request.method not in ("GET", "HEAD") or db.in_transaction():
            return function(*args)
        found = request.environ.setdefault("cptsapp.found", {})
        key = (function, *args)
        if key not in found:
            found[key] = function(*args)
        return found[key]

    return answer


def keep(key, make):
    """Return what `make()` gave for `key` if the base is still as it was then, else make it now."""
    if db.in_transaction():  # what is not committed may never be
        return make()
    link, state = stamp(_told())
    key = (link, key)  # each connection counts for itself
    found = _results.get(key)
    if found is not None and found[0] == state:
        return found[1]
    result = make()
    with _lock:
        _results[key] = (state, result)
        _results.move_to_end(key)
        if len(_results) > MOST:
            _results.popitem(last=False)
    return result


def _told() -> dict | None:
    """Return where a request that only reads remembers what it was told of the writes of others; None for the rest."""
    if has_request_context() and request.method in ("GET", "HEAD"):
        return request.environ.setdefault("cptsapp.told", {})
    return None
