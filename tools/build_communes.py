"""Build cptsapp/data/communes.csv.gz: every French commune, one line each, from the npm package that gathers them.

    python tools/build_communes.py [--source FOLDER]

FOLDER is an unpacked copy of the package; without it, npm installs the pinned version in a temporary folder.
The same package gives the same bytes. Data: INSEE, La Poste, DGCL (Licence Ouverte 2.0).
"""

import argparse
import csv
import gzip
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE, VERSION = "@etalab/decoupage-administratif", "6.0.0"
TARGET = Path(__file__).resolve().parent.parent / "cptsapp" / "data" / "communes.csv.gz"
COLUMNS = ["insee", "nom", "codes_postaux", "departement", "interco_siren", "interco_nom", "population"]
COLUMNS += ["autres_noms", "parent"]
CITIES_WITH_DISTRICTS = "arrondissement-municipal"
FORMER = ("commune-deleguee", "commune-associee")


def rows(folder):
    """Yield the lines, by INSEE code: communes of today, and the arrondissements of Paris, Lyon and Marseille.

    `autres_noms` are the communes that merged into this one; `parent` is the city of an arrondissement.
    In the Grand Paris, the établissement public territorial stands for the intercommunalité.
    """
    communes, groups = _read(folder, "communes"), _groups(folder)
    former = {}
    for commune in communes:
        if commune["type"] in FORMER:
            former.setdefault(commune["chefLieu"], []).append(commune["nom"])
    for commune in sorted(communes, key=lambda commune: commune["code"]):
        if commune["type"] in FORMER:
            continue
        code, name = commune["code"], commune["nom"]
        parent = commune["commune"] if commune["type"] == CITIES_WITH_DISTRICTS else ""
        siren, group = groups.get(parent or code, ("", ""))
        others = [other for other in sorted(set(former.get(code, []))) if other != name]
        postal_codes = "|".join(commune.get("codesPostaux", []))
        population = commune.get("population", 0)  # missing only where nobody lives
        yield [code, name, postal_codes, commune["departement"], siren, group, population, "|".join(others), parent]


def _groups(folder):
    """Map each INSEE code to the (SIREN, name) of its intercommunalité."""
    groups = {}
    for kind in ("epci", "ept"):  # the second wins
        for group in _read(folder, kind):
            groups.update({member["code"]: (group["code"], group["nom"]) for member in group["membres"]})
    return groups


def _read(folder, name):
    return json.loads((folder / "data" / f"{name}.json").read_text(encoding="utf-8"))


def packed(lines):
    """Return the gzipped CSV of `lines`: no date and no file name in it, so that equal lines give equal bytes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(lines)
    return gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, metavar="FOLDER", help="unpacked copy of the npm package")
    parser.add_argument("--target", type=Path, default=TARGET)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        source = options.source or _install(temporary)
        found = json.loads((source / "package.json").read_text(encoding="utf-8"))["version"]
        if found != VERSION:
            sys.exit(f"{source} holds version {found} of {PACKAGE}; {VERSION} is needed.")
        lines = list(rows(source))
    options.target.write_bytes(packed(lines))
    print(f"{options.target}: {len(lines)} lines, {options.target.stat().st_size / 1000:.0f} kB")


def _install(folder):
    command = ["npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder]
    subprocess.run([*command, f"{PACKAGE}@{VERSION}"], check=True, stdout=subprocess.DEVNULL)
    return Path(folder) / "node_modules" / PACKAGE


if __name__ == "__main__":
    main()
