"""What a person does with their own record, and what the coordination answers."""

import json
from datetime import date, timedelta

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.adherent import colleges, history
from cptsapp.blueprints.adherent import rules as adherent_rules
from cptsapp.blueprints.adherent.models import Membership, MemberType, Practice
from cptsapp.blueprints.annuaire import rules as annuaire_rules
from cptsapp.blueprints.annuaire.cards import CHOSEN
from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.person.rules import one_line
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory import rules as territory_rules
from cptsapp.kernel import journal, mail, tokens
from cptsapp.kernel.dates import add_months, start_of, today
from cptsapp.kernel.db import db, locked, now, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import StoredFile
from cptsapp.kernel.settings import settings

from .models import Outcome, ProfileChange, ProfileRequest, RequestKind

STALE_MONTHS = 12
SEEN_MONTHS = 12
CONFIRM, CONFIRM_LASTS = "profile-confirm", timedelta(days=60)
REQUEST_MONTHS = 36
ONE_LINE = ("profession_other", "rpps", "adeli", "mode", "organisation")
SEVERAL_LINES = ("competences", "hours")
for _action, _sentence in {
    "profile.updated": "Fiche corrigée par l’intéressé",
    "profile.confirmed": "Fiche confirmée par l’intéressé",
    "profile.invited": "Titulaires invités à confirmer leur fiche",
    "profile.shown": "Choix de ce que montre l’annuaire",
    "profile.portrait": "Photo ajoutée ou retirée par l’intéressé",
    "profile.left": "Départ de l’association",
    "profile.left_undone": "Départ annulé par la coordination",
    "profile.erasure_asked": "Effacement demandé par l’intéressé",
    "profile.erasure_withdrawn": "Demande d’effacement retirée",
    "profile.erasure_refused": "Demande d’effacement refusée",
    "profile.change_seen": "Changement de fiche relu",
}.items():
    journal.declare(_action, _sentence)


# Correcting


@db.atomic()
def update(
    person_id: int, *, names: dict, profession: str, commune: str | None, areas: list[str], type: str = "", **values
):
    """Write a person's own corrections. `names`: given_name and family_name, or name; `values`: email, phone, practice.

    A change of profession, commune, address or quality tells the coordination. Return the labels of what it is told.
    """
    person = _present(person_id)
    practice, membership = Practice.of(person_id), Membership.of_person(person_id)
    before = _told(person, practice, membership)
    person = person_rules.update(
        person_id, **names, email=values.get("email"), phone=values.get("phone") or "", note=person.note
    )
    _write_practice(practice, profession, commune, areas, values)
    if membership and type:
        _change_type(membership, type, practice)
    changes = _changes(before, _told(person, practice, membership))
    if changes:
        _tell(person, changes)
    confirm(person_id, silent=True)
    journal.write("profile.updated", "person", person_id, told=[label for label, _, _ in changes])
    revision.bump()
    return [label for label, _, _ in changes]


def _write_practice(practice, profession, commune, areas, values):
    if profession and profession not in reference.professions():
        raise RuleError("Choisissez la profession dans la liste.", field="profession")
    for name in ONE_LINE:
        setattr(practice, name, one_line(values.get(name) or ""))
    for name in SEVERAL_LINES:
        setattr(practice, name, (values.get(name) or "").replace("\0", "").strip())
    practice.profession = profession
    practice.commune = territory_rules.use(commune) if commune else None
    practice.area_json = json.dumps([insee for insee in dict.fromkeys(areas) if reference.place(insee)])
    _save(practice)


def _save(practice):
    """Save a practice, whose key is the person: made when it is the first time."""
    practice.save(force_insert=not Practice.select().where(Practice.person == practice.person_id).exists())


def _change_type(membership, type, practice):
    if type not in set(MemberType) or MemberType(type).is_body != MemberType(membership.type).is_body:
        raise RuleError("Choisissez votre qualité dans la liste.", field="type")
    history.remember(membership.id)
    membership.type = type
    if not membership.college_decided:
        membership.college = colleges.deduce(type, practice.profession) or membership.college
    membership.save()


def _told(person, practice, membership) -> dict[str, str]:
    """Return what the coordination wants to know of, as words."""
    place = reference.place(practice.commune_id) if practice.commune_id else None
    return {
        "Profession": practice.profession_label,
        "Commune": place.label if place else "",
        "Adresse e-mail": person.email or "",
        "Qualité": membership.type_label if membership else "",
    }


def _changes(before, after) -> list[list[str]]:
    return [[label, before[label], after[label]] for label in before if before[label] != after[label]]


def _tell(person, changes):
    row = ProfileChange.create(person=person, changes_json=json.dumps(changes, ensure_ascii=False))
    mail.queue(
        "profile/changed",
        to=identity().email,
        key=f"profile-change-{row.id}",
        values={"name": person.label, "changes": changes, "link": f"{settings.base_url}/gestion/fiches"},
    )


