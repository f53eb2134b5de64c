"""How visitors and adherents find events: the list of what comes, the month, what took place, the calendar feeds."""

import re
from calendar import Calendar
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Response, abort, request, url_for

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel.access import access, roles
from cptsapp.kernel.dates import MONTHS, add_months, to_paris, today
from cptsapp.kernel.htmx import page
from cptsapp.kernel.pagecache import kept_ready
from cptsapp.kernel.themes import Theme

from . import feeds, scopes
from .calendar_file import event_ics, feed_ics
from .models import Event, EventKind
from .views import bp, event_or_404

PER_PAGE = 24
FIRST_YEAR, LAST_YEAR = 2000, 2100
FEED_DAYS = 60  # how far back a feed goes
VISITOR = frozenset({"visitor"})


@dataclass(frozen=True)
class Asked:
    """What a reader asks of a list; empty values ask for everything."""

    words: str = ""
    kind: str = ""
    theme: str = ""

    def given(self, **more) -> dict:
        """Return what an address says of it."""
        values = {"q": self.words, "type": self.kind, "theme": self.theme} | more
        return {name: value for name, value in values.items() if value}


def _asked() -> Asked:
    kind, theme = request.args.get("type", ""), request.args.get("theme", "")
    return Asked(
        words=" ".join(request.args.get("q", "").replace("\0", "").split())[:100],
        kind=kind if kind in list(EventKind) else "",
        theme=theme if theme in list(Theme) else "",
    )


def _found(asked: Asked):
    return scopes.narrowed(scopes.announced(roles()), words=asked.words, kind=asked.kind, theme=asked.theme)


@bp.get("/")
@access("public")
@kept_ready
def index():
    asked = _asked()
    events = list(scopes.coming(_found(asked)).limit(PER_PAGE + 1))
    return page(
        "event/index.html",
        fragment="resultats",
        events=events[:PER_PAGE],
        has_more=len(events) > PER_PAGE,
        asked=asked,
        kinds=EventKind,
        themes=Theme,
        month=today(),
    )


@bp.get("/passes")
@access("public")
@kept_ready
def past():
    asked, year = _asked(), request.args.get("annee", "")
    query = scopes.past(_found(asked))
    if re.fullmatch(r"20[0-9]{2}", year):
        query = scopes.between(query.order_by(), date(int(year), 1, 1), date(int(year), 12, 31)).order_by(
            Event.starts_at.desc(), Event.id.desc()
        )
    number = request.args.get("page", "")
    number = max(1, int(number)) if re.fullmatch(r"[0-9]{1,4}", number) else 1
    events = list(query.limit(PER_PAGE + 1).offset((number - 1) * PER_PAGE))
    first = scopes.announced(roles()).select(Event.starts_at).order_by(Event.starts_at).limit(1).scalar()
    years = range(today().year, (to_paris(first).year if first else today().year) - 1, -1)
    return page(
        "event/past.html",
        fragment="resultats",
        events=events[:PER_PAGE],
        has_more=len(events) > PER_PAGE,
        number=number,
        asked=asked,
        year=year,
        years=list(years),
        kinds=EventKind,
    )


@bp.get("/mois/<month>")
@access("public")
@kept_ready
def month(month):
    first = _first_day(month)
    asked = _asked()
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    by_day: dict[date, list[Event]] = {}
    for event in scopes.between(_found(asked), weeks[0][0], weeks[-1][-1]):
        for day in _days(event, weeks[0][0], weeks[-1][-1]):
            by_day.setdefault(day, []).append(event)
    return page(
        "event/month.html",
        fragment="mois",
        first=first,
        title=f"{MONTHS[first.month - 1].capitalize()} {first.year}",
        weeks=weeks,
        by_day=by_day,
        before=_address(add_months(first, -1), asked),
        after=_address(add_months(first, 1), asked),
        today=today(),
        asked=asked,
        kinds=EventKind,
        themes=Theme,
    )


def _first_day(month: str) -> date:
    """Return the first day of « 2026-11 »; 404 for what is no month."""
    found = re.fullmatch(r"([0-9]{4})-([0-9]{2})", month)
    if not found or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR or not 1 <= int(found[2]) <= 12:
        abort(404)
    return date(int(found[1]), int(found[2]), 1)


def _address(first: date, asked: Asked) -> str:
    if not FIRST_YEAR <= first.year <= LAST_YEAR:
        return ""
    return url_for("event.month", month=f"{first:%Y-%m}", **asked.given())


def _days(event: Event, start: date, end: date):
    """Yield the days of a month's page on which an event is on."""
    day = max(to_paris(event.starts_at).date(), start)
    last = min(to_paris(event.ends_at - timedelta(seconds=1)).date(), end)
    while day <= last:
        yield day
        day += timedelta(days=1)


# Calendars


@bp.get("/calendrier.ics")
@access("public")
@kept_ready
def feed():
    """The public feed: what any visitor may know, whoever asks."""
    since, until = today() - timedelta(days=FEED_DAYS), today() + timedelta(days=730)
    events = scopes.between(scopes.announced(VISITOR), since, until)
    return _calendar(feed_ics(events, f"{identity().short_name} : événements"), "public, max-age=900")


@bp.get("/agenda/<token>.ics")
@access("public")
def personal_feed(token):
    """A member's own feed, at a secret address: what they are registered for, the rest of their events with it."""
    person = feeds.person_of(token)
    if person is None:
        abort(404)
    events, mine = feeds.events_of(person)
    return _calendar(feed_ics(events, f"{identity().short_name} : mes événements", mine), "private, max-age=900")


@bp.get("/<slug>/rendez-vous.ics")
@access("public")
def one(slug):
    event = event_or_404(slug)
    return _calendar(event_ics(event).encode(), "no-cache", f"{event.slug}.ics")


def _calendar(content: bytes, cache: str, name: str = "") -> Response:
    response = Response(content, content_type="text/calendar; charset=utf-8")
    response.headers["Cache-Control"] = cache
    response.headers["Referrer-Policy"] = "no-referrer"
    if name:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.add_etag()
    return response.make_conditional(request)
