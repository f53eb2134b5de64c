"""A mail shown inside a page of the site: its own document in a frame, with its styles and without any script."""

from flask import Response

from .security import CSP

FRAMED = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-top-navigation-by-user-activation"
)


def framed(html: str) -> Response:
    """Answer a whole HTML document to be shown in a frame of this site, kept by no cache."""
    response = Response(html, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = FRAMED
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Cache-Control"] = "no-store"
    return response


def with_frames(response):
    """Let a page show frames of this site."""
    response.headers["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
    return response
