"""The pages for people who run it: what they name exists."""

import re
from pathlib import Path

from benchmarks import writing
from benchmarks.__main__ import names

DOCS = Path(__file__).parents[1] / "docs"


def test_each_statement_of_reliability_names_tests_that_exist():
    tests = 0
    for row in (DOCS / "fiabilite.md").read_text(encoding="utf-8").splitlines():
        source = ""
        for name in re.findall(r"`(tests/[\w/]+\.py|test_\w+)`", row):
            if name.startswith("tests/"):
                source = (DOCS.parent / name).read_text(encoding="utf-8")
            else:
                assert f"def {name}(" in source, name
                tests += 1
    assert tests > 60


def test_each_statement_of_security_names_tests_that_exist():
    text = (DOCS / "securite.md").read_text(encoding="utf-8")
    for row in text.splitlines():
        source = ""
        for name in re.findall(r"`(tests/[\w/]+\.py|test_\w+)`", row):
            if name.startswith("tests/"):
                source = (DOCS.parent / name).read_text(encoding="utf-8")
            else:
                assert f"def {name}(" in source, name
    assert text.count("`test_") > 80


def test_links_between_the_pages_lead_somewhere():
    for page in [*DOCS.glob("*.md"), *DOCS.parent.glob("*.md")]:
        text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            assert link.startswith(("http", "mailto:")) or (page.parent / link).exists(), f"{page.name}: {link}"


def test_each_benchmark_has_its_part_of_the_page_of_speed_and_rewrites_that_alone(tmp_path):
    text = (DOCS / "performance.md").read_text(encoding="utf-8")
    assert sorted(writing.marked(text)) == names()
    page = tmp_path / "performance.md"
    page.write_text(text, encoding="utf-8")
    writing.write("charge", ["Le mur du son."], page)
    opening, closing = writing.marks("charge")
    before, after = text.split(opening)[0], text.split(closing)[1]
    assert page.read_text(encoding="utf-8") == f"{before}{opening}\n\nLe mur du son.\n\n{closing}{after}"
