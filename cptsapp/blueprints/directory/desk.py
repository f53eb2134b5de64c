"""What waits in the directories: the figures of each list, in a few queries, whatever their number."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from operator import or_

from peewee import SQL, Case, fn

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.dates import today

from . import catalogue, stages
from .definition import Definition
from .models import Entry, Status

SOON_DAYS = 30  # the first reminder leaves that many days before the end
SHOWN = (Status.LISTED, Status.PAUSED)


@dataclass
class Standing:
    """The figures of one list today. `soon` are among those listed or paused, `stuck` too."""

    definition: Definition
    is_open: bool
    is_shipped: bool
    is_own: bool  # made here, or changed here
    waiting: int = 0
    listed: int = 0
    soon: int = 0
    expired: int = 0
    paused: int = 0
    stuck: int = 0
    left: int = 0

    @property
    def present(self) -> int:
        return self.waiting + self.listed + self.expired + self.paused

    @property
    def urgency(self) -> tuple:
        """Order the lists by what waits: people first, then paths, then dates."""
        return (-self.waiting, -self.stuck, -self.expired, -self.soon)

    @property
    def is_calm(self) -> bool:
        return not (self.waiting or self.stuck or self.expired or self.soon)


def is_present():
    """Return the condition that an entry does not speak of somebody who is in the bin."""
    binned = Person.select(Person.id).where(Person.deleted_at.is_null(False))
    return Entry.person.is_null() | Entry.person.not_in(binned)


def to_confirm_soon(day: date | None = None):
    day = day or today()
    return Entry.status.in_(SHOWN) & (Entry.expires_on >= day) & (Entry.expires_on <= day + timedelta(days=SOON_DAYS))


def is_expired(day: date | None = None):
    """Return the condition that an entry is out of its list until it is confirmed, the job of the night or not."""
    return (Entry.status == Status.EXPIRED) | (Entry.status.in_(SHOWN) & (Entry.expires_on < (day or today())))


def standings(definitions: Iterable[Definition] | None = None) -> list[Standing]:
    """Return the figures of all the lists (or of some), by theme then name."""
    definitions = list(catalogue.everything().values() if definitions is None else definitions)
    rows = catalogue.rows()
    closed = {row.slug for row in rows if row.closed_at}
    own = {row.slug for row in rows if row.data_json}
    found = {
        each.slug: Standing(each, each.slug not in closed, catalogue.is_shipped(each.slug), each.slug in own)
        for each in definitions
    }
    _count(found, today())
    _count_stuck(found)
    return list(found.values())


def standing(definition: Definition) -> Standing:
    return standings([definition])[0]


def _count(found: dict[str, Standing], day: date):
    age = Case(None, ((Entry.expires_on < day, "past"), (to_confirm_soon(day), "soon")), "far")
    query = Entry.select(Entry.directory, Entry.status, age.alias("age"), fn.COUNT(Entry.id)).where(is_present())
    if len(found) == 1:
        query = query.where(Entry.directory == next(iter(found)))
    for slug, status, when, count in query.group_by(Entry.directory, Entry.status, SQL("age")).tuples():
        if slug in found:
            _add(found[slug], Status(status), when, count)


def _add(standing: Standing, status: Status, when: str, count: int):
    if status == Status.TO_VALIDATE:
        standing.waiting += count
    elif status == Status.LEFT:
        standing.left += count
    elif status == Status.EXPIRED or when == "past":
        standing.expired += count
    else:
        standing.listed += count if status == Status.LISTED else 0
        standing.paused += count if status == Status.PAUSED else 0
        standing.soon += count if when == "soon" else 0


def _count_stuck(found: dict[str, Standing]):
    watched = [each.definition for each in found.values() if any(stage.weeks for stage in each.definition.stages)]
    if not watched:
        return
    stuck = reduce(or_, (stages.stuck(each) for each in watched))
    query = Entry.select(Entry.directory, fn.COUNT(Entry.id)).where(stuck, is_present()).group_by(Entry.directory)
    for slug, count in query.tuples():
        found[slug].stuck = count


def waiting_first(found: list[Standing]) -> list[Standing]:
    """Return the open lists where something waits, the most pressing first."""
    return sorted((each for each in found if each.is_open and not each.is_calm), key=lambda each: each.urgency)
