"""Every write on a fiche: its texts and their versions, its moves, its evaluations, its bin."""

import json
from dataclasses import dataclass

from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.kernel import journal
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import Conflict, RuleError
from cptsapp.kernel.text import slugify

from .models import CHANGES, SECTIONS, Evaluation, Fiche, FicheMove, FicheState, FicheVersion
from .showing import show_changed

TEXTS = ("code", "label", "title", "mission", "summary", *SECTIONS)
VALUES = (*TEXTS, "pilot_id", "progress", "priority", "is_public")
ALL_BUT_TITLE = 20_000
CHANGED = (
    "Quelqu’un a enregistré cette fiche pendant que vous écriviez. Rien n’est perdu : comparez ci-dessous, "
    "puis enregistrez de nouveau pour garder votre texte."
)
for _action, _sentence in {
    "fiche.created": "Fiche-action créée",
    "fiche.updated": "Fiche-action modifiée",
    "fiche.moved": "Fiche-action : nouvel état",
    "fiche.evaluated": "Fiche-action évaluée",
    "fiche.trashed": "Fiche-action mise à la corbeille",
    "fiche.restored": "Fiche-action rétablie",
}.items():
    journal.declare(_action, _sentence)


@dataclass(frozen=True)
class Change:
    """One section that two people changed at the same time: what is kept now, what was typed."""

    label: str
    theirs: str
    mine: str


@db.atomic()
def create(*, title: str, **values) -> Fiche:
    """Begin a fiche; `values` are those of VALUES, blank by default. Raises RuleError when a value makes no sense."""
    fiche = Fiche(slug=_free_slug(title), title="")
    _fill(fiche, values | {"title": title})
    fiche.save(force_insert=True)
    _keep_version(fiche)
    FicheMove.create(fiche=fiche, state=fiche.state, by=journal.actor())
    show_changed(fiche)
    journal.write("fiche.created", "fiche", fiche.id)
    return fiche


@db.atomic()
def update(fiche_id: int, *, revision_read: int, **values) -> Fiche:
    """Write a fiche that was read at a revision; every version is kept.

    Raises Conflict, with the Change of each section that differs, when somebody wrote it meanwhile; RuleError when a
    value makes no sense.
    """
    fiche = _held(fiche_id)
    if fiche.revision != revision_read:
        changes = _differences(fiche, values)
        if changes:
            raise Conflict(CHANGED, changes, fiche.revision)
    _fill(fiche, values)
    fiche.revision, fiche.updated_at = fiche.revision + 1, now()
    fiche.save()
    _keep_version(fiche)
    show_changed(fiche)
    journal.write("fiche.updated", "fiche", fiche.id)
    return fiche


def restore_version(fiche_id: int, number: int) -> Fiche:
    """Write a fiche again as it was at a revision; the present one is a version too, so nothing is lost."""
    with db.atomic():
        fiche = _held(fiche_id)
        version = FicheVersion.get_or_none(FicheVersion.fiche == fiche, FicheVersion.revision == number)
        if version is None:
            raise RuleError("Cette version n’existe pas.")
        return update(fiche_id, revision_read=fiche.revision, **version.values)


def _held(fiche_id: int) -> Fiche:
    fiche = locked(Fiche.select().where(Fiche.id == fiche_id, Fiche.deleted_at.is_null())).get_or_none()
    if fiche is None:
        raise RuleError("Cette fiche est dans la corbeille ou n’existe plus. Rechargez la page.")
    return fiche


def _free_slug(title: str) -> str:
    base = slugify(title)
    taken = {slug for (slug,) in Fiche.select(Fiche.slug).where(Fiche.slug.startswith(base)).tuples()}
    return next(each for n in range(1, len(taken) + 2) if (each := base if n == 1 else f"{base}-{n}") not in taken)


