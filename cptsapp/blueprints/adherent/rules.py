"""Entering and leaving the association."""

from datetime import date

from cptsapp.blueprints.association.models import College
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.db import db, locked, now, revision
from cptsapp.kernel.errors import RuleError

from . import years
from .models import Membership, MemberType

journal.declare("adherent.admitted", "Adhésion admise")
journal.declare("adherent.ended", "Adhésion terminée")

LAPSED = "Échue, puis nouvelle adhésion"


@db.atomic()
def admit(
    person_id: int,
    *,
    type: str | None = None,
    college: College | str | None = None,
    started_on: date | None = None,
    **values,
) -> Membership:
    """Make a person an adherent from `started_on` (today) to the end of the present year of membership, or of the next
    one for who joins late (`years.is_late`).

    `college` is a row or a name. `values` are other columns of Membership. One that has lapsed is closed where it
    ended, and a new one begins. Raises RuleError when the person is gone or is an adherent already.
    """
    person = locked(Person.select().where(Person.id == person_id, Person.deleted_at.is_null())).first()
    if person is None:
        raise RuleError("Cette fiche n’existe plus. Revenez à la liste des personnes.")
    if Membership.current(grace_days=0).where(Membership.person == person).exists():
        raise RuleError("Cette personne est déjà adhérente. Rechargez la page.")
    lapsed = (Membership.person == person) & Membership.left_at.is_null()
    coming = Membership.get_or_none(lapsed, Membership.started_on > today())
    if coming:
        raise RuleError(f"Son adhésion commence déjà le {date_fr(coming.started_on)}.")
    Membership.update(left_at=now(), left_reason=LAPSED).where(lapsed).execute()
    if isinstance(college, str):
        college = College.get_or_none(College.name == college)
    membership = Membership.create(
        person=person,
        type=type or (MemberType.STRUCTURE if person.is_structure else MemberType.LIBERAL),
        college=college,
        started_on=started_on or today(),
        confirmed_on=values.pop("confirmed_on", today()),
        **values,
    )
    years.cover_newcomer(membership)
    revision.bump()
    journal.write("adherent.admitted", "person", person.id, membership=membership.id)
    return membership


@db.atomic()
def end(person_id: int, *, reason: str = "") -> None:
    """End a person's membership now: the member space closes at the next request, without days of grace."""
    person = locked(Person.select().where(Person.id == person_id)).first()
    memberships = list(Membership.current().where(Membership.person == person_id)) if person else []
    if not memberships:
        raise RuleError("Cette personne n’est pas adhérente. Rechargez la page.")
    for membership in memberships:
        membership.ended_on = max(membership.started_on, min(membership.ended_on or today(), today()))
        membership.left_at, membership.left_reason = now(), reason[:200]
        membership.save()
    revision.bump()
    journal.write("adherent.ended", "person", person_id)
