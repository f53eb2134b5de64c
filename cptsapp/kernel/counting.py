"""Figures counted once the answer has been sent: nobody waits for them, and a busy database loses one, never a page."""

import logging

from peewee import OperationalError

from .db import connection

log = logging.getLogger("cptsapp.counting")


def once_sent(response, count, *what):
    """Have `count(*what)` called after the response has left; return the response."""
    response.call_on_close(lambda: quietly(count, *what))
    return response


def quietly(count, *what) -> None:
    """Count now, on a connection of its own when there is none; a database that is busy is left in peace."""
    try:
        with connection():
            count(*what)
    except OperationalError:
        log.warning("one %s was not counted", getattr(count, "__qualname__", count))
