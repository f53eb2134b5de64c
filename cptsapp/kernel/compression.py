"""Gzip for what anybody may read, when no proxy in front does it."""

import gzip

from flask import request

from .security import is_private, vary_on
from .settings import settings

WORTH_IT = 1000  # bytes: a smaller answer fits one packet anyway
TEXTS = ("text/", "application/json", "application/xml", "application/atom+xml", "image/svg+xml")


def compress(response):
    """Compress a public text answer. A private one is left as it is: it holds a token, and size tells (BREACH)."""
    if response.status_code != 200 or response.is_streamed or response.direct_passthrough:
        return response
    if not accepts_gzip() or "Content-Encoding" in response.headers or is_private():
        return response
    if not response.mimetype.startswith(TEXTS):
        return response
    body = response.get_data()
    if len(body) >= WORTH_IT:
        response.set_data(gzip.compress(body, 5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    vary_on(response, "Accept-Encoding")
    return response


def accepts_gzip() -> bool:
    """Tell whether to compress here: the browser takes it, and no proxy of ours will do it."""
    if settings.trusted_proxies or "HTTP_ACCEPT_ENCODING" not in request.environ:
        return False
    return request.accept_encodings.quality("gzip") > 0
