"""The archives: each letter at an address that never changes, for whom it is for; nobody's name, nobody's links."""

from functools import wraps
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request

from cptsapp.kernel.access import Visibility, access, may_read, readable, roles
from cptsapp.kernel.counting import once_sent
from cptsapp.kernel.dates import to_paris
from cptsapp.kernel.htmx import page
from cptsapp.kernel.pagecache import kept_ready
from cptsapp.kernel.registry import reserved_slugs
from cptsapp.kernel.text import fold

from . import feed, models, readings, rendering, wording
from .models import Archive, Issue

bp = Blueprint("newsletter", __name__, url_prefix="/lettre/archives")
reserved_slugs.add("lettre")
LONGEST_SEARCH = 100
IN_FEED = 20
STAFF = {"bureau", "coordination"}


@bp.app_template_filter("month_fr")
def month_fr(month) -> str:
    """« Novembre 2026 », of the first day of a month."""
    return models.month_words(month).capitalize()


@bp.app_template_filter("letter_preheader")
def letter_preheader(issue) -> str:
    return wording.preheader_of(issue)


def archives_of(held) -> list[Archive]:
    """Return the archives that these roles find."""
    found = readable(held)
    return [Archive.PUBLIC, Archive.ADHERENTS] if Visibility.ADHERENTS in found else [Archive.PUBLIC]


def counted(view):
    """Count the reading of a letter once it has been sent, unless by those who write it or by a robot."""

    @wraps(view)
    def answer(slug):
        response = view(slug)
        is_read = response.status_code == 200 and request.method == "GET" and STAFF.isdisjoint(roles())
        if is_read and readings.is_person(request.user_agent.string):
            once_sent(response, readings.count_at, slug)
        return response

    return answer


@bp.get("/")
@access("public")
@kept_ready
def index():
    q = " ".join(request.args.get("q", "").replace("\0", " ").split())[:LONGEST_SEARCH]
    year = request.args.get("annee", "")
    query = Issue.archived(archives_of(roles()))
    for word in fold(q).split():
        query = query.where(Issue.folded.contains(word))
    found = list(query)
    years = sorted({to_paris(each.out_at).year for each in found}, reverse=True)
    shown = [each for each in found if not year or str(to_paris(each.out_at).year) == year]
    links = [(each, f"?{urlencode({'q': q, 'annee': each} if q else {'annee': each})}") for each in years]
    return page(
        "newsletter/archives.html",
        fragment="resultats",
        issues=[(each, wording.title_of(each)) for each in shown],
        q=q,
        year=year,
        years=links if len(years) > 1 else [],
    )


@bp.get("/<slug>")
@access("public")
@counted
@kept_ready
def show(slug):
    issue = Issue.get_or_none(Issue.slug == slug)
    if issue is None or issue.visibility == Visibility.COORDINATION or not may_read(issue.visibility):
        abort(404)
    others = Issue.archived(archives_of(roles()))
    return page(
        "newsletter/archive.html",
        issue=issue,
        letter_title=wording.title_of(issue),
        reading=rendering.reading_of(issue),
        before=others.where(Issue.out_at < issue.out_at).first(),
        after=others.where(Issue.out_at > issue.out_at).order_by(Issue.out_at).first(),
        title_of=wording.title_of,
    )


@bp.get("/flux.atom")
@access("public")
@kept_ready
def atom():
    """The last public letters, for feed readers."""
    issues = list(Issue.archived([Archive.PUBLIC]).limit(IN_FEED))
    return Response(feed.atom(issues), content_type="application/atom+xml; charset=utf-8")
