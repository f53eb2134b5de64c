"""A list stays true: reminders before an entry expires, one click to confirm, out of the list otherwise, and back."""

from datetime import date, timedelta

from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.db import db, locked
from cptsapp.kernel.errors import RuleError

from . import catalogue, letters, writing
from .models import Act, Entry, Means, Status

REMINDERS = (30, 7)  # days before the last one
LEFT_MONTHS, EXPIRED_MONTHS = 12, 24
BATCH = 200


@db.atomic()
def confirm(entry_id: int, *, means: Means | None = None, link_version: int | None = None) -> Entry:
    """Say that an entry is right today; one that had expired comes back to the list.

    When the wording of the agreement has changed since, confirming is agreeing to the new one, by `means` (online when
    the person does it). Raises RuleError when the entry was withdrawn or its link is an old one.
    """
    definition, entry = writing.held(entry_id)
    if link_version is not None and link_version != entry.link_version:
        raise RuleError("Ce lien n’est plus valable. Demandez-en un nouveau.")
    if entry.state == Status.LEFT:
        raise RuleError("Cette fiche a été retirée. Reprenez-la d’abord.")
    if entry.state == Status.EXPIRED:
        writing.to_status(entry, Status.LISTED)
    entry.confirmed_on = today()
    if entry.person_id and entry.consent_version != definition.consent.version:
        entry.consent_version = definition.consent.version
        entry.consent_text = definition.consent.words(is_public=entry.is_public, is_shared=entry.is_shared)
        entry.consented_on, entry.consent_means = today(), means or Means.ONLINE
    return writing.write(definition, entry, Act.CONFIRMED)


def send_reminders(day: date | None = None) -> int:
    """Queue the reminders due on `day`, each once for an expiry; return how many. Safe to run twice or late."""
    day, count = day or today(), 0
    for rank, days in enumerate(REMINDERS):
        soonest = day + timedelta(days=REMINDERS[rank + 1]) if rank + 1 < len(REMINDERS) else day - timedelta(days=1)
        due = (Entry.expires_on <= day + timedelta(days=days)) & (Entry.expires_on > soonest)
        asked = Entry.select(Entry.id).where(Entry.status.in_((Status.LISTED, Status.PAUSED)), due).order_by(Entry.id)
        count += sum(_remind_one(id, due, days) for (id,) in list(asked.tuples()))
    return count


@db.atomic()
def _remind_one(entry_id: int, due, days: int) -> int:
    """Remind of an entry, held meanwhile, unless it was confirmed or withdrawn while others were reminded."""
    locked(Entry.select(Entry.id).where(Entry.id == entry_id)).first()
    living = Entry.status.in_((Status.LISTED, Status.PAUSED)) & due
    entry = Entry.joined().where(Entry.id == entry_id, living).first()
    return remind(entry, key=f"directory-{entry.id}-{entry.expires_on}-{days}") if entry else 0


@db.atomic()
def remind(entry: Entry, *, key: str | None = None) -> int:
    """Ask whether somebody is still a volunteer; tell whether a mail was queued, none without an address."""
    definition = catalogue.of(entry)
    if definition is None or not catalogue.is_open(entry.directory):
        return 0
    return letters.reminder(definition, entry, key=key)


def expire(day: date | None = None) -> int:
    """Take out of the lists what nobody has confirmed in time; return how many entries."""
    day = day or today()
    due = Entry.select(Entry.id).where(Entry.status.in_((Status.LISTED, Status.PAUSED)), Entry.expires_on < day)
    ids = [id for (id,) in due.tuples()]
    return sum(_expire_one(id, day) for id in ids)


@db.atomic()
def _expire_one(entry_id: int, day: date) -> int:
    definition, entry = writing.held(entry_id)
    if entry.state not in (Status.LISTED, Status.PAUSED) or entry.expires_on >= day:
        return 0  # confirmed meanwhile
    writing.to_status(entry, Status.EXPIRED)
    writing.write(definition, entry, Act.EXPIRED)
    letters.expired(definition, entry)
    return 1


def purge(day: date) -> int:
    """Erase the entries withdrawn a year ago, and those that nobody has confirmed for two; return how many."""
    left = (Entry.status == Status.LEFT) & (Entry.left_at < add_months(day, -LEFT_MONTHS))
    stale = (Entry.status == Status.EXPIRED) & (Entry.expires_on < add_months(day, -EXPIRED_MONTHS))
    count = 0
    while batch := list(Entry.select().where(left | stale).limit(BATCH)):
        with db.atomic():
            count += writing.forget(batch)
    return count
