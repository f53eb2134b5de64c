"""Choosing communes in the browser, as one types and without JavaScript."""

import re

import pytest
from playhouse.test_utils import count_queries

from cptsapp.blueprints.territory import rules
from cptsapp.blueprints.territory.models import Commune, Headcount, Quartier, Territory
from tests.conftest import text_of
from tests.postgresql import counts_what_is_kept

PAGE = "/gestion/parametres/territoire"


def names():
    return [commune.name for commune in Commune.of_territory()]


def test_the_search_gives_boxes_to_tick_and_its_part_is_a_piece_of_the_page(as_coordinator):
    whole = as_coordinator.get(f"{PAGE}?q=savigny le temple").text
    part = as_coordinator.get(f"{PAGE}?q=savigny le temple", headers={"HX-Request": "true"}).text
    assert 'name="commune" value="77445" checked' in part
    assert part.strip() in whole
    assert "<html" not in part


def test_a_search_for_nothing_known_says_so(as_coordinator):
    assert "Aucune commune ne correspond" in as_coordinator.get(f"{PAGE}?q=atlantis").text
    assert "au moins deux lettres" in as_coordinator.get(f"{PAGE}?q=a").text
    assert as_coordinator.get(f"{PAGE}?q={'x' * 5000}").status_code == 200


def test_ticked_communes_are_added_and_shown_with_the_source_of_their_figures(as_coordinator):
    answer = as_coordinator.post(f"{PAGE}/ajouter", data={"commune": ["77470", "77215"]})
    assert answer.status_code == 303
    shown = text_of(as_coordinator.get(PAGE).text)
    assert "2 communes ajoutées : Tournan-en-Brie, Gretz-Armainvilliers." in shown.replace("\u00a0", " ")
    assert "Source : INSEE, La Poste, DGCL (Licence Ouverte 2.0)" in shown


def test_an_intercommunalite_is_completed_in_one_click(as_coordinator):
    rules.add_communes(["77470"])
    siren = re.search(r'name="siren" value="(\d{9})"', as_coordinator.get(PAGE).text)[1]
    as_coordinator.post(f"{PAGE}/ajouter-intercommunalite", data={"siren": siren})
    assert "Lésigny" in names()
    assert 'name="siren"' not in as_coordinator.get(PAGE).text


@pytest.mark.parametrize(
    ("path", "data"),
    [("ajouter", {"commune": "99999"}), ("ajouter-intercommunalite", {"siren": "1"}), ("ajouter", {}), ("retirer", {})],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(as_coordinator, path, data):
    assert as_coordinator.post(f"{PAGE}/{path}", data=data).status_code == 303
    assert 'class="notice' in as_coordinator.get(PAGE).text
    assert names() == []


def test_ticked_communes_are_taken_away(as_coordinator):
    rules.add_communes(["77470", "77215"])
    as_coordinator.post(f"{PAGE}/retirer", data={"commune": "77470"})
    assert names() == ["Gretz-Armainvilliers"]


def test_a_pasted_list_adds_what_is_sure_and_keeps_the_rest_in_the_form(as_coordinator):
    answer = as_coordinator.post(f"{PAGE}/coller", data={"pasted": "Tournan-en-Brie\nAtlantis\nSaint-Denis"})
    assert answer.status_code == 422
    assert "Pas reconnu : Atlantis." in text_of(answer.text)
    assert 'value="93066"' in answer.text
    assert "Atlantis\nSaint-Denis</textarea>" in answer.text.replace("\r", "")
    assert names() == ["Tournan-en-Brie"]
    assert as_coordinator.post(f"{PAGE}/coller", data={"pasted": "77215"}).status_code == 303
    assert as_coordinator.post(f"{PAGE}/coller", data={"pasted": "  "}).status_code == 422


def test_the_contract_is_kept_and_a_wrong_figure_comes_back_as_typed(as_coordinator):
    refused = as_coordinator.post(f"{PAGE}/contrat", data={"population": "beaucoup", "size": "3"})
    assert refused.status_code == 422
    assert 'value="beaucoup"' in refused.text
    assert Territory.current().id is None
    as_coordinator.post(f"{PAGE}/contrat", data={"population": "97247", "population_on": "2022-01-01", "size": ""})
    assert (Territory.current().population, Territory.current().size) == (97247, None)


def test_quartiers_are_for_a_territory_of_one_commune(as_coordinator):
    rules.add_communes(["92050"])
    assert "Quartiers de Nanterre" in as_coordinator.get(PAGE).text
    as_coordinator.post(f"{PAGE}/quartiers", data={"quartiers": "Centre\nUniversité"})
    assert Quartier.select().count() == 2
    rules.add_communes(["92073"])
    assert as_coordinator.post(f"{PAGE}/quartiers", data={"quartiers": "Autre"}).status_code == 422


@counts_what_is_kept
def test_a_page_of_many_communes_costs_no_more_queries(as_coordinator):
    rules.add_intercommunality("200070779")
    as_coordinator.get(PAGE)
    with count_queries() as few:
        as_coordinator.get(PAGE)
    rules.add_intercommunality("200072874")
    as_coordinator.get(PAGE)
    with count_queries() as many:
        as_coordinator.get(PAGE)
    assert few.count == many.count < 15


def test_headcounts_are_typed_by_profession_with_the_total_announced(as_coordinator):
    page = "/gestion/territoire/effectifs"
    data = {"counted_on": "2024-01-01", "source": "Projet", "number-": "409", "number-60": "82", "number-70": ""}
    assert as_coordinator.post(page, data=data).status_code == 303
    assert {row.profession: row.number for row in Headcount.select()} == {"": 409, "60": 82}
    shown = text_of(as_coordinator.get(page).text)
    assert "Écart 327" in shown


@pytest.mark.parametrize("number", ["-1", "douze", "1e3", "99999999999", "²"])
def test_a_headcount_that_is_no_number_comes_back_as_typed(as_coordinator, number):
    page = "/gestion/territoire/effectifs"
    answer = as_coordinator.post(page, data={"counted_on": "2024-01-01", "number-60": number, "number-70": "5"})
    assert answer.status_code == 422
    assert f'value="{number}"' in answer.text
    assert Headcount.select().count() == 0
