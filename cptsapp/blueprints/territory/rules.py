"""Every write on the territory, and the figures that follow from it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from cptsapp.kernel import journal
from cptsapp.kernel.db import db, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import number, plural

from . import reference
from .models import Commune, Headcount, Quartier, Territory, TerritoryCommune
from .reference import Place

NEAR_THRESHOLD = 0.03  # a census moves a population by less than this
MOST_COMMUNES = 500
CHANGED = journal.declare("territory.communes", "Communes du territoire modifiées")
CONTRACT = journal.declare("territory.contract", "Population ou taille du contrat modifiée")
QUARTIERS = journal.declare("territory.quartiers", "Quartiers modifiés")
HEADCOUNTS = journal.declare("territory.headcounts", "Effectifs de professionnels modifiés")


@dataclass(frozen=True)
class Figures:
    """What the territory counts. `population` and `size` are the contract's when it says them."""

    communes: int
    computed_population: int
    population: int
    size: int
    alert: str


@dataclass
class Recognised:
    """What a pasted list means: places found, what may mean several, what means nothing."""

    found: list[Place] = field(default_factory=list)
    ambiguous: list[tuple[str, list[Place]]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def use(insee: str) -> Commune:
    """Return the row of a commune, made from the reference when it is the first time that something needs it.

    Raises RuleError when no commune bears this code.
    """
    place = reference.place(insee)
    if place is None:
        raise RuleError(f"Aucune commune ne porte le code « {insee} ». Cherchez-la par son nom.", field="commune")
    Commune.insert(insee=place.insee, **_columns(place)).on_conflict_ignore().execute()
    return Commune.get_by_id(place.insee)


def _columns(place: Place) -> dict:
    return {
        "name": place.name,
        "sort_name": reference.sort_name(place.name),
        "postal_codes": " ".join(place.postal_codes),
        "departement": place.departement,
        "interco_siren": place.interco_siren,
        "interco_name": place.interco_name,
        "population": place.population,
    }


@db.atomic()
def refresh_communes() -> int:
    """Bring the communes in use up to date with the reference shipped; return how many changed. Run at each upgrade."""
    changed = 0
    for commune in Commune.select():
        place = reference.place(commune.insee)  # one that has merged since keeps its row as it was
        columns = _columns(place) if place else {}
        if any(getattr(commune, name) != value for name, value in columns.items()):
            changed += Commune.update(columns).where(Commune.insee == commune.insee).execute()
    if changed:
        revision.bump()
    return changed


@db.atomic()
def add_communes(codes: Iterable[str]) -> list[Commune]:
    """Add communes to the territory by INSEE code; return those that were not in it.

    Raises RuleError for an unknown code, and for an arrondissement whose whole city is there, or the reverse.
    """
    present = {row.commune_id for row in TerritoryCommune.select()}
    added = [use(code) for code in dict.fromkeys(codes)]
    added = [commune for commune in added if commune.insee not in present]
    _refuse_overlap(present | {commune.insee for commune in added})
    if len(present) + len(added) > MOST_COMMUNES:
        raise RuleError(f"Un territoire compte {MOST_COMMUNES} communes au plus. Retirez-en avant d’en ajouter.")
    for commune in added:
        TerritoryCommune.create(commune=commune)
    if added:
        journal.write(CHANGED, "territory", 1, added=[commune.insee for commune in added])
        revision.bump()
    return added


def _refuse_overlap(codes):
    for code in codes:
        place = reference.place(code)
        if place and place.parent in codes:
            city = reference.place(place.parent)
            raise RuleError(f"{place.name} fait partie de {city.name} : gardez l’un ou l’autre, pas les deux.")


def add_intercommunality(siren: str) -> list[Commune]:
    """Add every commune of an intercommunalité; return those that were not in the territory."""
    places = reference.members(siren)
    if not places:
        raise RuleError("Cette intercommunalité n’existe pas. Choisissez-la à côté d’une commune.")
    return add_communes(place.insee for place in places)


@db.atomic()
def remove_communes(codes: Iterable[str]) -> int:
    """Take communes out of the territory; return how many were in it. What points to them keeps them."""
    codes = list(codes)
    removed = TerritoryCommune.delete().where(TerritoryCommune.commune.in_(codes)).execute() if codes else 0
    if removed:
        journal.write(CHANGED, "territory", 1, removed=codes)
        revision.bump()
    return removed


def departements() -> set[str]:
    """Return the départements of the territory: a search proposes their communes first."""
    rows = Commune.select(Commune.departement).join(TerritoryCommune).distinct()
    return {row.departement for row in rows}


def recognise(text: str, *, near=()) -> Recognised:
    """Read a pasted list: one commune per line, or separated by commas, semicolons or tabs.

    A name may be followed by a postal code or a département; a name that several communes bear goes to those of
    `near` when only one of them is there.
    """
    result = Recognised()
    for written in dict.fromkeys(part.strip(" .·•-") for part in re.split(r"[\n\r\t,;]+", text)):
        if not written:
            continue
        places = meant(written, near)
        if len(places) == 1:
            result.found.append(places[0])
        elif places:
            result.ambiguous.append((written, places))
        else:
            result.unknown.append(written)
    return result


def meant(written: str, near=()) -> list[Place]:
    """Return the places that one entry of a list may mean; one is certain."""
    if re.fullmatch(r"(?i)\d[0-9ab]\d{3}", written):
        place = reference.place(written)
        others = reference.with_postal_code(written)
        return [place, *(other for other in others if other != place)] if place else others
    code = re.search(r"\(?\b(\d{5}|\d{2,3}|2[abAB])\)?\s*$", written)
    name = written[: code.start()] if code else written
    places = reference.named_exactly(name) or reference.named_exactly(written)
    if code:
        places = [each for each in places if _bears(each, code[1].upper())] or places
    close = [place for place in places if place.departement in near]
    return close if len(close) == 1 else places


def _bears(place, code):
    return code in place.postal_codes or code in (place.insee, place.departement)


def figures() -> Figures:
    """Return the figures of the territory, in two queries."""
    communes = list(Commune.of_territory())
    return figures_of(communes, Territory.current())


def figures_of(communes: list[Commune], territory: Territory) -> Figures:
    """Return the figures of these communes under what the contract says."""
    computed = sum(commune.population for commune in communes)
    population = territory.population or computed
    size = territory.size or reference.aci_size(population)
    return Figures(len(communes), computed, population, size, alert_of(population, territory))


def alert_of(population: int, territory: Territory | None = None) -> str:
    """Return a French sentence when a population is within 3 % of the threshold of a size, else nothing."""
    if territory and territory.size:
        computed = reference.aci_size(population)
        if population and computed != territory.size:
            counted = plural(population, "habitant")
            return f"Le contrat donne la taille {territory.size} ; {counted} feraient la taille {computed}."
        return ""
    for size, start in reference.aci_thresholds().items():
        if start and abs(population - start) <= NEAR_THRESHOLD * start:
            return (
                f"Avec {plural(population, 'habitant')}, le territoire est proche du seuil de {number(start)} "
                f"entre la taille {size - 1} et la taille {size} : vérifiez ce que dit votre contrat."
            )
    return ""


@db.atomic()
def set_contract(
    *,
    population: int | None,
    population_on: date | None = None,
    population_source: str = "",
    size: int | None,
    size_on: date | None = None,
    size_source: str = "",
) -> Territory:
    """Keep what the signed contract says, which prevails over what is computed; None is the computed figure again."""
    if population is not None and not 1 <= population <= 5_000_000:
        raise RuleError("La population du contrat va de 1 à 5 000 000 d’habitants.", field="population")
    if size is not None and size not in reference.aci_thresholds():
        raise RuleError("La taille du contrat va de 1 à 4.", field="size")
    territory = Territory.current()
    territory.population, territory.size = population, size
    territory.population_on = population_on if population else None
    territory.population_source = population_source.strip() if population else ""
    territory.size_on = size_on if size else None
    territory.size_source = size_source.strip() if size else ""
    _save_one(territory)
    journal.write(CONTRACT, "territory", 1, population=population, size=size)
    revision.bump()
    return territory


def _save_one(territory):
    new = territory.id is None
    territory.id = 1
    territory.save(force_insert=new)


@db.atomic()
def set_quartiers(insee: str, names: Iterable[str]) -> list[str]:
    """Give a commune of the territory its parts; return their names in order. Those that stay keep their row."""
    if not TerritoryCommune.select().where(TerritoryCommune.commune == insee).exists():
        raise RuleError("Cette commune n’est pas dans le territoire. Ajoutez-la d’abord.")
    wanted = {reference.sort_name(name): name.strip() for name in names if reference.sort_name(name)}
    if any(len(name) > 80 for name in wanted.values()):
        raise RuleError("Le nom d’un quartier compte 80 caractères au plus.", field="quartiers")
    Quartier.delete().where(Quartier.commune == insee, Quartier.sort_name.not_in(list(wanted) or [""])).execute()
    for key, name in wanted.items():
        Quartier.insert(commune=insee, name=name, sort_name=key).on_conflict(
            conflict_target=[Quartier.commune, Quartier.sort_name], update={Quartier.name: name}
        ).execute()
    journal.write(QUARTIERS, "territory", insee, number=len(wanted))
    return [wanted[key] for key in sorted(wanted)]


@db.atomic()
def count_professionals(counted_on: date, numbers: dict[str, int | None], *, source: str) -> None:
    """Keep the headcounts of a date: {profession code: number}; the empty code is the total announced.

    None takes a number away. The total may differ from the sum: both are kept.
    """
    for profession, count in numbers.items():
        if profession and profession not in reference.professions():
            raise RuleError("Cette profession n’existe pas dans la liste.", field="profession")
        if count is not None and not 0 <= count <= 100_000:
            raise RuleError("Un effectif va de 0 à 100 000.", field="number")
        Headcount.delete().where(Headcount.profession == profession, Headcount.counted_on == counted_on).execute()
        if count is not None:
            Headcount.create(profession=profession, counted_on=counted_on, number=count, source=source.strip())
    journal.write(HEADCOUNTS, "territory", counted_on, numbers=len(numbers))
