"""What is kept of mails, and for how long; what is said of them in the state of the instance."""

from collections import Counter
from datetime import date, datetime, timedelta

from ..dates import add_months, span, start_of, to_paris
from ..db import db, now
from ..registry import check, purge
from ..settings import settings
from . import campaigns, marks
from .explain import explain
from .models import DONE, Kind, MailSender, MailTally, OutgoingMail, State

SECRETS_KEPT = timedelta(days=7)  # of a mail that did not leave: it may be sent again until then
BATCH = 500


@purge("mail", "E-mails partis")
def purge_delivered(today: date) -> int:
    """Forget the mails that ended before the retention period; only their number of each day is kept."""
    before = start_of(add_months(today, -settings.delivered_mail_months))
    ended = (OutgoingMail.state.in_(DONE)) & (OutgoingMail.done_at < before)
    doubtful = (OutgoingMail.state == State.UNCERTAIN) & (OutgoingMail.created_at < before)
    count = 0
    while batch := list(OutgoingMail.select().where(ended | doubtful).limit(BATCH)):
        _forget(batch)
        count += len(batch)
    return count


@db.atomic()
def _forget(rows: list[OutgoingMail]):
    left = Counter((to_paris(row.done_at).date(), row.kind) for row in rows if row.state == State.SENT)
    for (day, kind), count in left.items():
        MailTally.insert(day=day, kind=kind, count=count).on_conflict(
            conflict_target=[MailTally.day, MailTally.kind], update={MailTally.count: MailTally.count + count}
        ).execute()
    campaigns.forgetting(rows)
    OutgoingMail.delete().where(OutgoingMail.id.in_([row.id for row in rows])).execute()


@purge("mail.secrets", "Liens personnels des e-mails non partis")
def purge_secrets(today: date) -> int:
    """Wipe the one-time links of mails that have not left for a week: they open nothing any more."""
    stuck = OutgoingMail.select().where(
        OutgoingMail.secret != "",
        OutgoingMail.state.in_((State.REFUSED, State.UNCERTAIN)),
        OutgoingMail.created_at < now() - SECRETS_KEPT,
    )
    count = 0
    for row in list(stuck):
        with db.atomic():
            marks.wipe(row)
        count += 1
    return count


def count_sent(start: date, end: date, kind: Kind | None = None) -> int:
    """Return how many mails (of a kind) left in a period, both days included, purged ones counted."""
    after, before = span(start, end)
    kept = OutgoingMail.select().where(
        OutgoingMail.state == State.SENT, OutgoingMail.done_at >= after, OutgoingMail.done_at < before
    )
    tallies = MailTally.select(MailTally.count).where(MailTally.day >= start, MailTally.day <= end)
    if kind:
        kept, tallies = kept.where(OutgoingMail.kind == kind), tallies.where(MailTally.kind == kind)
    return kept.count() + sum(count for (count,) in tallies.tuples())


def late_since() -> datetime | None:
    """Return the due time of the oldest mail that should have left an hour ago, or None."""
    limit = now() - timedelta(hours=1)
    oldest = (
        OutgoingMail.select(OutgoingMail.next_try_at)
        .where(OutgoingMail.state == State.PENDING, OutgoingMail.next_try_at < limit)
        .order_by(OutgoingMail.next_try_at)
        .limit(1)
    )
    return oldest.scalar()


@check("E-mails", order=30)
def check_mail():
    sender = MailSender.state()
    if sender.is_paused:
        return False, f"L’envoi est suspendu. {explain(sender.pause_words)} (« {sender.pause_words} »)"
    if late_since():
        return False, "Des e-mails attendent depuis plus d’une heure : vérifiez que le programme des tâches tourne."
    return True, "Les e-mails partent."
