"""How the journal is read: entries with who acted, and the words for what they hold."""

from datetime import date, datetime, time

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal
from cptsapp.kernel.dates import add_months
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.settings import settings

from . import words

NOBODY = "Le site, ou un visiteur"


def entries():
    """Return the journal with who acted, joined."""
    query = JournalEntry.select(JournalEntry, Account, Person)
    return query.left_outer_join(Account, on=(JournalEntry.actor == Account.id)).left_outer_join(Person)


def actors() -> list[tuple[int, str]]:
    """Return the (account id, name) pairs of those who have acted, by name."""
    acted = JournalEntry.select(JournalEntry.actor).where(JournalEntry.actor.is_null(False)).distinct()
    accounts = Account.select(Account, Person).join(Person).where(Account.id.in_(acted))
    return sorted(((each.id, each.label) for each in accounts), key=lambda pair: pair[1].casefold())


def actor_of(entry) -> str:
    return entry.actor.label if entry.actor_id else NOBODY


def detail_of(entry) -> str:
    return words.detail_words(entry.detail)


def name_subjects(rows):
    """Give each entry the name and the address of what it is about."""
    names = journal.names_of(rows)
    for row in rows:
        kind = journal.subject_label(row.subject_kind)
        name, row.subject_url = names.get((row.subject_kind, row.subject_id), (row.subject_id, ""))
        row.subject_words = f"{kind} : {name}" if name else kind


def purge(today: date) -> int:
    """Delete the entries that have been kept as long as the settings say; return how many."""
    oldest = datetime.combine(add_months(today, -settings.journal_months), time())
    return JournalEntry.delete().where(JournalEntry.at < oldest).execute()
