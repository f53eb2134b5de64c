"""The figures of the lists: entries, those confirmed within a year, by status and commune, and what each list counts.

Lists made here, which no code names, have theirs by a parameter: one indicator for entries, one for those confirmed,
one for what a definition counts, each narrowed to a list or to a figure of it.
"""

from datetime import date

from cptsapp.kernel.dates import today
from cptsapp.kernel.registry import Parameter, breakdown, indicator

from . import behind, catalogue, counts, sharing
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

    behind.declare_list(slug)
    for each in definition.figures:
        _declare_figure(slug, each)
        behind.declare_figure(slug, each)


def _declare_figure(slug: str, each: Figure):
    @indicator(f"directory.{slug}.{each.key}", each.label)
    def count(start: date, end: date) -> int:
        definition = catalogue.find(slug)
        known = {figure.key: figure for figure in definition.figures}
        return counts.figure_on(definition, known[each.key], end) if each.key in known else 0


for shipped in catalogue.shipped().values():
    _declare(shipped)


def _lists() -> list[tuple[str, str]]:
    return [(slug, each.name) for slug, each in catalogue.everything().items()]


def _figures_made_here() -> dict[str, tuple[Definition, Figure]]:
    """Return what the lists made or changed here count and no shipped file does, by « list.figure »."""
    shipped = catalogue.shipped()
    known = {f"{slug}.{each.key}" for slug, definition in shipped.items() for each in definition.figures}
    every = ((slug, made, each) for slug, made in catalogue.everything().items() for each in made.figures)
    return {f"{slug}.{each.key}": (made, each) for slug, made, each in every if f"{slug}.{each.key}" not in known}


def _figure_choices() -> list[tuple[str, str]]:
    return [(key, f"{made.short} : {each.label}") for key, (made, each) in _figures_made_here().items()]


LIST = Parameter("directory", "Répertoire", _lists)
FIGURE = Parameter("figure", "Ce qu’il compte", _figure_choices)


@indicator("directory.entries", "Fiches de tous les répertoires", unit="fiches", parameters=(LIST,))
def everything(start: date, end: date, directory: str = "") -> int:
    return counts.on(directory, end) if directory else sum(by_list(start, end).values())


@indicator("directory.confirmed", "Fiches confirmées depuis moins de 12 mois", unit="fiches", parameters=(LIST,))
def confirmed_in_all(start: date, end: date, directory: str = "") -> int:
    return sum(counts.confirmed_on(slug, end) for slug in ([directory] if directory else catalogue.everything()))


@indicator("directory.figure", "Ce que compte un répertoire créé ici", parameters=(FIGURE,))
def figure_made_here(start: date, end: date, figure: str = "") -> int | None:
    """Return one figure of one list; None without a choice, or when the list counts it no longer."""
    found = _figures_made_here().get(figure)
    return counts.figure_on(*found, end) if found else None


@breakdown("directory.figure", "figure", "Par répertoire créé ici")
def figures_made_here(start: date, end: date) -> dict[str, int]:
    pairs = _figures_made_here().values()
    return {f"{made.short} : {each.label}": counts.figure_on(made, each, end) for made, each in pairs}


@indicator("directory.partners", "Partenaires qui lisent des répertoires", unit="partenaires")
def partners(start: date, end: date) -> int:
    return sharing.partners_on(end)


@indicator("directory.partner_readings", "Fiches ouvertes par des partenaires", unit="fiches")
def partner_readings(start: date, end: date) -> int:
    return sharing.readings(start, end)


@indicator("directory.people", "Personnes différentes dans un répertoire", unit="professionnels", parameters=(LIST,))
def people(start: date, end: date, directory: str = "") -> int:
    """Count each person once, of one list or of all, at the end of a period."""
    return len(behind.people(end, directory))


@breakdown("directory.entries", "list", "Par répertoire")
def by_list(start: date, end: date) -> dict[str, int]:
    definitions = catalogue.everything()
    if end >= today():
        found = counts.live_by_list()
        return {each.name: found[slug] for slug, each in definitions.items() if slug in found}
    past = {each.name: counts.on(slug, end) for slug, each in definitions.items()}
    return {name: count for name, count in past.items() if count}
