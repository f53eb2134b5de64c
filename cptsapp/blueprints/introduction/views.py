"""An introduction as one side sees it, opened by the link of the mail: no login, and nothing changes by looking."""

from flask import Blueprint, redirect, url_for

from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import reserved_slugs

from . import links, rules, showing

bp = Blueprint("introduction", __name__, url_prefix="/mise-en-relation")
reserved_slugs.add("mise-en-relation")
ANSWERS = {"oui": rules.agree, "non": rules.refuse}


@bp.after_request
def keep_to_oneself(response):
    """What a personal link opens stays in no cache and in no search engine."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@bp.get("/<token>")
@access("public")
def show(token):
    return _shown(token)


def _shown(token, error=""):
    opened = links.opened(token)
    if opened is None:
        return page("introduction/answer.html", introduction=None, status=404)
    found, side = opened
    other = found.entry(side.other)
    stands = showing.still_stands(found)
    return page(
        "introduction/answer.html",
        introduction=found,
        side=side,
        token=token,
        error=error,
        stands=stands,
        agreed=found.agreed(side),
        lines=showing.described(other) if stands and not found.closed_at else [],
        contact=showing.contact_of(found, side.other),
        status=422 if error else 200,
    )


@bp.post("/<token>/<any(oui, non):answer>")
@access("public")
def answer(token, answer):
    opened = links.opened(token)
    if opened is None:
        return _shown(token)
    found, side = opened
    try:
        ANSWERS[answer](found.id, side, link_version=found.link_version)
    except RuleError as error:
        return _shown(token, str(error))
    return redirect(url_for("introduction.show", token=token), 303)
