"""The figures of the members: how many, of which kinds, how many ask, how fast they are answered, how many renew."""

from datetime import date

from peewee import JOIN, fn

from cptsapp.blueprints.association.models import College
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.dates import span, today
from cptsapp.kernel.registry import breakdown, indicator, public_counter

from .models import Application, Membership, MemberType, Period, Practice, Year


def _standing(day: date, *columns):
    """Select from the memberships that stood on a day; a person has one of them on any day."""
    return Membership.select(*columns).where(
        Membership.started_on <= day, Membership.ended_on.is_null() | (Membership.ended_on >= day)
    )


@indicator("adherent.active", "Adhérents", unit="adhérents")
def active(start: date, end: date) -> int:
    """Count the persons who were adherents on the last day, without days of grace."""
    return _standing(end, fn.COUNT(Membership.person.distinct())).scalar()


@public_counter("Adhérents", order=10)
def adherents_today() -> int | None:
    """Return the number to be proud of, or None while there is none."""
    return active(today(), today()) or None


def _split(query, key) -> dict:
    return dict(query.group_by(key).order_by(fn.COUNT(1).desc()).tuples())


@breakdown("adherent.active", "type", "Par qualité")
def by_type(start: date, end: date) -> dict[str, int]:
    found = _split(_standing(end, Membership.type, fn.COUNT(1)), Membership.type)
    return {MemberType(type).label: number for type, number in found.items()}


@breakdown("adherent.active", "college", "Par collège")
def by_college(start: date, end: date) -> dict[str, int]:
    query = _standing(end, College.name, fn.COUNT(1)).join(College, JOIN.LEFT_OUTER)
    return {name or "À décider": number for name, number in _split(query, College.name).items()}


def _with_practice(query):
    return query.join(Practice, JOIN.LEFT_OUTER, on=(Practice.person == Membership.person))


@breakdown("adherent.active", "commune", "Par commune")
def by_commune(start: date, end: date) -> dict[str, int]:
    query = _with_practice(_standing(end, Commune.name, fn.COUNT(1))).join(Commune, JOIN.LEFT_OUTER)
    return {name or "Non précisée": number for name, number in _split(query, Commune.name).items()}


@breakdown("adherent.active", "profession", "Par profession")
def by_profession(start: date, end: date) -> dict[str, int]:
    """Count by profession of the list; the others by their own words."""
    query = _with_practice(_standing(end, Practice.profession, Practice.profession_other, fn.COUNT(1)))
    rows = query.group_by(Practice.profession, Practice.profession_other)
    known, found = reference.professions(), {}
    for code, other, number in rows.tuples():
        label = other or (known[code].plural if code in known else "Non précisée")
        found[label] = found.get(label, 0) + number
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


@indicator("adherent.requests", "Demandes d’adhésion reçues", unit="demandes")
def requests(start: date, end: date) -> int:
    after, before = span(start, end)
    confirmed = Application.email_confirmed_at >= after, Application.email_confirmed_at < before
    return Application.select().where(*confirmed).count()


@indicator("adherent.decided", "Demandes d’adhésion traitées", unit="demandes")
def decided(start: date, end: date) -> int:
    return len(_delays(start, end))


@indicator("adherent.delay", "Délai de réponse aux demandes (moyenne)", unit="jours")
def delay(start: date, end: date) -> int | None:
    """Return the mean number of days between the confirmation of a request and its answer, rounded."""
    found = _delays(start, end)
    return round(sum(found) / len(found)) if found else None


def _delays(start, end) -> list[float]:
    after, before = span(start, end)
    query = Application.select(Application.email_confirmed_at, Application.decided_at)
    rows = query.where(Application.decided_at >= after, Application.decided_at < before).tuples()
    return [(decision - confirmation).total_seconds() / 86400 for confirmation, decision in rows]


@indicator("adherent.renewal_rate", "Taux de renouvellement", unit="%")
def renewal_rate(start: date, end: date) -> int | None:
    """Return the share, in percent, of those covered the year before who renewed for the year of `end`.

    Who joined late enough to be covered for both at once had nothing to renew, and is left out.
    """
    period = Period.at(end)
    before = period and Period.select().where(Period.ends_on < period.starts_on).order_by(Period.ends_on.desc()).first()
    if not before:
        return None
    at_once = Year.select(Year.membership).where(Year.period == period, Year.by_joining)
    had = Year.select(Year.membership).where(Year.period == before, Year.membership.not_in(at_once))
    number = had.count()
    again = Year.select().where(Year.period == period, Year.membership.in_(had)).count()
    return round(100 * again / number) if number else None
