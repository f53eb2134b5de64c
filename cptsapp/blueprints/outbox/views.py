"""The demonstration's mailbox: what the local server received, as a person would read it."""

from flask import Blueprint, abort

from cptsapp.kernel import mailbox
from cptsapp.kernel.access import access
from cptsapp.kernel.htmx import page
from cptsapp.kernel.settings import settings

bp = Blueprint("outbox", __name__, url_prefix="/_courriels")

SHOWN = 100


@bp.before_request
def only_in_the_demonstration():
    if not settings.demo:
        abort(404)


@bp.get("/")
@access("public")
def index():
    letters = [mailbox.summary(path) for path in mailbox.letters(settings.mailbox)[:SHOWN]]
    return page("outbox/index.html", fragment="lettres", letters=letters)


@bp.get("/<name>")
@access("public")
def show(name):
    known = {path.stem: path for path in mailbox.letters(settings.mailbox)}
    if name not in known:
        abort(404)
    return page("outbox/show.html", letter=mailbox.read(known[name]))
