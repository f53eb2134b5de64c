"""Where events are announced: menus, the home page, the member space, the search, the sitemap, letters, segments."""

from datetime import date, datetime, time, timedelta

from flask import url_for
from flask_login import current_user

from cptsapp.kernel.access import roles
from cptsapp.kernel.dates import SHORT_MONTHS, datetime_fr, to_paris, today
from cptsapp.kernel.db import now
from cptsapp.kernel.kept import kept
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.registry import (
    LetterItem,
    NavItem,
    action_source,
    dashboard_card,
    home_block,
    letter_source,
    navigation,
    public_counter,
    search_source,
    segment,
    sitemap,
    space_card,
)
from cptsapp.kernel.urls import number_of

from . import counts, figures, links, scopes, wording
from .models import Event, Status
from .people import Place, Registration
from .showing import search_row, visibility_of
from .space_views import shown_of

VISITOR, ADHERENT = frozenset({"visitor"}), frozenset({"adherent"})
ON_HOME, IN_SPACE, ON_DESK = 3, 4, 6
MOST_CHOICES = 200

navigation.append(NavItem("site", "Événements", "event.index", order=35))
navigation.append(NavItem("space", "Mes événements", "event_space.index", "calendar", ("account",), order=25))
READERS = ("bureau", "coordination")
navigation.append(
    NavItem("gestion", "Événements", "event_gestion.index", "calendar", READERS, "Communication", order=20)
)


def init_app(app):
    """Give templates what lists of events say."""
    app.jinja_env.globals["event_place"] = wording.where_line
    app.jinja_env.filters["day_number"] = lambda moment: to_paris(moment).day
    app.jinja_env.filters["month_short"] = lambda moment: SHORT_MONTHS[to_paris(moment).month - 1]


@home_block("event", "Prochains événements", template="event/_home.html", order=20)
def home():
    """The next events that any visitor may find: the home page is the same for all."""
    return {"events": _next_for_visitors.all(now())}


@prepared
def _next_for_visitors(moment):
    return scopes.coming(scopes.announced(VISITOR), moment).where(Event.status == Status.PUBLISHED).limit(ON_HOME)


@space_card("event.mine", "Mes événements", template="event/_space.html", access=("account",), order=20)
def for_members():
    mine = [each for each in shown_of(current_user.person_id) if not each.event.is_past and not each.event.cancelled_at]
    mine.sort(key=lambda each: each.event.starts_at)
    known = [each.event_id for each in mine]
    open_ones = scopes.coming(scopes.announced(roles())).where(Event.status == Status.PUBLISHED, Event.id.not_in(known))
    others = list(open_ones.limit(IN_SPACE))
    if not mine and not others:
        return None
    return {"mine": mine, "events": others, "links": {each.id: links.personal_link(each) for each in mine}}


@dashboard_card(
    "event.coming",
    "Prochains événements",
    access=("bureau", "coordination"),
    template="event/_dashboard.html",
    order=15,
)
def on_desk():
    query = Event.select().where(Event.status == Status.PUBLISHED, Event.deleted_at.is_null())
    events = list(scopes.coming(query).limit(ON_DESK))
    found = counts.counts_of(events)
    return {"events": [(each, found[each.id]) for each in events]} if events else None


@public_counter("Événements tenus en un an", order=40)
def held_in_a_year() -> int | None:
    return figures.held(today() - timedelta(days=365), today()).count() or None


@search_source("event", "Événements")
def search_rows():
    query = Event.select().where(Event.status != Status.DRAFT, Event.deleted_at.is_null())
    return (search_row(each) for each in query)


@action_source("event", "Événements")
def of_action(code: str):
    """Return the events that carry the code of an action, drafts left out."""
    mine = (Event.action == code) & (Event.status != Status.DRAFT) & Event.deleted_at.is_null()
    for each in Event.select().where(mine).order_by(Event.starts_at.desc()).limit(MOST_CHOICES):
        yield each.title, to_paris(each.starts_at).date(), url_for("event_gestion.show", id=each.id)


@sitemap
def addresses():
    shown = scopes.announced(VISITOR).select(Event.slug, Event.published_at, Event.created_at)
    events = list(shown.order_by(Event.starts_at.desc()))
    if events:
        yield "/evenements/", None
        yield "/evenements/passes", None
    for each in events:
        yield each.url, to_paris(each.published_at or each.created_at).date()


@letter_source("event", "Événements à venir", order=20)
def for_letters(start: date, end: date):
    """Give the events of a period that are announced, those of adherents included: the letter says whose they are."""
    for each in scopes.between(scopes.announced(ADHERENT), start, end).where(Event.status == Status.PUBLISHED):
        yield LetterItem(
            key=str(each.id),
            title=each.heading,
            summary=each.summary,
            url=each.url,
            on=to_paris(each.starts_at).date(),
            readers=str(visibility_of(each)),
            image_url=f"/images/{each.image.name}" if each.image_id else "",
            image_alt=each.image_alt,
            details=", ".join(filter(None, [datetime_fr(each.starts_at), wording.where_line(each)])),
            theme=each.theme,
        )


def _choices() -> list[tuple[str, str]]:
    """Return the last events with registrations, the last first."""
    return _recent(today())


@kept
def _recent(day: date) -> list[tuple[str, str]]:
    recent = Event.select(Event.id, Event.title, Event.starts_at).where(
        Event.status.in_([str(Status.PUBLISHED), str(Status.HELD)]), Event.deleted_at.is_null(),
        Event.starts_at > datetime.combine(day, time.min) - timedelta(days=730),
    )  # fmt: skip
    query = recent.order_by(Event.starts_at.desc()).limit(MOST_CHOICES)
    return [(str(each.id), f"{each.heading}, {datetime_fr(each.starts_at)}") for each in query]


def _persons(registrations):
    return registrations.select(Registration.person).where(Registration.person.is_null(False)).distinct()


@segment("event.registered", "Inscrits à un événement", choices=_choices, order=60)
def registered_at(value: str):
    mine = (Registration.event == number_of(value)) & (Registration.state == Place.CONFIRMED)
    return _persons(Registration.select().where(mine))


@segment("event.present", "Présents à un événement", choices=_choices, order=61)
def present_at(value: str):
    return _persons(figures.present_in([number_of(value)]))
