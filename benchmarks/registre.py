"""The national register, 2.4 million lines and some 800 MB: keep one territory, beside reading the lines alone (R).

The lines are fictitious, spread over the communes of France by their population, as wide as the real ones.
"""

import os
import random
import resource
import time
import zipfile
from bisect import bisect
from itertools import accumulate
from pathlib import Path

from benchmarks.common import folder
from benchmarks.writing import Table, number
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.uptake import register

LINES = int(os.environ.get("BENCH_LINES", "2400000"))
WIDE = 56  # columns, most of which nobody needs here
TERRITORIES = {
    "36 communes d’un département": [code for code in map(str, range(77001, 77060)) if reference.place(code)][:36],
    "3 communes de trois départements": ["77445", "94068", "91228"],
    "Paris": ["75056"],
}


def write(path: Path):
    """Write the register, the same each time."""
    known = (reference.place(f"{code:05}") for code in range(1_000, 98_000))
    places = [place for place in known if place and place.postal_codes]
    inhabited = list(accumulate(each.population for each in places))
    names = [*register.COLUMNS.values()]
    head = names + [f"Colonne {rank}" for rank in range(len(names), WIDE)]
    drawn, filling = random.Random(5), ["CABINET FICTIF", "", "0199000025", ""] * 12
    filling = "|".join(filling[: WIDE - len(names)])
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("|".join([*head, ""]) + "\n")
        for rank in range(LINES):
            place = places[bisect(inhabited, drawn.random() * inhabited[-1])]
            cells = (str(10_000_000_000 + rank // 2), "60", "C", "", "L", f"R{rank // 3:08}", place.postal_codes[0])
            file.write("|".join([*cells, place.insee, "SA07", filling, ""]) + "\n")


def main():
    with folder() as place:
        path, archive = place / "PS_LibreAcces_Personne_activite_202610080740.txt", place / "extraction.zip"
        write(path)
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
            made.write(path, path.name)
        floors = {path: best(lambda: lines(path)), archive: best(lambda: lines(archive))}
        rows, memory = [], [peak_mb()]
        for label, codes in TERRITORIES.items():
            area = register.Area.of(codes)
            for kind, source in (("fichier", path), ("archive", archive)):
                seconds, found = best(lambda source=source, area=area: count(source, area))
                ratio = floors[source][0] / seconds
                rows.append((label, kind, number(found.total), f"{number(seconds, 2)} s", f"{number(ratio, 2)} R"))
            memory.append(peak_mb())
        yield Table(("territoire", "lu dans", "libéraux", "processeur", "rapport"), rows)
        plain, packed = (f"{number(floors[each][0], 2)} s" for each in (path, archive))
        size = number(path.stat().st_size / 1e6)
        yield (
            f"R, lire les lignes : {plain} dans le fichier, {packed} dans l’archive ; {size} Mo de texte, "
            f"{number(memory[1] - memory[0])} Mo de mémoire en plus pour le premier territoire."
        )


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def best(act):
    """Return (seconds of processor, result) of the quickest of two runs."""
    runs = []
    for _ in range(2):
        began = time.process_time()
        found = act()
        runs.append((time.process_time() - began, found))
    return min(runs, key=lambda run: run[0])


def lines(path: Path) -> int:
    with register.opened(path) as (file, _, _):
        return sum(1 for _ in file)


def count(path: Path, area: register.Area) -> register.Count:
    with register.opened(path) as (file, _, _):
        return register.count(file, area)
