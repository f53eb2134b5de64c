"""Gzip for what anybody may read, when no proxy in front does it."""

import gzip

from flask import request

from .security import is_private
from .settings import settings

WORTH_IT = 1000  # bytes: a smaller answer fits one packet anyway
TEXTS = ("text/", "application/json", "application/xml", "application/atom+xml", "image/svg+xml")


def compress(response):
    """Compress a public text answer. A private one is left as it is: it holds a token, and size tells (BREACH)."""
    if response.is_streamed or response.direct_passthrough or is_private():
        return response
    if not accepts_gzip() or "Content-Encoding" in response.headers:
        return response
    if response.status_code != 200 or not response.mimetype.startswith(TEXTS):
        return response
    body = response.get_data()
    if len(body) >= WORTH_IT:
        response.set_data(gzip.compress(body, 5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response


def accepts_gzip() -> bool:
    """Tell whether to compress here: the browser takes it, and no proxy of ours will do it."""
    return not settings.trusted_proxies and request.accept_encodings.quality("gzip") > 0
