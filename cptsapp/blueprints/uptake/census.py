"""The professionals counted by the national register: asked for, read by the worker, looked at, then kept or not."""

import json
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory import rules as territory_rules
from cptsapp.blueprints.territory.models import Commune, Headcount
from cptsapp.kernel import journal
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.db import alone, db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.jobs import every, job, stopping
from cptsapp.kernel.registry import purge
from cptsapp.kernel.settings import settings

from . import register, rules
from .fetching import fetched
from .models import Census, CensusState, CommuneHeadcount, Stage

ASKED = journal.declare("uptake.census_asked", "Comptage des professionnels par le RPPS demandé")
KEPT = journal.declare("uptake.census_kept", "Effectifs du RPPS enregistrés")
DEAD_AFTER = timedelta(minutes=3)
TELL_EVERY = 2.0  # seconds
KEPT_FOR = timedelta(days=90)
ATTRIBUTION = "Source : RPPS, Annuaire Santé, Agence du numérique en santé (Licence Ouverte 2.0)"


class _Interrupted(Exception):
    """The worker stops, or somebody has given the reading up."""


@dataclass(frozen=True)
class Proposal:
    """A number of the register beside the one in use; `current` is a row that has `number` and `counted_on`, or None.

    `is_outdated`: the number in use is of a later day than the register, and would stay in use.
    """

    key: str
    label: str
    current: object | None
    found: int
    is_outdated: bool

    @property
    def changes(self) -> bool:
        return self.current is None or self.current.number != self.found


def last() -> Census | None:
    return Census.select().order_by(Census.id.desc()).first()


@db.atomic()
def ask() -> Census:
    """Ask the worker for a reading; the ones that nobody kept give way. Raises RuleError when it cannot start."""
    alone("uptake.census")
    if not settings.rpps_source:
        raise RuleError("Le comptage par le RPPS n’est pas proposé sur cette installation.")
    if not Commune.of_territory().exists():
        raise RuleError("Choisissez d’abord les communes du territoire.")
    if Census.select().where(Census.state == CensusState.RUNNING).exists():
        raise RuleError("Un comptage est déjà en cours.")
    Census.delete().where(Census.state != CensusState.KEPT).execute()
    census = Census.create()
    journal.write(ASKED, "census", census.id)
    carry_on.later(census.id)
    return census


@db.atomic()
def give_up(census_id: int) -> None:
    """Forget a reading that was not kept; one under way stops."""
    Census.delete().where(Census.id == census_id, Census.state != CensusState.KEPT).execute()


# The reading


@job
def carry_on(census_id: int) -> None:
    """Fetch and read the register, unless another process is at it."""
    moment = now()
    free = Census.claimed_at.is_null() | (Census.claimed_at < moment - DEAD_AFTER)
    mine = (Census.id == census_id) & (Census.state == CensusState.RUNNING)
    if not Census.update(claimed_at=moment).where(mine, free).execute():
        return
    with _settled(mine), fetched(settings.rpps_source, _teller(mine, Stage.FETCHING)) as path:
        found, published_on = read(path, _teller(mine, Stage.COUNTING))
        values = {"found_json": json.dumps(asdict(found)), "published_on": published_on}
        Census.update(state=CensusState.READY, claimed_at=None, **values).where(mine).execute()


@every(minutes=2)
def carry_on_all() -> None:
    """Take up again the reading whose worker was stopped or killed."""
    for (census_id,) in Census.select(Census.id).where(Census.state == CensusState.RUNNING).tuples():
        carry_on(census_id)


@contextmanager
def _settled(mine):
    """Write how a reading failed; one that was interrupted is left to be taken up again."""
    try:
        yield
    except _Interrupted:
        Census.update(claimed_at=None).where(mine).execute()
    except RuleError as refusal:
        Census.update(state=CensusState.FAILED, message=str(refusal), claimed_at=None).where(mine).execute()
    except Exception:
        said = "Une erreur imprévue a arrêté le comptage : elle est notée dans « Système »."
        Census.update(state=CensusState.FAILED, message=said, claimed_at=None).where(mine).execute()
        raise


def _teller(mine, stage: Stage):
    """Return what notes how far a stage is, no more often than a person looks; it stops a reading given up."""
    told_at = [0.0]

    def tell(done: int, total: int):
        if stopping.is_set():
            raise _Interrupted
        if time.monotonic() - told_at[0] < TELL_EVERY:
            return
        told_at[0] = time.monotonic()
        if not Census.update(stage=stage, done=done, total=total, claimed_at=now()).where(mine).execute():
            raise _Interrupted

    return tell


def read(path: Path, tell=lambda done, total: None) -> tuple[register.Count, date | None]:
    """Count the professionals of the territory in a file of the register; say of which day it is, when it tells."""
    area = register.Area.of([each.insee for each in Commune.of_territory()])
    with register.opened(path) as (file, size, name):
        found = register.count(file, area, lambda done: tell(done, size))
        published_on = register.published_on(name)
    return found, published_on if published_on and published_on <= today() else None


# What is done with it


def proposals(census: Census) -> tuple[list[Proposal], list[Proposal]]:
    """Return what the register says by profession, then by commune, beside the numbers in use."""
    found, counted, placed = census.found, Headcount.at(today()), CommuneHeadcount.at(today())
    professions = [
        _proposal(census, code, each.plural, counted.get(code), found["professions"].get(code, 0))
        for code, each in reference.professions().items()
        if each.rpps_profession and (code in found["professions"] or code in counted)
    ]
    communes = [
        _proposal(census, each.insee, each.name, placed.get(each.insee), found["communes"].get(each.insee, 0))
        for each in Commune.of_territory()
    ]
    return professions, communes


def _proposal(census, key, label, current, number) -> Proposal:
    return Proposal(key, label, current, number, bool(current and current.counted_on > census.counted_on))


@db.atomic()
def keep(census_id: int, professions: list[str], communes: list[str]) -> int:
    """Make the numbers chosen those of the territory, at the day of the register; return how many.

    Raises RuleError when nothing is chosen, or when the reading is not there to be kept any more.
    """
    mine = (Census.id == census_id) & (Census.state == CensusState.READY)
    if not Census.update(state=CensusState.KEPT).where(mine).execute():
        raise RuleError("Ce comptage n’est plus à enregistrer. Rechargez la page.")
    census = Census.get_by_id(census_id)
    chosen = [
        {each.key: each.found for each in offered if each.key in wanted}
        for offered, wanted in zip(proposals(census), (set(professions), set(communes)), strict=True)
    ]
    if not any(chosen):
        raise RuleError("Cochez au moins un effectif à enregistrer.")
    source = f"RPPS, extraction du {date_fr(census.counted_on)}"
    if chosen[0]:
        territory_rules.count_professionals(census.counted_on, chosen[0], source=source)
    if chosen[1]:
        rules.count_communes(census.counted_on, chosen[1], source=source)
    journal.write(KEPT, "census", census.id, numbers=sum(map(len, chosen)))
    return sum(map(len, chosen))


@db.atomic()
def keep_all(found: register.Count, published_on: date | None) -> int:
    """Keep at once all that a file says of the territory; return how many numbers."""
    census = Census.create(state=CensusState.READY, found_json=json.dumps(asdict(found)), published_on=published_on)
    professions, communes = proposals(census)
    return keep(census.id, [each.key for each in professions], [each.key for each in communes])


@purge("census", "Comptages du RPPS anciens")
def _purge(today: date) -> int:
    return Census.delete().where(Census.asked_at < now() - KEPT_FOR, Census.state != CensusState.RUNNING).execute()
