"""What is done with a message: received once, handled, set aside, thrown away and taken back, erased in the end."""

from collections.abc import Iterable
from datetime import date, datetime, time

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel import journal, mail
from cptsapp.kernel.acts import act_of, once
from cptsapp.kernel.dates import add_months
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.settings import settings
from cptsapp.kernel.text import fold, normalise_email

from .models import ContactMessage, State, Topic

BIN_MONTHS = 1  # how long spam and the bin are kept
for action, sentence in (
    ("contact.handled", "Message de contact marqué comme traité"),
    ("contact.reopened", "Message de contact remis à traiter"),
    ("contact.spam", "Message de contact déclaré indésirable"),
    ("contact.trashed", "Message de contact mis à la corbeille"),
    ("contact.restored", "Message de contact sorti de la corbeille"),
    ("contact.noted", "Note de suivi modifiée sur un message de contact"),
):
    journal.declare(action, sentence)


def is_received(key: str, **typed: str) -> bool:
    """Tell whether the form that carries this key has been sent already, with the same words."""
    return ContactMessage.select().where(ContactMessage.form_key == act_of(key, typed)).exists()


def receive(key: str, *, name: str, email: str, topic: str, subject: str, body: str) -> ContactMessage:
    """Record a message and the mail that tells the association. The same key and words again are the same message."""
    typed = {"name": name, "email": email, "topic": topic, "subject": subject, "body": body}
    return once(_receive, key, typed)


@db.atomic()
def _receive(act: str, *, name: str, email: str, topic: str, subject: str, body: str) -> ContactMessage:
    known = ContactMessage.get_or_none(ContactMessage.form_key == act)
    if known:
        return known
    if topic not in set(Topic):
        raise RuleError("Choisissez dans la liste ce qui vous ressemble.", field="topic")
    name, subject = _one_line(name), _one_line(subject)
    message = ContactMessage.create(
        form_key=act,
        name=name,
        email=email.strip(),
        email_normalised=normalise_email(email),
        topic=topic,
        subject=subject,
        body=body.replace("\0", "").strip(),
        folded=fold(f"{name} {email} {subject}"),
    )
    mail.queue(
        "contact/message",
        to=identity().email,
        reply_to=message.email,
        key=f"contact-{message.id}",
        values={
            "name": message.name,
            "email": message.email,
            "topic": message.topic_label,
            "subject": message.subject,
            "body": message.body,
            "link": f"{settings.base_url}/gestion/messages/{message.id}",
        },
    )
    return message


def _one_line(text: str) -> str:
    """A name or a subject goes into headers and lists: no line break, no control sign."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@db.atomic()
def handle(message_id: int, *, account_id: int) -> bool:
    """Say that a message has had its answer; of two people at once, the first is remembered."""
    return _move(message_id, "contact.handled", handled_at=now(), handled_by=account_id, spam_at=None, deleted_at=None)


@db.atomic()
def reopen(message_id: int, *, account_id: int | None = None) -> bool:
    return _move(message_id, "contact.reopened", handled_at=None, handled_by=None, spam_at=None, deleted_at=None)


@db.atomic()
def mark_spam(message_id: int, *, account_id: int | None = None) -> bool:
    return _move(message_id, "contact.spam", handled_at=None, handled_by=None, spam_at=now(), deleted_at=None)


@db.atomic()
def trash(message_id: int, *, account_id: int | None = None) -> bool:
    return _move(message_id, "contact.trashed", deleted_at=now())


@db.atomic()
def restore(message_id: int, *, account_id: int | None = None) -> bool:
    """Take a message out of the bin, in the state it had."""
    return _move(message_id, "contact.restored", deleted_at=None)


def _move(message_id: int, action: str, **values) -> bool:
    """Put a message in the state that `values` describe; tell whether that changes its state."""
    message = locked(ContactMessage.select().where(ContactMessage.id == message_id)).get()
    before = message.state
    for name, value in values.items():
        setattr(message, name, value)
    if message.state == before:
        return False
    message.save()
    journal.write(action, "contact", message_id)
    return True


MOVES = {"traiter": handle, "rouvrir": reopen, "indesirable": mark_spam, "corbeille": trash, "retablir": restore}


@db.atomic()
def move_all(move: str, ids: Iterable[int], *, account_id: int) -> int:
    """Apply one of MOVES to many messages; return how many changed."""
    return sum(MOVES[move](each, account_id=account_id) for each in ids)


@db.atomic()
def write_note(message_id: int, note: str) -> None:
    changed = ContactMessage.update(note=note.strip()).where(
        ContactMessage.id == message_id, ContactMessage.note != note.strip()
    )
    if changed.execute():
        journal.write("contact.noted", "contact", message_id)


@db.atomic()
def purge(today: date) -> int:
    """Erase what has been kept long enough: what was handled, spam, and the bin; return how many."""
    answered = _midnight(add_months(today, -settings.contact_months))
    binned = _midnight(add_months(today, -BIN_MONTHS))
    message = ContactMessage
    old = (message.handled_at < answered) | (message.spam_at < binned) | (message.deleted_at < binned)
    return erase([each.id for each in message.select().where(old, message.erased_at.is_null())])


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


@db.atomic()
def erase(ids: list[int]) -> int:
    """Empty messages and the mails that carried them; their rows stay, so that past figures do not change."""
    blank = dict.fromkeys(("name", "email", "email_normalised", "subject", "body", "folded", "note"), "")
    mail.OutgoingMail.delete().where(mail.OutgoingMail.key.in_([f"contact-{id}" for id in ids])).execute()
    return ContactMessage.update(**blank, erased_at=now()).where(ContactMessage.id.in_(ids)).execute()


def open_messages() -> dict | None:
    """Return what the card of the dashboard shows, or None when nothing waits."""
    count = ContactMessage.open_count()
    return {"count": count, "messages": ContactMessage.latest_open(3), "State": State} if count else None
