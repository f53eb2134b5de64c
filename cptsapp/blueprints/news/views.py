"""News as visitors and adherents read them."""

from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.datastructures import MultiDict

from cptsapp.kernel import redirects
from cptsapp.kernel.access import access, roles
from cptsapp.kernel.htmx import page
from cptsapp.kernel.pagecache import kept_ready
from cptsapp.kernel.publication import Audience
from cptsapp.kernel.themes import Theme

from . import feed, models
from .models import ARTICLES, Asked

bp = Blueprint("news", __name__, url_prefix="/actualites")
PER_PAGE = 12


class Pager:
    """One page of a list; `url(page=n)` keeps what was asked."""

    def __init__(self, found: list, asked: dict, path: str, number: int):
        self.total, self.pages = len(found), max(1, -(-len(found) // PER_PAGE))
        self.page = min(max(1, number), self.pages)
        self.items = found[(self.page - 1) * PER_PAGE : self.page * PER_PAGE]
        self._asked, self._path = asked, path

    def url(self, **changes) -> str:
        kept = {key: value for key, value in (self._asked | changes).items() if value and (key, value) != ("page", 1)}
        return f"{self._path}?{urlencode(kept)}" if kept else self._path


def read_asked(args: MultiDict, theme: str = "") -> Asked:
    """Read what the address asks for; whatever cannot be understood counts as absent."""
    asked_theme, audience, year = args.get("theme", ""), args.get("pour", ""), args.get("annee", "")
    return Asked(
        q=" ".join(args.get("q", "").split())[:100],
        theme=theme or (asked_theme if asked_theme in list(Theme) else ""),
        audience=audience if audience in list(Audience) else "",
        year=year if year.isascii() and year.isdecimal() and len(year) == 4 else "",
    )


@bp.get("/")
@access("public")
@kept_ready
def index():
    return _list(read_asked(request.args))


@bp.get("/themes/<theme>")
@access("public")
@kept_ready
def theme(theme):
    if theme not in list(Theme):
        abort(404)
    return _list(read_asked(request.args, theme), Theme(theme))


def _list(asked: Asked, theme: Theme | None = None):
    shelf = models.shelf(roles())
    number = request.args.get("page", "")
    words = {"q": asked.q, "theme": "" if theme else asked.theme, "pour": asked.audience, "annee": asked.year}
    number = int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 1
    return page(
        "news/index.html",
        fragment="resultats",
        pager=Pager(models.narrow(shelf.articles, asked), words, request.path, number),
        asked=asked,
        theme=theme,
        themes=shelf.themes,
        audiences=Audience,
        years=shelf.years,
    )


@bp.get("/<slug>")
@access("public")
@kept_ready
def show(slug):
    article = ARTICLES.get(slug)
    if article is None or not article.may_be_read(roles()):
        return _moved(slug) or abort(404)
    shelf = models.shelf(roles())
    before, after = shelf.neighbours(article)
    return page(
        "news/show.html",
        article=article,
        before=before,
        after=after,
        related=shelf.related(article),
        is_preview=False,
    )


def _moved(slug):
    """Lead an old address to the present one, when what is there may be read."""
    target = redirects.target(f"/actualites/{slug}")
    article = ARTICLES.get(target.removeprefix("/actualites/")) if target else None
    return redirect(target, 301) if article and article.may_be_read(roles()) else None


@bp.get("/flux.atom")
@access("public")
@kept_ready
def atom():
    """The last public articles, for feed readers."""
    articles = models.listed(frozenset({"visitor"}))[:20]
    return Response(feed.atom(articles), content_type="application/atom+xml; charset=utf-8")
