"""The link of an invitation that stops all further contact."""

from flask import Blueprint

from cptsapp.kernel import tokens
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import reserved_slugs

from . import rules

bp = Blueprint("prospect", __name__, url_prefix="/invitation")
reserved_slugs.add("invitation")


@bp.get("/stop/<token>")
@access("public")
def ask_stop(token):
    if tokens.peek("prospect-stop", token) is None:
        return page("prospect/stop.html", step="dead", status=410)
    return page("prospect/stop.html", step="ask")


@bp.post("/stop/<token>")
@access("public")
def stop(token):
    try:
        rules.stop_by_link(token)
    except RuleError:
        return page("prospect/stop.html", step="dead", status=410)
    return page("prospect/stop.html", step="done")
