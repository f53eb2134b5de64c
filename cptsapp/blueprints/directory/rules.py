"""What a volunteer does with an entry: declare it, change it, pause it, leave, come back.

    declare("ipa", person_id, Typed(values={…}), Agreement(…))    keyed=True when somebody writes it for the person
    change(entry_id, Typed(…))      pause / resume / leave / restore(entry_id)
    confirm is in `freshness`, move in `stages`, take in `places`, validate and refuse in `deciding`

Every rule decides and writes in one transaction, with the history, the journal and the mails. Nobody is listed without
a recorded agreement: its day, its means and its very words are kept with the entry.
"""

import json
from dataclasses import dataclass, field
from datetime import date

from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import fold, normalise_email, spaced_phone

from . import catalogue, eligibility, letters, stages, values, writing
from .definition import Definition, FilledBy
from .models import HOLDING, Act, Entry, EntryChange, Means, Status


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What somebody typed of an entry. `profession` and `commune` are codes; `values` the answers by field key."""

    title: str = ""
    profession: str = ""
    commune: str | None = None
    email: str = ""
    phone: str = ""
    show_email: bool = False
    show_phone: bool = False
    is_public: bool = False
    is_shared: bool = False
    is_speaker: bool = False
    values: dict = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """The person's agreement: how, on which day, to which version of the wording (the one shown)."""

    means: Means = Means.ONLINE
    on: date | None = None
    version: str = ""


@db.atomic()
def declare(
    slug: str,
    person_id: int | None,
    typed: Typed,
    agreement: Agreement | None,
    *,
    declared_by: int | None = None,
    stage: str = "",
    keyed: bool = False,
    waits: bool = False,
) -> Entry:
    """Add an entry for a person, a structure or a thing; return it, listed or waiting for validation.

    `keyed`: somebody writes it for the person, who is told by mail; `waits`: a colleague did, the coordination reads it
    first. `declared_by`: the person who declares for a structure.
    Raises RuleError when the list is closed or full, when the person may not be in it or is already, when an answer is
    wrong, when something is held by another entry, or when there is no agreement.
    """
    definition = _open(slug)
    person = Person.get_or_none(Person.id == person_id) if person_id else None
    if person_id and person is None:
        raise RuleError("Choisissez la personne dont parle cette fiche.", "person")
    _refuse_full(definition)
    entry = Entry(
        directory=slug, person=person, declared_by=declared_by, status=_first_status(definition, keyed, waits)
    )
    filled_by = FilledBy.COORDINATION if keyed and not waits else FilledBy.VOLUNTEER
    _fill(definition, entry, typed, filled_by)
    _agree(definition, entry, agreement)
    stages.start(definition, entry, stage)
    _refuse_twice(entry)
    writing.write(definition, entry, Act.KEYED if keyed else Act.DECLARED)
    if keyed:
        letters.keyed(definition, entry)
    return entry


def _open(slug: str) -> Definition:
    definition = catalogue.find(slug)
    if definition is None or not catalogue.is_open(slug):
        raise RuleError("Ce répertoire n’est pas ouvert.")
    return definition


def _first_status(definition: Definition, keyed: bool, waits: bool) -> Status:
    return Status.TO_VALIDATE if waits or (definition.is_moderated and not keyed) else Status.LISTED


def _refuse_full(definition: Definition):
    """Refuse when the list has all the entries it takes; its row is held while they are counted."""
    if not definition.limit:
        return
    catalogue.held(definition.slug)
    if Entry.select().where(Entry.directory == definition.slug, Entry.status.in_(HOLDING)).count() >= definition.limit:
        raise RuleError("Ce répertoire est complet : il ne prend plus d’inscription pour le moment.")


def _fill(definition: Definition, entry: Entry, typed: Typed, filled_by: FilledBy):
    """Put what was typed in an entry, checked. Raises RuleError."""
    entry.title = " ".join(typed.title.replace("\0", "").split()) if definition.is_of_things else ""
    if len(entry.title) > 160:
        raise RuleError("Écrivez 160 caractères au plus.", "title")
    known = eligibility.profession_of(entry.person_id) if entry.person_id and not entry.title else ""
    entry.profession = "" if entry.title else typed.profession or known
    eligibility.check(definition, entry.person if entry.person_id else None, entry.profession, entry.title)
    entry.commune = territory.use(typed.commune) if typed.commune else None
    entry.email, entry.phone = normalise_email(typed.email)[:254], spaced_phone(typed.phone)[:30]
    entry.show_email, entry.show_phone = typed.show_email, typed.show_phone
    entry.is_public = typed.is_public and definition.is_public
    entry.is_shared = typed.is_shared and definition.has_partners
    entry.is_speaker = typed.is_speaker and definition.has_speakers
    kept = values.checked(definition, typed.values, filled_by=filled_by, before=entry.values)
    entry.values_json = json.dumps(kept, ensure_ascii=False)
    entry.slot = _slot(definition, entry, kept)


def _slot(definition: Definition, entry: Entry, kept: dict) -> str:
    """Return what tells this entry from the others of the same person: a title, or the answer that the list names."""
    if entry.title:
        return fold(entry.title)[:120]
    if not definition.unique_by:
        return ""
    return "|".join(values.keys_of(definition.field(definition.unique_by), kept.get(definition.unique_by)))[:120]


