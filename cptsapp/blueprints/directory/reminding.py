"""Asking many people at once whether their entry is still right: who will be written to, who not and why."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import OutgoingMail

from . import catalogue, desk, desk_list, letters
from .definition import Definition
from .models import Entry, Status

QUIET_DAYS = 7  # nobody is asked twice within a week
MOST = 2_000  # at once
journal.declare("directory.reminded", "Relance de volontaires")


@dataclass
class Preview:
    """`will`: (entry, address); `wont`: (entry, why)."""

    will: list[tuple[Entry, str]] = field(default_factory=list)
    wont: list[tuple[Entry, str]] = field(default_factory=list)


def to_confirm(definition: Definition) -> list[int]:
    """Return the entries of a list to confirm: soon past their day, or past it."""
    query = Entry.select(Entry.id).where(
        Entry.directory == definition.slug, desk.is_present(), desk.to_confirm_soon() | desk.is_expired()
    )
    return [id for (id,) in query.order_by(Entry.sort_name, Entry.id).limit(MOST).tuples()]


def preview(definition: Definition, ids: Iterable[int]) -> Preview:
    """Tell who would be written to; a few queries, whatever their number."""
    found, lately = Preview(), _asked_lately()
    query = Entry.joined().where(Entry.id.in_(list(ids)[:MOST]), Entry.directory == definition.slug, desk.is_present())
    entries = list(query.order_by(Entry.sort_name, Entry.id))
    who = {each.declared_by_id for each in entries if each.declared_by_id}
    known = {each.id: each for each in Person.select().where(Person.id.in_(list(who)))} if who else {}
    for entry in entries:
        if entry.declared_by_id:
            entry.declared_by = known.get(entry.declared_by_id)
        email, _ = letters.reached_at(entry)
        why = _why_not(entry, email, lately.get(entry.id))
        found.wont.append((entry, why)) if why else found.will.append((entry, email))
    return found


def _why_not(entry: Entry, email: str, asked_on: date | None) -> str:
    if entry.state == Status.LEFT:
        return "retirée de la liste"
    if entry.state == Status.TO_VALIDATE:
        return "à valider d’abord"
    if not email:
        return "pas d’adresse e-mail : à appeler"
    if asked_on:
        days = (today() - asked_on).days
        return "déjà relancée aujourd’hui" if not days else f"déjà relancée il y a {days}\u00a0jour{'s' * (days > 1)}"
    return ""


def _asked_lately() -> dict[int, date]:
    """Return {entry: day of the last reminder} of the last week."""
    since = now() - timedelta(days=QUIET_DAYS)
    query = OutgoingMail.select(OutgoingMail.key, OutgoingMail.created_at).where(
        OutgoingMail.created_at > since, OutgoingMail.key.startswith("directory-")
    )
    found = {}
    for key, at in query.order_by(OutgoingMail.created_at).tuples():
        id = key.split("-")[1]
        if id.isdecimal():
            found[int(id)] = at.date()
    return found


@db.atomic()
def send(slug: str, ids: Iterable[int]) -> int:
    """Queue a reminder for each of those who may be written to now; return how many. Twice in a day is once."""
    definition = catalogue.find(slug)
    if definition is None or not catalogue.is_open(slug):
        raise RuleError("Ce répertoire est fermé : rouvrez-le avant de relancer ses volontaires.")
    will = preview(definition, ids).will
    if not will:
        raise RuleError("Personne ne peut être relancé : chacun l’a été cette semaine, ou n’a pas d’adresse.")
    count = sum(_ask(definition, entry) for entry, _ in will)
    journal.write("directory.reminded", "repertoire", slug, mails=count)
    return count


def _ask(definition: Definition, entry: Entry) -> int:
    key = f"directory-{entry.id}-desk-{today()}"
    is_out = desk_list.state_of(entry) == Status.EXPIRED
    return (letters.expired if is_out else letters.reminder)(definition, entry, key=key)
