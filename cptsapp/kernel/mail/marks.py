"""Every change of state of the delivery table that the sender makes. Each function is called inside a transaction."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cache

from .. import journal
from ..db import db, is_sqlite, locked, now
from ..settings import settings
from . import bounces, campaigns, holds
from .dialogue import Outcome, Result
from .models import FrozenMail, Kind, MailFile, MailSender, MailTry, OutgoingMail, State
from .queue import without

LEASE = timedelta(minutes=3)
DELAYS = [timedelta(minutes=each) for each in (5, 15, 60, 1360)]  # the fifth try comes 24 hours after the first
MOST_ATTEMPTS = len(DELAYS) + 1
PAUSES = [timedelta(minutes=each) for each in (1, 2, 4, 8, 15)]
FAILURES_TO_PAUSE = 3
REFUSALS_TO_PAUSE = 10
LOST_DELAY = timedelta(minutes=1)  # so that one mail that breaks the connection does not stand before the others

GIVEN_UP = journal.declare("mail.given_up", "E-mail abandonné après cinq essais")
journal.declare("mail.paused", "Envoi des e-mails suspendu")
journal.declare("mail.resumed", "Envoi des e-mails repris")


@dataclass(slots=True)
class Claimed:
    """What a sender needs of a row that it holds; the names are those of OutgoingMail."""

    id: int
    kind: str
    template: str
    campaign_id: int | None
    secret: str
    values_json: str
    headers_json: str
    to_address: str
    reply_to: str
    subject: str
    message_id: str
    next_try_at: object

    @property
    def values(self) -> dict:
        return json.loads(self.values_json)

    @property
    def headers(self) -> dict:
        return json.loads(self.headers_json)


_HELD_COLUMNS = ", ".join(each.name for each in fields(Claimed))


def claim(holder: str, count: int, *, lease: timedelta = LEASE) -> list[Claimed]:
    """Take up to `count` due mails for `holder`, personal ones first, and return what it needs of them.

    Those whose address refuses them by now are marked so, and never given: an unsubscription counts at once.
    """
    rows = []
    for kind in _due_alone():
        rows += _take(holder, kind, None, count - len(rows), lease)
    sources = campaigns.running() if len(rows) < count else []
    while sources and len(rows) < count:  # each mailing its share, then what the others leave
        share, going_on = -(-(count - len(rows)) // len(sources)), []
        for campaign in sources:
            wanted = min(share, count - len(rows))
            found = _take(holder, Kind.COLLECTIVE, campaign, wanted, lease)
            rows += found
            if len(found) == wanted:
                going_on.append(campaign)
        sources = going_on
    return rows


def _due_alone() -> list[Kind]:
    """Return the kinds of which a mail of no mailing is due, in the order in which they leave."""
    moment = now()
    values = [value for kind in Kind for value in (str(kind), moment)]
    found = db.execute_sql(_sql(_DUE), values).fetchone()
    return [kind for kind, is_due in zip(Kind, found, strict=True) if is_due]


_ONE_DUE = (
    "EXISTS (SELECT 1 FROM outgoing_mail "
    "WHERE state = 'pending' AND campaign_id IS NULL AND kind = {p} AND next_try_at <= {p})"
)
_DUE = f"SELECT {', '.join([_ONE_DUE] * len(Kind))}"


_TAKE = (
    "UPDATE outgoing_mail SET state = 'claimed', claimed_by = {p}, lease_until = {p} WHERE id IN ("
    "SELECT id FROM outgoing_mail WHERE state = 'pending' AND campaign_id {campaign} AND kind = {p} "
    "AND next_try_at <= {p} ORDER BY next_try_at, id LIMIT {p} {skip}) RETURNING {held}"
)


def _take(holder, kind, campaign: int | None, count: int, lease) -> list[Claimed]:
    """Take up to `count` due mails of a kind: those of one mailing, or those of none."""
    moment, rows = now(), []
    take = _sql(_TAKE.replace("{campaign}", "IS NULL" if campaign is None else "= {p}"))
    where = [str(kind), moment] if campaign is None else [campaign, str(kind), moment]
    while (wanted := count - len(rows)) > 0:
        found = db.execute_sql(take, (holder, moment + lease, *where, wanted)).fetchall()
        mine = sorted((Claimed(*each) for each in found), key=lambda row: (row.next_try_at, row.id))
        rows += _leave_alone(mine)
        if len(found) < wanted:
            break
    return rows


def claim_one(holder: str, id: int, *, lease: timedelta = LEASE) -> Claimed | None:
    """Take one mail that waits, due or not; None when it waits no more, or when its address refuses it."""
    take = _sql(
        "UPDATE outgoing_mail SET state = 'claimed', claimed_by = {p}, lease_until = {p} "
        "WHERE id = {p} AND state = 'pending' RETURNING {held}"
    )
    found = db.execute_sql(take, (holder, now() + lease, id)).fetchone()
    return next(iter(_leave_alone([Claimed(*found)])), None) if found else None


def _leave_alone(rows: list[Claimed]) -> list[Claimed]:
    """Mark as not sent the mails just taken whose address refuses them; return the others."""
    free, held = holds.split(rows)
    for row, reason in held:
        skip(row.id, holds.SKIPPED[reason])
    return free


def skip(id: int, reason: str) -> None:
    """Mark that a mail does not leave, and say why in French."""
    OutgoingMail.update(state=State.SKIPPED, skip_reason=reason, done_at=now(), claimed_by="", lease_until=None).where(
        OutgoingMail.id == id
    ).execute()
    for row in OutgoingMail.select().where(OutgoingMail.id == id, OutgoingMail.secret != ""):
        wipe(row)


def recover() -> int:
    """Give back what dead senders held: claimed mails wait again; those in doubt as their kind says."""
    moment = now()
    over = OutgoingMail.lease_until <= moment
    count = (
        OutgoingMail.update(state=State.PENDING, claimed_by="", lease_until=None)
        .where(OutgoingMail.state == State.CLAIMED, over)
        .execute()
    )
    doubtful = OutgoingMail.select().where(OutgoingMail.state == State.IN_DOUBT, over)
    if not is_sqlite():
        doubtful = doubtful.for_update(skip_locked=True)
    for row in list(doubtful):
        words = "Le programme d’envoi s’est arrêté pendant la remise de ce message."
        _mark_doubt(row, Outcome(Result.DOUBT, None, words), moment, delay=timedelta(0))
        count += 1
    return count


def freeze(holder: str, rows: Iterable[tuple[int, str, bytes]]):
    """Keep (id, Message-ID, bytes) of mails rendered for their first try: they leave so, whatever changes since.

    One that `holder` holds no more, or that has been deleted, is left as it is.
    """
    mark = _sql("UPDATE outgoing_mail SET message_id = {p} WHERE id = {p} AND claimed_by = {p}")
    for id, message_id, content in rows:
        if db.execute_sql(mark, (message_id, id, holder)).rowcount:
            FrozenMail.insert(mail=id, content=content).on_conflict_ignore().execute()


def begin_doubt(holder: str, about_to_end: Iterable[tuple[int, str]], *, lease: timedelta = LEASE) -> set[int]:
    """Mark mails (id, Message-ID) whose final dot is about to be written; return those that `holder` still holds.

    Asked again after a commit that failed on its way back, it finds its own marks.
    """
    moment = now()
    mark = _sql(
        "UPDATE outgoing_mail SET state = 'in_doubt', lease_until = {p}, message_id = {p} "
        "WHERE id = {p} AND state IN ('claimed', 'in_doubt') AND claimed_by = {p} AND lease_until > {p}"
    )
    until = moment + lease
    return {
        id for id, message_id in about_to_end if db.execute_sql(mark, (until, message_id, id, holder, moment)).rowcount
    }


def sent(holder: str, done: list[tuple[Claimed, Outcome]]):
    """Mark mails that the relay has taken; their secrets are wiped."""
    mark = _sql(
        "UPDATE outgoing_mail SET state = 'sent', done_at = {p}, smtp_code = {p}, last_error = {p}, claimed_by = '', "
        "lease_until = NULL, attempts = attempts + 1 WHERE id = {p} AND claimed_by = {p}"
    )
    moment = now()
    for row, outcome in done:
        values = (moment, outcome.code, outcome.words[:500], row.id, holder)
        if db.execute_sql(mark, values).rowcount and row.secret:
            wipe(OutgoingMail.get_by_id(row.id))


def wipe(row: OutgoingMail):
    """Take the secrets of a mail out of its values; its frozen bytes and its files, which hold them, are deleted."""
    values = json.dumps(without(row.values, row.secret.split(",")), ensure_ascii=False)
    OutgoingMail.update(values_json=values).where(OutgoingMail.id == row.id).execute()
    FrozenMail.delete().where(FrozenMail.mail == row.id).execute()
    MailFile.delete().where(MailFile.mail == row.id).execute()


def failed(holder: str, id: int, outcome: Outcome):
    """Mark what else came of a mail that `holder` holds."""
    row = OutgoingMail.get_or_none(OutgoingMail.id == id, OutgoingMail.claimed_by == holder)
    if row is None:
        return
    moment = now()
    if outcome.result == Result.REFUSED:
        _note(row, outcome, moment)
        _close(row, State.REFUSED, outcome, moment)
        bounces.note_refusal(row, outcome.code, outcome.words)
    elif outcome.result == Result.LATER:
        _note(row, outcome, moment)
        _mark_later(row, outcome, moment)
    elif outcome.result == Result.DOUBT:
        _mark_doubt(row, outcome, moment)
    else:
        delay = LOST_DELAY if outcome.result == Result.LOST else timedelta(0)
        _release(row, next_try_at=max(row.next_try_at, moment + delay), last_error=outcome.words)


def release(holder: str, *, besides: Iterable[int] = ()):
    """Give back the mails that `holder` has claimed, but these and those in doubt: no dot of theirs was written."""
    OutgoingMail.update(state=State.PENDING, claimed_by="", lease_until=None).where(
        OutgoingMail.state == State.CLAIMED, OutgoingMail.claimed_by == holder, OutgoingMail.id.not_in(list(besides))
    ).execute()


def _release(row, **changes):
    OutgoingMail.update(state=State.PENDING, claimed_by="", lease_until=None, **changes).where(
        OutgoingMail.id == row.id
    ).execute()


def _mark_later(row, outcome, moment):
    attempts = row.attempts + 1
    if attempts >= MOST_ATTEMPTS:
        _close(row, State.REFUSED, outcome, moment)
        journal.write(GIVEN_UP, "mail", row.id, attempts=attempts, code=outcome.code)
        if outcome.code:
            bounces.note_refusal(row, outcome.code, outcome.words)
        return
    _release(
        row,
        attempts=attempts,
        next_try_at=moment + DELAYS[attempts - 1],
        smtp_code=outcome.code,
        last_error=outcome.words,
    )


def _mark_doubt(row, outcome, moment, *, delay: timedelta | None = None):
    """Personal mails leave again with the same Message-ID; mailings, and mails often in doubt, wait for a person.

    An instance may choose that mailings leave again too.
    """
    _note(row, outcome, moment)
    attempts = row.attempts + 1
    doubt = {"doubts": row.doubts + 1, "doubt_at": moment, "last_error": outcome.words, "smtp_code": outcome.code}
    goes_again = row.kind != Kind.COLLECTIVE or settings.mail_resend_uncertain
    if goes_again and attempts < MOST_ATTEMPTS:
        wait = DELAYS[attempts - 1] if delay is None else delay
        _release(row, attempts=attempts, next_try_at=moment + wait, **doubt)
        return
    OutgoingMail.update(state=State.UNCERTAIN, claimed_by="", lease_until=None, attempts=attempts, **doubt).where(
        OutgoingMail.id == row.id
    ).execute()


def _close(row, state, outcome, moment):
    OutgoingMail.update(
        state=state,
        done_at=moment,
        claimed_by="",
        lease_until=None,
        attempts=row.attempts + 1,
        smtp_code=outcome.code,
        last_error=outcome.words,
    ).where(OutgoingMail.id == row.id).execute()


def _note(row, outcome, moment):
    MailTry.insert(
        mail=row.id, at=moment, outcome=outcome.result, smtp_code=outcome.code, words=outcome.words[:2000]
    ).execute()


# The sender as a whole


def note_success():
    """The relay answers: forget the failures, and end a pause."""
    sender = MailSender.state()
    if sender.failures or sender.refusals or sender.pauses:
        _store(failures=0, refusals=0, pauses=0, paused_until=None, paused_since=None, pause_words="")
        if sender.pauses:
            journal.write("mail.resumed", "mail_sender", 1)


def note_failure(outcome: Outcome) -> bool:
    """Count a connection that failed or a refusal; tell whether the sending is now paused."""
    sender = MailSender.state()
    if outcome.result == Result.REFUSED:
        counts = {"refusals": sender.refusals + 1, "failures": 0}
        over = counts["refusals"] >= REFUSALS_TO_PAUSE
    elif outcome.result in (Result.AUTH, Result.NO_RELAY, Result.LOST, Result.DOUBT):
        counts = {"failures": sender.failures + 1}
        limit = 1 if outcome.result == Result.AUTH or sender.pauses else FAILURES_TO_PAUSE
        over = counts["failures"] >= limit
    else:
        return False
    if not over:
        _store(**counts)
        return False
    pause(sender, outcome)
    return True


def pause(sender: MailSender, outcome: Outcome):
    """Stop the sending for a time that grows with each pause in a row, and keep the relay's own words."""
    words = f"{outcome.code} {outcome.words}" if outcome.code else outcome.words
    _store(
        failures=0,
        refusals=0,
        pauses=sender.pauses + 1,
        paused_since=sender.paused_since or now(),
        paused_until=now() + PAUSES[min(sender.pauses, len(PAUSES) - 1)],
        pause_words=words[:1000],
    )
    if not sender.pauses:
        journal.write("mail.paused", "mail_sender", 1, code=outcome.code)


