"""The figures of the lists: entries, those confirmed within a year, by status and commune, and what each list counts.

Lists made here, which no code names, are in « Répertoires, par liste ».
"""

from datetime import date

from cptsapp.kernel.dates import today
from cptsapp.kernel.registry import breakdown, indicator

from . import catalogue, counts, sharing
from .definition import Definition, Figure


def _declare(definition: Definition):
    """Register the figures of a shipped list, as they stood at the end of a period."""
    slug, name = definition.slug, definition.name

    @indicator(f"directory.{slug}", f"{name} : fiches", unit="fiches")
    def entries(start: date, end: date) -> int:
        return counts.on(slug, end)

    @indicator(f"directory.{slug}.confirmed", f"{name} : fiches confirmées depuis moins de 12 mois", unit="fiches")
    def confirmed(start: date, end: date) -> int:
        return counts.confirmed_on(slug, end)

    @breakdown(f"directory.{slug}", "status", "Par état")
    def statuses(start: date, end: date) -> dict[str, int]:
        return counts.by_status(slug)

    @breakdown(f"directory.{slug}", "commune", "Par commune")
    def communes(start: date, end: date) -> dict[str, int]:
        return counts.by_commune(slug)

    for each in definition.figures:
        _declare_figure(slug, each)


def _declare_figure(slug: str, each: Figure):
    @indicator(f"directory.{slug}.{each.key}", each.label)
    def count(start: date, end: date) -> int:
        definition = catalogue.find(slug)
        known = {figure.key: figure for figure in definition.figures}
        return counts.figure_on(definition, known[each.key], end) if each.key in known else 0


for shipped in catalogue.shipped().values():
    _declare(shipped)


@indicator("directory.entries", "Fiches de tous les répertoires", unit="fiches")
def everything(start: date, end: date) -> int:
    return sum(by_list(start, end).values())


@indicator("directory.partners", "Partenaires qui lisent des répertoires", unit="partenaires")
def partners(start: date, end: date) -> int:
    return sharing.partners_on(end)


@indicator("directory.partner_readings", "Fiches ouvertes par des partenaires", unit="fiches")
def partner_readings(start: date, end: date) -> int:
    return sharing.readings(start, end)


@breakdown("directory.entries", "list", "Par répertoire")
def by_list(start: date, end: date) -> dict[str, int]:
    definitions = catalogue.everything()
    if end >= today():
        found = counts.live_by_list()
        return {each.name: found[slug] for slug, each in definitions.items() if slug in found}
    past = {each.name: counts.on(slug, end) for slug, each in definitions.items()}
    return {name: count for name, count in past.items() if count}
