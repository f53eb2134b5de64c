"""Who is likely to be known already: shown side by side, never merged by itself."""

from dataclasses import dataclass, field

from peewee import JOIN

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.dates import today
from cptsapp.kernel.text import fold

from .joining import folded_name
from .models import Application, Membership, Practice, Status, status_on

LAST_CHAR = "\U0010ffff"


@dataclass
class Likely:
    """A record that a request may speak of, and why."""

    person: Person
    practice: Practice | None
    membership: Membership | None
    reasons: list[str] = field(default_factory=list)

    @property
    def status(self) -> Status | None:
        return status_on(self.membership, today()) if self.membership else None


def likely(requests: list[Application]) -> dict[int, list[Likely]]:
    """Return {request id: likely records}: same RPPS, same address, same name and commune; four queries for all."""
    if not requests:
        return {}
    known = _known(requests)
    return {request.id: _of(request, known) for request in requests}


def _known(requests) -> list[Likely]:
    person, practice = Person, Practice
    emails = {each.email_normalised for each in requests}
    numbers = {each.rpps for each in requests if each.rpps} or {"-"}
    condition = person.email_normalised.in_(emails) | practice.rpps.in_(numbers)
    for start in {each for request in requests for each in _starts(request)}:
        condition |= (person.folded >= start) & (person.folded < start + LAST_CHAR)
    joined = person.select(person, practice).join(
        practice, JOIN.LEFT_OUTER, on=(practice.person == person.id), attr="own"
    )
    people = list(joined.where(person.deleted_at.is_null(), condition))
    memberships = {}
    rows = Membership.select().where(Membership.person.in_([each.id for each in people]))
    for row in rows.order_by(Membership.left_at.is_null(), Membership.started_on):
        memberships[row.person_id] = row
    return [Likely(each, _practice(each), memberships.get(each.id)) for each in people]


def _practice(person) -> Practice | None:
    own = getattr(person, "own", None)
    return own if own is not None and own.person_id else None


def _starts(request):
    """Return how the copied names of a record may begin: in the two orders, hyphens or not."""
    first, last = fold(request.given_name), fold(request.family_name)
    names = {fold(request.name)} if request.name else {f"{last} {first}", f"{first} {last}"}
    return {each.strip() for name in names for each in (name, name.replace("-", " ")) if len(each.strip()) > 2}


def _of(request, known) -> list[Likely]:
    found = [Likely(each.person, each.practice, each.membership, _reasons(request, each)) for each in known]
    return sorted((each for each in found if each.reasons), key=lambda each: -len(each.reasons))


def _reasons(request, each) -> list[str]:
    practice, reasons = each.practice, []
    if request.rpps and practice and practice.rpps == request.rpps:
        reasons.append("même numéro RPPS")
    if request.email_normalised == each.person.email_normalised:
        reasons.append("même adresse e-mail")
    if folded_name(each.person) == request.folded_name:
        commune = practice.commune_id if practice else None
        if commune == request.commune_id and commune:
            reasons.append("même nom et même commune")
        elif not commune or not request.commune_id:
            reasons.append("même nom, commune inconnue")
    return reasons
