"""Articles as files of a fresh instance."""

import io
from datetime import timedelta

import pytest
from PIL import Image

from cptsapp.blueprints.news.models import ARTICLES
from cptsapp.kernel import frontmatter
from cptsapp.kernel.db import now
from cptsapp.kernel.editing import typed_moment


@pytest.fixture
def write(app, settings):
    """Write an article's file and have it seen: `write("slug", body="…", theme="…")`; published an hour ago."""

    def write(slug, body="Du texte.", **header):
        header = {"title": slug.replace("-", " ").capitalize(), "state": "published"} | header
        if header["state"] != "draft":
            header.setdefault("published_at", typed_moment(now() - timedelta(hours=1)))
        folder = settings.content / "actualites"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{slug}.md").write_text(frontmatter.dump(header, body), encoding="utf-8")
        ARTICLES.refresh()
        return ARTICLES.get(slug)

    return write


@pytest.fixture
def article(write):
    header = {"title": "Dépistage du diabète", "summary": "Deux minutes.", "theme": "prevention"}
    return write("depistage", "Venez **nombreux**.", **header)


@pytest.fixture
def png() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(data, "PNG")
    return data.getvalue()
