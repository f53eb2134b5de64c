"""What every response carries, and what every change of state must prove."""

from functools import lru_cache

from flask import abort, current_app, request, session
from flask_wtf.csrf import generate_csrf, validate_csrf
from markupsafe import Markup
from wtforms import ValidationError

from . import sessions, urls
from .settings import settings

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
}
_NAMED = [(name.lower(), (name, value)) for name, value in HEADERS.items()]


def exempt_from_origin(view):
    """Mark the one POST that mail programs send without a browser (RFC 8058, one-click unsubscribe)."""
    view.exempt_from_origin = True
    return view


def check_request():
    """Refuse a change of state that another site could have caused."""
    if request.method in SAFE_METHODS or request.url_rule is None:
        return
    if getattr(current_app.view_functions[request.endpoint], "exempt_from_origin", False):
        return
    if not comes_from_here():
        abort(403, "Cette action ne vient pas de ce site. Revenez à la page précédente et recommencez.")
    if session.row is not None:
        try:
            validate_csrf(request.form.get("csrf_token") or request.headers.get("X-CSRFToken"))
        except ValidationError:
            abort(403, "Cette page était ouverte depuis une autre connexion. Rechargez-la, puis recommencez.")


def comes_from_here() -> bool:
    """Tell whether the browser says that the request was made by a page of this site."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is None and origin is None:
        return False
    if site is not None and site != "same-origin":
        return False
    return origin is None or urls.split(origin).netloc == request.host


def csrf_field() -> Markup:
    """Return the hidden field of a form, empty for a visitor who has no session."""
    if not sessions.exists():
        return Markup()
    secret = session.get("csrf_token")
    token = _token_of(secret) if secret else generate_csrf()
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(token)


@lru_cache(maxsize=2000)
def _token_of(secret: str) -> str:
    """Return the token of this request's session, the same each time: a part stays a piece of its page."""
    return generate_csrf()


def add_headers(response):
    """Add the headers of the house, but never over the stricter ones that a file already carries."""
    there = {name.lower() for name, _ in response.headers}  # read once: looking one up in Headers reads them all
    added = [header for name, header in _NAMED if name not in there]
    if settings.secure and "strict-transport-security" not in there:
        added.append(("Strict-Transport-Security", "max-age=63072000; includeSubDomains"))
    if "cache-control" not in there:
        added.append(("Cache-Control", "no-store" if is_private() else "no-cache"))
    response.headers.extend(added)
    return response


def vary_on(response, *names: str):
    """Say that the answer depends on these headers of the request, each written once."""
    said = response.headers.get("Vary", "")
    known = {name.strip().lower() for name in said.split(",")}
    more = [name for name in names if name.lower() not in known]
    if more:
        response.headers["Vary"] = ", ".join([said, *more] if said else more)


def is_private() -> bool:
    """Tell whether the answer may hold what only this person may see."""
    if sessions.exists() or request.url_rule is None:
        return True
    if request.method not in SAFE_METHODS:
        return True
    return "public" not in getattr(current_app.view_functions[request.endpoint], "access", ())
