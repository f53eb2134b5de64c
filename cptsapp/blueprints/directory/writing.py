"""The one way an entry is written: its row, what only one may have, indexes, history, search, journal."""

import json

from blinker import Signal
from peewee import IntegrityError

from cptsapp.kernel import journal, search
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.db import db, locked, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import normalise_email

from . import catalogue, finding, history, values, viewing
from .definition import Definition, Readers
from .models import HOLDING, STATUS_CHANGES, Act, Entry, EntryChange, EntryHold, Status

changed = Signal("An entry was written: sent with the entry and the act, inside the transaction.")
ACTIONS = {act: journal.declare(f"directory.{act.value}", f"Répertoire : {act.label.lower()}") for act in Act}
SEARCH_KIND = "repertoire"


def held(entry_id: int) -> tuple[Definition, Entry]:
    """Return an entry, held until the end of the transaction, and its definition; raise RuleError when it is gone."""
    if not locked(Entry.select(Entry.id).where(Entry.id == entry_id)).first():
        raise RuleError("Cette fiche n’existe plus. Rechargez la page.")
    entry = Entry.joined().where(Entry.id == entry_id).get()
    definition = catalogue.of(entry)
    if definition is None:
        raise RuleError("Ce répertoire n’existe plus.")
    return definition, entry


def to_status(entry: Entry, status: Status) -> None:
    """Change the status of an entry as the table of changes allows; raise RuleError otherwise."""
    if status not in STATUS_CHANGES[entry.state]:
        raise RuleError(
            f"Cette fiche est « {entry.state.label.lower()} » : rechargez la page pour voir où elle en est."
        )
    entry.status = status


def write(definition: Definition, entry: Entry, act: Act, *, note: str = "") -> Entry:
    """Save an entry and all that follows from it, inside the rule's transaction. Raises RuleError."""
    entry.sort_name = finding.sort_name(entry)
    entry.email = normalise_email(entry.email)
    entry.expires_on = definition.expires_on(entry.confirmed_on)
    new = entry.id is None
    _save(entry, new)
    _hold(definition, entry)
    finding.put(definition, [entry], new=new)
    state = history.state_of(entry)
    EntryChange.create(
        entry=entry.id,
        directory=entry.directory,
        act=act,
        status=entry.status,
        stage=entry.stage,
        note=note[:500],
        state_json=json.dumps(state, ensure_ascii=False),
        by=journal.actor(),
    )
    show(definition, entry)
    journal.write(ACTIONS[act], "repertoire_entry", entry.id, directory=entry.directory)
    if definition.is_public:
        revision.bump()
    changed.send(entry, act=act)
    return entry


def _save(entry: Entry, new: bool):
    try:
        with db.atomic():
            entry.save(force_insert=new)
    except IntegrityError as error:
        raise already_there(entry) from error


def already_there(entry: Entry) -> RuleError:
    return RuleError("Cette personne a déjà une fiche dans ce répertoire : modifiez-la plutôt que d’en ajouter une.")


def _hold(definition: Definition, entry: Entry):
    """Take what only one entry may have, give back what this one has no longer."""
    EntryHold.delete().where(EntryHold.entry == entry.id).execute()
    if entry.state not in HOLDING:
        return
    for key, field, sentence in _wanted(definition, entry):
        try:
            with db.atomic():
                EntryHold.create(entry=entry.id, directory=entry.directory, key=key)
        except IntegrityError as error:
            raise RuleError(sentence, field) from error


def _wanted(definition: Definition, entry: Entry) -> list[tuple[str, str, str]]:
    """Return the (key, field, refusal) of what an entry holds alone."""
    said, found = entry.values, []
    for each in definition.uniques:
        per = values.keys_of(definition.field(each.per), said.get(each.per)) if each.per else [""]
        for value in values.keys_of(definition.field(each.field), said.get(each.field)):
            if not each.value or each.value == value:
                found += [(f"{each.field}={value}/{each.per}={place}", each.field, each.sentence) for place in per]
    return found


def show(definition: Definition, entry: Entry) -> None:
    """Let the site's search find an entry that its readers may read, or find it no longer."""
    reader = viewing.VISITOR if definition.is_public and entry.is_public else viewing.Viewer(Readers.ADHERENTS.rank)
    if (
        not definition.is_indexed
        or not catalogue.is_open(entry.directory)
        or not viewing.may_see(definition, entry, reader)
    ):
        search.forget(SEARCH_KIND, entry.id)
        return
    search.index(SEARCH_KIND, entry.id, **document(definition, entry, reader))


def document(definition: Definition, entry: Entry, reader: viewing.Viewer) -> dict:
    """Return what the site's search keeps of an entry: what `reader` sees of it."""
    card = viewing.card(definition, entry, reader)
    is_public = reader.rank == Readers.PUBLIC.rank
    words = [card.profession, card.commune, *card.tags, *(f"{line.label} : {line.text}" for line in card.lines)]
    area = "/repertoires" if is_public else "/espace/repertoires"
    return {
        "title": f"{card.label} ({definition.short})",
        "body": ". ".join(word for word in words if word),
        "url": f"{area}/{definition.slug}/{entry.id}",
        "visibility": Visibility.PUBLIC if is_public else Visibility.ADHERENTS,
        "at": entry.confirmed_on,
    }


def forget(entries: list[Entry]) -> int:
    """Erase entries for good, with what is written of them elsewhere; return how many they were."""
    ids = [each.id for each in entries]
    for id in ids:
        search.forget(SEARCH_KIND, id)
    finding.drop(ids)
    Entry.delete().where(Entry.id.in_(ids)).execute()
    revision.bump()
    return len(ids)
