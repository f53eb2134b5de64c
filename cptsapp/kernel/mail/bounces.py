"""What came back, counted once, and what follows for the address: suspended at the first hard return, or at the fifth
soft one in a row. A person sees it and can undo it. A reader who reports our mail as unwanted is left alone.
"""

from datetime import date

from peewee import fn

from .. import journal
from ..dates import add_months, start_of
from ..db import db, now
from ..registry import complaint_takers, purge
from ..settings import settings
from ..text import normalise_email
from . import holds, reports
from .holds import HELD_KINDS, Reason
from .models import Bounce, Kind, MailBounce, OutgoingMail, State

SOFT_TO_HOLD = 5
LARGEST_BYTES = 1024 * 1024
FAILED = (Bounce.HARD, Bounce.SOFT, Bounce.POLICY)
BLAMED = (*FAILED, Bounce.COMPLAINT)

SUSPENDED = journal.declare("mail.suspended", "Adresse suspendue après des retours")
RELEASED = journal.declare("mail.released", "Adresse de nouveau utilisée")
HANDLED = journal.declare("mail.return_read", "Retour d’e-mail lu")


@db.atomic()
def record(content: bytes, *, to: str = "") -> MailBounce | None:
    """Count a message that came back; return its row, or None when it was counted already."""
    report = reports.read(content[:LARGEST_BYTES], to=to)
    mail = _mail_of(report)
    kind, address = report.kind, report.address
    if mail is not None:
        address = normalise_email(mail.to_address)
    elif kind in BLAMED:  # it names no mail of ours: anybody may have written it
        kind = Bounce.UNKNOWN
    row = _write(
        digest=report.digest,
        kind=kind,
        address=address,
        mail=mail,
        status=report.status,
        words=report.words,
        content=content[:LARGEST_BYTES] if kind == Bounce.UNKNOWN else None,
    )
    if row:
        _follow(row)
    return row


def note_refusal(mail: OutgoingMail, code: int | None, words: str) -> None:
    """Count, in the transaction that marks it, a recipient that the relay refused: the same as its report."""
    kind, status = reports.classify_refusal(code, words)
    row = _write(
        digest=f"session-{mail.id}-{mail.attempts}",
        kind=kind,
        address=normalise_email(mail.to_address),
        mail=mail,
        status=status,
        words=f"{code or ''} {words}".strip()[: reports.LONGEST_WORDS],
        content=None,
    )
    if row:
        _follow(row)


def _mail_of(report) -> OutgoingMail | None:
    if report.mail_id:
        return OutgoingMail.get_or_none(OutgoingMail.id == report.mail_id)
    return OutgoingMail.get_or_none(OutgoingMail.message_id == report.message_id) if report.message_id else None


def _write(**values) -> MailBounce | None:
    made = MailBounce.insert(**values).on_conflict_ignore().returning(MailBounce.id).tuples().execute()
    id = next((id for (id,) in made), None)
    return MailBounce.get_by_id(id) if id else None


def _follow(row: MailBounce) -> None:
    """Suspend the address when it is time; leave alone whoever complained."""
    if row.kind == Bounce.COMPLAINT:
        kinds = [kind for kind in HELD_KINDS if kind == Kind.COLLECTIVE or kind == row.mail.kind]
        for take in complaint_takers:
            take(row.address, kinds)
    is_time = row.kind == Bounce.HARD or (row.kind == Bounce.SOFT and soft_in_a_row(row.address) >= SOFT_TO_HOLD)
    if is_time and row.address and holds.hold(row.address, HELD_KINDS, Reason.BOUNCED, f"{row.status} {row.words}"):
        journal.write(SUSPENDED, "mail_return", row.id, kind=row.kind)


def soft_in_a_row(address: str) -> int:
    """Return how many mails to an address have softly come back since the last that did not."""
    came_back = MailBounce.select(MailBounce.mail).where(MailBounce.mail.is_null(False))
    arrived = OutgoingMail.select(fn.MAX(OutgoingMail.done_at)).where(
        fn.LOWER(OutgoingMail.to_address) == address,
        OutgoingMail.state == State.SENT,
        OutgoingMail.id.not_in(came_back),
    )
    soft = MailBounce.select(fn.COUNT(fn.DISTINCT(MailBounce.mail))).where(
        MailBounce.address == address, MailBounce.kind == Bounce.SOFT, MailBounce.handled_at.is_null()
    )
    since = arrived.scalar()
    return (soft.where(MailBounce.at > since) if since else soft).scalar() or 0


def is_suspended(address: str) -> bool:
    return any(each.reason == Reason.BOUNCED for each in holds.of(address)) if address else False


@db.atomic()
def release(address: str) -> None:
    """Use an address again; its past returns count no more. Refusals of the person stay."""
    count = holds.release(address, reasons=[Reason.BOUNCED])
    last = MailBounce.select().where(MailBounce.address == address).order_by(MailBounce.id.desc()).first()
    MailBounce.update(handled_at=now()).where(MailBounce.address == address, MailBounce.handled_at.is_null()).execute()
    if count and last:
        journal.write(RELEASED, "mail_return", last.id)


@db.atomic()
def handle(bounce_id: int) -> None:
    """Note that a person has read a return that the machine could not."""
    unread = (MailBounce.id == bounce_id) & MailBounce.handled_at.is_null()
    if MailBounce.update(handled_at=now()).where(unread).execute():
        journal.write(HANDLED, "mail_return", bounce_id)


@db.atomic()
def suspend(bounce_id: int) -> None:
    """Suspend, on a person's decision, the address that a return speaks of."""
    row = MailBounce.get_by_id(bounce_id)
    if row.address and holds.hold(row.address, HELD_KINDS, Reason.BOUNCED, row.words):
        journal.write(SUSPENDED, "mail_return", row.id, kind=row.kind)
    handle(bounce_id)


@purge("mail.returns", "Retours d’e-mails")
def purge_returns(today: date) -> int:
    before = start_of(add_months(today, -settings.delivered_mail_months))
    return MailBounce.delete().where(MailBounce.at < before).execute()
