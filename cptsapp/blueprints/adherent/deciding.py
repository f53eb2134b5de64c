"""What the bureau does with a request: accept, refuse, ask for a precision. Of two people at once, one decides."""

from dataclasses import dataclass

from cptsapp.blueprints.account import rules as accounts
from cptsapp.blueprints.account.models import Account, Grant, Role
from cptsapp.blueprints.person import finding
from cptsapp.blueprints.person import rules as people
from cptsapp.blueprints.person.models import Kind, Person
from cptsapp.kernel import journal, mail
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.prepared import Counted
from cptsapp.kernel.text import plural

from . import colleges, duplicates, joining, rules, years
from .models import Application, Membership, MemberType, Practice, StructureRole, Year

for _action, _sentence in {
    "adherent.accepted": "Demande d’adhésion acceptée",
    "adherent.refused": "Demande d’adhésion refusée",
    "adherent.asked": "Précision demandée sur une demande d’adhésion",
}.items():
    journal.declare(_action, _sentence)


@dataclass(frozen=True)
class Accepted:
    """What an acceptance made; `note` says what the person who decided should know."""

    membership: Membership
    note: str = ""


@db.atomic()
def accept(request_id: int, *, by: int | None, person_id: int | None = None) -> Accepted:
    """Make a member of a request, on a new record or on the one chosen; open the account and mail the person.

    Raises RuleError when it was decided already, or when the record chosen is not of the same kind.
    """
    request = _to_decide(request_id)
    person = _record(request, person_id)
    _complete_practice(request, person)
    speaker = _representatives(request, person) if MemberType(request.type).is_body else person
    membership = Membership.current(grace_days=0).where(Membership.person == person).first()
    if membership is None:
        membership = rules.admit(
            person.id,
            type=request.type,
            college=colleges.deduce(request.type, request.profession),
            origin=request.origin,
            statutes_version=request.statutes_version,
            charter_version=request.charter_version,
            accepted_at=request.accepted_at,
        )
    link, until, note = _open_account(request, speaker)
    _decided(request, by, accepted=True, person=person)
    year = Year.select().where(Year.membership == membership).order_by(Year.id.desc()).first()
    _tell(
        request,
        "accepted",
        person_id=person.id,
        secret=("link",),
        until=date_fr(membership.ended_on),
        **years.asked(year.due_cents if year else 0),
        label=year.period.label if year and year.by_joining else "",
        link=link,
        link_until=until,
    )
    journal.write("adherent.accepted", "person", person.id, application=request.id, linked=person_id is not None)
    return Accepted(membership, note)


def accept_all(ids: list[int], *, by: int | None) -> tuple[int, int]:
    """Accept those that nothing makes doubtful; return (accepted, left to look at one by one)."""
    requests = list(Application.select().where(Application.id.in_(ids), Application.is_waiting()))
    accepted = doubtful = 0
    for request in requests:
        try:
            if duplicates.likely([request])[request.id]:  # the one before may be of the same person
                doubtful += 1
            else:
                accept(request.id, by=by)
                accepted += 1
        except RuleError:  # somebody else was quicker
            continue
    return accepted, doubtful


@db.atomic()
def refuse(request_id: int, *, by: int | None, reason: str) -> None:
    """Refuse a request, and mail the reason to its author."""
    request = _to_decide(request_id)
    request.reason = reason.replace("\0", "").strip()
    if not request.reason:
        raise RuleError("Écrivez le motif : la personne le recevra.", field="reason")
    _decided(request, by, accepted=False)
    _tell(request, "refused", reason=request.reason)
    journal.write("adherent.refused", "application", request.id)


@db.atomic()
def ask(request_id: int, *, question: str) -> None:
    """Ask the author for a precision: the mail carries a link to the form as it was filled."""
    request = _to_decide(request_id)
    request.question = question.replace("\0", "").strip()
    if not request.question:
        raise RuleError("Écrivez ce que la personne doit préciser ou corriger.", field="question")
    request.asked_at = now()
    request.save()
    link = joining.link_to_correct(request)
    until = date_fr(today() + joining.ANSWER_LASTS)
    _tell(request, "question", secret=("link",), question=request.question, link=link, until=until)
    journal.write("adherent.asked", "application", request.id)


def _to_decide(request_id) -> Application:
    request = locked(Application.select().where(Application.id == request_id)).first()
    if request is None or request.email_confirmed_at is None:
        raise RuleError("Cette demande n’existe plus. Revenez à la liste.")
    if request.decided_at:
        who = Account.with_id(request.decided_by_id) if request.decided_by_id else None
        said = "acceptée" if request.accepted else "refusée"
        raise RuleError(f"Cette demande a déjà été {said}{f' par {who.label}' if who else ''}. Rechargez la page.")
    return request


