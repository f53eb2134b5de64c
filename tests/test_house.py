"""The house stays as it was drawn: floors, plain templates, and a repository that speaks of the product alone."""

import re
from pathlib import Path

from cptsapp import FEATURES

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


def test_no_module_is_longer_than_a_room():
    for path in PYTHON:
        assert len(path.read_text().splitlines()) <= 400, path
