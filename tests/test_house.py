"""The house stays as it was drawn: floors, plain templates, and a repository that speaks of the product alone."""

import ast
import os
import re
import subprocess
import sys
from importlib.util import resolve_name
from pathlib import Path

from cptsapp import FEATURES
from cptsapp.kernel.settings import Settings, settings

ROOT = Path(__file__).parents[1]
PYTHON = sorted(path for path in (ROOT / "cptsapp").rglob("*.py") if path.parent.name != "migrations")
TEMPLATES = sorted((ROOT / "cptsapp/templates").rglob("*.html"))


def test_a_feature_imports_only_from_those_before_it():
    for path in (ROOT / "cptsapp/blueprints").glob("*/*.py"):
        for used in re.findall(r"cptsapp\.blueprints\.(\w+)", path.read_text()):
            assert FEATURES.index(used) <= FEATURES.index(path.parent.name), f"{path} imports {used}"


def test_the_kernel_imports_no_feature():
    for path in (ROOT / "cptsapp/kernel").rglob("*.py"):
        assert "blueprints" not in re.sub(r'"[^"]*"', "", path.read_text()), path


def test_rules_know_nothing_of_flask():
    for path in (ROOT / "cptsapp/blueprints").glob("*/*.py"):
        if path.name == "rules.py":
            assert not re.search(r"^(from|import) flask", path.read_text(), re.M), path


def test_imports_stand_at_the_top_of_their_file():
    for path in PYTHON:
        assert not re.search(r"^[ \t]+(from \S+ import|import \w)", path.read_text(), re.M), path


def test_the_application_loads_every_module_but_those_of_a_command(app):
    """A module that nobody loads fills no registry: its jobs never run, and nothing tells."""
    script = "import sys; from cptsapp import create_app; create_app(); print(*sys.modules)"
    environment = os.environ | {"CPTS_INSTANCE": str(settings.instance), "CPTS_SECRET_KEY": settings.secret_key}
    command = [sys.executable, "-c", script]
    loaded = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    modules = {module_of(path) for path in PYTHON}
    assert modules - set(loaded.split()) == {"cptsapp.__main__", "cptsapp.cli", "cptsapp.kernel.serving"}


def test_templates_read_only_settings_that_exist():
    for path in TEMPLATES:
        for name in re.findall(r"\bsettings\.(\w+)", path.read_text()):
            assert hasattr(Settings, name) or name in Settings.__dataclass_fields__, f"{path}: settings.{name}"


def test_templates_hold_no_inline_script_style_or_event():
    for path in TEMPLATES:
        if path.parent.name == "mail" or "mail" in path.parts:
            continue
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"<style|\sstyle=", text), path
        assert not re.search(r"\son(?:blur|change|click|error|focus|input|key\w+|load|mouse\w+|submit)=", text), path
        assert not re.search(r"hx-on|js:|hx-boost", text), path


def test_only_one_helper_says_that_html_is_safe():
    for path in TEMPLATES:
        assert "|safe" not in path.read_text().replace(" ", ""), path


def test_a_thing_has_one_word_wherever_people_read():
    """A letter is « une lettre », and one « recherche »: the other words would be another thing."""
    other = re.compile(r"\b(Newsletters?|(?:une|la|les|des) newsletters?|Chercher)\b")
    guides = [ROOT / "docs/guide-coordination.md", ROOT / "docs/contenu.md", ROOT / "docs/courriels.md"]
    read = {path: re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.S) for path in TEMPLATES}
    read |= {path: path.read_text() for path in guides} | {path: "\n".join(said_by(path)) for path in PYTHON}
    assert [(path, found[0]) for path, text in read.items() if (found := other.search(text))] == []


def said_by(path) -> list[str]:
    """Return the strings of a module, docstrings left out."""
    tree = ast.parse(path.read_text())
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in alone)
    return [node.value for node in strings if isinstance(node.value, str)]


def test_no_module_is_longer_than_a_room():
    for path in PYTHON:
        assert len(path.read_text().splitlines()) <= 400, path


def test_no_module_imports_one_that_imports_it():
    arrows = {module_of(path): imported_by(path) for path in PYTHON}
    assert circles_of(arrows) == []


def module_of(path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_by(path) -> set[str]:
    """Return the modules of the product that a file imports, by name or by something that they hold."""
    package = module_of(path) if path.name == "__init__.py" else module_of(path).rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module
            found |= {f"{base}.{each.name}" for each in node.names} | {base}
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
    known = {module_of(each) for each in PYTHON}
    return {each for each in found & known if not package.startswith(each)}  # a package is read before its modules


def circles_of(arrows: dict[str, set[str]]) -> list[str]:
    """Return the modules left once those that import none of the others were taken away, again and again."""
    left = dict(arrows)
    while ends := [name for name, to in left.items() if not to & left.keys()]:
        for name in ends:
            del left[name]
    return sorted(left)
