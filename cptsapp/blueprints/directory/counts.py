"""How many are in each list: the figures of pages and indicators. Nobody is named here."""

from datetime import date

from peewee import SQL, Cast, fn

from cptsapp.kernel.dates import add_months, today

from . import history
from .definition import Definition, Figure
from .models import Entry, EntryValue, Status
from .values import has_value


def live_by_list() -> dict[str, int]:
    """Return how many entries each list has today."""
    rows = Entry.select(Entry.directory, fn.COUNT(SQL("1"))).where(Entry.live()).group_by(Entry.directory)
    return dict(rows.tuples())


def public_by_list() -> dict[str, int]:
    """Return how many entries of each list agreed to the public page."""
    shown = Entry.live() & Entry.is_public
    rows = Entry.select(Entry.directory, fn.COUNT(SQL("1"))).where(shown).group_by(Entry.directory)
    return dict(rows.tuples())


def shared_by_list() -> dict[str, int]:
    """Return how many entries of each list agreed to be shown to partners."""
    shown = Entry.live() & Entry.is_shared
    rows = Entry.select(Entry.directory, fn.COUNT(SQL("1"))).where(shown).group_by(Entry.directory)
    return dict(rows.tuples())


def listed(slug: str, day: date | None = None) -> int:
    return Entry.select().where(Entry.directory == slug, Entry.live(day)).count()


def confirmed_within_a_year(slug: str, day: date | None = None) -> int:
    since = add_months(day or today(), -12)
    return Entry.select().where(Entry.directory == slug, Entry.live(day), Entry.confirmed_on >= since).count()


def by_status(slug: str) -> dict[str, int]:
    """Return {label: entries} of a list, those withdrawn left out."""
    mine = (Entry.directory == slug) & (Entry.status != Status.LEFT)
    rows = dict(Entry.select(Entry.status, fn.COUNT(SQL("1"))).where(mine).group_by(Entry.status).tuples())
    return {status.label: rows[status] for status in Status if status in rows}


def by_commune(slug: str) -> dict[str, int]:
    """Return {commune: entries} of a list, today; the ones without a commune last."""
    live = (Entry.directory == slug) & Entry.live()
    rows = Entry.select(Entry.commune, fn.COUNT(SQL("1"))).where(live).group_by(Entry.commune).tuples()
    names = {each.insee: each.name for each in communes([insee for insee, _ in rows if insee])}
    found = {names.get(insee, ""): count for insee, count in rows if insee}
    unknown = sum(count for insee, count in rows if not insee)
    return dict(sorted(found.items())) | ({"Sans commune": unknown} if unknown else {})


def communes(codes: list[str]):
    model = Entry.commune.rel_model
    return model.select().where(model.insee.in_(codes)) if codes else []


def on(slug: str, day: date) -> int:
    """Return how many were listed on a day, today or past."""
    return listed(slug) if day >= today() else len(history.as_it_stood(slug, day))


def confirmed_on(slug: str, day: date) -> int:
    """Return how many of those listed on a day had been confirmed in the year before."""
    if day >= today():
        return confirmed_within_a_year(slug)
    since = add_months(day, -12).isoformat()
    return sum(past.state["confirmed_on"] >= since for past in history.as_it_stood(slug, day))


def figure_on(definition: Definition, each: Figure, day: date) -> int:
    """Return what a figure of a definition came to on a day, today or past."""
    if day >= today():
        return figure(definition, each)
    states = [past.state for past in history.as_it_stood(definition.slug, day)]
    if each.stage:
        return sum(state["stage"] == each.stage for state in states)
    said = [state["values"] for state in states]
    if each.sum:
        return sum(values.get(each.sum, 0) for values in said)
    field = definition.field(each.field)
    return sum(has_value(field, values.get(each.field), each.value) for values in said)


def figure(definition: Definition, each: Figure) -> int:
    """Return what a figure of a definition comes to today."""
    live = (Entry.directory == definition.slug) & Entry.live()
    if each.stage:
        return Entry.select().where(live, Entry.stage == each.stage).count()
    key = each.field or each.sum
    rows = EntryValue.select().join(Entry).where(live, EntryValue.directory == definition.slug, EntryValue.field == key)
    if each.field:
        return rows.where(EntryValue.value == each.value).count()
    return rows.select(fn.SUM(Cast(EntryValue.value, "INTEGER"))).scalar() or 0
