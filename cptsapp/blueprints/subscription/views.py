"""The pages that letters lead to: unsubscribe, by the button of a mail program or by ours."""

from flask import Blueprint, request

from cptsapp.kernel.access import access
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import reserved_slugs
from cptsapp.kernel.security import exempt_from_origin

from . import links, refusals

bp = Blueprint("subscription", __name__, url_prefix="/lettre")
reserved_slugs.add("lettre")


@bp.after_request
def keep_links_secret(response):
    """A link that opens somebody's preferences must reach no other site, no search engine and no shared cache."""
    response.headers["Referrer-Policy"] = "no-referrer" if request.view_args else "same-origin"
    if request.view_args:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("/desabonnement/<token>")
@access("public")
def unsubscribe(token):
    """Show the button, and change nothing: mail programs and filters open every link that they see."""
    named = links.read_unsubscribe(token)
    return _unsubscribe_page("ask" if named else "dead", token, named)


@bp.post("/desabonnement/<token>")
@access("public")
@exempt_from_origin
def unsubscribe_now(token):
    """Do it, for our button and for that of a mail program, which has neither cookie nor page (RFC 8058, 3.2)."""
    named = links.read_unsubscribe(token)
    if named is None:
        return _unsubscribe_page("dead", token, named)
    if request.form.get("List-Unsubscribe") != "One-Click":
        return _unsubscribe_page("ask", token, named, status=400)
    if named.is_trial:
        return _unsubscribe_page("trial", token, named)
    refusals.refuse(named.address, [named.kind])
    return _unsubscribe_page("done", token, named)


def _unsubscribe_page(step, token, named, status=None):
    status = status or (404 if step == "dead" else 200)
    return page("subscription/unsubscribe.html", step=step, token=token, named=named, status=status)
