"""Counting one, undoing it within a minute, correcting, and deciding what is counted."""

import hashlib
import re
from datetime import date, timedelta

from cptsapp.blueprints.adherent.models import Practice, is_adherent
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.person.rules import one_line
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import TerritoryCommune
from cptsapp.kernel import journal
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError

from .models import Tally, TallyKind, total, usual_kinds

UNDO_WITHIN = timedelta(seconds=60)
DAYS_BACK = 62
MOST_AT_ONCE = 10_000
_KEY = re.compile(r"[A-Za-z0-9_-]{12,40}")
STALE = "Cette page était ouverte depuis trop longtemps : rien n’a été compté. Touchez de nouveau."
for _action, _sentence in {
    "tally.kind_created": "Compteur ajouté",
    "tally.kind_updated": "Compteur modifié",
    "tally.kind_closed": "Compteur arrêté",
    "tally.kind_reopened": "Compteur repris",
    "tally.corrected": "Compteur corrigé",
}.items():
    journal.declare(_action, _sentence)


def may_count(person: Person) -> bool:
    """Tell whether a person may count: an adherent whose profession is a health profession."""
    known = reference.professions().get(Practice.of(person.id).profession)
    return bool(known and known.is_health) and is_adherent(person)


@db.atomic()
def count(person_id: int, kind_id: int, *, key: str, on: date | None = None, insee: str | None = None) -> tuple:
    """Count one for a professional; return (the tally, whether it is new). The same touch sent twice counts once.

    `key` is the random part of the page that was touched, `insee` a commune of the territory or None for outside it.
    """
    person = Person.get_or_none(Person.id == person_id)
    if person is None or not may_count(person):
        raise RuleError("Les compteurs sont tenus par les professionnels de santé adhérents.")
    if not _KEY.fullmatch(key or ""):
        raise RuleError(STALE)
    kind = locked(TallyKind.select().where(TallyKind.id == kind_id)).first()
    if kind is None or kind.closed_at:
        raise RuleError("Ce compteur est arrêté. Rechargez la page.")
    on = on or today()
    if not today() - timedelta(days=DAYS_BACK) <= on <= today():
        raise RuleError("Choisissez un jour des deux derniers mois, aujourd’hui compris.", field="on")
    return _write(kind, on, _commune(insee), touch(key, kind.id))


def touch(key: str, kind_id: int) -> str:
    """Return what tells one touch from another: the page, and the button on it."""
    return hashlib.sha256(f"{key} {kind_id}".encode()).hexdigest()[:40]


def _write(kind, on, insee, key) -> tuple[Tally, bool]:
    row = Tally.insert(kind=kind, on=on, commune=insee, number=1, key=key)
    made = row.on_conflict_ignore().returning(Tally.id).tuples().execute()
    new = next((id for (id,) in made), None)
    return (Tally.get_by_id(new) if new else Tally.get(Tally.key == key)), bool(new)


def _commune(insee: str | None) -> str | None:
    if not insee:
        return None
    if not TerritoryCommune.select().where(TerritoryCommune.commune == insee).exists():
        raise RuleError("Choisissez une commune de la liste.", field="commune")
    return insee


def may_undo(tally: Tally) -> bool:
    return not tally.undone_at and not tally.is_correction and now() - tally.at <= UNDO_WITHIN


@db.atomic()
def undo(touched: str) -> Tally:
    """Take back a tap of less than a minute ago; asked again, nothing more. `touched` is what `touch` gave."""
    tally = locked(Tally.select().where(Tally.key == touched)).first()
    if tally is None:
        raise RuleError("Il n’y a rien à annuler.")
    if tally.undone_at:
        return tally
    if not may_undo(tally):
        raise RuleError("La minute est passée. Pour corriger, écrivez à la coordination.")
    kind = locked(TallyKind.select().where(TallyKind.id == tally.kind_id)).get()
    if _held(kind, tally.on, tally.commune_id) < 1:
        raise RuleError("La coordination a déjà retiré cette ligne.")
    tally.undone_at = now()
    tally.save()
    return tally


