"""The path of an entry: from one stage to another as the definition allows, forward or back, each move kept."""

import json
from datetime import date, timedelta

from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError

from . import catalogue, values, writing
from .definition import Definition, FilledBy, Stage
from .models import Act, Entry, EntryValue, Status


def start(definition: Definition, entry: Entry, key: str = "", on: date | None = None) -> None:
    """Put a new entry at a stage of its path, the first one by default."""
    if not definition.stages:
        return
    stage = definition.stage(key) if key else definition.stages[0]
    if stage is None:
        raise RuleError("Choisissez une étape de la liste.", "stage")
    entry.stage, entry.stage_on = stage.key, on or today()
    check(definition, entry)


def check(definition: Definition, entry: Entry) -> None:
    """Raise RuleError when an entry lacks what its stage needs."""
    stage = definition.stage(entry.stage)
    if stage is None:
        return
    said = entry.values
    for key in stage.needs:
        if key not in said:
            label = definition.field(key).label
            raise RuleError(f"« {label} » est nécessaire à l’étape « {stage.label} ».", key)
    if stage.needs_link and not _is_linked(entry, stage.needs_link):
        raise RuleError(stage.needs_link.sentence, "stage")


def _is_linked(entry: Entry, link) -> bool:
    """Tell whether an entry of the other list points to this one, with the value asked, and is in its list."""
    if entry.id is None:
        return False
    points = EntryValue.select(EntryValue.entry).where(
        EntryValue.directory == link.directory,
        EntryValue.field == link.through,
        EntryValue.value == str(entry.id),
    )
    holds = EntryValue.select(EntryValue.entry).where(
        EntryValue.directory == link.directory, EntryValue.field == link.where, EntryValue.value == link.value
    )
    listed = Entry.status.in_((Status.LISTED, Status.PAUSED))
    return Entry.select().where(Entry.id.in_(points), Entry.id.in_(holds), listed).exists()


def onward(definition: Definition, entry: Entry, filled_by: FilledBy) -> list[Stage]:
    """Return the stages to which somebody may move an entry now."""
    here = definition.stage(entry.stage)
    found = [definition.stage(key) for key in here.to] if here else []
    everything = filled_by == FilledBy.COORDINATION
    return [each for each in found if everything or each.declared_by == FilledBy.VOLUNTEER]


@db.atomic()
def move(
    entry_id: int,
    key: str,
    *,
    on: date | None = None,
    note: str = "",
    filled_by: FilledBy = FilledBy.VOLUNTEER,
    answers: dict | None = None,
) -> Entry:
    """Move an entry to a stage, on a day (today); `answers` are those that the stage needs, given at once.

    Raises RuleError when the path does not allow it, when the day is to come or before the last move, or when
    something that the stage needs is missing.
    """
    definition, entry = writing.held(entry_id)
    if entry.state in (Status.LEFT, Status.EXPIRED):
        raise RuleError(f"Cette fiche est « {entry.state.label.lower()} » : reprenez-la d’abord.")
    stage = next((each for each in onward(definition, entry, filled_by) if each.key == key), None)
    if stage is None:
        raise RuleError("D’ici, on ne va pas à cette étape. Rechargez la page.", "stage")
    day = on or today()
    if day > today():
        raise RuleError("Cette date est à venir : notez l’étape quand elle a eu lieu.", "on")
    if entry.stage_on and day < entry.stage_on:
        raise RuleError("Cette date est avant celle de l’étape précédente : vérifiez-la.", "on")
    if answers:
        entry.values_json = _with_answers(definition, entry, stage, answers)
    entry.stage, entry.stage_on = stage.key, day
    check(definition, entry)
    if filled_by == FilledBy.VOLUNTEER:
        entry.confirmed_on = today()
    return writing.write(definition, entry, Act.MOVED, note=note)


def _with_answers(definition: Definition, entry: Entry, stage: Stage, answers: dict) -> str:
    said = entry.values
    for key in stage.needs:
        value = values.clean(definition.field(key), answers.get(key))
        if value is not None:
            said[key] = value
    return json.dumps(said, ensure_ascii=False)


def stuck(definition: Definition, day: date | None = None):
    """Return the condition that an entry has been at its stage longer than the definition says."""
    day = day or today()
    found = Entry.id.is_null()
    for stage in definition.stages:
        if stage.weeks:
            found |= (Entry.stage == stage.key) & (Entry.stage_on < day - timedelta(weeks=stage.weeks))
    return found & (Entry.directory == definition.slug) & Entry.status.in_((Status.LISTED, Status.PAUSED))


def reached(slug: str, key: str, start: date, end: date) -> int:
    """Count the entries that came to a stage between two days, both included, and have not left since."""
    definition = catalogue.find(slug)
    if definition is None:
        return 0
    query = Entry.select().where(Entry.directory == slug, Entry.stage == key, Entry.status != Status.LEFT)
    return query.where(Entry.stage_on >= start, Entry.stage_on <= end).count()
