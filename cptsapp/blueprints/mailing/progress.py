"""How far a sending is, read from its rows: nothing is counted beside them, so nothing can be wrong."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from peewee import SQL, fn

from cptsapp.kernel.db import db, now
from cptsapp.kernel.mail import MailSender, OutgoingMail
from cptsapp.kernel.mail import State as MailState
from cptsapp.kernel.mail.explain import explain
from cptsapp.kernel.mail.models import HELD, Bounce, MailBounce
from cptsapp.kernel.settings import settings

from .models import Mailing, MailingTally, State

FAST_SECONDS, SLOW_SECONDS = 1, 10
WINDOW = timedelta(minutes=1)
FEWEST_SECONDS = 3  # before a rate means anything
LISTED = 5


@dataclass(frozen=True)
class Progress:
    """The rows of a sending by what became of them. `doubtful` counts as delivered, and is shown by name."""

    waiting: int = 0
    in_hand: int = 0
    sent: int = 0
    refused: int = 0
    skipped: int = 0
    uncertain: int = 0
    settled: int = 0  # in doubt, and a person decided not to send again
    next_try_at: datetime | None = None
    rate_per_minute: int = 0
    is_due: bool = False

    @property
    def recipients(self) -> int:
        """Return how many addresses it is for, those left out apart."""
        return self.waiting + self.in_hand + self.sent + self.refused + self.doubtful

    @property
    def doubtful(self) -> int:
        return self.uncertain + self.settled

    @property
    def done(self) -> int:
        return self.sent + self.refused + self.doubtful

    @property
    def share(self) -> int:
        return self.done * 100 // self.recipients if self.recipients else 0

    @property
    def minutes_left(self) -> int | None:
        """Return the time left, in whole minutes, at the rate of the last minute; None when nobody can tell."""
        left = self.waiting + self.in_hand
        return -(-left // self.rate_per_minute) if left and self.rate_per_minute else None


def counts_of(mailing_ids: list[int]) -> dict[int, Progress]:
    """Return the figures of several sendings, in one look: what is read a moment later may have left meanwhile."""
    found: dict[int, dict] = {id: {} for id in mailing_ids}
    settled = (OutgoingMail.state == MailState.SKIPPED) & (OutgoingMail.doubts > 0)
    query = (
        OutgoingMail.select(
            OutgoingMail.campaign_id,
            OutgoingMail.state,
            settled.alias("settled"),
            fn.COUNT(1),
            fn.MIN(OutgoingMail.next_try_at),
        )
        .where(OutgoingMail.campaign_id.in_(mailing_ids))
        .group_by(OutgoingMail.campaign_id, OutgoingMail.state, SQL("settled"))
    )
    for id, state, is_settled, count, next_try_at in query.tuples():
        name = _name(state, is_settled)
        found[id][name] = found[id].get(name, 0) + count
        if state == MailState.PENDING:
            found[id]["next_try_at"] = next_try_at
    for id, name, count in (
        MailingTally.select(MailingTally.mailing, MailingTally.name, MailingTally.count)
        .where(MailingTally.mailing.in_(mailing_ids))
        .tuples()
    ):
        found[id][name] = found[id].get(name, 0) + count
    return {id: Progress(**figures) for id, figures in found.items()}


@db.atomic()
def keep_counts(rows: list[OutgoingMail]) -> None:
    """Keep the figures of rows that are about to be forgotten."""
    known = {id for (id,) in Mailing.select(Mailing.id).tuples()}
    counts = Counter(
        (row.campaign_id, _name(row.state, row.state == MailState.SKIPPED and row.doubts > 0)) for row in rows
    )
    for (mailing_id, name), count in counts.items():
        if mailing_id in known:
            MailingTally.insert(mailing=mailing_id, name=name, count=count).on_conflict(
                conflict_target=[MailingTally.mailing, MailingTally.name],
                update={MailingTally.count: MailingTally.count + count},
            ).execute()


def _name(state: str, is_settled: bool) -> str:
    return "settled" if is_settled else _NAMES[state]


_NAMES = {
    MailState.PENDING: "waiting",
    **dict.fromkeys(HELD, "in_hand"),
    MailState.SENT: "sent",
    MailState.REFUSED: "refused",
    MailState.SKIPPED: "skipped",
    MailState.UNCERTAIN: "uncertain",
}


def of(mailing: Mailing) -> Progress:
    """Return the figures of one sending, with its rate and whether something is due."""
    moment = now()
    figures = counts_of([mailing.id])[mailing.id]
    is_due = bool(figures.in_hand or (figures.next_try_at and figures.next_try_at <= moment))
    return replace(figures, is_due=is_due, rate_per_minute=_rate(mailing, moment))


def _rate(mailing: Mailing, moment: datetime) -> int:
    """Return how many mails a minute have left lately."""
    if mailing.state != State.SENDING:
        return 0
    ended = mailing.rows.where(OutgoingMail.state == MailState.SENT, OutgoingMail.done_at > moment - WINDOW)
    first, count = ended.select(fn.MIN(OutgoingMail.done_at), fn.COUNT(1)).tuples().first()
    seconds = (moment - first).total_seconds() if first else 0
    return round(count * 60 / max(seconds, FEWEST_SECONDS)) if count else 0


def seconds_to_next_look(mailing: Mailing, figures: Progress) -> int:
    """Return after how many seconds a page should look again; 0 when nothing moves by itself."""
    if mailing.state != State.SENDING:
        return 0
    if not figures.waiting + figures.in_hand:  # all has left, and the sender is about to say so
        return FAST_SECONDS
    if not figures.is_due:
        return 0
    if MailSender.state().is_paused or settings.mail_rate_per_minute:
        return SLOW_SECONDS if not figures.in_hand else FAST_SECONDS
    return FAST_SECONDS


def last_refusals(mailing: Mailing) -> list[tuple[OutgoingMail, str]]:
    """Return the last refused rows, each with what the server's words mean."""
    rows = mailing.rows.where(OutgoingMail.state == MailState.REFUSED).order_by(OutgoingMail.done_at.desc())
    return [(row, explain(f"{row.smtp_code or ''} {row.last_error}")) for row in rows.limit(LISTED)]


def reasons(mailing: Mailing) -> list[tuple[str, int]]:
    """Return (reason, how many) of those to whom nothing was sent."""
    query = mailing.rows.select(OutgoingMail.skip_reason, fn.COUNT(1)).where(OutgoingMail.state == MailState.SKIPPED)
    return list(query.group_by(OutgoingMail.skip_reason).order_by(fn.COUNT(1).desc()).tuples())


def returned(mailing: Mailing) -> int:
    """Return how many mails of a sending came back after the relay had taken them."""
    mine = mailing.rows.select(OutgoingMail.id)
    lost = (Bounce.HARD, Bounce.SOFT, Bounce.POLICY)
    query = MailBounce.select(fn.COUNT(fn.DISTINCT(MailBounce.mail)))
    return query.where(MailBounce.mail.in_(mine), MailBounce.kind.in_(lost)).scalar() or 0
