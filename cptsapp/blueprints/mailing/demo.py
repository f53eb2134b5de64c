"""A sending of the demonstration the day after: accepted, refused, in doubt, left out; and what came back."""

from datetime import timedelta

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.db import db, now
from cptsapp.kernel.mail import Kind, OutgoingMail, bounces, identity_for
from cptsapp.kernel.mail import State as MailState
from cptsapp.kernel.registry import demo_data

from . import audience, groups, rules, sources
from .audience import Op, Step
from .compiling import compile
from .models import Mailing, MailingText, State

MOST_IDS = 40
CHANGE_OF_ADDRESS = (
    "From: ancien@exemple.fr\r\nSubject: Changement d'adresse\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    "Bonjour, cette boîte ne sera bientôt plus relevée. Écrivez-moi désormais à mon nouveau cabinet. Merci !"
)


@demo_data(order=76)
def fill():
    found = _first_letter()
    if found is None or Mailing.select().where(Mailing.state == State.SENT).exists():
        return
    source, id, letter = found
    ids = [each.id for each in Person.present().limit(60)]
    with db.atomic():
        _sent(source, id, letter, audience.chosen(ids))
        bounces.record(CHANGE_OF_ADDRESS.encode())
    _group()


def _first_letter():
    """Return (source, id, letter) of the first letter of the demonstration."""
    source = sources.find("newsletter")
    for id in range(1, MOST_IDS if source else 0):
        letter = source.letter(id)
        if letter and letter.subject:
            return source, id, letter
    return None


def _sent(source, id, letter, steps):
    at = now() - timedelta(days=1, hours=2)
    compiled = compile(letter, identity_for(Kind.COLLECTIVE), list_id=source.list_id)
    mailing = Mailing.create(
        source_key=source.key, source_id=id, audience_json=audience.stored(steps), state=State.SENT, created_at=at,
        started_at=at, finished_at=at + timedelta(minutes=2),
    )  # fmt: skip
    rules._name(mailing, letter.subject)
    mailing.save()
    MailingText.create(mailing=mailing, compiled_json=compiled.to_json())
    rules._write_rows(mailing, compiled, audience.candidates(steps))
    waiting = mailing.rows.where(OutgoingMail.state == MailState.PENDING).order_by(OutgoingMail.id)
    for rank, row in enumerate(list(waiting)):
        _ended(row, rank, at + timedelta(seconds=rank))


def _ended(row, rank, at):
    row.message_id, row.attempts, row.created_at = f"<demo-envoi-{row.id}@exemple.fr>", 1, at
    if rank in (11, 29):
        row.state, row.doubts, row.doubt_at = MailState.UNCERTAIN, 1, at
        row.last_error = "SMTPServerDisconnected: Connection unexpectedly closed"
    elif rank in (5, 23):
        row.state, row.done_at, row.smtp_code = MailState.REFUSED, at, 550
        row.last_error = "5.1.1 <boite>: Recipient address rejected: User unknown"
    else:
        row.state, row.done_at, row.smtp_code, row.last_error = MailState.SENT, at, 250, "2.0.0 Ok: queued"
    row.save()
    if rank == 5:
        bounces.note_refusal(row, row.smtp_code, row.last_error)


def _group():
    """Keep a first group, from the first criterion that there is."""
    segment = next((each for each in audience.offered() if each[0] != audience.SAVED), None)
    if segment:
        groups.save("Mon premier groupe", [Step(Op.OR, segment[0], segment[2][0][0])])
