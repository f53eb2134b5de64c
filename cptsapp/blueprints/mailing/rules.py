"""What may be done with a sending: prepared, scheduled, started, paused, stopped; who it is for, who got it."""

import json
from datetime import datetime, timedelta

from cptsapp.kernel import journal
from cptsapp.kernel.dates import datetime_fr, to_utc
from cptsapp.kernel.db import db, insert_rows, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import Kind, OutgoingMail, headers, identity_for
from cptsapp.kernel.mail import State as MailState
from cptsapp.kernel.mail.queue import nudge_after_commit
from cptsapp.kernel.text import fold

from . import audience, sources
from .audience import Step
from .compiling import Compiled, compile
from .letters import Letter, Recipient, without_fields
from .models import OPEN, Mailing, MailingText, State

journal.declare("mailing.opened", "Envoi préparé")
journal.declare("mailing.audience", "Destinataires d’un envoi choisis")
journal.declare("mailing.scheduled", "Envoi programmé")
journal.declare("mailing.unscheduled", "Envoi déprogrammé")
journal.declare("mailing.failed", "Envoi programmé qui n’a pas pu commencer")
journal.declare("mailing.started", "Envoi commencé")
journal.declare("mailing.extended", "Envoi étendu à ceux qui sont arrivés depuis")
journal.declare("mailing.paused", "Envoi mis en pause")
journal.declare("mailing.resumed", "Envoi repris")
journal.declare("mailing.cancelled", "Envoi arrêté")
journal.declare("mailing.taken_back", "Envoi repris avant le premier départ")
journal.declare("mailing.deleted", "Envoi non parti effacé")

LATE = timedelta(hours=2)  # a sending missed by more than this waits for a person
NOT_SENT = "Envoi arrêté avant ce destinataire."
WAITING = (MailState.PENDING, MailState.CLAIMED, MailState.IN_DOUBT)
UNTRIED = (OutgoingMail.state == MailState.SKIPPED) | (
    (OutgoingMail.state == MailState.PENDING) & (OutgoingMail.attempts == 0) & (OutgoingMail.message_id == "")
)
LONGEST_KEY = 190
COLUMNS = (
    OutgoingMail.key, OutgoingMail.kind, OutgoingMail.campaign_id, OutgoingMail.values_json, OutgoingMail.to_address,
    OutgoingMail.person_ids, OutgoingMail.subject, OutgoingMail.folded, OutgoingMail.state, OutgoingMail.skip_reason,
    OutgoingMail.done_at,
)  # fmt: skip


# Before it leaves


@db.atomic()
def open_for(source_key: str, source_id: int) -> Mailing:
    """Return the sending of a letter that has not left yet; make it when there is none."""
    new = Mailing.insert(source_key=source_key, source_id=source_id).on_conflict_ignore().returning(Mailing.id)
    for (id,) in list(new.tuples().execute()):  # none when there is one: the index lets one be open
        journal.write("mailing.opened", "mailing", id, source=source_key, letter=source_id)
    return locked(Mailing.of_source(source_key, source_id).where(Mailing.state.in_(OPEN))).get()


def is_frozen(mailing: Mailing) -> bool:
    """Tell whether the letter of a sending may not change any more: it has started to leave."""
    return mailing.state not in OPEN


def refuse_frozen(source_key: str, source_id: int):
    """Refuse to change a letter that is leaving or has left; its feature calls it before it writes.

    Raises RuleError.
    """
    if Mailing.of_source(source_key, source_id).where(Mailing.state.not_in(OPEN)).exists():
        raise RuleError(
            "Cette lettre est partie, ou en train de partir : son texte ne change plus. "
            "Dupliquez-la pour en écrire une autre."
        )


@db.atomic()
def set_audience(mailing_id: int, steps: list[Step]) -> Mailing:
    """Choose whom a sending is for. Raises RuleError when it has started or a step chooses what is not offered."""
    mailing = _open(mailing_id)
    audience.refuse_unknown(steps)
    mailing.audience_json = audience.stored(steps)
    source = sources.find(mailing.source_key)
    letter = source.letter(mailing.source_id) if source else None
    _name(mailing, letter.subject if letter else "")
    mailing.save()
    journal.write("mailing.audience", "mailing", mailing.id, steps=len(steps))
    return mailing