def _store(**changes):
    if not MailSender.update(**changes).where(MailSender.id == 1).execute():
        first = MailSender.insert(id=1, **changes)
        first.on_conflict(conflict_target=[MailSender.id], update=changes).execute()


def allowance(rate_per_minute: int) -> int | None:
    """Return how many mails may still leave in this minute, or None without a limit; other senders wait to be told."""
    if not rate_per_minute:
        return None
    MailSender.insert(id=1).on_conflict_ignore().execute()
    sender = locked(MailSender.select().where(MailSender.id == 1)).get()
    minute = now().replace(second=0, microsecond=0)
    used = sender.minute_count if sender.minute_at == minute else 0
    return max(0, rate_per_minute - used)


def spend(count: int):
    """Count mails taken in this minute; the count outlives a restart."""
    sender, minute = MailSender.state(), now().replace(second=0, microsecond=0)
    used = sender.minute_count if sender.minute_at == minute else 0
    _store(minute_at=minute, minute_count=used + count)


def _sql(text: str) -> str:
    """Return a statement with the marks of the engine; what it is given later goes as parameters."""
    return _written(text, db.param, "" if is_sqlite() else "FOR UPDATE SKIP LOCKED")


@cache
def _written(text: str, param: str, skip: str) -> str:
    return text.replace("{p}", param).replace("{skip}", skip).replace("{held}", _HELD_COLUMNS)