@db.atomic()
def see_change(change_id: int, *, by: int) -> None:
    """Say that a change was read; of two people at once, the first is remembered."""
    unseen = ProfileChange.id == change_id, ProfileChange.seen_at.is_null()
    if ProfileChange.update(seen_at=now(), seen_by=by).where(*unseen).execute():
        journal.write("profile.change_seen", "profile_change", change_id)


@db.atomic()
def confirm(person_id: int, *, silent: bool = False) -> None:
    """Say that the record is right today."""
    running = (Membership.person == person_id) & Membership.left_at.is_null()
    if Membership.update(confirmed_on=today()).where(running).execute() and not silent:
        journal.write("profile.confirmed", "person", person_id)


def confirmed_on(membership: Membership) -> date:
    """Return the last day on which the record was said to be right."""
    return membership.confirmed_on or membership.started_on


def is_stale(membership: Membership | None, day: date | None = None) -> bool:
    """Tell whether nobody has confirmed a member's record for twelve months."""
    limit = add_months(day or today(), -STALE_MONTHS)
    return membership is not None and membership.left_at is None and confirmed_on(membership) < limit


def stale(day: date):
    """Return the running memberships whose record nobody has confirmed for twelve months, the person joined."""
    limit = add_months(day, -STALE_MONTHS)
    old = (Membership.confirmed_on < limit) | (Membership.confirmed_on.is_null() & (Membership.started_on < limit))
    query = Membership.current(day).select(Membership, Person).join(Person)
    return query.where(old, Person.deleted_at.is_null())


def stale_count(day: date) -> int:
    return stale(day).count()


@db.atomic()
def invite_stale(day: date) -> int:
    """Mail a link that confirms a record in one click to those who have an address; once a month each at most.

    Return how many mails were recorded.
    """
    count = 0
    for membership in stale(day).where(Person.email_normalised != ""):
        key = f"profile-confirm-{membership.person_id}-{day:%Y-%m}"
        if not mail.OutgoingMail.select().where(mail.OutgoingMail.key == key).exists():
            _invite_to_confirm(membership, key)
            count += 1
    if count:
        journal.write("profile.invited", "profile", day, number=count)
    return count


def _invite_to_confirm(membership, key):
    token = tokens.issue(CONFIRM, membership.person_id, CONFIRM_LASTS)
    mail.queue(
        "profile/confirm",
        to=membership.person.email,
        person_id=membership.person_id,
        kind=mail.Kind.REMINDER,
        key=key,
        values={"name": membership.person.label, "link": f"{settings.base_url}/fiche/exacte/{token}"},
        secret=("link",),
    )


@db.atomic()
def confirm_by_link(token: str) -> None:
    confirm(int(tokens.consume(CONFIRM, token)))


# Showing


@db.atomic()
def show(person_id: int, *, levels: dict[str, str], in_directory: bool, public_listing: bool | None = None) -> None:
    """Choose what others read: {field of CHOSEN: "nobody", "members" or "public"}; what is not named is hidden.

    `public_listing` is None while the public directory is closed: that choice then stays as it was.
    """
    _present(person_id)
    practice = Practice.of(person_id)
    for name in CHOSEN:
        setattr(practice, f"show_{name}", levels.get(name) in ("members", "public"))
    practice.in_directory, practice.shown_changed_at = in_directory, now()
    if public_listing is not None:
        practice.public_listing = public_listing
        annuaire_rules.set_public_fields(person_id, [name for name in CHOSEN if levels.get(name) == "public"])
    _save(practice)
    journal.write(
        "profile.shown", "person", person_id, levels=levels, listed=in_directory, public=practice.public_listing
    )
    revision.bump()


@db.atomic()
def set_portrait(person_id: int, file: StoredFile | None) -> None:
    _present(person_id)
    annuaire_rules.set_portrait(person_id, file)
    journal.write("profile.portrait", "person", person_id, given=file is not None)


# Leaving


@db.atomic()
def leave(person_id: int, *, reason: str = "") -> ProfileRequest:
    """End one's own membership at once; the coordination is told and can undo it."""
    person, membership = _present(person_id), Membership.current().where(Membership.person == person_id).first()
    memory = {"membership": membership.id, "end": membership.ended_on} if membership else {}
    adherent_rules.end(person_id, reason="Départ demandé par l’intéressé")
    request = ProfileRequest.create(
        kind=RequestKind.LEAVE,
        person=person,
        reason=_words(reason),
        memory_json=json.dumps(memory, default=str),
        decided_at=now(),
        outcome=Outcome.DONE,
    )
    _tell_request(request, person)
    journal.write("profile.left", "person", person_id, request=request.id)
    return request