@db.atomic()
def schedule(mailing_id: int, local: datetime) -> Mailing:
    """Let a sending start at `local` (naive, Paris). Raises RuleError when it is past, or nothing could leave."""
    mailing, at = _open(mailing_id), to_utc(local)
    if at <= now():
        raise RuleError("Ce moment est passé : choisissez-en un autre, ou envoyez maintenant.", field="at")
    _name(mailing, letter_of(mailing).subject)
    _refuse_nobody(audience.candidates(audience.steps_of(mailing.audience)))
    mailing.state, mailing.scheduled_at, mailing.trouble = State.SCHEDULED, at, ""
    mailing.save()
    journal.write("mailing.scheduled", "mailing", mailing.id, at=at)
    return mailing


@db.atomic()
def unschedule(mailing_id: int) -> Mailing:
    """Take back the hour of a sending: it waits for a person again."""
    mailing = _open(mailing_id)
    if mailing.state == State.SCHEDULED:
        mailing.state, mailing.scheduled_at = State.DRAFT, None
        mailing.save()
        journal.write("mailing.unscheduled", "mailing", mailing.id)
    return mailing


@db.atomic()
def delete(mailing_id: int) -> None:
    """Forget a sending that has not left; its letter stays."""
    mailing = _open(mailing_id)
    mailing.delete_instance()
    journal.write("mailing.deleted", "mailing", mailing_id)


def _name(mailing: Mailing, subject: str):
    mailing.subject = headers.one_line(without_fields(subject))[:300]
    mailing.folded = fold(mailing.subject)[:300]


def is_missed(mailing: Mailing, at: datetime | None = None) -> bool:
    """Tell whether the hour of a sending went by while nothing ran: a person decides then."""
    return mailing.state == State.SCHEDULED and mailing.scheduled_at + LATE < (at or now())


def letter_of(mailing: Mailing) -> Letter:
    """Return what a sending would send. Raises RuleError when there is nothing, or when it would harm its readers."""
    source = sources.find(mailing.source_key)
    letter = source.letter(mailing.source_id) if source else None
    if letter is None:
        raise RuleError("Cette lettre n’existe plus : rien ne peut partir.")
    if not letter.subject.strip():
        raise RuleError("Donnez un objet à cette lettre avant de l’envoyer.")
    blocking = next((each for each in source.advice(mailing.source_id) if each.is_blocking), None)
    if blocking:
        raise RuleError(blocking.sentence)
    return letter


# Starting


@db.atomic()
def start(mailing_id: int) -> Mailing:
    """Freeze the letter and its recipients, in one transaction; the mails leave after it.

    Everybody named is one row: waiting, or left out with the reason. Raises RuleError when nothing could leave.
    """
    mailing = _open(mailing_id)
    letter = letter_of(mailing)
    source = sources.find(mailing.source_key)
    people = audience.candidates(audience.steps_of(mailing.audience))
    _refuse_nobody(people)
    source.started(mailing.source_id)
    compiled = compile(letter, identity_for(Kind.COLLECTIVE), list_id=source.list_id)
    MailingText.create(mailing=mailing, compiled_json=compiled.to_json())
    _name(mailing, letter.subject)
    mailing.state, mailing.started_at, mailing.trouble = State.SENDING, now(), ""
    mailing.save()
    count = _write_rows(mailing, compiled, people)
    journal.write("mailing.started", "mailing", mailing.id, recipients=count)
    return mailing


@db.atomic()
def extend(mailing_id: int) -> int:
    """Send a letter that has left to those whom its audience names by now and did not then; return how many.

    Raises RuleError when there is nobody new.
    """
    mailing = _locked(mailing_id)
    if mailing.state not in (State.SENT, State.SENDING):
        raise RuleError("Seul un envoi parti peut s’étendre à ceux qui sont arrivés depuis.")
    people = newcomers(mailing)
    if not people:
        raise RuleError("Personne n’est arrivé depuis : tous ceux que ces critères désignent ont déjà leur ligne.")
    compiled = Compiled.from_json(MailingText.get(MailingText.mailing == mailing).compiled_json)
    mailing.state, mailing.finished_at = State.SENDING, None
    mailing.save()
    count = _write_rows(mailing, compiled, people)
    journal.write("mailing.extended", "mailing", mailing.id, recipients=count)
    return count


