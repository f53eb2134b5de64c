"""The content delivered with the product: readable, illustrated, linked, and free of real people."""

import re
from pathlib import Path

import pytest

from cptsapp.blueprints.document.demo import fill
from cptsapp.blueprints.news.models import ARTICLES
from cptsapp.blueprints.page.models import PAGES
from cptsapp.kernel import instance, pictures
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.publication import Phase

CONTENT = Path(__file__).parents[2] / "content"
TEXTS = sorted(CONTENT.rglob("*.md"))
LINK = re.compile(r"(?:\]\(|url: |link: )(/[^)\s,}]*)")


@pytest.fixture
def demonstration(app):
    instance.copy_content(demo=True)
    ARTICLES.refresh()
    PAGES.refresh()


def test_every_file_can_be_read(demonstration):
    assert not ARTICLES.broken()
    assert not PAGES.broken()
    assert len(ARTICLES.all()) >= 10
    assert len(PAGES.all()) >= 8


def test_the_articles_show_each_state_and_each_reader(demonstration):
    assert {Phase.DRAFT, Phase.ONLINE} <= {each.phase for each in ARTICLES.all()}
    assert sum(each.visibility == Visibility.ADHERENTS for each in ARTICLES.all()) >= 2
    assert len({each.theme for each in ARTICLES.all()}) >= 5


@pytest.mark.parametrize("path", sorted((CONTENT / "images").iterdir()), ids=lambda path: path.name)
def test_every_picture_is_light(path):
    data = path.read_bytes()
    assert pictures.size(data)
    assert len(data) < 60_000


def test_every_link_of_a_public_text_leads_somewhere(demonstration, client):
    fill()
    links = {link.split("#")[0] for path in TEXTS for link in LINK.findall(path.read_text("utf-8"))}
    reserved = {"/espace/documents", "/observatoire/"}  # for members; once a theme is published
    dead = {link for link in links - reserved if client.get(link).status_code != 200}
    assert not dead


def test_a_real_instance_starts_with_pages_that_claim_nothing(app, settings):
    instance.copy_content(demo=False)
    pages = sorted((settings.content / "pages").iterdir())
    assert "accueil.md" in [path.name for path in pages]
    for path in pages:
        head = path.read_text("utf-8").split("---")[1]
        assert "reviewed_" not in head
        assert "starter" not in head
        assert "Brie" not in path.read_text("utf-8")
    assert not list((settings.content / "actualites").glob("*"))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_a_text_names_no_real_address(path):
    text = path.read_text("utf-8")
    assert all(host.endswith("exemple.fr") for host in re.findall(r"(?:https?://|@)([\w.-]+)", text))
    assert not re.search(r"\b0[1-9](?: ?\d\d){4}\b", text)
