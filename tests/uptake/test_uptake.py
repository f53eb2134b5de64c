from datetime import date, timedelta

import pytest
from playhouse.test_utils import assert_query_count

from cptsapp.blueprints.adherent import rules as adherent_rules
from cptsapp.blueprints.adherent.models import Membership, Practice
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Kind
from cptsapp.blueprints.territory import rules as territory
from cptsapp.blueprints.uptake import figures, rules
from cptsapp.blueprints.uptake.models import CommuneHeadcount
from cptsapp.kernel import registry
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from tests.conftest import text_of

BRIE, CHEVRY = "77053", "77114"
ADDRESS = "/gestion/adherents/couverture"


@pytest.fixture
def communes(app):
    return territory.add_communes([BRIE, CHEVRY])


@pytest.fixture
def join(app):
    """Return a function that makes a member: join("60", commune="77053", started_on=date(2025, 1, 1))."""

    def member(profession="", *, commune=None, started_on=None, name="Fictive", kind=Kind.PERSON):
        names = {"name": name} if kind == Kind.STRUCTURE else {"family_name": name, "given_name": "Alix"}
        person = person_rules.create(kind=kind, **names)
        if commune:
            territory.use(commune)
        practice = Practice.of(person.id)
        practice.profession, practice.commune = profession, commune
        practice.save(force_insert=True)
        adherent_rules.admit(person.id, started_on=started_on)
        return person

    return member


def test_the_least_represented_come_first_and_what_cannot_be_compared_last(join, communes):
    territory.count_professionals(today(), {"60": 10, "21": 4, "50": 2}, source="Essai")
    for profession in ("60", "21", "21", "70"):
        join(profession)
    assert [(line.key, line.members, line.headcount, line.rate) for line in figures.by_profession(today())] == [
        ("50", 0, 2, 0.0),
        ("60", 1, 10, 10.0),
        ("21", 2, 4, 50.0),
        ("70", 1, None, None),
    ]


def test_a_family_compares_only_the_professions_that_were_counted(join, communes):
    territory.count_professionals(today(), {"10-MG": 10}, source="")
    for profession in ("10-MG", "10-MG", "10-PSY"):
        join(profession)
    doctors = figures.by_family(today())[0]
    assert (doctors.members, doctors.covered, doctors.headcount, doctors.rate) == (3, 2, 10, 20.0)


def test_communes_come_with_their_inhabitants_and_those_from_elsewhere_last(join, communes):
    rules.count_communes(today(), {BRIE: 50}, source="Essai")
    join("60", commune=BRIE)
    join("60", commune="75056")
    join("60")
    lines = {line.key: line for line in figures.by_commune(today())}
    assert (lines[BRIE].members, lines[BRIE].rate) == (1, 2.0)
    assert lines[BRIE].per_10000 > 0
    assert lines[CHEVRY].headcount is None
    assert list(lines)[-2:] == ["ailleurs", "inconnue"]
    assert lines["ailleurs"].members == lines["inconnue"].members == 1


def test_the_announced_total_and_the_sum_are_kept_apart(join, communes, as_coordinator):
    territory.count_professionals(today(), {"": 100, "60": 40, "21": 20}, source="Projet de santé")
    join("60")
    total = figures.total(today())
    assert (total.members, total.announced.number, total.detailed, total.gap, total.rate) == (1, 100, 60, 40, 1.0)
    assert "diffèrent de 40" in text_of(as_coordinator.get(ADDRESS).text)


def test_no_gap_is_told_when_they_agree(communes, as_coordinator):
    territory.count_professionals(today(), {"": 60, "60": 60}, source="")
    assert "diffèrent" not in as_coordinator.get(ADDRESS).text


def test_a_profession_that_is_not_of_health_does_not_count_among_professionals(join, communes):
    join("X-TAXI")
    join("60")
    assert figures.total(today()).members == 1


def test_structures_are_not_counted(join, communes):
    join("21", kind=Kind.STRUCTURE, name="Pharmacie fictive")
    assert figures.total(today()).members == 0


def test_a_past_day_is_shown_as_it_was(join, communes, as_coordinator):
    join("60", started_on=today() - timedelta(days=400))
    left = join("60", started_on=today() - timedelta(days=300))
    ended = today() - timedelta(days=100)
    Membership.update(ended_on=ended, left_at=ended).where(Membership.person == left.id).execute()
    past = today() - timedelta(days=200)
    territory.count_professionals(past, {"60": 10}, source="")
    territory.count_professionals(today(), {"60": 20}, source="")
    assert [(line.members, line.headcount) for line in figures.by_profession(past)] == [(2, 10)]
    assert [(line.members, line.headcount) for line in figures.by_profession(today())] == [(1, 20)]
    assert as_coordinator.get(f"{ADDRESS}?au={past}").status_code == 200


@pytest.mark.parametrize(
    ("first", "days"),
    [
        (date(2026, 3, 20), [date(2026, 3, 22)]),
        (date(2026, 1, 10), [date(2026, 1, 22), date(2026, 2, 22), date(2026, 3, 22)]),
    ],
)
def test_the_days_of_the_chart(first, days):
    assert figures.days_shown(first, date(2026, 3, 22)) == days