def newcomers(mailing: Mailing) -> list[audience.Candidate]:
    """Return those whom the audience of a sending names by now, who may be written to and have no row of it."""
    known = {key for (key,) in mailing.rows.select(OutgoingMail.key).tuples()}
    people = audience.candidates(audience.steps_of(mailing.audience))
    return [each for each in people if not each.reason and _key(mailing, each) not in known]


def _refuse_nobody(people: list[audience.Candidate]):
    if not people:
        raise RuleError("Personne ne correspond à ces critères : choisissez d’autres destinataires.")
    if all(each.reason for each in people):
        raise RuleError("Aucune de ces personnes ne peut recevoir d’envoi : la liste dit pourquoi.")


def _write_rows(mailing: Mailing, compiled: Compiled, people: list[audience.Candidate]) -> int:
    """Record one row for each candidate; return how many will leave."""
    moment, rows = now(), []
    for each in people:
        values = each.values
        subject = compiled.subject_for(Recipient(each.address, values))
        state, done_at = (MailState.SKIPPED, moment) if each.reason else (MailState.PENDING, None)
        rows.append(
            (
                _key(mailing, each), Kind.COLLECTIVE, mailing.id, json.dumps(values, ensure_ascii=False),
                each.address[:254], _between_commas(each.ids), subject, fold(f"{each.label} {each.address}")[:600],
                state, each.reason, done_at,
            )
        )  # fmt: skip
    insert_rows(OutgoingMail, COLUMNS, rows)
    nudge_after_commit()
    return sum(not each.reason for each in people)


def _key(mailing: Mailing, candidate: audience.Candidate) -> str:
    """Return what makes a second mail to the same address, whatever its case, impossible."""
    return f"letter-{mailing.id}-{candidate.key}"[:LONGEST_KEY]


def _between_commas(ids: list[int]) -> str:
    found = ","
    for id in ids:
        if len(found) < 480:
            found += f"{id},"
    return found


# While it leaves


@db.atomic()
def pause(mailing_id: int) -> Mailing:
    """Hold what has not left; those in hand at this instant still end. Nothing else is held."""
    return _turn(mailing_id, State.SENDING, State.PAUSED, "mailing.paused", "Cet envoi n’est pas en cours.")


@db.atomic()
def resume(mailing_id: int) -> Mailing:
    mailing = _turn(mailing_id, State.PAUSED, State.SENDING, "mailing.resumed", "Cet envoi n’est pas en pause.")
    nudge_after_commit()
    return mailing


def _turn(mailing_id, before, after, action, refusal) -> Mailing:
    mailing = _locked(mailing_id)
    if mailing.state != before:
        raise RuleError(refusal)
    mailing.state = after
    mailing.save()
    journal.write(action, "mailing", mailing.id)
    return mailing


@db.atomic()
def cancel(mailing_id: int) -> int:
    """Stop a sending for good; return how many people it had not left for. Who got it stays known.

    When it had left for nobody yet, it is as if it had never started: the letter may change again.
    """
    mailing = _locked(mailing_id)
    if mailing.state not in (State.SENDING, State.PAUSED):
        raise RuleError("Cet envoi n’est pas en cours : il n’y a rien à arrêter.")
    pending = mailing.rows.select(OutgoingMail.id).where(OutgoingMail.state == MailState.PENDING)
    list(locked(pending).tuples())  # no sender takes one of them any more: what is read next stays true
    if not mailing.rows.where(~UNTRIED).exists():
        return _take_back(mailing)
    mailing.state, mailing.finished_at = State.CANCELLED, now()
    mailing.save()
    count = _skip_waiting(mailing.id)
    journal.write("mailing.cancelled", "mailing", mailing.id, left_out=count)
    return count


def _take_back(mailing: Mailing) -> int:
    """Undo a start that nobody has received anything of, and what was opened for the people after it."""
    for each in Mailing.of_source(mailing.source_key, mailing.source_id).where(Mailing.state.in_(OPEN)):
        each.delete_instance()
    count = mailing.rows.where(OutgoingMail.state == MailState.PENDING).count()
    OutgoingMail.delete().where(OutgoingMail.campaign_id == mailing.id).execute()
    MailingText.delete().where(MailingText.mailing == mailing).execute()
    mailing.state, mailing.started_at, mailing.scheduled_at = State.DRAFT, None, None
    mailing.save()
    source = sources.find(mailing.source_key)
    if source:
        source.reopened(mailing.source_id)
    journal.write("mailing.taken_back", "mailing", mailing.id, recipients=count)
    return count


