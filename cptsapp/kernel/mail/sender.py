"""The two-phase sender: claim, write the body while the row is marked in doubt, write the dot, read the reply, mark.

One thread (the one that calls `Pass.run`) talks to the database; one thread for each connection talks to the relay and
to nobody else. What several connections have to record at the same moment goes in one commit, and no SMTP is ever
spoken inside a transaction.
"""

import contextlib
import logging
import os
import queue
import secrets
import smtplib
import socket
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from peewee import OperationalError

from ..db import db, is_sqlite, now
from ..jobs import beat, every, stopping
from ..settings import settings
from . import campaigns, marks
from .dialogue import Outcome, Result, deliver, failure, unwritten
from .identity import identity_for
from .lines import Line, Word
from .models import MailSender, OutgoingMail, State
from .parcels import files_of, frozen_of, parcel_of
from .relay import mail, quit_quietly

log = logging.getLogger("cptsapp.mail")

CLAIM = 10  # more starves the other connections, and waits longer after a crash
SECONDS_BETWEEN_FAILURES = 1.0
BEAT_SECONDS = 20


@dataclass
class Report:
    """What a pass did: counts by result, and the relay's words when it paused the sending."""

    counts: dict[str, int] = field(default_factory=dict)
    paused: str = ""

    def add(self, result: str):
        self.counts[result] = self.counts.get(result, 0) + 1


