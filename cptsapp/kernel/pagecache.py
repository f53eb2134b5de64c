"""Public pages kept ready to send, and validated by browsers: never stale, because each answer carries its stamp.

The stamp joins everything that such a page shows: the database's revision, the content folders' versions, the minute
(a scheduled article appears when it is due). It is read at every request; a kept page whose stamp differs is built
again. Only visitors without a session are served from here, so nobody can be shown another's page.
"""

import gzip
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from flask import Response, make_response, request

from . import sessions
from .compression import WORTH_IT, accepts_gzip
from .db import revision
from .htmx import wants_fragment
from .kept import kept
from .security import vary_on
from .settings import settings

MOST_PAGES = 500
LONGEST_QUERY = 60  # characters: a longer one is somebody's search, not a page that many ask for
LARGEST_BODY = 300_000  # bytes

stamp_sources: list[Callable[[], object]] = [kept(revision.read)]
"""What public pages depend on; a feature appends a function that changes its answer with what it shows."""


@dataclass(frozen=True)
class Kept:
    stamp: tuple
    body: bytes
    zipped: bytes | None
    media_type: str
    etag: str  # as the header says it


class PageCache:
    """The last pages asked for, the least recently used leaving first; shared by the threads of one process."""

    def __init__(self):
        self._pages = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key, stamp) -> Kept | None:
        with self._lock:
            kept = self._pages.get(key)
            if kept is None or kept.stamp != stamp:
                return None
            self._pages.move_to_end(key)
            return kept

    def put(self, key, kept: Kept):
        with self._lock:
            self._pages[key] = kept
            self._pages.move_to_end(key)
            if len(self._pages) > MOST_PAGES:
                self._pages.popitem(last=False)

    def clear(self):
        with self._lock:
            self._pages.clear()


pages = PageCache()


def stamp() -> tuple:
    """Return what every kept page must match now."""
    return (settings.instance, int(time.time() // 60), *(source() for source in stamp_sources))


def kept_ready(view):
    """Keep the view's 200 answers to visitors, and answer 304 to whoever has the same already."""

    @wraps(view)
    def answer(*args, **kwargs):
        if sessions.exists() or request.method not in ("GET", "HEAD") or len(request.query_string) > LONGEST_QUERY:
            return view(*args, **kwargs)
        key = (request.host, request.path, request.query_string, wants_fragment())
        now_stamp = stamp()
        ready = pages.get(key, now_stamp)
        if ready is None:
            response = make_response(view(*args, **kwargs))
            ready = _keep(response, now_stamp)
            if ready is None:
                return response
            pages.put(key, ready)
        return _send(ready)

    return answer


def _keep(response, now_stamp) -> Kept | None:
    """Return what to keep of a fresh answer, or None when it is not one that others may be given."""
    if response.status_code != 200 or response.is_streamed or sessions.exists():
        return None
    body = response.get_data()
    if len(body) > LARGEST_BODY:
        return None
    zipped = gzip.compress(body, 6, mtime=0) if len(body) >= WORTH_IT else None
    etag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    return Kept(now_stamp, body, zipped, response.content_type, etag)


def _send(ready: Kept) -> Response:
    zip_it = ready.zipped is not None and accepts_gzip()
    response = Response(ready.zipped if zip_it else ready.body, content_type=ready.media_type)
    if zip_it:
        response.headers["Content-Encoding"] = "gzip"
    vary_on(response, "Accept-Encoding")
    response.headers["ETag"] = ready.etag
    return response.make_conditional(request)
