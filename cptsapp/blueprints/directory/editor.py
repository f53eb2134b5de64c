"""A directory made or changed in gestion: kept with what follows from it for the entries that are there.

Nothing that somebody answered is lost: a field or a choice that has answers stays. The same transaction writes what the
searches of each reader may find, so that what is hidden is hidden at once.
"""

import json

from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import plural

from . import catalogue, finding, writing
from .definition import Definition
from .models import Act, Entry

BATCH = 400


@db.atomic()
def save(values: dict, slug: str, *, by: int | None = None, new: bool = False) -> Definition:
    """Keep a definition; raise RuleError or WrongDefinition. `new`: there must be none of this name."""
    before = catalogue.find(slug)
    if new and before:
        raise RuleError(f"Un répertoire s’appelle déjà ainsi : « {before.name} ».", "name")
    if before:
        _refuse_silent_wording(before, values)
    definition = catalogue.write(values, slug, by=by)
    if before:
        _refuse_lost_answers(before, definition)
    refit(definition)
    return definition


@db.atomic()
def close(slug: str, *, by: int | None = None) -> None:
    catalogue.close(slug, by=by)
    refit(catalogue.find(slug))


@db.atomic()
def reopen(slug: str, *, by: int | None = None) -> None:
    catalogue.reopen(slug, by=by)
    refit(catalogue.find(slug))


@db.atomic()
def reset(slug: str, *, by: int | None = None) -> None:
    """Take a shipped directory back as it was shipped, when nothing that people answered would be lost."""
    before = catalogue.find(slug)
    catalogue.reset(slug, by=by)
    definition = catalogue.find(slug)
    _refuse_lost_answers(before, definition)
    kinds = {field.key: field.kind for field in before.fields}
    if any(kinds.get(field.key, field.kind) != field.kind for field in definition.fields):
        raise RuleError("Des champs ont changé de genre : la version d’origine ne lirait plus leurs réponses.")
    refit(definition)


def _refuse_silent_wording(before: Definition, values: dict):
    """A wording that changes takes a new version: one must be able to tell who agreed to which."""
    consent = values.get("consent", {})
    said = [consent.get(name, "") for name in ("text", "public", "partners")]
    now = before.consent
    if said == [now.text, now.public, now.partners] or consent.get("version") != now.version:
        return
    if Entry.select().where(Entry.directory == before.slug, Entry.consented_on.is_null(False)).exists():
        raise RuleError(
            "Des personnes ont accepté l’ancienne formulation : donnez une nouvelle version à celle-ci.",
            "consent_version",
        )


def _refuse_lost_answers(before: Definition, after: Definition):
    kept = {field.key: field for field in after.fields}
    for field in before.fields:
        now = kept.get(field.key)
        gone = set(field.labels) - set(now.labels) if now else set()
        if now and not gone:
            continue
        count = _answers(before.slug, field.key, gone if now else None)
        if count:
            what = "Un choix retiré de" if now else "Le champ"
            raise RuleError(
                f"{what} « {field.label} » a {plural(count, 'réponse')} : le retirer ferait perdre ce qui a été dit. "
                "Un champ peut être réservé à la coordination à la place."
            )


def _answers(slug: str, key: str, choices: set[str] | None) -> int:
    """Count the entries that answered a field, or one of some choices of it."""
    mark = json.dumps(key) + ":"
    rows = Entry.select(Entry.values_json).where(Entry.directory == slug, Entry.values_json.contains(mark))
    found = (json.loads(text).get(key) for (text,) in rows.tuples())
    if choices is None:
        return sum(value is not None for value in found)
    return sum(bool(choices & set(value if isinstance(value, list) else [value])) for value in found if value)


def refit(definition: Definition) -> int:
    """Write again what follows from a definition for each of its entries; return how many there are."""
    entries = list(Entry.joined().where(Entry.directory == definition.slug))
    for entry in entries:
        _refit_one(definition, entry)
    for start in range(0, len(entries), BATCH):
        finding.put(definition, entries[start : start + BATCH])
    for entry in entries:
        writing.show(definition, entry)
    return len(entries)


def _refit_one(definition: Definition, entry: Entry):
    """Give an entry the validity of its list, and a place on a path that it had not."""
    entry.expires_on = definition.expires_on(entry.confirmed_on)
    Entry.update(expires_on=entry.expires_on).where(Entry.id == entry.id).execute()
    if definition.stages and not entry.stage:
        entry.stage, entry.stage_on = definition.stages[0].key, entry.confirmed_on
        writing.write(definition, entry, Act.MOVED, note="Parcours ajouté au répertoire")
