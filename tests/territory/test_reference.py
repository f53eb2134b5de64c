"""Every French commune is there and is found however people write it."""

import hashlib
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cptsapp.blueprints.territory import reference
from tools import build_communes

PLACES = {
    "savigny le temple": "77445",
    "SAVIGNY-LE-TEMPLE": "77445",
    "savigny-le-tem": "77445",
    "l'hay les roses": "94038",
    "L’Haÿ-les-Roses": "94038",
    "hay les roses": "94038",
    "lhay les roses": "94038",
    "St Maur des Fossés": "94068",
    "ste genevieve des bois": "91549",
    "Villeneuve s/ Bellot": "77512",
    "oeuilly 51": "51410",
    "la ferte-sous-jouarre": "77183",
    "ferté sous jouarre": "77183",
    "chapelles bourbon": "77091",
    "77220 tournan": "77470",
    "77445": "77445",
    "2B033": "2B033",
    "paris 13eme": "75113",
    "saint-denis 974": "97411",
}


@pytest.mark.parametrize(("written", "insee"), PLACES.items())
def test_a_commune_is_found_however_it_is_written(written, insee):
    assert reference.search(written, near={"77", "94", "91", "51"})[0].insee == insee


def test_a_former_commune_leads_to_the_one_of_today():
    assert "Lumigny-Nesles-Ormeaux" in [place.name for place in reference.search("nesles", near={"77"})]


def test_a_postal_code_gives_its_communes_the_populous_first():
    found = reference.search("77390")
    assert [place.name for place in found[:2]] == ["Guignes", "Chaumes-en-Brie"]
    assert all("77390" in place.postal_codes or place.insee == "77390" for place in found)


def test_neighbours_come_before_homonyms_far_away():
    assert reference.search("brie", near={"77"})[0].name == "Brie-Comte-Robert"
    assert reference.search("brie")[0].name == "Brie"


def test_a_search_asks_for_two_letters_and_gives_twelve_places_at_most():
    assert reference.search("s") == reference.search(" ' ") == []
    assert len(reference.search("saint")) == 12


@given(st.text(max_size=60))
@example("2a 2b 00 " + "1" * 50)
@example("ß İ ﬁ ½ ²")
@example("\x00'; --")
@example("*[(?")
def test_no_text_makes_the_search_fail(text):
    assert len(reference.search(text, near={"77"})) <= 12
    assert reference.spelling(reference.spelling(text)) == reference.spelling(text)


def test_order_ignores_accents_and_articles():
    names = ["Yèbles", "Évry", "Les Chapelles-Bourbon", "L’Étang", "Châtres", "Andrezel"]
    assert sorted(names, key=reference.sort_name) == [
        "Andrezel", "Les Chapelles-Bourbon", "Châtres", "L’Étang", "Évry", "Yèbles",
    ]  # fmt: skip


def test_the_table_is_whole():
    everyone = [reference.place(insee) for insee in reference._lines()]
    assert len(everyone) > 35_000
    assert len([place for place in everyone if place.parent]) == 45
    assert 68_000_000 < sum(place.population for place in everyone if not place.parent) < 71_000_000


def test_the_figures_of_a_commune_are_those_of_the_census():
    tournan = reference.place("77470")
    assert (tournan.name, tournan.population, tournan.postal_codes) == ("Tournan-en-Brie", 8274, ("77220",))
    assert tournan.interco_name == "CC Les Portes Briardes Entre Villes et Forêts"


def test_in_the_grand_paris_the_territory_stands_for_the_intercommunalite():
    assert reference.place("94038").interco_name == "Grand-Orly Seine Bièvre"
    assert len(reference.members("200058014")) == 24


@pytest.mark.parametrize(
    ("population", "size"),
    [(0, 1), (39_999, 1), (40_000, 2), (79_999, 2), (80_000, 3), (97_247, 3), (174_999, 3), (175_000, 4)],
)
def test_the_size_follows_from_the_population(population, size):
    assert reference.aci_size(population) == size


def test_professions_know_whether_they_are_of_health():
    professions = reference.professions()
    assert len(professions) == 61
    assert professions["60"].feminine == "Infirmière"
    assert professions["50"].is_health
    assert not professions["93"].is_health
    assert set(reference.FAMILIES) == {profession.family for profession in professions.values()}
    assert len({profession.label for profession in professions.values()}) == 61


def test_missions_are_six_of_which_four_are_for_everybody():
    assert [mission.is_core for mission in reference.missions().values()] == [True] * 4 + [False] * 2


@pytest.fixture
def package(tmp_path):
    """A tiny copy of the package that the table is made from."""
    files = {
        "package.json": {"version": build_communes.VERSION},
        "data/communes.json": [
            {
                "code": "99002",
                "nom": "Bourg",
                "type": "commune-actuelle",
                "departement": "99",
                "codesPostaux": ["99000"],
            },
            {"code": "99001", "nom": "Val, le", "type": "commune-actuelle", "departement": "99", "population": 12},
            {"code": "99003", "nom": "Ancien", "type": "commune-deleguee", "departement": "99", "chefLieu": "99001"},
        ],
        "data/epci.json": [
            {"code": "200000001", "nom": "CC du Val", "membres": [{"code": "99001"}, {"code": "99002"}]}
        ],
        "data/ept.json": [{"code": "200000002", "nom": "EPT", "membres": [{"code": "99002"}]}],
    }
    (tmp_path / "data").mkdir()
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    return tmp_path


def test_the_table_is_made_again_to_the_byte(package, tmp_path):
    digests = set()
    for name in ("un.gz", "deux.gz"):
        build_communes.main(["--source", str(package), "--target", str(tmp_path / name)])
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1
    assert list(build_communes.rows(package)) == [
        ["99001", "Val, le", "", "99", "200000001", "CC du Val", 12, "Ancien", ""],
        ["99002", "Bourg", "99000", "99", "200000002", "EPT", 0, "", ""],
    ]


def test_another_version_of_the_package_is_refused(package):
    (package / "package.json").write_text('{"version": "0.0.1"}')
    with pytest.raises(SystemExit, match=r"0\.0\.1"):
        build_communes.main(["--source", str(package)])