@pytest.mark.parametrize("months", [0, 5, 12, 13, 36, 38, 39, 156, 700])
def test_the_chart_has_few_points_and_ends_today(months):
    last = date(2026, 11, 22)
    days = figures.days_shown(add_months(last, -months), last)
    assert days[-1] == last
    assert 1 <= len(days) <= figures.MOST_POINTS


def test_the_history_counts_each_day(join, communes):
    join("60", started_on=add_months(today(), -3))
    join("21", started_on=add_months(today(), -1))
    assert [count for _, count, _ in figures.history(today())] == [1, 1, 2, 2]
    assert [count for _, count, _ in figures.history(today(), "pharmacie")] == [1, 1]
    assert figures.history(today(), "dentaire") == []


def test_whoever_left_and_came_back_is_counted_once_on_that_day(join, communes):
    join("60", started_on=add_months(today(), -1))
    back = join("60", started_on=add_months(today(), -2))
    Membership.update(ended_on=today(), left_at=now()).where(Membership.person == back).execute()
    Membership.create(person=back, started_on=today())
    assert [count for _, count, _ in figures.history(today())] == [1, 2, 2]
    assert figures.history(today())[-1][1] == figures.total(today()).members


def test_the_page_costs_as_many_queries_for_many_members(join, communes, app):
    for _ in range(3):
        join("60", commune=BRIE)
    with assert_query_count(2):
        figures.by_profession(today())


@pytest.mark.parametrize("asked", ["", "?par=famille", "?par=commune", "?au=hier&par=rien&famille=x", "?au=0001-01-01"])
def test_every_view_answers(as_coordinator, join, communes, asked):
    territory.count_professionals(today(), {"60": 1}, source="")
    join("60", commune=BRIE)
    join("60", commune=BRIE)
    assert as_coordinator.get(ADDRESS + asked).status_code == 200


def test_the_part_is_a_piece_of_the_page(as_coordinator, join, communes):
    part = as_coordinator.get(ADDRESS, headers={"HX-Request": "true"}).text
    assert part.strip().startswith('<div id="resultats"')


def test_the_page_before_anything_is_typed_says_where_to_begin(as_coordinator):
    assert "Saisir les effectifs" in as_coordinator.get(ADDRESS).text


def test_a_file_can_be_taken(as_coordinator, join, communes):
    territory.count_professionals(today(), {"60": 10}, source="Essai")
    join("60")
    answer = as_coordinator.get(f"{ADDRESS}/couverture.csv")
    assert "Infirmier;1;10;10,0;9" in answer.text
    assert as_coordinator.get(f"{ADDRESS}/couverture.xlsx").status_code == 200


def test_the_headcounts_of_communes_are_typed_and_corrected(as_coordinator, communes):
    typed = {"counted_on": "2026-01-01", "source": "Diagnostic", f"number-{BRIE}": "1 20", f"number-{CHEVRY}": ""}
    assert as_coordinator.post(f"{ADDRESS}/communes", data=typed).status_code == 303
    assert as_coordinator.post(f"{ADDRESS}/communes", data=typed | {f"number-{BRIE}": "130"}).status_code == 303
    assert [(row.commune_id, row.number, row.source) for row in CommuneHeadcount.select()] == [
        (BRIE, 130, "Diagnostic")
    ]


@pytest.mark.parametrize("number", ["", "beaucoup", "-3", "999999"])
def test_what_is_no_headcount_is_refused_and_kept_in_the_form(as_coordinator, communes, number):
    answer = as_coordinator.post(f"{ADDRESS}/communes", data={"counted_on": "2026-01-01", f"number-{BRIE}": number})
    assert answer.status_code == 422
    assert f'value="{number}"' in answer.text
    assert not CommuneHeadcount.select().exists()


def test_a_commune_outside_the_territory_is_refused(app, communes):
    with pytest.raises(RuleError):
        rules.count_communes(today(), {"75056": 3})


def test_the_bureau_reads_and_does_not_write(as_bureau, communes):
    assert as_bureau.get(ADDRESS).status_code == 200
    assert as_bureau.get(f"{ADDRESS}/communes").status_code == 403


def test_an_adherent_does_not_enter(as_adherent):
    assert as_adherent.get(ADDRESS).status_code == 403


def test_the_home_page_shows_numbers_and_no_name(client, join, communes):
    join("60", name="Secrète")
    html = client.get("/").text
    assert "La CPTS en chiffres" in html
    assert "Adhérents" in text_of(html)
    assert "Secrète" not in html


def test_the_indicator_is_the_rate_of_the_last_day(join, communes):
    territory.count_professionals(today(), {"60": 4}, source="")
    join("60")
    found = next(each for each in registry.indicators if each.key == "uptake.rate")
    assert found.count(add_months(today(), -1), today()) == 25.0


def test_the_indicator_is_told_apart(join, communes):
    territory.count_professionals(today(), {"60": 4}, source="")
    join("60")
    by = {each.by: each.count(today(), today()) for each in registry.breakdowns if each.key == "uptake.rate"}
    assert by["profession"] == {"Infirmier": 25.0}
    assert by["famille"] == {"Infirmiers": 25.0}
    assert by["commune"] == {}
