"""The figures of the uptake on a day: who is a member, out of how many professionals, and how it grew.

Members are persons whose membership covers the day, without days of grace; professions and communes are today's.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from peewee import JOIN, fn

from cptsapp.blueprints.adherent.models import Membership, Practice
from cptsapp.blueprints.person.models import Kind, Person
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune, Headcount
from cptsapp.kernel.dates import add_months, date_fr, short_fr
from cptsapp.kernel.kept import kept
from cptsapp.kernel.text import number

from .models import CommuneHeadcount

MOST_POINTS = 13
MOST_BARS = 20


@dataclass(frozen=True)
class Line:
    """Members of a group out of the professionals counted there.

    `covered`: those of the members whose profession has a headcount, the only ones that the rate compares.
    `headcount` is None when nobody counted; `per_10000`: members for 10,000 inhabitants, of a commune.
    """

    key: str
    label: str
    members: int
    covered: int = 0
    headcount: int | None = None
    counted_on: date | None = None
    source: str = ""
    per_10000: float | None = None

    @property
    def rate(self) -> float | None:
        """Members out of 100 professionals; None when there is nobody to compare with."""
        return round(100 * self.covered / self.headcount, 1) if self.headcount else None

    @property
    def missing(self) -> int | None:
        """How many professionals are not members."""
        return None if self.headcount is None else max(0, self.headcount - self.covered)


@dataclass(frozen=True)
class Total:
    """All health professionals: the total announced and the sum of the details are kept apart."""

    members: int
    covered: int
    announced: Headcount | None
    detailed: int | None

    @property
    def headcount(self) -> int | None:
        return self.announced.number if self.announced else self.detailed

    @property
    def rate(self) -> float | None:
        compared = self.members if self.announced else self.covered
        return round(100 * compared / self.headcount, 1) if self.headcount else None

    @property
    def gap(self) -> int | None:
        """How many professionals the announced total has that the details do not; None when there is nothing to say."""
        if not self.announced or self.detailed is None:
            return None
        return self.announced.number - self.detailed


def _standing(day: date):
    """Return the condition that a membership covers `day`."""
    return (Membership.started_on <= day) & (Membership.ended_on.is_null() | (Membership.ended_on >= day))


def _persons(*columns):
    """Return a query over the memberships of persons (not structures), what they practise joined."""
    query = Membership.select(*columns).join(Person).join(Practice, JOIN.LEFT_OUTER, on=Practice.person == Person.id)
    return query.where(Person.kind == Kind.PERSON)


@kept
def members_by(name: str, day: date) -> Counter:
    """Return how many persons are members on `day` for each value of « profession » or of « commune »."""
    column = {"profession": Practice.profession, "commune": Practice.commune}[name]
    counted = fn.COUNT(Membership.person.distinct())
    rows = _persons(column, counted).where(_standing(day)).group_by(column).tuples()
    found = Counter()
    for value, count in rows:
        found[value or ""] += count
    return found


def by_profession(day: date) -> list[Line]:
    """Return the professions that have members or a headcount, the least represented first."""
    members, counted = members_by("profession", day), Headcount.at(day)
    lines = []
    for code, profession in reference.professions().items():
        row = counted.get(code)
        if members[code] or row:
            lines.append(_line(code, profession.label, members[code], row))
    return sorted(lines, key=_least_first)


def _line(key, label, count, row, **more) -> Line:
    if row is None:
        return Line(key, label, count, **more)
    return Line(key, label, count, count, row.number, row.counted_on, row.source, **more)


def _least_first(line: Line):
    """Order: the lowest rate first, then those whom most professionals are missing from; nothing to compare last."""
    known = line.rate is not None
    return not known, line.rate or 0, -(line.missing or 0), -line.members, line.label


def by_family(day: date) -> list[Line]:
    """Return the families of professions, the least represented first."""
    groups = {}
    for line in by_profession(day):
        family = reference.professions()[line.key].family
        groups.setdefault(family, []).append(line)
    return sorted((_family(family, lines) for family, lines in groups.items()), key=_least_first)


def _family(family, lines) -> Line:
    counted = [line for line in lines if line.headcount is not None]
    return Line(
        key=family,
        label=reference.FAMILIES[family],
        members=sum(line.members for line in lines),
        covered=sum(line.covered for line in counted),
        headcount=sum(line.headcount for line in counted) if counted else None,
        counted_on=max((line.counted_on for line in counted), default=None),
        source=" ; ".join(dict.fromkeys(line.source for line in counted if line.source)),
    )


def by_commune(day: date) -> list[Line]:
    """Return the communes of the territory, the least represented first, then members from elsewhere."""
    members, counted = members_by("commune", day), CommuneHeadcount.at(day)
    communes = list(Commune.of_territory())
    lines = [
        _line(each.insee, each.name, members[each.insee], counted.get(each.insee), per_10000=_density(members, each))
        for each in communes
    ]
    lines.sort(key=_commune_order)
    inside = {each.insee for each in communes}
    elsewhere = sum(count for insee, count in members.items() if insee and insee not in inside)
    if elsewhere:
        lines.append(Line("ailleurs", "Hors du territoire", elsewhere))
    if members[""]:
        lines.append(Line("inconnue", "Commune non renseignée", members[""]))
    return lines


def _density(members, commune) -> float | None:
    return round(10_000 * members[commune.insee] / commune.population, 1) if commune.population else None


def _commune_order(line: Line):
    return *_least_first(line)[:2], line.per_10000 or 0, line.label


def total(day: date) -> Total:
    """Return the members who are health professionals on `day`, out of how many."""
    health = {code for code, profession in reference.professions().items() if profession.is_health}
    members, counted = members_by("profession", day), Headcount.at(day)
    detailed = [row for code, row in counted.items() if code in health]
    return Total(
        members=sum(members[code] for code in health),
        covered=sum(members[row.profession] for row in detailed),
        announced=counted.get(""),
        detailed=sum(row.number for row in detailed) if detailed else None,
    )


# Over time


def days_shown(first: date, last: date) -> list[date]:
    """Return the days of the chart, oldest first: each month, each quarter or each year, `last` being one of them."""
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next(step for step in (1, 3, 12, 60) if months // step < MOST_POINTS or step == 60)
    count = min(months // step, MOST_POINTS - 1)
    return [add_months(last, -step * back) for back in range(count, -1, -1)]


@kept
def history(last: date, family: str = "") -> list[tuple[date, int, int | None]]:
    """Return (day, members, professionals counted then or None) over time, for a family or for everybody."""
    codes = [code for code, each in reference.professions().items() if each.family == family]
    spans = _Spans(Practice.profession.in_(codes) if family else None)
    if spans.first is None:
        return []
    days = days_shown(min(spans.first, last), last)
    return [(day, spans.count(day), _headcount(day, codes)) for day in days]


class _Spans:
    """From when to when persons were members, those who were once counted together, to be asked of several days."""

    def __init__(self, condition=None):
        condition = Membership.id.is_null(False) if condition is None else condition
        each = Membership.alias()
        several = each.select(each.person).group_by(each.person).having(fn.COUNT(1) > 1)
        span = (Membership.started_on, Membership.ended_on)
        once = _persons(*span, fn.COUNT(1)).where(condition, Membership.person.not_in(several)).group_by(*span)
        again = _persons(*span, Membership.person).where(condition, Membership.person.in_(several))
        self.once, self.again = list(once.tuples()), list(again.tuples())
        self.first = min((start for start, _, _ in (*self.once, *self.again)), default=None)

    def count(self, day: date) -> int:
        """Return how many were members on a day, each person once."""
        stood = lambda start, end: start <= day and (end is None or end >= day)  # noqa: E731 (as `_standing`)
        once = sum(count for start, end, count in self.once if stood(start, end))
        return once + len({person for start, end, person in self.again if stood(start, end)})


def _headcount(day: date, codes: list[str]) -> int | None:
    counted = Headcount.at(day)
    if not codes and "" in counted:
        return counted[""].number
    numbers = [row.number for code, row in counted.items() if code in codes or (not codes and code)]
    return sum(numbers) if numbers else None


def points(rows) -> list[tuple[str, int]]:
    """Return the (label, number) pairs of the chart."""
    return [(short_fr(day), count) for day, count, _ in rows]


# What the page draws


def bars(lines: list[Line]) -> tuple[list[tuple[str, float, str]], int]:
    """Return the (label, rate, words) of the bars, and how many lines without any member are left out of them."""
    known = [line for line in lines if line.rate is not None]
    shown = known if len(known) <= MOST_BARS else [line for line in known if line.rate][:MOST_BARS]
    words = [(line.label, line.rate, f"{number(line.covered)} sur {number(line.headcount)}") for line in shown]
    return words, len(known) - len(shown)


def sources(lines: list[Line]) -> list[str]:
    """Return what the headcounts of these lines come from, each date and source said once."""
    said = {(line.counted_on, line.source) for line in lines if line.counted_on}
    return [f"au {date_fr(on)}{f' ({source})' if source else ''}" for on, source in sorted(said)]