def _skip_waiting(mailing_id: int) -> int:
    waiting = (OutgoingMail.campaign_id == mailing_id) & (OutgoingMail.state == MailState.PENDING)
    return OutgoingMail.update(state=MailState.SKIPPED, skip_reason=NOT_SENT, done_at=now()).where(waiting).execute()


def woken(mailing_id: int) -> None:
    """A person sends again to somebody: a sending that had ended goes on. Raises RuleError for one that was stopped."""
    mailing = _locked(mailing_id)
    if mailing.state == State.CANCELLED:
        raise RuleError("Cet envoi a été arrêté : rien n’en repart. Faites-en un nouveau pour ces personnes.")
    if mailing.state == State.SENT:
        mailing.state, mailing.finished_at = State.SENDING, None
        mailing.save()


# What happens by itself


def start_due(at: datetime | None = None) -> int:
    """Start the sendings whose hour has come, unless it went by long ago; return how many started.

    One that cannot start waits for a person, with the reason.
    """
    moment, count = at or now(), 0
    due = Mailing.select(Mailing.id).where(Mailing.state == State.SCHEDULED, Mailing.scheduled_at <= moment)
    for (mailing_id,) in list(due.tuples()):
        try:
            count += _start_if_due(mailing_id, moment)
        except RuleError as error:
            _give_up(mailing_id, str(error))
    return count


@db.atomic()
def _start_if_due(mailing_id: int, moment: datetime) -> bool:
    mailing = _locked(mailing_id)
    if mailing.state != State.SCHEDULED or mailing.scheduled_at > moment or is_missed(mailing, moment):
        return False
    start(mailing_id)
    return True


@db.atomic()
def _give_up(mailing_id: int, sentence: str):
    mailing = _locked(mailing_id)
    if mailing.state == State.SCHEDULED:
        mailing.state, mailing.scheduled_at, mailing.trouble = State.DRAFT, None, sentence[:400]
        mailing.save()
        journal.write("mailing.failed", "mailing", mailing_id)


def tidy() -> None:
    """Mark the sendings that have ended; let go of what came back to a stopped one."""
    for mailing_id in running():
        if not _has_waiting(mailing_id):
            _end(mailing_id)
    stopped = Mailing.select(Mailing.id).where(Mailing.state == State.CANCELLED)
    came_back = OutgoingMail.select(OutgoingMail.campaign_id).where(
        OutgoingMail.state == MailState.PENDING, OutgoingMail.campaign_id.in_(stopped)
    )
    for (mailing_id,) in list(came_back.distinct().tuples()):
        with db.atomic():
            _skip_waiting(mailing_id)


def _has_waiting(mailing_id: int) -> bool:
    mine = OutgoingMail.campaign_id == mailing_id
    return OutgoingMail.select().where(mine, OutgoingMail.state.in_(WAITING)).exists()


@db.atomic()
def _end(mailing_id: int):
    """Mark that a sending has ended, unless somebody has just given it more to send: they hold its row meanwhile."""
    mailing = locked(Mailing.select().where(Mailing.id == mailing_id)).first()
    if mailing and mailing.state == State.SENDING and not _has_waiting(mailing_id):
        mailing.state, mailing.finished_at = State.SENT, now()
        mailing.save()


def running() -> list[int]:
    """Return the ids of the sendings whose mails may leave now, the oldest first; asked at each claim."""
    asked = f"SELECT id FROM mailing WHERE state = {db.param} ORDER BY started_at, id"  # noqa: S608
    return [id for (id,) in db.execute_sql(asked, (str(State.SENDING),)).fetchall()]


def _locked(mailing_id: int) -> Mailing:
    mailing = locked(Mailing.select().where(Mailing.id == mailing_id)).first()
    if mailing is None:
        raise RuleError("Cet envoi n’existe plus.")
    return mailing


def _open(mailing_id: int) -> Mailing:
    mailing = _locked(mailing_id)
    if mailing.state not in OPEN:
        raise RuleError(
            f"Cet envoi a commencé le {datetime_fr(mailing.started_at)} : il ne change plus. "
            "Rechargez la page pour le voir."
        )
    return mailing
