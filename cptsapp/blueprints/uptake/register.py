"""The national register of professionals, read for one territory: how many practise there, and nobody's name.

The open extraction of the RPPS holds 2.4 million lines, one for each activity and each skill of a person. Most are of
elsewhere: a line is cut into its cells only when one of our codes stands in it. Source: « Annuaire Santé,
extraction en libre accès », Agence du numérique en santé, Licence Ouverte 2.0.
"""

import re
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import fold

ACTIVITIES = (
    "ps_libreacces_personne_activite"  # the one of the three files of the archive that says where one practises
)
BLOCK = 1 << 20  # bytes read at once
LONGEST_LINE = 1 << 16
CIVIL, PRIVATE = b"C", b"L"
PHARMACY, LABORATORIES = b"SA33", (b"SA25", b"SA29")
COLUMNS = {
    "person": "Identifiant PP",
    "profession": "Code profession",
    "category": "Code catégorie professionnelle",
    "skill": "Code savoir-faire",
    "mode": "Code mode exercice",
    "structure": "Identifiant technique de la structure",
    "postal_code": "Code postal (coord. structure)",
    "commune": "Code commune (coord. structure)",
    "sector": "Code secteur d'activité",
}
_PUBLISHED = re.compile(r"_(\d{4})(\d{2})(\d{2})\d{4}")


@dataclass(frozen=True)
class Area:
    """Where to count: {code in the file: commune of the territory}, and the postal codes that are ours alone.

    The codes of the file are those of the arrondissements in Paris, Lyon and Marseille. `postal_codes` gives the
    commune when there is but one, "" otherwise.
    """

    communes: dict[bytes, str]
    postal_codes: dict[bytes, str]

    @classmethod
    def of(cls, insee_codes: list[str]) -> "Area":
        ours = {code for insee in insee_codes for code in (insee, *reference.parts(insee))}
        communes = {code: (parent if parent in insee_codes else code) for code, parent in _parents(ours)}
        posted = {postal for code in ours for postal in reference.place(code).postal_codes}
        alone = {postal: _owners(postal, communes) for postal in posted}
        return cls(
            {code.encode(): insee for code, insee in communes.items()},
            {postal.encode(): owners for postal, owners in alone.items() if owners is not None},
        )

    def patterns(self) -> list[re.Pattern]:
        """Return what finds the cells of the territory, one pattern for each start (« |77 »).

        With a start that is the same for all of its codes, a pattern is looked for as fast as a word.
        """
        ends = defaultdict(set)
        for code in (*self.communes, *self.postal_codes):
            ends[code[:2]].add(code[2:])
        return [
            re.compile(rb"\|%s(?:%s)\|" % (start, b"|".join(map(re.escape, sorted(found)))))
            for start, found in sorted(ends.items())
        ]


def _parents(codes):
    return [(code, reference.place(code).parent) for code in codes]


def _owners(postal: str, communes: dict[str, str]) -> str | None:
    """Return the commune that a postal code means, "" for several of ours; None when it is also of others."""
    found = {each.insee for each in reference.with_postal_code(postal)}
    if not found <= set(communes):
        return None
    owners = {communes[each] for each in found}
    return owners.pop() if len(owners) == 1 else ""


@dataclass
class Count:
    """What the register says of a territory: private practice, each person once for each profession.

    `professions` by code of our list, `communes` by INSEE code (somebody who practises in two is in both); `others` are
    persons whose profession our list has not. `pharmacies` and `laboratories` are structures, whoever works there.
    """

    professions: dict[str, int] = field(default_factory=dict)
    communes: dict[str, int] = field(default_factory=dict)
    others: int = 0
    pharmacies: int = 0
    laboratories: int = 0

    @property
    def total(self) -> int:
        return sum(self.professions.values())


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, int, str]]:
    """Open the activities, in their archive or alone: (bytes, how many there are, name of the file).

    Raises RuleError when the file is not the register, or is damaged, also while it is read.
    """
    try:
        if not zipfile.is_zipfile(path):
            with path.open("rb") as file:
                yield file, path.stat().st_size, path.name
            return
        with zipfile.ZipFile(path) as archive:
            inside = [each for each in archive.infolist() if fold(Path(each.filename).name).startswith(ACTIVITIES)]
            if not inside:
                raise RuleError(
                    "Cette archive ne contient pas le fichier « PS_LibreAcces_Personne_activite ». "
                    "Téléchargez l’extraction en libre accès de l’Annuaire Santé."
                )
            with archive.open(inside[0]) as file:
                yield file, inside[0].file_size, Path(inside[0].filename).name
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise RuleError("Ce fichier est abîmé : téléchargez-le de nouveau.") from error