@db.atomic()
def correct(kind_id: int, number: int, *, on: date, insee: str | None = None, key: str) -> Tally:
    """Add or take away a number for a month and a commune: a paper count, a mistake. Never below zero. Journaled.

    The same form sent twice corrects once.
    """
    kind = locked(TallyKind.select().where(TallyKind.id == kind_id)).first()
    if kind is None:
        raise RuleError("Ce compteur n’existe plus. Rechargez la page.")
    if not _KEY.fullmatch(key or ""):
        raise RuleError("Cette page était ouverte depuis trop longtemps : rien n’a été corrigé. Recommencez.")
    if not number or abs(number) > MOST_AT_ONCE:
        raise RuleError("Écrivez un nombre, par exemple 12, ou -1 pour en retirer un.", field="number")
    if not date(2015, 1, 1) <= on <= today():
        raise RuleError("Choisissez un jour passé.", field="on")
    insee = _commune(insee)
    known = Tally.get_or_none(Tally.key == (touched := touch(key, kind.id)))
    if known:
        return known
    held = _held(kind, on, insee)
    if held + number < 0:
        raise RuleError(f"Ce mois-là, dans cette commune, {held} seulement : on ne peut pas en retirer plus.", "number")
    tally = Tally.create(kind=kind, on=on, commune=insee, number=number, is_correction=True, key=touched)
    journal.write("tally.corrected", "tally_kind", kind.id, number=number, on=on, commune=insee or "")
    return tally


def _held(kind, day: date, insee: str | None) -> int:
    """Return what is counted of a kind in the month of a day, in a commune."""
    first = day.replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return total(first, last, kind_id=kind.id, insee=insee or "")


@db.atomic()
def save_kind(kind_id: int | None = None, *, label: str, hint: str = "", position: int = 0) -> TallyKind:
    """Add a kind, or rename one: its figures stay."""
    label, hint = one_line(label or ""), one_line(hint or "")
    kind = _kind(kind_id) if kind_id else TallyKind()
    if not label:
        raise RuleError("Dites ce qui est compté.", field="label")
    same = TallyKind.select().where(TallyKind.label == label, TallyKind.closed_at.is_null())
    if same.where(TallyKind.id != (kind_id or 0)).exists():
        raise RuleError("Un compteur porte déjà ce nom.", field="label")
    kind.label, kind.hint, kind.position = label[:120], hint[:200], position
    kind.save()
    journal.write("tally.kind_updated" if kind_id else "tally.kind_created", "tally_kind", kind.id)
    return kind


@db.atomic()
def add_usual() -> int:
    """Add the usual kinds that are not there yet; return how many."""
    known = {key for (key,) in TallyKind.select(TallyKind.key).tuples()}
    names = {label for (label,) in TallyKind.select(TallyKind.label).where(TallyKind.closed_at.is_null()).tuples()}
    new = [each for each in usual_kinds() if each.key not in known and each.label not in names]
    for rank, each in enumerate(new):
        kind = TallyKind.create(key=each.key, label=each.label, hint=each.hint, position=(rank + 1) * 10)
        journal.write("tally.kind_created", "tally_kind", kind.id)
    return len(new)


@db.atomic()
def close(kind_id: int) -> None:
    """Stop a kind: its figures stay, nobody adds to it until it is opened again."""
    kind = _kind(kind_id)
    if not kind.closed_at:
        TallyKind.update(closed_at=now()).where(TallyKind.id == kind.id).execute()
        journal.write("tally.kind_closed", "tally_kind", kind.id)


@db.atomic()
def reopen(kind_id: int) -> None:
    kind = _kind(kind_id)
    if not kind.closed_at:
        return
    if TallyKind.select().where(TallyKind.label == kind.label, TallyKind.closed_at.is_null()).exists():
        raise RuleError("Un compteur ouvert porte déjà ce nom.")
    TallyKind.update(closed_at=None).where(TallyKind.id == kind.id).execute()
    journal.write("tally.kind_reopened", "tally_kind", kind.id)


def _kind(kind_id: int) -> TallyKind:
    kind = locked(TallyKind.select().where(TallyKind.id == kind_id)).first()
    if kind is None:
        raise RuleError("Ce compteur n’existe plus. Rechargez la page.")
    return kind
