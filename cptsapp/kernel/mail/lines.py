"""The connections: each is a thread that talks to the relay, and to the sender's thread through two queues."""

import contextlib
import logging
import queue
import smtplib
import threading
from dataclasses import dataclass
from functools import partial

from .dialogue import Outcome, Parcel, Result, deliver, failure
from .relay import mail, quit_quietly

log = logging.getLogger("cptsapp.mail")

MAILS_PER_CONNECTION = 50


class Question:
    """A connection asks for the mark of a mail, and hears of it twice: when it is written, and when it is committed.

    Between the two the connection writes the mail as far as its body, and no earlier: the sender's thread then waits
    for the disk, and leaves the interpreter to it. The final dot waits for the second answer.
    """

    def __init__(self, parcel: Parcel):
        self.parcel = parcel
        self._written, self._committed = queue.SimpleQueue(), queue.SimpleQueue()
        self._is_told = False

    def tell_written(self, is_ours: bool):
        """Let the connection go on, or not when another sender has the mail; again after a commit that failed."""
        if not self._is_told:
            self._is_told = True
            self._written.put(is_ours)

    def tell_committed(self, is_ours: bool):
        """Give the answer, which is the last."""
        self.tell_written(is_ours)
        self._committed.put(is_ours)

    def may_begin(self) -> bool:
        return self._written.get()

    def may_end(self) -> bool:
        return self._committed.get()


@dataclass(frozen=True)
class Word:
    """What a connection says: how a mail ended, the next one it asks for, or both, to be written in one commit."""

    ended: tuple[int, Outcome] | None = None
    question: Question | None = None


class Line(threading.Thread):
    """One connection to the relay, opened when there is something to deliver."""

    def __init__(self, todo: queue.SimpleQueue, words: queue.SimpleQueue):
        super().__init__(daemon=True)
        self.todo, self.words = todo, words
        self.host, self.delivered, self.ended = None, 0, None
        self.ahead = queue.SimpleQueue()  # the next mail, taken up early to be composed

    def run(self):
        while (parcel := self._next()) is not None:
            try:
                outcome = self._open() or self._deliver(parcel)
            except Exception as error:  # a defect here must not leave the row held without a word
                log.exception("delivery of mail %s failed", parcel.id)
                self._hang_up()
                outcome = Outcome(Result.LOST, None, f"{type(error).__name__}: {error}")
            self.ended = (parcel.id, outcome)
        self._say()
        self._hang_up()

    def _next(self) -> Parcel | None:
        """Return the next mail, having said how the last one ended if the next does not come at once."""
        for place in (self.ahead, self.todo):
            with contextlib.suppress(queue.Empty):
                return place.get_nowait()
        self._say()
        return self.todo.get()

    def _say(self, question: Question | None = None):
        if self.ended or question:
            self.words.put(Word(self.ended, question))
        self.ended = None

    def _open(self) -> Outcome | None:
        """Open a connection unless a good one is there; return what stood in the way."""
        if self.host is not None and self.host.sock is not None and self.delivered < MAILS_PER_CONNECTION:
            return None
        self._say()
        self._hang_up()
        try:
            self.host, self.delivered = mail.connect().configure_host(), 0
        except (OSError, smtplib.SMTPException) as error:
            return failure(error)
        return None

    def _deliver(self, parcel: Parcel) -> Outcome:
        """Ask for the mark, and write the mail as far as its body while the mark is committed."""
        question = Question(parcel)
        self._say(question)
        if not question.may_begin():
            return Outcome(Result.TAKEN)
        self.delivered += 1
        return deliver(self.host, parcel, partial(self._may_end, question))

    def _may_end(self, question: Question) -> bool:
        """Compose the next mail while the mark of this one is being committed, then tell whether it is."""
        if self.ahead.empty():
            with contextlib.suppress(queue.Empty):
                parcel = self.todo.get_nowait()
                self.ahead.put(parcel)
                if parcel is not None:
                    parcel.compose()
        return question.may_end()

    def _hang_up(self):
        if self.host is not None and self.host.sock is not None:
            quit_quietly(self.host)
        self.host = None
