"""Reference data shipped with the product: every French commune, the professions, the sizes and missions of the ACI.

Read once per process, when first asked for: about 0.25 s and 14 MB for the 35,000 communes.
"""

import csv
import gzip
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cptsapp.kernel.text import fold

DATA = Path(__file__).parents[2] / "data"
ATTRIBUTION = "Source : INSEE, La Poste, DGCL (Licence Ouverte 2.0)"
POPULATION_YEAR = 2023
ABBREVIATIONS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
ORDINAL = re.compile(r"^(\d+)i?eme$")
ARTICLE = re.compile(r"^(le|la|les|l) ")
CODE = re.compile(r"\d{2,5}|2[ab]\d{0,3}")
LETTERS_NEEDED = 2
ANY_SKILL = ("*",)

FAMILIES = {
    "medecins": "Médecins",
    "pharmacie": "Pharmacie",
    "dentaire": "Soins dentaires",
    "maieutique": "Sages-femmes",
    "infirmiers": "Infirmiers",
    "reeducation": "Rééducation",
    "nutrition": "Nutrition",
    "sante_mentale": "Santé mentale",
    "appareillage": "Appareillage",
    "technique": "Laboratoire et imagerie",
    "autres_titres": "Autres titres",
    "etudiants": "Étudiants et internes",
    "coordination": "Coordination et assistance",
    "medico_social": "Médico-social et activité physique",
    "transport": "Transport sanitaire",
    "collectivites": "Collectivités",
    "usagers": "Usagers",
    "autres": "Autres",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A commune, or an arrondissement of Paris, Lyon or Marseille, whose city is then `parent` (INSEE code)."""

    insee: str
    name: str
    postal_codes: tuple[str, ...]
    departement: str
    interco_siren: str
    interco_name: str
    population: int
    other_names: tuple[str, ...]
    parent: str

    @property
    def label(self) -> str:
        return f"{self.name} ({self.departement})"


@dataclass(frozen=True, slots=True)
class Profession:
    """A profession or a quality, with the RPPS codes that stand for it."""

    code: str
    label: str
    feminine: str
    plural: str
    family: str
    is_health: bool
    rpps_profession: str
    rpps_skills: tuple[str, ...]

    @property
    def family_label(self) -> str:
        return FAMILIES[self.family]


@dataclass(frozen=True, slots=True)
class Mission:
    code: str
    label: str
    is_core: bool


def spelling(text: str) -> str:
    """Return what the ways to write a place name have in common: « ST-MAUR » and « Saint Maur » are "saint maur"."""
    text = (text.lower() if text.isascii() else fold(text)).replace("s/", "sur ")
    words = re.sub(r"[^a-z0-9]+", " ", text).split()
    return " ".join(ABBREVIATIONS.get(word) or ORDINAL.sub(r"\1e", word) for word in words)


def sort_name(name: str) -> str:
    """Return the key of alphabetical order, which ignores accents, case and the leading article."""
    return ARTICLE.sub("", spelling(name))


@cache
def _lines() -> dict[str, str]:
    """Return the lines of the file by INSEE code: kept as text, they weigh a fifth of what objects would."""
    text = gzip.decompress((DATA / "communes.csv.gz").read_bytes()).decode()
    return {line.split(",", 1)[0]: line for line in text.splitlines()[1:]}


def place(insee: str) -> Place | None:
    """Return the place that bears an INSEE code."""
    line = _lines().get(insee.strip().upper())
    return _place(line) if line else None


def _place(line) -> Place:
    insee, name, postal_codes, departement, siren, interco, population, former, parent = next(csv.reader([line]))
    return Place(
        insee=insee,
        name=name.replace("'", "’"),
        postal_codes=_split(postal_codes),
        departement=departement,
        interco_siren=siren,
        interco_name=interco.replace("'", "’"),
        population=int(population),
        other_names=_split(former.replace("'", "’")),
        parent=parent,
    )


def _split(text):
    return tuple(text.split("|")) if text else ()


def members(siren: str) -> list[Place]:
    """Return the communes of an intercommunalité, in alphabetical order."""
    found = [_place(line) for line in _lines().values() if siren and f",{siren}," in line]
    return sorted((each for each in found if not each.parent), key=lambda each: sort_name(each.name))


@cache
def _spellings() -> list[tuple[str, str]]:
    """Return (names spelt, INSEE code) of each place, today's name first: (" nesles | lumigny", "77264")."""
    found = []
    for insee, line in _lines().items():
        _, name, *_, former, _ = next(csv.reader([line])) if '"' in line else line.split(",")
        found.append((" " + " | ".join(map(spelling, (name, *_split(former)))), insee))
    return found


def search(text: str, *, near=(), limit: int = 12) -> list[Place]:
    """Return the places that `text` may mean, the likeliest first; nothing under two letters.

    `text` is a name or the start of its words, a postal code or an INSEE code. Equally good answers come with the
    départements of `near` first, then by population.
    """
    words = spelling(text).split()
    if len("".join(words)) < LETTERS_NEEDED:
        return []
    codes = [word for word in words if CODE.fullmatch(word)]
    if len(codes) == len(words):
        # A number is a postal code before it is an INSEE code: it is what people know.
        ranked = [(int(not _is_posted(each, codes)), each) for each in _coded(codes)]
    else:
        ranked = _named(words) or _named([word for word in words if word not in codes], codes) or _glued(words)
    ranked.sort(key=lambda found: _order(*found, near))
    return [found for _, found in ranked[:limit]]


def _order(rank, found, near):
    """Whole names and starts of names come first; among them the neighbours, then whole names, then the populous."""
    return rank > 1, found.departement not in near, rank, -found.population, found.insee


def _coded(codes):
    """Return the places whose INSEE code or postal codes begin with each of `codes`."""
    first = codes[0].upper()
    likely = (_place(line) for line in _lines().values() if first in line)
    return [each for each in likely if all(_has_code(each, code) for code in codes)]


def _has_code(each, code):
    return each.insee.startswith(code.upper()) or _is_posted(each, [code])


def _is_posted(each, codes):
    return any(postal.startswith(tuple(codes)) for postal in each.postal_codes)


def _named(words, codes=()):
    """Return (rank, place) for the places whose names hold every word, or its start."""
    if not words:
        return []
    starts = sorted((" " + word for word in words), key=len, reverse=True)
    query = " ".join(words)
    found = [
        (_rank(names, query), place(insee))
        for names, insee in _spellings()
        if starts[0] in names and all(start in names for start in starts)
    ]
    return [each for each in found if all(_has_code(each[1], code) for code in codes)]


def _rank(names, query):
    """Tell how well a place answers: 0 its very name, 1 the start of it, 2 a former name, 3 words in order, 4 any."""
    name, *former = names.strip().split(" | ")
    if query in (name, ARTICLE.sub("", name)):
        return 0
    if name.startswith(query) or ARTICLE.sub("", name).startswith(query):
        return 1
    if query in former:
        return 2
    return 3 if " " + query in names else 4


def _glued(words):
    """Find « lhay » or « brieco », where the words were run together."""
    query = "".join(words)
    return [
        (1, place(insee))
        for names, insee in _spellings()
        if names.split(" | ", 1)[0].replace(" ", "").startswith(query)
    ]


@cache
def _by_name() -> dict[str, list[str]]:
    """Return {whole name today, spelt with and without its article: INSEE codes}."""
    found = {}
    for names, insee in _spellings():
        name = names.strip().split(" | ", 1)[0]
        for each in {name, ARTICLE.sub("", name)}:
            found.setdefault(each, []).append(insee)
    return found


def named_exactly(text: str) -> list[Place]:
    """Return the places of which `text` is the whole name today, in any spelling."""
    return [place(insee) for insee in _by_name().get(spelling(text), ())]


def with_postal_code(code: str) -> list[Place]:
    return [each for each in _coded([code]) if code in each.postal_codes]


def parts(insee: str) -> list[str]:
    """Return the INSEE codes of the arrondissements of Paris, Lyon or Marseille; nothing for any other commune."""
    return [code for code, line in _lines().items() if line.endswith(f",{insee}")]


@cache
def professions() -> dict[str, Profession]:
    """Return the professions by code, in the order in which lists show them."""
    with (DATA / "professions.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: _profession(row) for row in csv.DictReader(file)}


def _profession(row) -> Profession:
    return Profession(
        code=row["code"],
        label=row["libelle"],
        feminine=row["feminin"],
        plural=row["pluriel"],
        family=row["famille"],
        is_health=row["profession_de_sante"] == "oui",
        rpps_profession=row["rpps_profession"],
        rpps_skills=tuple(row["rpps_savoir_faire"].split("|")) if row["rpps_savoir_faire"] else (),
    )


@cache
def _of_register() -> dict[str, list[Profession]]:
    """Return {profession code of the RPPS: our professions, in the order of the list}."""
    found = {}
    for each in professions().values():
        if each.rpps_profession:
            found.setdefault(each.rpps_profession, []).append(each)
    return found


def profession_of(rpps_profession: str, skills: set[str]) -> str | None:
    """Return our code for a profession of the RPPS and its skills (« savoir-faire »), or None when the list has none.

    The first of the list that names one of the skills, else the one that asks for none, else « any other ».
    """
    alike = _of_register().get(rpps_profession, ())
    ranked = sorted(alike, key=lambda each: (skills.isdisjoint(each.rpps_skills), bool(each.rpps_skills)))
    chosen = next((each for each in ranked if _answers(each, skills)), None)
    return chosen.code if chosen else None


def _answers(profession: Profession, skills: set[str]) -> bool:
    wanted = profession.rpps_skills
    return not wanted or wanted == ANY_SKILL or not skills.isdisjoint(wanted)


def profession_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the professions for a drop-down list: (family, [(code, label)])."""
    families = {}
    for profession in professions().values():
        families.setdefault(profession.family_label, []).append((profession.code, profession.label))
    return list(families.items())


@cache
def aci() -> dict:
    """Return the ACI as `data/aci.toml` holds it: sizes, missions, amounts in euros."""
    return tomllib.loads((DATA / "aci.toml").read_text(encoding="utf-8"))


def aci_thresholds() -> dict[int, int]:
    """Return the population (inhabitants) at which each ACI size begins."""
    return {size["numero"]: size["population"] for size in aci()["taille"]}


def aci_size(population: int) -> int:
    """Return the ACI size, 1 to 4, of a population (inhabitants): 80 000 is size 3. Source: ACI 2019, article 9."""
    return max(size for size, start in aci_thresholds().items() if population >= start)


@cache
def missions() -> dict[str, Mission]:
    """Return the missions of the ACI by code, the core ones first."""
    rows = aci()["mission"]
    return {row["code"]: Mission(row["code"], row["libelle"], row["type"] == "socle") for row in rows}
