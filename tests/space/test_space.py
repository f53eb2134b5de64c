"""The member's first page: what waits, and cards that load by themselves."""

import re

import pytest

from cptsapp.kernel import registry
from cptsapp.kernel.registry import Waiting

HTMX = {"HX-Request": "true"}


def fails():
    raise LookupError("a mistake of one feature")


@pytest.fixture
def cards(app):
    """The cards of the space are replaced by four: one works, one fails, one is empty, one is for the coordination."""
    kept = registry.space_cards[:]
    registry.space_cards.clear()
    add = registry.space_card
    add("essai.deux", "La deuxième", template="errors/bare.html", order=2)(
        lambda: {"title": "Un titre <b>", "sentence": "Ce que montre la carte"}
    )
    add("essai.une", "La première", template="errors/bare.html", order=1)(fails)
    add("essai.vide", "La vide", template="errors/bare.html", order=3)(lambda: None)
    add("essai.coord", "La réservée", template="errors/bare.html", access=("coordination",))(lambda: {})
    yield registry.space_cards
    registry.space_cards[:] = kept


@pytest.fixture
def waiting(app):
    kept = registry.waiting_sources[:]
    registry.waiting_sources.clear()
    registry.waiting("essai.un", access=("account",))(lambda: [Waiting("Dossier à relire", "/espace/dossier", 3)])
    registry.waiting("essai.zero", access=("account",))(lambda: [Waiting("Rien du tout", "/rien", 0)])
    registry.waiting("essai.coord", access=("coordination",))(lambda: [Waiting("Adhésions à valider", "/a", 2)])
    registry.waiting("essai.casse", access=("account",))(fails)
    yield
    registry.waiting_sources[:] = kept


def test_a_visitor_is_led_to_the_login_page(client):
    answer = client.get("/espace/")
    assert answer.status_code == 302
    assert answer.location.startswith("/connexion")


def test_an_adherent_reads_what_waits_for_them_alone(as_adherent, waiting):
    page = as_adherent.get("/espace/").text
    assert "Bonjour Sacha Fictif" in page
    assert "Dossier à relire" in page
    assert "Rien du tout" not in page
    assert "Adhésions à valider" not in page


def test_what_waits_at_the_desk_is_one_line_of_the_space(as_coordinator, waiting):
    for words in ("3 messages à lire", "Une lettre à envoyer"):
        registry.waiting(words, access=("coordination",))(lambda words=words: [Waiting(words, "/gestion/x", 1)])
    space, desk = as_coordinator.get("/espace/").text, as_coordinator.get("/gestion/").text
    assert re.search(r"\b2\spoints attendent au tableau de bord", space)
    assert "3 messages à lire" not in space
    assert "3 messages à lire" in desk
    assert "Dossier à relire" in space
    assert "points attendent" not in desk


def test_the_coordination_reads_what_waits_for_it_too(as_coordinator, waiting):
    assert "Adhésions à valider" in as_coordinator.get("/espace/").text


def test_the_page_is_sent_before_its_cards(as_adherent, cards):
    page = as_adherent.get("/espace/").text
    assert page.index("La première") < page.index("La deuxième")
    assert 'hx-get="/espace/cartes/essai.deux"' in page
    assert 'href="/espace/cartes/essai.deux"' in page
    assert "Ce que montre la carte" not in page
    assert "La réservée" not in page


def test_a_card_comes_alone_for_htmx_and_in_a_page_otherwise(as_adherent, cards):
    part = as_adherent.get("/espace/cartes/essai.deux", headers=HTMX).text
    whole = as_adherent.get("/espace/cartes/essai.deux").text
    assert part.strip() in whole
    assert "Ce que montre la carte" in part
    assert "Un titre &lt;b&gt;" in part
    assert 'class="site-header"' in whole
    assert 'class="site-header"' not in part


def test_a_card_that_fails_says_so_and_is_logged(as_adherent, cards, caplog):
    answer = as_adherent.get("/espace/cartes/essai.une", headers=HTMX)
    assert answer.status_code == 200
    assert "Cette carte n’a pas pu être préparée." in answer.text
    assert "a mistake of one feature" not in answer.text
    assert "card essai.une failed" in caplog.text


def test_a_card_with_nothing_to_show_leaves_no_trace(as_adherent, cards):
    assert as_adherent.get("/espace/cartes/essai.vide", headers=HTMX).text == ""
    assert "Rien à montrer ici" in as_adherent.get("/espace/cartes/essai.vide").text


def test_a_card_for_others_and_a_missing_card_are_the_same(as_adherent, cards):
    reserved = as_adherent.get("/espace/cartes/essai.coord")
    missing = as_adherent.get("/espace/cartes/essai.absente")
    assert reserved.status_code == missing.status_code == 404
    assert reserved.text == missing.text


def test_private_pages_are_never_kept_by_the_browser(as_adherent):
    answer = as_adherent.get("/espace/")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "data-private" in answer.text
