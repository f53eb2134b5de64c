"""What the blocks of the home page show is the same for everybody, and never older than what was written."""

from datetime import timedelta

import pytest
from flask_login import current_user

from cptsapp.blueprints.event.models import Event, Status
from cptsapp.blueprints.news.models import ARTICLES
from cptsapp.blueprints.page import views
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel import registry
from cptsapp.kernel.db import now


def announce(title):
    at = now() + timedelta(days=3)
    return Event.create(
        slug=title.lower(),
        uid=title,
        title=title,
        status=Status.PUBLISHED,
        starts_at=at,
        ends_at=at + timedelta(hours=1),
    )


def publish(slug, title):
    header = {"title": title, "state": "published", "published_at": "2026-01-02"}
    ARTICLES.create(slug, header, "Du texte.", author=None)


@pytest.fixture
def shown(app):
    """Something in each block."""
    announce("Rentrée")
    publish("essai", "Une nouvelle")


def drawn_for(app, browser) -> tuple[dict[str, str], int | None]:
    """Return each block as it is drawn during a request of this browser, and who it was drawn for."""
    cookie = browser.get_cookie("session")
    with (
        app.app_context(),
        app.test_request_context("/", headers={"Cookie": f"session={cookie.value if cookie else ''}"}),
    ):
        blocks = {block.key: views.draw(block) for block in registry.home_blocks}
        return blocks, current_user.id


def test_each_block_is_the_same_for_all_and_holds_no_form(app, client, as_adherent, as_coordinator, shown):
    (mine, adherent), (theirs, coordinator) = drawn_for(app, as_adherent), drawn_for(app, as_coordinator)
    anybodys, visitor = drawn_for(app, client)
    assert visitor is None
    assert len({visitor, adherent, coordinator}) == 3
    assert mine == theirs == anybodys
    assert all(anybodys.values())
    assert not [key for key, markup in anybodys.items() if "<form" in markup]


def test_who_is_logged_in_sees_at_once_what_was_written(as_adherent, shown):
    assert "Rentrée" in as_adherent.get("/").text
    event = announce("Automne")
    assert "Automne" in as_adherent.get("/").text
    Event.update(title="Hiver").where(Event.id == event.id).execute()
    assert "Hiver" in as_adherent.get("/").text
    Event.update(status=Status.DRAFT).where(Event.id == event.id).execute()
    assert "Hiver" not in as_adherent.get("/").text


@pytest.mark.parametrize("who", ["client", "as_adherent"])
def test_a_text_published_and_another_territory_show_at_once_whoever_reads(request, shown, who):
    browser = request.getfixturevalue(who)
    assert "Une nouvelle" in browser.get("/").text
    publish("suite", "La suite")
    assert "La suite" in browser.get("/").text
    before = browser.get("/").text.count("Communes")
    territory.add_communes(["77445"])
    assert browser.get("/").text.count("Communes") == before + 1, "a figure of the association in the home page"
