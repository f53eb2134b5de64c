"""What the uptake tells the floors below: figures for reports, and the counters of the home page."""

from datetime import date
from functools import lru_cache

from peewee import Database

from cptsapp.blueprints.territory.models import Headcount
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, revision
from cptsapp.kernel.registry import breakdown, counter_sources, first_step, home_block, indicator, public_counters

from . import figures


@indicator("uptake.rate", "Professionnels de santé adhérents", unit="%")
def rate(start: date, end: date) -> float | None:
    """Return the share of the territory's professionals who were members on the last day; None if nobody counted."""
    return figures.total(end).rate


@indicator("uptake.professionals", "Adhérents professionnels de santé", unit="adhérents")
def professionals(start: date, end: date) -> int:
    return figures.total(end).members


@breakdown("uptake.rate", "profession", "Par profession")
def rate_by_profession(start: date, end: date) -> dict[str, float]:
    return {line.label: line.rate for line in figures.by_profession(end) if line.rate is not None}


@breakdown("uptake.rate", "famille", "Par famille")
def rate_by_family(start: date, end: date) -> dict[str, float]:
    return {line.label: line.rate for line in figures.by_family(end) if line.rate is not None}


@breakdown("uptake.rate", "commune", "Par commune")
def rate_by_commune(start: date, end: date) -> dict[str, float]:
    return {line.label: line.rate for line in figures.by_commune(end) if line.rate is not None}


@home_block("counters", "La CPTS en chiffres", template="uptake/_home.html", order=5)
def counters() -> dict | None:
    """Return the numbers that features give to everybody; never a name."""
    shown = _counted(revision.read(), today(), db.obj)
    return {"counters": shown} if shown else None


@lru_cache(maxsize=4)
def _counted(number: int, day: date, base: Database) -> list[tuple[str, int]]:
    """Count once a day and after each change that the public sees, not at each page."""
    found = [(each.label, each.call()) for each in sorted(public_counters, key=lambda each: each.order)]
    found += [pair for source in counter_sources for pair in source()]
    return [(label, value) for label, value in found if value is not None]


@first_step(
    "Compter les professionnels du territoire",
    endpoint="uptake_gestion.register",
    order=80,
    help="Le répertoire national les compte pour vous : de là vient le taux d’adhésion par profession.",
)
def is_counted() -> bool:
    return Headcount.select().exists()
