"""How a list covers the territory: for each commune, who practises there and who goes there; the empty ones first."""

from dataclasses import dataclass

from peewee import fn

from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune

from . import desk, finding, viewing
from .definition import Definition
from .models import Entry, EntryValue

READER = viewing.COORDINATION


@dataclass
class Place:
    """A commune: `here` entries whose commune it is, `served` those besides that say they go there; `share` of 100."""

    insee: str
    name: str
    population: int | None
    in_territory: bool
    here: int = 0
    served: int = 0
    share: int = 0

    @property
    def is_empty(self) -> bool:
        return self.in_territory and not self.served


def places(definition: Definition, filters: dict[str, str] | None = None) -> list[Place]:
    """Return the communes of the territory, then those outside where somebody is, by name; three queries."""
    found = {
        each.insee: Place(each.insee, each.name, each.population, True) for each in Commune.of_territory()
    }  # fmt: skip
    for insee, here, served in _counts(definition, filters or {}):
        if insee not in found:
            known = reference.place(insee)
            if known is None:
                continue
            found[insee] = Place(insee, known.name, None, False)
        found[insee].here, found[insee].served = here, served
    most = max((each.served for each in found.values()), default=0)
    for each in found.values():
        each.share = round(100 * each.served / most) if most else 0
    return sorted(found.values(), key=lambda each: (not each.in_territory, reference.sort_name(each.name)))


def _counts(definition: Definition, filters: dict[str, str]) -> list[tuple[str, int, int]]:
    live = Entry.select(Entry.id).where(Entry.directory == definition.slug, Entry.live(), desk.is_present())
    for key, value in filters.items():
        live = live.where(finding.having(definition, key, value, READER.rank).sql)
    query = EntryValue.select(EntryValue.value, EntryValue.field, fn.COUNT(EntryValue.entry)).where(
        EntryValue.directory == definition.slug,
        EntryValue.field.in_(("@commune", "@where")),
        EntryValue.level <= READER.rank,
        EntryValue.entry.in_(live),
    )
    counts: dict[str, dict[str, int]] = {}
    for insee, field, count in query.group_by(EntryValue.value, EntryValue.field).tuples():
        counts.setdefault(insee, {})[field] = count
    return [(insee, each.get("@commune", 0), each.get("@where", 0)) for insee, each in counts.items()]