def _fill(fiche: Fiche, values: dict):
    values = {name: value for name, value in values.items() if name in VALUES}
    for name, value in values.items():
        setattr(fiche, name, (value or "").strip() if name in TEXTS else value)
    if not fiche.title:
        raise RuleError("Donnez un titre à la fiche.", "title")
    if fiche.mission and fiche.mission not in reference.missions():
        raise RuleError("Choisissez la mission dans la liste.", "mission")
    if not 0 <= (fiche.progress or 0) <= 100:
        raise RuleError("L’avancement va de 0 à 100 %.", "progress")
    if fiche.priority is not None and not 1 <= fiche.priority <= 3:
        raise RuleError("La priorité va de 1 à 3.", "priority")
    if fiche.pilot_id and not Person.present().where(Person.id == fiche.pilot_id).exists():
        raise RuleError("Choisissez le pilote dans la liste.", "pilot")
    for name in SECTIONS:
        if len(getattr(fiche, name)) > ALL_BUT_TITLE:
            raise RuleError("Ce texte dépasse 20 000 caractères. Joignez plutôt un document.", name)
    fiche.progress = fiche.progress or 0
    fiche.refresh_copies()


def _differences(fiche: Fiche, values: dict) -> list[Change]:
    labels = {"title": "Titre", "summary": "Résumé", "code": "Code", "label": "Numéro"} | SECTIONS
    pairs = [(label, getattr(fiche, name), (values.get(name) or "").strip()) for name, label in labels.items()]
    return [Change(label, theirs, mine) for label, theirs, mine in pairs if theirs != mine]


def _keep_version(fiche: Fiche):
    values = json.dumps({name: getattr(fiche, name) for name in VALUES}, ensure_ascii=False)
    FicheVersion.create(fiche=fiche, revision=fiche.revision, by=journal.actor(), values_json=values)


def moves_of(fiche: Fiche, *, is_bureau: bool) -> list[FicheState]:
    """Return the states that somebody may give a fiche now: the bureau alone validates."""
    return [each for each in CHANGES[fiche.standing] if each != FicheState.VALIDATED or is_bureau]


@db.atomic()
def move(fiche_id: int, state: FicheState, *, is_bureau: bool) -> Fiche:
    """Give a fiche its next state, with its date and its author."""
    fiche = _held(fiche_id)
    if state == FicheState.VALIDATED and not is_bureau:
        raise RuleError("Seul le bureau valide une fiche.")
    if state not in CHANGES[fiche.standing]:
        raise RuleError(f"Cette fiche est « {fiche.standing.label} » : elle ne peut pas devenir « {state.label} ».")
    fiche.state, fiche.updated_at = state, now()
    fiche.save()
    FicheMove.create(fiche=fiche, state=state, by=journal.actor())
    show_changed(fiche)
    journal.write("fiche.moved", "fiche", fiche.id, state=state)
    return fiche


@db.atomic()
def evaluate(fiche_id: int, *, contract_id: int, year: int, text: str, progress: int) -> Evaluation:
    """Note what a year of the contract achieved: one evaluation for each year, written again while it is corrected."""
    fiche, contract = _held(fiche_id), Contract.get_or_none(Contract.id == contract_id)
    if contract is None or not 1 <= year <= contract.years:
        raise RuleError("Choisissez une année du contrat.", "year")
    if not text.strip():
        raise RuleError("Écrivez ce que l’année a permis.", "text")
    if not 0 <= progress <= 100:
        raise RuleError("L’avancement va de 0 à 100 %.", "progress")
    mine = (Evaluation.fiche == fiche) & (Evaluation.contract == contract) & (Evaluation.year == year)
    found = Evaluation.get_or_none(mine) or Evaluation(fiche=fiche, contract=contract, year=year)
    found.text, found.progress, found.at, found.by = text.strip(), progress, now(), journal.actor()
    found.save()
    fiche.progress = progress
    fiche.save()
    show_changed(fiche)
    journal.write("fiche.evaluated", "fiche", fiche.id, year=year)
    return found


@db.atomic()
def trash(fiche_id: int) -> Fiche:
    fiche = _held(fiche_id)
    fiche.deleted_at = now()
    fiche.save()
    show_changed(fiche)
    journal.write("fiche.trashed", "fiche", fiche.id)
    return fiche


@db.atomic()
def restore(fiche_id: int) -> Fiche:
    fiche = locked(Fiche.select().where(Fiche.id == fiche_id, Fiche.deleted_at.is_null(False))).get_or_none()
    if fiche is None:
        raise RuleError("Cette fiche n’est pas dans la corbeille.")
    fiche.deleted_at = None
    fiche.save()
    show_changed(fiche)
    journal.write("fiche.restored", "fiche", fiche.id)
    return fiche