def published_on(name: str) -> date | None:
    """Return the day that the name of a file tells (« …_202610080740.txt »), or None."""
    found = _PUBLISHED.search(name)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def count(file: BinaryIO, area: Area, tell: Callable[[int], None] = lambda done: None) -> Count:
    """Count who practises in an area; `tell` hears how many bytes are read.

    Raises RuleError when the file has not the columns that this needs.
    """
    places = _places(file.readline(LONGEST_LINE))
    tally = _Tally(area)
    for line in _lines_with(area.patterns(), file, tell):
        cells = line.split(b"|")
        if len(cells) > places["last"]:
            tally.add(**{name: cells[place] for name, place in places.items() if name != "last"})
    return tally.count()


def _places(header: bytes) -> dict[str, int]:
    """Return the rank of each column that is read, found by its name, and `last`, the highest."""
    names = [fold(name.strip()) for name in header.decode("utf-8-sig", "replace").split("|")]
    missing = [name for name in COLUMNS.values() if fold(name) not in names]
    if missing:
        raise RuleError(
            f"Ce fichier n’est pas l’extraction en libre accès du RPPS : la colonne « {missing[0]} » y manque."
        )
    places = {key: names.index(fold(name)) for key, name in COLUMNS.items()}
    return places | {"last": max(places.values())}


def _lines_with(patterns: list[re.Pattern], file: BinaryIO, tell) -> Iterator[bytes]:
    """Yield the lines in which a pattern is found; one in which two are may come twice."""
    rest, done = b"", 0
    while block := file.read(BLOCK):
        done += len(block)
        block = rest + block
        end = block.rfind(b"\n") + 1
        if len(block) - end > LONGEST_LINE:
            raise RuleError("Ce fichier n’est pas l’extraction en libre accès du RPPS : une ligne n’y finit pas.")
        for pattern in patterns:
            yield from _lines_of(block, end, pattern)
        rest = block[end:]
        tell(done)
    if any(pattern.search(rest) for pattern in patterns):
        yield rest


def _lines_of(block: bytes, end: int, pattern: re.Pattern) -> Iterator[bytes]:
    found = pattern.search(block, 0, end)
    while found:
        line_end = block.index(b"\n", found.start(), end)
        yield block[block.rfind(b"\n", 0, found.start()) + 1 : line_end]
        found = pattern.search(block, line_end, end)


class _Tally:
    """The persons met so far: of each, for each profession, the skills and the communes."""

    def __init__(self, area: Area):
        self.area = area
        self.skills, self.communes = defaultdict(set), defaultdict(set)
        self.pharmacies, self.laboratories = set(), set()

    def add(self, *, person, profession, category, skill, mode, structure, postal_code, commune, sector):
        insee = self._commune(commune, postal_code)
        if insee is None:
            return
        if structure and sector == PHARMACY:
            self.pharmacies.add(structure)
        elif structure and sector in LABORATORIES:
            self.laboratories.add(structure)
        if category == CIVIL and mode == PRIVATE and person:
            self.skills[person, profession].add(skill.decode("ascii", "replace"))
            if insee:
                self.communes[insee].add(person)

    def _commune(self, commune: bytes, postal_code: bytes) -> str | None:
        """Return the commune of a line, "" when it is one of several of ours, None when it is elsewhere."""
        if commune in self.area.communes:
            return self.area.communes[commune]
        if commune and reference.place(commune.decode("ascii", "replace")):
            return None
        return self.area.postal_codes.get(postal_code)  # no code, or one of a commune that is no longer

    def count(self) -> Count:
        codes = Counter(
            reference.profession_of(profession.decode("ascii", "replace"), skills)
            for (_, profession), skills in self.skills.items()
        )
        return Count(
            others=codes.pop(None, 0),
            professions=dict(codes),
            communes={insee: len(persons) for insee, persons in self.communes.items()},
            pharmacies=len(self.pharmacies),
            laboratories=len(self.laboratories),
        )
