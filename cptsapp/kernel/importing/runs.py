"""An import from the file sent to the day it is undone.

The preview reads the file once and writes nothing but its own row. The confirmation reads it again inside one
transaction: when what it finds is not what was shown, it writes nothing and shows the preview again.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from itertools import islice

from cptsapp.kernel import journal
from cptsapp.kernel.db import alone, db, insert_rows, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.jobs import every, job
from cptsapp.kernel.registry import personal_eraser, purge

from . import headers as columns
from . import reading
from .models import Import, ImportColumns, ImportEffect, State
from .plans import Doubt, Effect, Importer, Outcome, Plan, Row
from .report import Report, Tally

BATCH = 500
SHORTEST_JOB = 1_500  # rows from which the worker does the reading
FILE_DAYS, UNDO_DAYS = 30, 90
DEAD_AFTER = timedelta(minutes=3)
IMPORTERS: dict[str, type[Importer]] = {}
FAMILIES: dict[str, Callable[[str], type[Importer]]] = {}

journal.declare("import.done", "Import enregistré")
journal.declare("import.undone", "Import annulé")


class _Changed(Exception):
    """The records have changed since the preview."""


def importer(cls: type[Importer]) -> type[Importer]:
    """Decorate the class of an importer: its runs are found by its kind."""
    IMPORTERS[cls.kind] = cls
    return cls


def importer_family(name: str):
    """Decorate a function that gives the importer of the kind « name:key », of as many lists as there are keys."""

    def decorate(make):
        FAMILIES[name] = make
        return make

    return decorate


def importer_of(kind: str) -> type[Importer]:
    """Return the importer of a kind; raise RuleError when what it filled is there no longer."""
    name, _, key = kind.partition(":")
    return FAMILIES[name](key) if name in FAMILIES else IMPORTERS[kind]


# The file


def start(kind: str, file_name: str, data: bytes, *, account_id: int | None = None) -> Import:
    """Take a file in: check it, keep its rows, recognise its columns. Raises RuleError when it is no table."""
    maker = importer_of(kind)
    rows = enumerate(reading.rows_of(data, file_name), 1)
    first = list(islice(rows, columns.LOOKED_AT))
    rank = columns.find_headers([cells for _, cells in first], maker.fields)
    if rank is None:
        raise RuleError(reading.EMPTY)
    names = columns.unique(_trimmed(first[rank][1]))
    body = (row for part in (first[rank + 1 :], rows) for row in part if any(row[1]))
    run = Import.create(kind=kind, file_name=file_name[:120], author=account_id, headers_json=_dumps(names))
    try:
        run.rows = reading.write_plain(((number, cells[: len(names)]) for number, cells in body), run.table_path)
        if not run.rows:
            raise RuleError(reading.EMPTY)
    except RuleError:
        discard(run.id)
        raise
    mapping = _remembered(kind, names) or columns.recognise(names, maker.fields)
    run.mapping_json = _dumps(mapping)
    if not maker(account_id).missing(set(mapping.values())):
        run.state = State.READING
    run.save()
    return run


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells


def _remembered(kind, names) -> dict[str, str] | None:
    row = ImportColumns.get_or_none(ImportColumns.kind == kind, ImportColumns.signature == columns.signature(names))
    known = {field.key for field in importer_of(kind).fields}
    chosen = json.loads(row.mapping_json) if row else {}
    return {name: key for name, key in chosen.items() if name in names and key in known} or None


@db.atomic()
def choose_columns(run_id: int, mapping: dict[str, str]) -> Import:
    """Say which column is which ({header: field key}), remember it for the next such file, read the file again."""
    run = find(run_id, State.COLUMNS, State.READY)
    maker = importer_of(run.kind)(run.author_id)
    known = {field.key: field.label for field in maker.fields}
    chosen = {name: key for name, key in mapping.items() if name in run.headers and key in known}
    twice = [known[key] for key, count in Counter(chosen.values()).items() if count > 1]
    if twice:
        raise RuleError(f"« {twice[0]} » est choisi pour deux colonnes. Gardez-en une.")
    if sentence := maker.missing(set(chosen.values())):
        raise RuleError(sentence)
    ImportColumns.insert(
        kind=run.kind, signature=columns.signature(run.headers), mapping_json=_dumps(chosen), used_at=now()
    ).on_conflict(
        conflict_target=[ImportColumns.kind, ImportColumns.signature],
        update={ImportColumns.mapping_json: _dumps(chosen), ImportColumns.used_at: now()},
    ).execute()
    run.mapping_json, run.state, run.message = _dumps(chosen), State.READING, ""
    run.save()
    return run


def find(run_id: int, *states: State) -> Import:
    """Return an import that is in one of `states` (any); raise RuleError otherwise."""
    run = Import.get_or_none(Import.id == run_id)
    if run is None:
        raise RuleError("Cet import n’existe plus. Envoyez de nouveau le fichier.")
    if states and run.state not in states:
        raise RuleError(f"Cet import est « {run.state_choice.label.lower()} ». Rechargez la page.")
    return run


def discard(run_id: int) -> None:
    """Forget an import that wrote nothing, its file first."""
    run = Import.get_or_none(Import.id == run_id)
    if run is None:
        return
    if run.state in (State.DONE, State.UNDONE, State.WRITING):
        raise RuleError("Cet import est enregistré. Vous pouvez l’annuler, pas l’oublier.")
    _forget_files(run)
    Import.delete().where(Import.id == run.id).execute()


def _forget_files(run):
    for path in (run.table_path, run.report_path, run.progress_path):
        path.unlink(missing_ok=True)


# The passes


def go_on(run: Import) -> None:
    """Do what an import waits for: here when it is short, in the worker otherwise."""
    if run.rows < SHORTEST_JOB:
        carry_on(run.id)
    else:
        carry_on.later(run.id)


@job
def carry_on(run_id: int) -> None:
    """Preview or write an import, unless another process is at it."""
    moment = now()
    free = Import.claimed_at.is_null() | (Import.claimed_at < moment - DEAD_AFTER)
    running = Import.state.in_([State.READING, State.WRITING])
    if not Import.update(claimed_at=moment).where(Import.id == run_id, free, running).execute():
        return
    run = Import.get_by_id(run_id)
    try:
        with journal.acting(run.author_id):
            _write(run) if run.state == State.WRITING else _preview(run)
    except RuleError as error:
        _settle(run_id, State.FAILED, message=str(error))
    except BaseException:
        Import.update(claimed_at=None).where(Import.id == run_id).execute()
        raise
    finally:
        with suppress(OSError):
            run.progress_path.unlink(missing_ok=True)


@every(minutes=2)
def carry_on_all() -> None:
    """Take up again the imports whose process was killed, or whose worker was asleep."""
    for run in Import.select(Import.id).where(Import.state.in_([State.READING, State.WRITING])):
        carry_on(run.id)


def _settle(run_id: int, state: State, **values):
    Import.update(state=state, claimed_at=None, **values).where(Import.id == run_id).execute()


def _batches(run: Import) -> Iterator[list[Row]]:
    places = [(place, run.mapping.get(name)) for place, name in enumerate(run.headers)]
    places = [(place, key) for place, key in places if key]
    table, done = reading.read_plain(run.table_path), 0
    while part := list(islice(table, BATCH)):
        yield [
            Row(number, {key: cells[place] for place, key in places if place < len(cells) and cells[place]})
            for number, cells in part
        ]
        done += len(part)
        with suppress(OSError):
            run.progress_path.write_text(str(done))


def _preview(run: Import, message: str = "") -> None:
    tally, digest = Tally(), hashlib.sha256()
    maker = importer_of(run.kind)(run.author_id)
    with Report(run) as report:
        for rows in _batches(run):
            for plan in maker.plan(rows):
                digest.update(_mark(plan))
                tally.add(plan)
                report(plan, plan.outcome.label)
    _settle(run.id, State.READY, summary_json=_dumps(tally.summary()), digest=digest.hexdigest(), message=message)


def confirm(run_id: int, doubt: Doubt = Doubt.SKIP, *, here: bool = False) -> Import:
    """Write what the preview showed, all or nothing; the doubtful rows as `doubt` says. `here`: not in the worker."""
    waiting = (Import.id == run_id) & (Import.state == State.READY)
    values = {"state": State.WRITING, "doubt": Doubt(doubt), "message": "", "confirmed_at": now()}
    if not Import.update(values).where(waiting).execute():
        find(run_id, State.READY)
    carry_on(run_id) if here else go_on(Import.get_by_id(run_id))
    return Import.get_by_id(run_id)


def _write(run: Import) -> None:
    """Write an import in one transaction. When the records have changed since the preview, show it again."""
    try:
        with db.atomic():
            alone("import")
            written = _write_all(run)
            counts = {"created": written["created"], "updated": written["updated"]}
            journal.write("import.done", "import", run.id, list=run.kind, **counts)
            summary = run.summary | {"written": dict(written)}
            _settle(run.id, State.DONE, summary_json=_dumps(summary))
    except _Changed:
        _preview(run, "Des fiches ont changé depuis l’aperçu : relisez-le, puis confirmez de nouveau.")


def _write_all(run: Import) -> Counter:
    maker, digest, written = importer_of(run.kind)(run.author_id), hashlib.sha256(), Counter()
    with Report(run) as report:
        for rows in _batches(run):
            plans = maker.plan(rows)
            for plan in plans:
                digest.update(_mark(plan))
            chosen = [(plan, _chosen(maker, plan, Doubt(run.doubt))) for plan in plans]
            effects = maker.write([kept for _, kept in chosen if kept])
            _keep(run, maker, effects)
            for plan, kept in chosen:
                written["left" if plan.outcome == Outcome.DOUBTFUL and not kept else plan.outcome.value] += 1
                report(plan, _result(plan, kept))
            written["created"] += sum(effect.created and not effect.beside for effect in effects)
            written["updated"] += sum(not effect.created for effect in effects)
        if digest.hexdigest() != run.digest:
            raise _Changed
    return written


def _chosen(maker, plan, doubt) -> Plan | None:
    if plan.outcome == Outcome.DOUBTFUL:
        return None if doubt == Doubt.SKIP else maker.resolve(plan, doubt)
    return plan if plan.outcome in (Outcome.CREATE, Outcome.UPDATE) else None


def _result(plan, kept) -> str:
    if kept is None:
        return {"same": "Sans changement", "refused": "Refusée"}.get(plan.outcome.value, "Laissée de côté")
    return "Créée" if kept.subject is None else "Mise à jour"


def _keep(run, maker, effects: list[Effect]):
    """Remember what a batch did, with the state in which it left each record."""
    if not effects:
        return
    after = maker.fingerprints([effect.subject for effect in effects])
    rows = [(run.id, each.subject, each.created, _dumps(each.before), after[each.subject]) for each in effects]
    fields = [
        ImportEffect.run,
        ImportEffect.subject,
        ImportEffect.created,
        ImportEffect.before_json,
        ImportEffect.after,
    ]
    insert_rows(ImportEffect, fields, rows)


# Undoing


@db.atomic()
def undo(run_id: int) -> Import:
    """Take back everything that an import did; raise RuleError when anybody has edited any of it since."""
    alone("import")
    run = find(run_id, State.DONE)
    maker = importer_of(run.kind)(run.author_id)
    effects = list(run.effects.order_by(ImportEffect.id))
    if not effects and (run.summary.get("written", {}).get("created") or run.summary["written"].get("updated")):
        raise RuleError(f"Cet import a plus de {UNDO_DAYS} jours : il ne peut plus être annulé d’un bloc.")
    for start in range(0, len(effects), BATCH):
        part = effects[start : start + BATCH]
        found = maker.fingerprints([each.subject for each in part])
        edited = sum(found.get(each.subject) != each.after for each in part)
        if edited:
            raise RuleError(
                "Des fiches de cet import ont été modifiées depuis : il ne peut plus être annulé d’un bloc."
            )
    for start in range(0, len(effects), BATCH):
        part = effects[start : start + BATCH]
        maker.undo([Effect(each.subject, each.created, each.before) for each in part])
    ImportEffect.delete().where(ImportEffect.run == run).execute()
    Import.update(state=State.UNDONE, undone_at=now()).where(Import.id == run.id).execute()
    journal.write("import.undone", "import", run.id, list=run.kind, records=len(effects))
    return Import.get_by_id(run.id)


def _mark(plan: Plan) -> bytes:
    return repr((plan.number, plan.outcome.value, plan.subject, plan.changes, plan.problems)).encode("utf-8", "replace")


def _dumps(value) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


# Ending


@purge("imports", "Fichiers d’import et ce qui permet de les annuler")
def purge_imports(today: date) -> int:
    """Forget the files after thirty days, what allows undoing after ninety; what was never confirmed goes whole."""
    moment = datetime.combine(today, time())
    old = Import.created_at < moment - timedelta(days=FILE_DAYS)
    runs = list(Import.select().where(old, Import.headers_json != "[]"))
    for run in runs:
        _forget_files(run)
        summary = {key: value for key, value in run.summary.items() if key in ("counts", "written")}
        values = {"headers_json": "[]", "mapping_json": "{}", "summary_json": _dumps(summary)}
        Import.update(values).where(Import.id == run.id).execute()
    ended = (State.DONE, State.UNDONE)
    never = Import.delete().where(old, Import.state.not_in(ended)).execute()
    older = Import.select(Import.id).where(Import.confirmed_at < moment - timedelta(days=UNDO_DAYS))
    return len(runs) + never + ImportEffect.delete().where(ImportEffect.run.in_(older)).execute()


@personal_eraser()
def erase(person_id: int) -> None:
    """Forget what imports remember of a person, and the files that may name anybody."""
    kinds = [kind for kind, maker in IMPORTERS.items() if maker.makes_persons]
    touched = ImportEffect.select(ImportEffect.run).where(ImportEffect.subject == person_id)
    runs = list(Import.select().where(Import.kind.in_(kinds), Import.id.in_(touched)))
    for run in runs:
        forget_rows(run)
    ids = [run.id for run in runs]
    ImportEffect.delete().where(ImportEffect.subject == person_id, ImportEffect.run.in_(ids)).execute()


def forget_rows(run: Import) -> None:
    """Forget the file of an import and the rows shown of it; the counts stay."""
    _forget_files(run)
    summary = {key: value for key, value in run.summary.items() if key in ("counts", "written")}
    Import.update(summary_json=_dumps(summary)).where(Import.id == run.id).execute()
