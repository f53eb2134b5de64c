"""The certificate of attendance: for who was there, with the hours of the sessions attended and a code to verify it."""

from dataclasses import dataclass
from datetime import date

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel import certificates as paper
from cptsapp.kernel import journal
from cptsapp.kernel.dates import date_fr, to_paris, today
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.pdf import sheet_of
from cptsapp.kernel.text import NBSP

from .models import Event, Session
from .people import Attendance, Registration

ISSUED = journal.declare("event.certificate", "Attestation de présence délivrée")
TITLE = "Attestation de présence"


@dataclass(frozen=True)
class Attended:
    """What somebody attended: the days, in order, and the minutes in all."""

    days: list[date]
    minutes: int


def attended(registration: Registration) -> Attended:
    """Return what a registrant attended, session by session."""
    return attended_by([registration.id]).get(registration.id, Attended([], 0))


def attended_by(registration_ids: list[int]) -> dict[int, Attended]:
    """Return what each of these registrants attended, by id, in one query; those who were nowhere are left out."""
    if not registration_ids:
        return {}
    query = Attendance.select(Attendance, Session).join(Session)
    query = query.where(Attendance.registration.in_(registration_ids), Attendance.is_present)
    found: dict[int, Attended] = {}
    for row in query.order_by(Session.starts_at):
        before = found.get(row.registration_id, Attended([], 0))
        day = to_paris(row.session.starts_at).date()
        days = before.days if day in before.days else [*before.days, day]
        found[row.registration_id] = Attended(days, before.minutes + row.session.minutes)
    return found


def may_have(registration: Registration, event: Event) -> bool:
    """Tell whether a registrant may ask for a certificate today."""
    is_over = event.ends_at is not None and event.ends_at <= now() and not event.cancelled_at
    return (
        event.gives_certificate and is_over and not registration.forgotten_at and bool(attended(registration).minutes)
    )


@db.atomic()
def issue(registration_id: int) -> Registration:
    """Give a registrant's certificate its code, the same one each time it is asked for."""
    registration = locked(Registration.select().where(Registration.id == registration_id)).get()
    event = Event.get_by_id(registration.event_id)
    if not may_have(registration, event):
        raise RuleError(
            "L’attestation se délivre après l’événement, aux personnes dont la présence a été notée. Si vous y étiez, "
            "écrivez à l’association."
        )
    if registration.certificate_code is None:
        registration.certificate_code, registration.certified_at = paper.new_code(), now()
        registration.save()
        journal.write(ISSUED, "registration", registration.id)
    registration.event = event
    return registration


def issue_all(event: Event) -> list[Registration]:
    """Give each person who was there a certificate; return their registrations in the order of a list."""
    here = Attendance.select(Attendance.registration).join(Session).where(Session.event == event, Attendance.is_present)
    mine = (Registration.event == event) & Registration.id.in_(here) & Registration.forgotten_at.is_null()
    ids = [id for (id,) in Registration.select(Registration.id).where(mine).order_by(Registration.folded).tuples()]
    if not ids:
        raise RuleError("Personne n’est noté présent : pointez d’abord les présents.")
    with db.atomic():
        return [issue(id) for id in ids]


def pdf(entries: list[Registration]) -> bytes:
    """Return the certificates, a page each; the event of each entry is joined."""
    own, sheet = identity(), sheet_of(TITLE)
    known = attended_by([each.id for each in entries])
    for registration in entries:
        sheet.set_left_margin(24)
        paper.head(sheet, own, TITLE)
        _statement(sheet, own, registration, known[registration.id])
        paper.proof(sheet, registration.certificate_code, to_paris(registration.certified_at).date())
    return bytes(sheet.output())


def _statement(sheet, own, registration: Registration, been: Attended) -> None:
    event = registration.event
    paper.write(sheet, f"{own.name} atteste que", size=12, after=4)
    paper.write(sheet, registration.label, size=16, style="B", after=1)
    if registration.profession_label:
        paper.write(sheet, registration.profession_label, size=11, after=4)
    days = " et ".join(filter(None, [", ".join(date_fr(day) for day in been.days[:-1]), date_fr(been.days[-1])]))
    kind = event.kind_label[0].lower() + event.kind_label[1:]
    paper.write(sheet, f"a participé à l’événement suivant ({kind}) :", size=12, after=3)
    paper.write(sheet, event.heading, size=14, style="B", after=3)
    paper.write(sheet, f"le {days}, pendant {hours(been.minutes)}.", size=12, after=4)
    if event.speaker_lines:
        paper.write(sheet, f"Intervenants : {' ; '.join(event.speaker_lines)}", size=10, colour=paper.SOFT, after=6)
    paper.write(sheet, "Attestation délivrée pour servir et valoir ce que de droit.", after=12)


def hours(minutes: int) -> str:
    """« 2 h », « 1 h 30 », « 45 min »."""
    whole, rest = divmod(minutes, 60)
    if not whole:
        return f"{rest}{NBSP}min"
    return f"{whole}{NBSP}h" + (f"{NBSP}{rest:02}" if rest else "")


@paper.verifier
def verdict_on(code: str) -> paper.Verdict | None:
    """Tell what the certificate of attendance that carries a code says, with an initial for the name."""
    registration = Registration.joined().where(Registration.certificate_code == code).first()
    if registration is None or registration.forgotten_at:
        return None
    been = attended(registration)
    who = paper.initialled(registration.given_name, registration.family_name)
    issued_on = to_paris(registration.certified_at).date() if registration.certified_at else today()
    if not been.minutes:
        return paper.Verdict(False, f"La présence de {who} n’est plus attestée.", issued_on)
    words = f"{who} a participé à « {registration.event.heading} », le {date_fr(been.days[0])} ({hours(been.minutes)})."
    return paper.Verdict(True, words, issued_on)
