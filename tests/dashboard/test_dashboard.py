"""The first page of the gestion: what waits, the first steps, the cards."""

import re

import pytest

from cptsapp.kernel import registry
from cptsapp.kernel.registry import FirstStep, Waiting

HTMX = {"HX-Request": "true"}


def fails():
    raise LookupError("a mistake of one feature")


@pytest.fixture
def steps(app):
    kept = registry.first_steps[:]
    registry.first_steps[:] = [
        FirstStep("Lire le tableau de bord", "dashboard.index", lambda: False, 20, "Il est devant vous."),
        FirstStep("Ouvrir une porte", "dashboard.index", lambda: True, 10),
        FirstStep("Aller nulle part", "absent.index", fails, 30),
    ]
    yield registry.first_steps
    registry.first_steps[:] = kept


@pytest.fixture
def cards(app):
    kept = registry.dashboard_cards[:]
    registry.dashboard_cards.clear()
    registry.dashboard_card("essai.bureau", "Pour le bureau", access=("bureau",), template="errors/bare.html")(
        lambda: {"title": "Bureau", "sentence": "Une phrase"}
    )
    registry.dashboard_card("essai.coord", "Pour la coordination", access=("coordination",), template="absent.html")(
        dict
    )
    yield
    registry.dashboard_cards[:] = kept


@pytest.mark.parametrize(
    ("who", "status"), [("client", 302), ("as_adherent", 403), ("as_bureau", 200), ("as_admin", 200)]
)
def test_the_dashboard_is_for_those_who_run_the_association(request, who, status):
    assert request.getfixturevalue(who).get("/gestion/").status_code == status


def test_first_steps_are_listed_in_order_those_done_folded_after_until_all_are(as_coordinator, steps):
    page = as_coordinator.get("/gestion/").text
    told = ("Lire le tableau de bord", "Aller nulle part", "Ce qui est déjà fait", "Ouvrir une porte")
    assert [page.index(words) for words in told] == sorted(page.index(words) for words in told)
    assert "1 sur 3 fait" in page
    assert "Il est devant vous." in page
    steps[:] = [step for step in steps if step.label == "Ouvrir une porte"]
    assert "Premiers pas" not in as_coordinator.get("/gestion/").text


def test_the_bureau_does_not_see_the_first_steps(as_bureau, steps):
    assert "Premiers pas" not in as_bureau.get("/gestion/").text


def test_cards_are_those_of_ones_rooms(as_bureau, as_coordinator, cards):
    assert "Pour le bureau" in as_bureau.get("/gestion/").text
    assert "Pour la coordination" not in as_bureau.get("/gestion/").text
    assert "Pour la coordination" in as_coordinator.get("/gestion/").text
    assert as_bureau.get("/gestion/cartes/essai.coord").status_code == 404


def test_a_card_whose_template_fails_does_not_break_the_page(as_coordinator, cards, caplog):
    answer = as_coordinator.get("/gestion/cartes/essai.coord", headers=HTMX)
    assert answer.status_code == 200
    assert "Cette carte n’a pas pu être préparée." in answer.text
    assert "card essai.coord failed" in caplog.text
    whole = as_coordinator.get("/gestion/cartes/essai.coord").text
    assert answer.text.strip() in whole
    assert 'class="desk"' in whole


def test_what_waits_is_said_with_its_count(as_coordinator):
    kept = registry.waiting_sources[:]
    registry.waiting_sources.clear()
    registry.waiting("essai", access=("coordination",))(lambda: [Waiting("Messages à traiter", "/gestion/messages", 5)])
    page = as_coordinator.get("/gestion/").text
    registry.waiting_sources[:] = kept
    assert "Messages à traiter" in page
    assert '<span class="badge warn">5</span>' in page


def test_the_page_marks_its_own_place_in_the_menu(as_coordinator):
    page = as_coordinator.get("/gestion/").text
    assert 'href="/gestion/" aria-current="page"' in page


def test_a_menu_of_few_entries_folds_nothing(as_admin, as_coordinator):
    assert "<h2>Réglages</h2>" in as_admin.get("/gestion/comptes/").text
    assert "data-group" not in as_admin.get("/gestion/comptes/").text
    assert 'data-group="Projet"' in as_coordinator.get("/gestion/").text


def test_the_group_of_the_page_is_the_one_open_in_the_menu(as_coordinator):
    def opened(path):
        page = as_coordinator.get(path).text
        assert f'href="{path}" aria-current="page"' in page
        return re.findall('data-group="([^"]+)" open', page)

    assert opened("/gestion/") == []
    assert opened("/gestion/adherents/") == ["Association"]
    assert opened("/gestion/actualites/") == ["Communication"]
    assert opened("/gestion/adherents/couverture") == []  # its group is a short one, always shown