def _agree(definition: Definition, entry: Entry, agreement: Agreement | None):
    if entry.person_id is None:
        return
    if agreement is None:
        raise RuleError("Sans l’accord de la personne, elle n’est pas inscrite. Notez sa date et son moyen.", "consent")
    if agreement.version and agreement.version != definition.consent.version:
        raise RuleError("La formulation de l’accord a changé pendant la saisie : relisez-la, puis validez.", "consent")
    day = agreement.on or today()
    if day > today():
        raise RuleError("La date de l’accord est à venir : vérifiez-la.", "consented_on")
    entry.consented_on, entry.consent_means = day, agreement.means
    entry.consent_version, entry.consent_text = definition.consent.version, _words(definition, entry)


def _words(definition: Definition, entry: Entry) -> str:
    return definition.consent.words(is_public=entry.is_public, is_shared=entry.is_shared)


def _refuse_twice(entry: Entry):
    """Say it before the index does, for the usual case."""
    if entry.person_id is None:
        return
    same = (Entry.directory == entry.directory) & (Entry.person == entry.person_id) & (Entry.slot == entry.slot)
    query = Entry.select().where(same, Entry.left_at.is_null())
    if (query.where(Entry.id != entry.id) if entry.id else query).exists():
        raise writing.already_there(entry)


@db.atomic()
def change(entry_id: int, typed: Typed, *, filled_by: FilledBy = FilledBy.VOLUNTEER) -> Entry:
    """Write what somebody changed of an entry; it then counts as confirmed today when the volunteer did it."""
    definition, entry = writing.held(entry_id)
    if entry.state == Status.LEFT:
        raise RuleError("Cette fiche a été retirée. Reprenez-la d’abord.")
    was_shown = entry.is_public, entry.is_shared
    _fill(definition, entry, typed, filled_by)
    stages.check(definition, entry)
    _refuse_twice(entry)
    is_wider = any(new and not old for new, old in zip((entry.is_public, entry.is_shared), was_shown, strict=True))
    if is_wider and entry.person_id:
        entry.consent_text, entry.consented_on = _words(definition, entry), today()
    if filled_by == FilledBy.VOLUNTEER:
        entry.confirmed_on = today()
        if entry.state == Status.EXPIRED:
            entry.status = Status.LISTED
    return writing.write(definition, entry, Act.CHANGED)


@db.atomic()
def pause(entry_id: int) -> Entry:
    """Take an entry out of the visible list for a while."""
    definition, entry = writing.held(entry_id)
    writing.to_status(entry, Status.PAUSED)
    return writing.write(definition, entry, Act.PAUSED)


@db.atomic()
def resume(entry_id: int) -> Entry:
    """Put a paused entry back in the list: it counts as confirmed today."""
    definition, entry = writing.held(entry_id)
    if entry.state != Status.PAUSED:
        raise RuleError("Cette fiche n’est pas en pause. Rechargez la page.")
    writing.to_status(entry, Status.LISTED)
    entry.confirmed_on = today()
    return writing.write(definition, entry, Act.RESUMED)


@db.atomic()
def leave(entry_id: int, *, reason: str = "", link_version: int | None = None) -> Entry:
    """Withdraw an entry from everywhere at once; it can be taken back for twelve months."""
    definition, entry = writing.held(entry_id)
    if link_version is not None and link_version != entry.link_version:
        raise RuleError("Ce lien n’est plus valable. Demandez-en un nouveau.")
    if entry.state == Status.LEFT:
        return entry
    writing.to_status(entry, Status.LEFT)
    entry.left_at = now()
    return writing.write(definition, entry, Act.LEFT, note=reason)


@db.atomic()
def restore(entry_id: int, agreement: Agreement | None = None) -> Entry:
    """Put back an entry that was withdrawn; raise RuleError when its place is another's by now.

    `agreement`: the one that the person gave again, when somebody else does it for them; they are told.
    """
    definition, entry = writing.held(entry_id)
    _open(definition.slug)
    if entry.state != Status.LEFT:
        raise RuleError("Cette fiche n’est pas retirée. Rechargez la page.")
    _refuse_full(definition)
    was_refused = EntryChange.select().where(EntryChange.entry == entry_id, EntryChange.act == Act.REFUSED).exists()
    writing.to_status(entry, Status.TO_VALIDATE if was_refused and definition.is_moderated else Status.LISTED)
    entry.left_at, entry.confirmed_on = None, today()
    _refuse_twice(entry)
    if agreement:
        _agree(definition, entry, agreement)
    writing.write(definition, entry, Act.RESTORED)
    if agreement and entry.person_id:
        letters.keyed(definition, entry)
    return entry


@db.atomic()
def agree(entry_id: int, agreement: Agreement, *, is_public: bool, is_shared: bool = False) -> Entry:
    """Record an agreement given again, to the wording of today, by other means than this site; it confirms the entry.

    `is_public`: whether it holds for the public page too; `is_shared`: for partners.
    """
    definition, entry = writing.held(entry_id)
    if entry.state == Status.LEFT:
        raise RuleError("Cette fiche a été retirée. Reprenez-la d’abord.")
    if entry.person_id is None:
        raise RuleError("Cette fiche ne parle de personne : elle n’a pas besoin d’un accord.")
    entry.is_public = is_public and definition.is_public
    entry.is_shared = is_shared and definition.has_partners
    _agree(definition, entry, agreement)
    if entry.state == Status.EXPIRED:
        writing.to_status(entry, Status.LISTED)
    entry.confirmed_on = today()
    return writing.write(definition, entry, Act.CONFIRMED)
