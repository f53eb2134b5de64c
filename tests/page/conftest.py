"""Pages as files of a fresh instance."""

import pytest

from cptsapp.blueprints.page.models import PAGES
from cptsapp.kernel import frontmatter


@pytest.fixture
def write(app, settings):
    """Write a page's file and have it seen: `write("slug", body="…", menu={"position": "10"})`."""

    def write(slug, body="Du texte.", **header):
        header = {"title": slug.replace("-", " ").capitalize()} | header
        folder = settings.content / "pages"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{slug}.md").write_text(frontmatter.dump(header, body), encoding="utf-8")
        PAGES.refresh()
        return PAGES.get(slug)

    return write