class Pass:
    """Send what is due until nothing is, or until the relay or the machine says stop."""

    def __init__(self, *, connections: int | None = None, rate: int | None = None, lease: timedelta = marks.LEASE):
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"[:120]
        self.connections = connections or settings.mail_connections
        self.rate = settings.mail_rate_per_minute if rate is None else rate
        self.lease = lease
        self.todo, self.words = queue.SimpleQueue(), queue.SimpleQueue()
        self.held: dict[int, marks.Claimed] = {}
        self.happened: list[Word] = []  # what the connections have said, and nobody has recorded yet
        self.fresh: list[tuple[int, str, bytes]] = []  # rendered, kept with the first mark of one of them
        self.lines: list[Line] = []
        self.halted = self.troubled = self.is_drained = False
        self.report = Report()
        self.beaten_at = time.monotonic()

    def run(self) -> Report:
        sender = self._begin()
        if sender.paused_until and sender.paused_until > now():
            self.report.paused = sender.pause_words
            return self.report
        if sender.is_paused and not self._relay_is_back():
            return self.report
        try:
            while self._turn():
                pass
        finally:
            endings = self._end()
            if self.held:
                self._save(endings)
            campaigns.passed()
        return self.report

    @db.atomic()
    def _begin(self) -> MailSender:
        marks.recover()
        sender = MailSender.state()
        self.troubled = bool(sender.failures or sender.refusals or sender.pauses)
        return sender

    def _relay_is_back(self) -> bool:
        """After a pause with nothing due, open a connection to know whether the banner may go."""
        if OutgoingMail.select().where(OutgoingMail.state == State.PENDING, OutgoingMail.next_try_at <= now()).exists():
            return True
        try:
            quit_quietly(mail.connect().configure_host())
        except (OSError, smtplib.SMTPException) as error:
            with db.atomic():
                self.report.paused = failure(error).words
                marks.note_failure(failure(error))
        else:
            with db.atomic():
                marks.note_success()
        return False

    def _turn(self) -> bool:
        """Record what the connections say, take new mails, answer; tell whether to go on."""
        self.happened, wanted, rows = self._collect(), self._wanted(), []
        happened = bool(self.happened)
        endings = [each.ended for each in self.happened if each.ended]
        questions = [each.question for each in self.happened if each.question]
        if happened or wanted:
            rows = self._persist(endings, questions, wanted)
            self.happened = []
            for id, _ in endings:
                self.held.pop(id, None)
            self.held |= {row.id: row for row in rows}  # one that has just ended may have been taken again
            self._prepare(rows)
        if any(outcome.result == Result.NO_RELAY for _, outcome in endings) and not self.halted:
            stopping.wait(SECONDS_BETWEEN_FAILURES)
        if self.halted or stopping.is_set():
            self._give_back()
        self._beat()
        return bool(self.held or rows or happened)

    def _persist(self, endings, questions, wanted) -> list[marks.Claimed]:
        """Write it all in one commit, and answer; return the mails taken. A database that is busy or full is asked
        again: what the relay took is known here alone."""
        deadline, is_again = time.monotonic() + self.lease.total_seconds() / 3, False
        while True:
            try:
                db.connect(reuse_if_open=True)
                with db.atomic():
                    if is_again:  # what was taken may have been committed, and the word of it lost
                        marks.release(self.holder, besides=self.held)
                    marks.freeze(self.holder, self.fresh)
                    paused = self._record(endings)
                    ending = [(each.parcel.id, each.parcel.message_id) for each in questions]
                    granted = marks.begin_doubt(self.holder, ending, lease=self.lease)
                    rows = self._claim() if wanted and not paused else []
                    for each in questions:
                        each.tell_written(each.parcel.id in granted)
                for each in questions:
                    each.tell_committed(each.parcel.id in granted)
                break
            except OperationalError:
                if time.monotonic() > deadline:
                    raise
                log.exception("the marks could not be written, trying again")
                is_again = self.troubled = True  # that the relay is well may have to be written again too
                time.sleep(0.5)
                _let_go_of_a_dead_connection()
        self.fresh.clear()
        for _, outcome in endings:
            self.report.add(outcome.result)
        if paused:
            self.halted, self.report.paused = True, paused
        if wanted:
            self.is_drained = len(rows) < CLAIM
        return rows

    def _collect(self) -> list[Word]:
        """Return what the connections have said; wait for a first word when all are at work, or nothing is left."""
        first = []
        if self.held and not (self._wanted() and len(self.held) < self.connections):
            with contextlib.suppress(queue.Empty):
                first.append(self.words.get(timeout=1.0))
        return first + self._said()

    def _wanted(self) -> bool:
        if self.halted or stopping.is_set():
            return False
        return not self.held or (not self.is_drained and self.todo.qsize() <= self.connections)

    def _claim(self) -> list[marks.Claimed]:
        allowed = marks.allowance(self.rate)
        count = CLAIM if allowed is None else min(CLAIM, allowed)
        rows = marks.claim(self.holder, count, lease=self.lease) if count else []
        if rows and allowed is not None:
            marks.spend(len(rows))
        return rows

    def _prepare(self, rows: list[marks.Claimed]):
        """Render what was never tried, and give it all to the connections; those compose the mails of mailings."""
        if not rows:
            return
        alone = [row for row in rows if row.campaign_id is None]
        known = frozen_of([row.id for row in alone if row.message_id])
        attached = files_of([row.id for row in alone if row.id not in known])
        identities = {kind: identity_for(kind) for kind in {row.kind for row in rows}}
        parcels = []
        for row in rows:
            try:
                parcel, content = parcel_of(row, known.get(row.id), identities[row.kind], attached.get(row.id, ()))
            except Exception as error:
                self.words.put(Word((row.id, unwritten(row.id, error))))
                continue
            if content is not None:  # a mailing's bytes are its campaign's, and its Message-ID comes with the doubt
                self.fresh.append((row.id, parcel.message_id, content))
            parcels.append(parcel)
        self._start_lines(len(parcels))
        for parcel in parcels:
            self.todo.put(parcel)

    def _start_lines(self, count: int):
        while len(self.lines) < min(self.connections, max(count, len(self.lines))):
            line = Line(self.todo, self.words)
            line.start()
            self.lines.append(line)

    def _record(self, endings: list[tuple[int, Outcome]]) -> str:
        """Mark each mail, learn from the results about the relay, and return its words when that is a pause."""
        paused, failed = "", []
        done = [(self.held[id], outcome) for id, outcome in endings if outcome.result == Result.SENT]
        if done:
            marks.sent(self.holder, done)
        for id, outcome in endings:
            if outcome.result in (Result.SENT, Result.LATER) and outcome.code:
                if self.troubled:
                    marks.note_success()
                    self.troubled = False
            elif outcome.result not in (Result.TAKEN, Result.LATER):
                self.troubled = True
                if paused or self.halted:
                    outcome = _not_held_against(outcome)
                elif marks.note_failure(outcome):
                    paused = outcome.words or outcome.result
            if outcome.result not in (Result.SENT, Result.TAKEN):
                failed.append((id, outcome))
        for id, outcome in failed:
            marks.failed(self.holder, id, outcome)
        return paused

    def _give_back(self):
        """Give back the mails that no connection has begun, and forget the bytes that were made for them."""
        left = self._take_out()
        if left:
            with db.atomic():
                marks.release(self.holder, besides=self.held.keys() - left)
            self.fresh = [each for each in self.fresh if each[0] not in left]
            for id in left:
                del self.held[id]

    def _take_out(self) -> set[int]:
        """Take out of the queues the mails that no connection has begun, and return their ids."""
        left = set()
        for place in (self.todo, *(line.ahead for line in self.lines)):
            with contextlib.suppress(queue.Empty):
                while True:
                    left.add(place.get_nowait().id)
        return left

    def _end(self) -> list[tuple[int, Outcome]]:
        """Let the connections go; return how the mails ended of which nothing is recorded: none after a sound pass."""
        self._take_out()
        for _ in self.lines:
            self.todo.put(None)
        endings = self._refuse(self.happened)
        for line in self.lines:
            for _ in range(20):
                line.join(timeout=0.25)
                endings += self._refuse(self._said())
                if not line.is_alive():
                    break
        return endings

    def _said(self) -> list[Word]:
        said = []
        with contextlib.suppress(queue.Empty):
            while True:
                said.append(self.words.get_nowait())
        return said

    def _refuse(self, happened: list[Word]) -> list[tuple[int, Outcome]]:
        """Let no connection that asks write its dot; return what the others say."""
        for word in happened:
            if word.question:
                word.question.tell_committed(False)
        return [word.ended for word in happened if word.ended]

    def _save(self, endings: list[tuple[int, Outcome]]):
        """After what broke the pass, mark each mail that has ended by itself, and give back those not in doubt.

        What the relay took would leave twice, and the others would wait for the end of their lease.
        """
        last = [partial(self._record, [each]) for each in endings]
        _let_go_of_a_dead_connection()
        for act in (*last, partial(marks.release, self.holder)):
            try:
                db.connect(reuse_if_open=True)
                with db.atomic():
                    act()
            except Exception:
                log.exception("what a broken pass had to write could not be")

    def _beat(self):
        """A long sending is a sign of life."""
        if time.monotonic() - self.beaten_at > BEAT_SECONDS:
            self.beaten_at = time.monotonic()
            beat("worker")


