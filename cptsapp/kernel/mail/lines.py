"""The connections: each is a thread that talks to the relay, and to the sender's thread through two queues."""

import logging
import queue
import smtplib
import threading
from dataclasses import dataclass, field

from .dialogue import Outcome, Parcel, Result, deliver, failure
from .relay import mail, quit_quietly

log = logging.getLogger("cptsapp.mail")

MAILS_PER_CONNECTION = 50


@dataclass
class Question:
    """A connection asks whether it may write the final dot of a mail; it goes on with the body while it waits."""

    parcel: Parcel
    answered: threading.Event = field(default_factory=threading.Event)
    granted: bool = False

    def answer(self, granted: bool):
        self.granted = granted
        self.answered.set()

    def wait(self) -> bool:
        self.answered.wait()
        return self.granted


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

    def run(self):
        while (parcel := self._next()) is not None:
            try:
                outcome = self._open() or self._deliver(parcel)
            except Exception as error:  # a defect here must not leave the row held without a word
                log.exception("delivery of mail %s failed", parcel.id)
                self._hang_up()
                outcome = Outcome(Result.LOST, None, f"{type(error).__name__}: {error}")
            self.ended = (parcel.id, outcome)
        self._hang_up()

    def _next(self) -> Parcel | None:
        """Return the next mail, having said how the last one ended if the next does not come at once."""
        try:
            return self.todo.get_nowait()
        except queue.Empty:
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
        self.delivered += 1
        return deliver(self.host, parcel, question.wait)

    def _hang_up(self):
        if self.host is not None and self.host.sock is not None:
            quit_quietly(self.host)
        self.host = None
