"""The coordination's own notes about an entry."""

from peewee import JOIN

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError

from .models import Entry, EntryNote

LONGEST = 2000
NOTED = journal.declare("directory.noted", "Note ajoutée à une fiche de répertoire")
REMOVED = journal.declare("directory.note_removed", "Note retirée d’une fiche de répertoire")


def notes_of(entry_id: int) -> list[EntryNote]:
    """Return the notes of an entry, the last first, with who wrote them."""
    query = EntryNote.select(EntryNote, Account, Person).join(Account, JOIN.LEFT_OUTER).join(Person, JOIN.LEFT_OUTER)
    return list(query.where(EntryNote.entry == entry_id).order_by(EntryNote.id.desc()))


@db.atomic()
def write(entry_id: int, text: str) -> EntryNote:
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    if not text:
        raise RuleError("Écrivez la note.", "text")
    if len(text) > LONGEST:
        raise RuleError(f"Écrivez {LONGEST} caractères au plus.", "text")
    if not Entry.select().where(Entry.id == entry_id).exists():
        raise RuleError("Cette fiche n’existe plus. Revenez à la liste.")
    note = EntryNote.create(entry=entry_id, text=text, by=journal.actor())
    journal.write(NOTED, "repertoire_entry", entry_id)
    return note


@db.atomic()
def remove(entry_id: int, note_id: int) -> None:
    """Erase a note; a second time changes nothing."""
    if EntryNote.delete().where(EntryNote.id == note_id, EntryNote.entry == entry_id).execute():
        journal.write(REMOVED, "repertoire_entry", entry_id)
