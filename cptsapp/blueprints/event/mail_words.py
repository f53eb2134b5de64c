"""The words that an organiser adds to one mail of one event."""

from cptsapp.kernel import journal
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError

from . import rules
from .models import Event, MailWords

journal.declare("event.worded", "Mots d’un e-mail d’événement changés")
LONGEST = 2000


def of(event: Event, mail: str) -> str:
    return MailWords.select(MailWords.words).where(MailWords.event == event, MailWords.mail == mail).scalar() or ""


@db.atomic()
def write(event_id: int, mail: str, words: str) -> None:
    """Put words in a mail, in place of those it had; none leaves the usual ones."""
    event = rules.editable(event_id)
    words = words.replace("\0", "").replace("\r\n", "\n").strip()
    if len(words) > LONGEST:
        raise RuleError(f"Écrivez {LONGEST} caractères au plus.", "words")
    _clear(event.id, mail)
    if words:
        MailWords.create(event=event, mail=mail, words=words)
    journal.write("event.worded", "event", event.id)


@db.atomic()
def forget(event_id: int, mail: str) -> None:
    """Give a mail its usual words back."""
    if _clear(rules.living(event_id).id, mail):
        journal.write("event.worded", "event", event_id)


def _clear(event_id: int, mail: str) -> int:
    return MailWords.delete().where(MailWords.event == event_id, MailWords.mail == mail).execute()
