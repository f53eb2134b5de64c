"""Copy the front-end files that we do not write ourselves into the repository, with their licences.

Run by hand when a version changes (`make vendor`); needs npm, and nothing at run time needs it.
`--packages DIR` reads an existing node_modules folder instead of asking npm.
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "cptsapp" / "static"
FONT = "atkinson-hyperlegible-next"


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    title: str
    licence: str
    project: str
    folder: Path
    files: dict[str, str]  # path in the package -> file name here


PACKAGES = [
    Package(
        "htmx.org",
        "4.0.1",
        "htmx",
        "0BSD",
        "https://github.com/bigskysoftware/htmx",
        STATIC / "vendor",
        {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE.txt"},
    ),
    Package(
        "@picocss/pico",
        "2.1.1",
        "Pico CSS",
        "MIT",
        "https://github.com/picocss/pico",
        STATIC / "vendor",
        {"css/pico.min.css": "pico.min.css", "LICENSE.md": "pico.LICENSE.txt"},
    ),
    Package(
        "@fontsource-variable/atkinson-hyperlegible-next",
        "5.3.0",
        "Atkinson Hyperlegible Next",
        "OFL-1.1",
        "https://github.com/googlefonts/atkinson-hyperlegible-next",
        STATIC / "vendor",
        {
            f"files/{FONT}-latin-wght-normal.woff2": f"{FONT}-latin.woff2",
            f"files/{FONT}-latin-ext-wght-normal.woff2": f"{FONT}-latin-ext.woff2",
            "LICENSE": f"{FONT}.LICENSE.txt",
        },
    ),
    Package(
        "lucide-static",
        "1.62.0",
        "Lucide (icônes de `icons.svg`)",
        "ISC",
        "https://github.com/lucide-icons/lucide",
        STATIC / "vendor",
        {"LICENSE": "lucide.LICENSE.txt"},
    ),
    Package(
        "axe-core",
        "4.14.1",
        "axe-core (pour les tests)",
        "MPL-2.0",
        "https://github.com/dequelabs/axe-core",
        ROOT / "tests" / "browser" / "vendor",
        {"axe.min.js": "axe.min.js", "LICENSE": "axe.LICENSE.txt"},
    ),
]

ICONS = (
    "activity archive arrow-left at-sign badge-check ban bell bold book-open building calendar calendar-clock "
    "check chevron-down chevron-left chevron-right circle-alert clock copy download external-link eye eye-off "
    "file-text filter folder globe heading heart-pulse history home image inbox info italic key "
    "layout-dashboard link list list-ordered lock log-out mail map-pin menu monitor newspaper "
    "paperclip pencil phone plus printer quote refresh-cw rss save search send settings shield sliders "
    "smartphone star stethoscope table tag trash triangle-alert undo upload user user-plus users x "
)


def fetch(folder: Path) -> Path:
    """Install the packages named above in `folder`, without running their scripts; return its node_modules."""
    wanted = [f"{package.name}@{package.version}" for package in PACKAGES]
    subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *wanted], cwd=folder, check=True)
    return folder / "node_modules"


def sprite(icons: Path) -> str:
    """Return one SVG file of symbols, one per name of ICONS; stroke and size are set by the class `icon`."""
    symbols = []
    for name in sorted(ICONS.split()):
        shapes = re.findall(r"<(?!svg|/svg|!--)[^>]+/>", (icons / f"{name}.svg").read_text())
        body = "".join(re.sub(r"\s*/>$", "/>", shape) for shape in shapes)
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def notice(folder: Path) -> str:
    """Return the README of a vendor folder: what each file is, where it comes from, its SHA-256."""
    lines = [
        "# Fichiers tiers",
        "",
        "Copiés par `tools/vendor_front_end.py` ; ne pas les modifier à la main.",
        "",
        "| fichier | projet | version | licence | SHA-256 |",
        "|---|---|---|---|---|",
    ]
    for package in PACKAGES:
        for name in package.files.values() if package.folder == folder else ():
            digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            lines.append(
                f"| `{name}` | [{package.title}]({package.project}) | {package.version} | {package.licence} "
                f"| `{digest}` |"
            )
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, help="an existing node_modules folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        modules = options.packages or fetch(Path(temporary))
        for package in PACKAGES:
            package.folder.mkdir(parents=True, exist_ok=True)
            for source, name in package.files.items():
                shutil.copyfile(modules / package.name / source, package.folder / name)
        (STATIC / "icons.svg").write_text(sprite(modules / "lucide-static" / "icons"))
    for folder in {package.folder for package in PACKAGES}:
        (folder / "README.md").write_text(notice(folder))


if __name__ == "__main__":
    main()
