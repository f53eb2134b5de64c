"""The association's communes, and the population and the size that follow."""

from datetime import date

import pytest

from cptsapp.blueprints.territory import rules
from cptsapp.blueprints.territory.models import Commune, Headcount, Quartier, Territory
from cptsapp.kernel.db import revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry

TOURNAN, GRETZ, LESIGNY = "77470", "77215", "77249"


def names():
    return [commune.name for commune in Commune.of_territory()]


def test_communes_are_kept_in_alphabetical_order_and_once(app):
    assert len(rules.add_communes([TOURNAN, "77091", GRETZ, TOURNAN])) == 3
    assert rules.add_communes([GRETZ]) == []
    assert names() == ["Les Chapelles-Bourbon", "Gretz-Armainvilliers", "Tournan-en-Brie"]


def test_adding_communes_is_journaled_and_seen_by_every_page(app):
    before = revision.read()
    rules.add_communes([TOURNAN])
    assert revision.read() > before
    assert JournalEntry.get().detail == {"added": [TOURNAN]}


def test_an_unknown_code_adds_nothing_at_all(app):
    with pytest.raises(RuleError, match="99999"):
        rules.add_communes([TOURNAN, "99999"])
    assert names() == []


def test_a_city_and_its_arrondissement_are_not_counted_twice(app):
    rules.add_communes(["75113"])
    with pytest.raises(RuleError, match="l’un ou l’autre"):
        rules.add_communes(["75056"])
    assert names() == ["Paris 13e Arrondissement"]


def test_a_whole_intercommunalite_comes_at_once(app):
    assert len(rules.add_intercommunality("200023125")) > 3
    assert "Lésigny" in names()
    with pytest.raises(RuleError):
        rules.add_intercommunality("000000000")


def test_a_commune_taken_away_keeps_its_row_for_what_points_to_it(app):
    rules.add_communes([TOURNAN, GRETZ])
    assert rules.remove_communes([TOURNAN, "99999"]) == 1
    assert names() == ["Gretz-Armainvilliers"]
    assert Commune.get_by_id(TOURNAN).name == "Tournan-en-Brie"


def test_population_and_size_follow_from_the_communes(app):
    rules.add_communes([TOURNAN, GRETZ, LESIGNY])
    figures = rules.figures()
    assert (figures.communes, figures.population, figures.size) == (3, 24_022, 1)


def test_the_contract_prevails_and_what_is_computed_stays_known(app):
    rules.add_communes([TOURNAN])
    rules.set_contract(population=97_247, population_on=date(2022, 1, 1), population_source=" Contrat ", size=None)
    figures = rules.figures()
    assert (figures.population, figures.computed_population, figures.size) == (97_247, 8_274, 3)
    assert Territory.current().population_source == "Contrat"
    rules.set_contract(population=None, population_on=date(2022, 1, 1), size=4)
    assert (rules.figures().population, rules.figures().size) == (8_274, 4)
    assert Territory.current().population_on is None


@pytest.mark.parametrize(("population", "size"), [(0, None), (None, 5), (-3, None), (6_000_000, None)])
def test_impossible_figures_of_the_contract_are_refused(app, population, size):
    with pytest.raises(RuleError):
        rules.set_contract(population=population, size=size)
    assert Territory.current().id is None


@pytest.mark.parametrize(
    ("population", "warned"),
    [(38_799, False), (38_800, True), (41_200, True), (41_201, False), (0, False), (82_000, True), (171_000, True)],
)
def test_a_population_near_a_threshold_is_said(population, warned):
    assert bool(rules.alert_of(population)) is warned


def test_a_contract_of_another_size_than_the_population_is_said(app):
    assert "taille 3" in rules.alert_of(30_000, Territory(size=3))
    assert rules.alert_of(90_000, Territory(size=3)) == ""


def test_a_pasted_list_is_read_and_what_is_unsure_is_said(app):
    read = rules.recognise(
        "Tournan en brie\n77215; lésigny, Atlantis\nSaint-Denis\nCourtomer (77)\n77390\n\n", near={"77"}
    )
    assert [place.insee for place in read.found] == [TOURNAN, GRETZ, LESIGNY, "77138"]
    assert read.unknown == ["Atlantis"]
    written = dict(read.ambiguous)
    assert "Saint-Denis" in written
    assert len(written["77390"]) > 5


def test_a_number_that_is_a_commune_and_the_postal_code_of_others_is_left_to_people(app):
    read = rules.recognise("77170")
    assert not read.found
    assert "Brie-Comte-Robert" in [place.name for place in read.ambiguous[0][1]]


def test_communes_in_use_follow_the_reference(app):
    rules.add_communes([TOURNAN])
    assert rules.refresh_communes() == 0
    Commune.update(population=1, interco_name="ancienne").execute()
    assert rules.refresh_communes() == 1
    assert Commune.get_by_id(TOURNAN).population == 8_274


def test_a_commune_that_is_no_longer_in_the_reference_keeps_its_row(app):
    Commune.create(
        insee="00000", name="Fusionnée", sort_name="fusionnee", postal_codes="", departement="77", interco_siren="",
        interco_name="", population=9,
    )  # fmt: skip
    assert rules.refresh_communes() == 0
    assert Commune.get_by_id("00000").population == 9


def test_quartiers_keep_their_row_when_they_stay(app):
    rules.add_communes(["92050"])
    assert rules.set_quartiers("92050", ["Université", "Le Centre", "université ", " "]) == ["Le Centre", "université"]
    centre = Quartier.get(Quartier.name == "Le Centre").id
    rules.set_quartiers("92050", ["centre", "Vieux-Pont"])
    assert Quartier.get(Quartier.sort_name == "centre").id == centre
    with pytest.raises(RuleError):
        rules.set_quartiers(TOURNAN, ["A"])


def test_the_total_announced_may_differ_from_the_sum_of_the_professions(app):
    rules.count_professionals(date(2022, 1, 1), {"": 409, "60": 82, "10-MG": 57}, source="Projet de santé")
    rules.count_professionals(date(2024, 1, 1), {"60": 90}, source="Annuaire")
    latest = Headcount.at(date(2025, 1, 1))
    assert (latest[""].number, latest["60"].number, latest["10-MG"].number) == (409, 90, 57)
    assert Headcount.at(date(2023, 1, 1))["60"].number == 82
    with pytest.raises(RuleError):
        rules.count_professionals(date(2024, 1, 1), {"inconnue": 1}, source="")