@db.atomic()
def undo_leave(request_id: int, *, by: int) -> None:
    """Give a membership back as it stood before its holder left."""
    request = _request(request_id, RequestKind.LEAVE)
    if request.outcome != Outcome.DONE or request.person_id is None:
        raise RuleError("Ce départ a déjà été annulé, ou la fiche a été effacée.")
    memory = json.loads(request.memory_json)
    if Membership.select().where(Membership.person == request.person_id, Membership.left_at.is_null()).exists():
        raise RuleError("Cette personne est de nouveau adhérente : il n’y a rien à annuler.")
    back = {"left_at": None, "left_reason": "", "ended_on": memory.get("end")}
    if not Membership.update(**back).where(Membership.id == memory.get("membership")).execute():
        raise RuleError("Cette adhésion n’existe plus. Admettez de nouveau la personne depuis sa fiche.")
    request.outcome, request.decided_by, request.decided_at = Outcome.UNDONE, by, now()
    request.save()
    journal.write("profile.left_undone", "person", request.person_id, request=request.id)
    revision.bump()


@db.atomic()
def ask_erasure(person_id: int, *, reason: str = "") -> ProfileRequest:
    """Ask the coordination to erase everything; asked twice, it is one request."""
    person = _present(person_id)
    known = ProfileRequest.open_erasure(person_id)
    if known:
        return known
    request = ProfileRequest.create(kind=RequestKind.ERASURE, person=person, reason=_words(reason))
    _tell_request(request, person)
    journal.write("profile.erasure_asked", "person", person_id, request=request.id)
    return request


@db.atomic()
def withdraw_erasure(person_id: int) -> None:
    known = ProfileRequest.open_erasure(person_id)
    request = known and _request(known.id, RequestKind.ERASURE)
    if request and request.decided_at is None:  # it may have been answered between the two
        request.outcome, request.decided_at = Outcome.WITHDRAWN, now()
        request.save()
        journal.write("profile.erasure_withdrawn", "person", person_id, request=request.id)


@db.atomic()
def refuse_erasure(request_id: int, *, by: int, reason: str) -> None:
    """Refuse an erasure, for a reason that the person is told, with how to complain. RGPD, article 12."""
    request, reason = _request(request_id, RequestKind.ERASURE), _words(reason)
    if request.decided_at or request.person_id is None:
        raise RuleError("Cette demande a déjà reçu sa réponse.")
    if not reason:
        raise RuleError("Écrivez pourquoi : la personne doit pouvoir le lire.", field="reason")
    person = Person.get_by_id(request.person_id)
    request.outcome, request.decided_at, request.decided_by = Outcome.REFUSED, now(), by
    request.save()
    if address := person.email or _account_address(person.id):
        mail.queue(
            "profile/erasure_refused",
            to=address,
            person_id=person.id,
            key=f"erasure-refused-{request.id}",
            values={"name": person.label, "reason": reason},
        )
    journal.write("profile.erasure_refused", "person", person.id, request=request.id)


def _account_address(person_id) -> str:
    account = Account.select().where(Account.person == person_id).first()
    return account.email if account else ""


def _tell_request(request, person):
    mail.queue(
        "profile/asked",
        to=identity().email,
        key=f"profile-request-{request.id}",
        values={
            "name": person.label,
            "what": request.kind_label,
            "erasure": request.kind == RequestKind.ERASURE,
            "reason": request.reason,
            "link": f"{settings.base_url}/gestion/fiches",
        },
    )


@db.atomic()
def forget_person(person_id: int) -> None:
    """Take the person out of what was asked: that an erasure was asked and done stays, without whom."""
    mine = ProfileRequest.person == person_id
    ids = [each.id for each in ProfileRequest.select(ProfileRequest.id).where(mine)]
    changes = [each.id for each in ProfileChange.select(ProfileChange.id).where(ProfileChange.person == person_id)]
    tokens.forget(CONFIRM, person_id)
    keys = [f"profile-change-{id}" for id in changes]
    keys += [f"{kind}-{id}" for id in ids for kind in ("profile-request", "erasure-refused")]
    mail.OutgoingMail.delete().where(mail.OutgoingMail.key.in_(keys)).execute()
    waiting = mine & ProfileRequest.decided_at.is_null()
    ProfileRequest.update(decided_at=now(), outcome=Outcome.DONE, decided_by=journal.actor()).where(waiting).execute()
    ProfileRequest.update(person=None, reason="", memory_json="{}").where(mine).execute()
    ProfileChange.delete().where(ProfileChange.person == person_id).execute()


@db.atomic()
def purge(day: date) -> int:
    """Erase the changes read long ago, and the requests that ended three years ago."""
    seen = ProfileChange.seen_at < start_of(add_months(day, -SEEN_MONTHS))
    ended = ProfileRequest.decided_at < start_of(add_months(day, -REQUEST_MONTHS))
    return ProfileChange.delete().where(seen).execute() + ProfileRequest.delete().where(ended).execute()


def _request(request_id, kind) -> ProfileRequest:
    request = locked(
        ProfileRequest.select().where(ProfileRequest.id == request_id, ProfileRequest.kind == kind)
    ).first()
    if request is None:
        raise RuleError("Cette demande n’existe plus. Rechargez la page.")
    return request


def _present(person_id) -> Person:
    person = locked(Person.select().where(Person.id == person_id, Person.deleted_at.is_null())).first()
    if person is None:
        raise RuleError("Cette fiche n’existe plus.")
    return person


def _words(text) -> str:
    return (text or "").replace("\0", "").strip()[:2000]
