"""The directories of this instance: those shipped with the product, and those that the coordination made or changed.

catalogue.find("ipa")       the Definition, or None; a closed one is found too
catalogue.everything()      {slug: Definition}, by theme then name
catalogue.opened()          the same without those closed here
catalogue.write(values, "mon-repertoire", by=account_id)   a definition made in gestion; raises WrongDefinition
catalogue.close(slug) / reopen(slug) / reset(slug)          reset: a shipped one as it was shipped
"""

import json
import tomllib
from functools import cache, lru_cache

from cptsapp.blueprints.territory import reference
from cptsapp.kernel import journal
from cptsapp.kernel.db import db, locked, now, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.kept import kept, once
from cptsapp.kernel.text import fold

from . import reading
from .definition import Definition, Kind, Theme
from .models import Entry, Repertoire

FOLDER = reference.DATA / "repertoires"
CHANGED = journal.declare("directory.definition", "Répertoire créé, modifié, fermé ou rouvert")


@cache
def shipped() -> dict[str, Definition]:
    """Return the definitions of `data/repertoires/`; a wrong one stops the start with its file, line and reason."""
    found = {}
    for path in sorted(FOLDER.glob("*.toml")):
        definition = reading.from_toml(path.read_text(encoding="utf-8"), path.name)
        found[definition.slug] = definition
    return found


@lru_cache(maxsize=200)
def _stored(slug: str, data_json: str) -> Definition:
    return reading.from_values(json.loads(data_json), slug)


@once
def rows() -> list[Repertoire]:
    """Return what this instance says of its directories."""
    return list(Repertoire.select(Repertoire.slug, Repertoire.data_json, Repertoire.closed_at))


@kept
def everything() -> dict[str, Definition]:
    """Return all the definitions, in one query: by theme, then by name."""
    return _sorted(_merged(rows()))


@kept
def opened() -> dict[str, Definition]:
    """Return the definitions of the directories that are open here."""
    own = rows()
    closed = {row.slug for row in own if row.closed_at}
    return _sorted({slug: each for slug, each in _merged(own).items() if slug not in closed})


def _merged(own) -> dict[str, Definition]:
    return shipped() | {row.slug: _stored(row.slug, row.data_json) for row in own if row.data_json}


def _sorted(found: dict[str, Definition]) -> dict[str, Definition]:
    return dict(sorted(found.items(), key=lambda pair: _place(pair[1].theme, pair[1].name)))


@lru_cache(maxsize=500)
def _place(theme: Theme, name: str) -> tuple[int, str]:
    return list(Theme).index(theme), fold(name)


def find(slug: str) -> Definition | None:
    row = Repertoire.get_or_none(Repertoire.slug == slug)
    return _stored(slug, row.data_json) if row and row.data_json else shipped().get(slug)


def of(entry: Entry) -> Definition:
    """Return the definition of an entry."""
    return find(entry.directory)


def values_of(slug: str) -> dict:
    """Return the values of a definition as they are written, those of its file or those made here."""
    row = Repertoire.get_or_none(Repertoire.slug == slug)
    if row and row.data_json:
        return json.loads(row.data_json)
    return tomllib.loads((FOLDER / f"{slug}.toml").read_text(encoding="utf-8")) if slug in shipped() else {}


def is_open(slug: str) -> bool:
    return not Repertoire.select().where(Repertoire.slug == slug, Repertoire.closed_at.is_null(False)).exists()


def is_shipped(slug: str) -> bool:
    return slug in shipped()


@db.atomic()
def held(slug: str) -> Repertoire:
    """Return the row of a directory, made when it is missing and held until the end of the transaction."""
    Repertoire.insert(slug=slug, changed_at=now()).on_conflict_ignore().execute()
    return locked(Repertoire.select().where(Repertoire.slug == slug)).get()


@db.atomic()
def write(values: dict, slug: str, *, by: int | None = None) -> Definition:
    """Keep a definition made here, in the place of the one there was; raise RuleError when it is wrong.

    Fields that entries have answered keep their kind: an answer must go on meaning what was said.
    """
    definition = reading.from_values(values, slug)
    before = find(slug)
    if before and Entry.select().where(Entry.directory == slug).exists():
        _refuse_lost_meaning(before, definition)
    for field in definition.fields:
        if field.kind == Kind.ENTRY and find(field.of) is None:
            raise RuleError(f"« {field.label} » : aucun répertoire ne s’appelle « {field.of} ».")
    row = held(slug)
    row.data_json, row.changed_at, row.changed_by = json.dumps(values, ensure_ascii=False), now(), by
    row.save()
    journal.write(CHANGED, "repertoire", slug, fields=len(definition.fields))
    revision.bump()
    return definition


def _refuse_lost_meaning(before: Definition, after: Definition):
    kinds = {field.key: field for field in after.fields}
    for field in before.fields:
        new = kinds.get(field.key)
        if new and new.kind != field.kind:
            raise RuleError(
                f"« {field.label} » a déjà des réponses : son genre ne change plus. Ajoutez un autre champ."
            )
    if before.subject != after.subject:
        raise RuleError("Ce répertoire a déjà des fiches : ce dont elles parlent ne change plus.")
    gone = {stage.key for stage in before.stages} - {stage.key for stage in after.stages}
    used = Entry.select().where(Entry.directory == after.slug, Entry.stage.in_(list(gone) or [""]), Entry.stage != "")
    if used.exists():
        raise RuleError("Des fiches sont à une étape que vous supprimez : déplacez-les d’abord.")


@db.atomic()
def close(slug: str, *, by: int | None = None) -> None:
    """Offer a directory no longer; its entries are kept and shown to nobody but the coordination."""
    _set_closed(slug, now(), by)


@db.atomic()
def reopen(slug: str, *, by: int | None = None) -> None:
    _set_closed(slug, None, by)


def _set_closed(slug: str, moment, by):
    if find(slug) is None:
        raise RuleError("Ce répertoire n’existe pas.")
    row = held(slug)
    row.closed_at, row.changed_at, row.changed_by = moment, now(), by
    row.save()
    journal.write(CHANGED, "repertoire", slug, closed=bool(moment))
    revision.bump()


@db.atomic()
def reset(slug: str, *, by: int | None = None) -> None:
    """Take a shipped definition back as it was shipped."""
    if not is_shipped(slug):
        raise RuleError("Ce répertoire a été créé ici : il n’a pas de version d’origine.")
    row = held(slug)
    row.data_json, row.changed_at, row.changed_by = "", now(), by
    row.save()
    journal.write(CHANGED, "repertoire", slug, reset=True)
    revision.bump()