def _let_go_of_a_dead_connection():
    """Let the next writing open another connection: one that its server has closed, by stopping, stays closed."""
    if not is_sqlite():
        db.close()


def _not_held_against(outcome: Outcome) -> Outcome:
    """Return what a refusal said while the sending stops is worth: it speaks of the relay, so the mail waits for it."""
    return replace(outcome, result=Result.LOST) if outcome.result == Result.REFUSED else outcome


def deliver_now(id: int) -> Outcome:
    """Deliver one mail here and now, whoever else is sending, and return what came of it: for a test somebody awaits.

    The row follows the same marks as any other; a pause does not stop it, and a failure makes no pause.
    """
    holder = f"now:{secrets.token_hex(8)}"
    with db.atomic():
        row = marks.claim_one(holder, id)
    if row is None:
        return Outcome(Result.TAKEN)
    parcel, content = parcel_of(row, frozen_of([id]).get(id), identity_for(row.kind), files_of([id]).get(id, ()))
    if content is not None:
        with db.atomic():
            marks.freeze(holder, [(row.id, parcel.message_id, content)])

    def may_end():
        with db.atomic():
            return bool(marks.begin_doubt(holder, [(id, parcel.message_id)]))

    try:
        with mail.connect() as connection:
            outcome = deliver(connection.host, parcel, may_end)
    except (OSError, smtplib.SMTPException) as error:
        outcome = failure(error)
    with db.atomic():
        if outcome.result == Result.SENT:
            marks.sent(holder, [(row, outcome)])
            marks.note_success()
        else:
            marks.failed(holder, id, outcome)
    return outcome


_sending, _asked = threading.Lock(), threading.Event()


def send_due(**options) -> Report:
    """Send what is due, in this process one pass at a time; a call made during a pass makes it go round once more."""
    report = Report()
    _asked.set()
    while _asked.is_set() and not stopping.is_set() and _sending.acquire(blocking=False):
        try:
            _asked.clear()
            made = Pass(**options).run()
        finally:
            _sending.release()
        for name, count in made.counts.items():
            report.counts[name] = report.counts.get(name, 0) + count
        report.paused = made.paused
    return report


@every(minutes=1)
def send_due_mails():
    """Send the mails that are due: at each commit that records one, and every minute for those that wait."""
    send_due()