def _decided(request, by, *, accepted, person=None):
    request.accepted, request.decided_at, request.decided_by, request.person = accepted, now(), by, person
    request.save()


def _record(request, person_id) -> Person:
    """Return the record chosen, its blanks filled, or a new one."""
    if person_id is None:
        named = {name: getattr(request, name) for name in ("name", "given_name", "family_name")}
        kind = Kind.STRUCTURE if request.name else Kind.PERSON
        return people.create(kind=kind, email=request.email, phone=request.phone, **named)
    person = locked(Person.select().where(Person.id == person_id, Person.deleted_at.is_null())).first()
    if person is None or person.is_structure != bool(request.name):
        raise RuleError("Cette fiche ne convient pas à cette demande. Choisissez-en une autre.")
    if not person.email or not person.phone:
        own = {name: getattr(person, name) for name in ("name", "given_name", "family_name", "note")}
        contact = {"email": person.email or request.email, "phone": person.phone or request.phone}
        return people.update(person.id, **own, **contact)
    return person


def _complete_practice(request, person):
    """Write what the person does; on a record that is known already, fill the blanks only."""
    practice = Practice.get_or_none(Practice.person == person)
    is_new, practice = practice is None, practice or Practice(person=person)
    if is_new or not (practice.profession or practice.profession_other):
        practice.profession, practice.profession_other = request.profession, request.profession_other
    for name in ("rpps", "adeli", "mode", "organisation"):
        setattr(practice, name, getattr(practice, name) or getattr(request, name))
    practice.commune = practice.commune_id or request.commune_id
    for name in request.shows.split():
        setattr(practice, name, True)
    practice.shown_changed_at = practice.shown_changed_at or (now() if request.shows else None)
    practice.save(force_insert=is_new)
    finding.put([person])


def _representatives(request, structure) -> Person:
    """Make the records of who speaks for the structure and who stands in; return the first."""
    named = joining.representative(request)
    role = StructureRole.get_or_none(StructureRole.structure == structure)
    if role and role.representative_id:
        return role.representative
    speaker = people.create(
        given_name=named.get("given_name", ""),
        family_name=named.get("family_name") or request.name,
        email=request.email,
        phone=request.phone,
    )
    deputy = None
    if named.get("deputy_family_name"):
        deputy = people.create(
            given_name=named.get("deputy_given_name", ""),
            family_name=named["deputy_family_name"],
            email=named.get("deputy_email"),
        )
    for each in filter(None, (speaker, deputy)):
        Practice.create(person=each, works_at=structure, organisation=structure.name, commune=request.commune_id)
    StructureRole.delete().where(StructureRole.structure == structure).execute()
    StructureRole.create(structure=structure, representative=speaker, deputy=deputy)
    return speaker


def _open_account(request, speaker) -> tuple[str, str, str]:
    """Return (activation link, its last day, a note): no link when an account is there already."""
    if Account.select().where(Account.person == speaker).exists():
        return "", "", ""
    if Account.with_email(request.email):
        note = "Un autre compte a déjà cette adresse e-mail : aucun compte n’a été ouvert. Demandez une adresse à part."
        return "", "", note
    account = accounts.create(request.email, by=None, person_id=speaker.id)
    link, until = accounts.activation_link(account.id)
    return link, date_fr(until), ""


def _tell(request, template, *, person_id=None, secret=(), **values):
    values = {"name": request.label, **values}
    mail.queue(f"adherent/{template}", to=request.email, values=values, person_id=person_id, secret=secret)


# Those who decide are told that requests wait


def deciders() -> list[Account]:
    """Return the open accounts of the bureau and of the coordination."""
    roles = (Role.BUREAU, Role.COORDINATION)
    current = Grant.until.is_null() | (Grant.until >= today())
    held = Grant.select(Grant.account).where(Grant.role.in_(roles), current)
    usable = Account.disabled_at.is_null() & Account.activated_at.is_null(False) & Person.deleted_at.is_null()
    return list(Account.joined().where(Account.id.in_(held), usable).order_by(Account.id))


waiting_count = Counted(lambda: Application.select().where(Application.is_waiting()))


@db.atomic()
def remind_deciders(day) -> int:
    """Mail those who decide that requests wait, once a day each; return how many mails."""
    oldest = Application.select().where(Application.is_waiting()).order_by(Application.created_at).first()
    number = waiting_count()
    if oldest is None or not number:  # the last one may be decided between the two
        return 0
    told = deciders()
    for account in told:
        mail.queue(
            "adherent/waiting",
            to=account.email,
            key=f"adherent-waiting-{day:%Y-%m-%d}-{account.id}",
            person_id=account.person_id,
            values={
                "name": account.label,
                "number": number,
                "count": plural(number, "demande d’adhésion", "demandes d’adhésion"),
                "oldest": date_fr(oldest.created_at),
            },
        )
    return len(told)
