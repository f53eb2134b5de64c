"""The contract: its years, its deadlines, its amounts, what it refuses, and its pages."""

import re
from datetime import date

import pytest

from cptsapp.blueprints.contract import figures, rules
from cptsapp.blueprints.contract.figures import Urgency
from cptsapp.blueprints.contract.models import Contract, YearLine
from cptsapp.blueprints.contract.tariff import FUNCTIONING, Source
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.registry import indicators
from tests.conftest import text_of

CORE = ("acces", "parcours", "prevention", "crise")


@pytest.fixture
def contract(app):
    return rules.sign(signed_on=date(2024, 2, 29), size=3, years=5, missions=CORE, population=97_247)


def year(contract, number):
    return figures.years(Contract.get_by_id(contract.id))[number - 1]


def test_years_go_from_anniversary_to_anniversary_even_after_a_29_february(contract):
    assert contract.bounds(1) == (date(2024, 2, 29), date(2025, 2, 27))
    assert contract.bounds(2) == (date(2025, 2, 28), date(2026, 2, 27))
    assert contract.bounds(5)[1] == contract.ends_on == date(2029, 2, 27)
    for number in range(1, 5):
        assert (contract.bounds(number + 1)[0] - contract.bounds(number)[1]).days == 1
    assert [
        contract.year_at(day) for day in (date(2023, 1, 1), date(2025, 2, 27), date(2025, 2, 28), date(2040, 1, 1))
    ] == [1, 1, 2, 5]


def test_the_plan_for_crises_is_paid_in_full_once_then_by_half(contract):
    fixed = [
        next(each for each in year(contract, n).lines if each.line.code == "crise").amount.fixed for n in (1, 2, 5)
    ]
    assert fixed == [4_500_000, 2_250_000, 2_250_000]


def test_an_amount_of_the_contract_replaces_the_published_one_for_its_year_only(contract):
    before = year(contract, 2).fixed
    rules.value_year(contract.id, 1, {"acces": {"fixed_cents": 8_000_000, "source": "Annexe 2"}})
    (acces,) = (each for each in year(contract, 1).lines if each.line.code == "acces")
    assert (acces.amount.fixed, acces.amount.variable, acces.amount.source) == (8_000_000, 3_500_000, Source.TYPED)
    assert year(contract, 2).fixed == before
    rules.value_year(contract.id, 1, {"acces": {}})
    assert not YearLine.select().exists()


def test_the_variable_part_follows_the_results_kept(contract):
    assert (year(contract, 1).earned, year(contract, 1).open) == (0, 9_750_000)
    rules.value_year(contract.id, 1, {"acces": {"achieved": 80}, "parcours": {"achieved": 0}})
    assert (year(contract, 1).earned, year(contract, 1).open) == (2_800_000, 1_750_000)
    assert not year(contract, 1).is_evaluated
    rules.value_year(contract.id, 1, {"prevention": {"achieved": 100}, "crise": {"achieved": 100}})
    assert (year(contract, 1).earned, year(contract, 1).open) == (2_800_000 + 1_750_000 + 6_750_000, 0)
    assert year(contract, 1).is_evaluated


def test_deadlines_run_from_the_signature_and_warn_sixty_days_before(contract):
    found = {(each.label, each.mission): each for each in figures.deadlines(contract, date(2024, 6, 30))}
    start = found["Démarrage", "Améliorer l’accès aux soins"]
    assert (start.on, start.urgency) == (date(2024, 8, 29), Urgency.SOON)
    assert found["Démarrage", "Développer des actions territoriales de prévention"].on == date(2025, 2, 28)
    assert found["Déploiement", "Améliorer l’accès aux soins"].on == date(2025, 8, 29)
    for day, urgency in (
        (date(2024, 6, 29), Urgency.LATER),
        (date(2024, 8, 29), Urgency.SOON),
        (date(2024, 8, 30), Urgency.LATE),
    ):
        (again,) = (
            each for each in figures.deadlines(contract, day) if each.on == start.on and each.mission == start.mission
        )
        assert again.urgency == urgency
    rules.date_mission(contract.id, "acces", started_on=date(2024, 7, 1), deployed_on=None)
    (done,) = (
        x for x in figures.deadlines(Contract.get_by_id(contract.id), date(2025, 1, 1)) if x.urgency == Urgency.DONE
    )
    assert (done.label, done.done_on) == ("Démarrage", date(2024, 7, 1))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"signed_on": date(2028, 1, 1)}, "recouvrent"),
        ({"signed_on": date(2019, 6, 19)}, "20 juin 2019"),
        ({"signed_on": date(2030, 1, 1), "size": 5}, "de 1 à 4"),
        ({"signed_on": date(2030, 1, 1), "years": 11}, "de 1 à 10"),
        ({"signed_on": date(2030, 1, 1), "missions": ()}, "au moins une mission"),
        ({"signed_on": date(2030, 1, 1), "missions": ("voyages",)}, "dans la liste"),
    ],
)
def test_a_contract_that_makes_no_sense_is_refused_and_nothing_is_written(contract, changes, sentence):
    with pytest.raises(RuleError, match=sentence):
        rules.sign(**{"size": 3, "years": 5, "missions": CORE} | changes)
    assert Contract.select().count() == 1


def test_what_was_typed_is_never_dropped_by_a_change_of_the_contract(contract):
    rules.value_year(contract.id, 5, {"acces": {"achieved": 50}})
    rules.date_mission(contract.id, "acces", started_on=date(2024, 7, 1), deployed_on=None)
    same = {"signed_on": contract.signed_on, "size": 3, "years": 5, "missions": CORE}
    with pytest.raises(RuleError, match="n’existerait plus"):
        rules.update(contract.id, **same | {"years": 4})
    with pytest.raises(RuleError, match="date de démarrage"):
        rules.update(contract.id, **same | {"missions": ("parcours",)})
    assert {each.mission for each in Contract.get().engagements} == set(CORE)
    assert rules.update(contract.id, **same | {"size": 4}).size == 4


def test_wrong_values_and_dates_are_refused(contract):
    for values in ({"voyages": {}}, {"acces": {"achieved": 101}}, {"acces": {"fixed_cents": -1}}):
        with pytest.raises(RuleError):
            rules.value_year(contract.id, 1, values)
    with pytest.raises(RuleError, match="précéder"):
        rules.date_mission(contract.id, "acces", started_on=date(2025, 1, 2), deployed_on=date(2025, 1, 1))
    with pytest.raises(RuleError, match="d’abord"):
        rules.date_mission(contract.id, "acces", started_on=None, deployed_on=date(2025, 1, 1))
    with pytest.raises(RuleError, match="pas dans le contrat"):
        rules.value_year(contract.id, 6, {})


def test_the_coordinator_notes_a_contract_then_its_amounts_in_the_browser(as_coordinator):
    assert "Aucun contrat" in as_coordinator.get("/gestion/contrat/").text
    typed = {"signed_on": "2024-02-29", "years": "5", "size": "3", "missions": ["acces", "crise"], "note": ""}
    refused = as_coordinator.post("/gestion/contrat/nouveau", data=typed | {"years": "50"})
    assert refused.status_code == 422
    assert 'value="50"' in refused.text
    answer = as_coordinator.post("/gestion/contrat/nouveau", data=typed)
    page = answer.location
    assert answer.status_code == 303
    wrong = as_coordinator.post(f"{page}/annees/1", data={"fixed_cents-acces": "beaucoup", "achieved-acces": "120"})
    assert wrong.status_code == 422
    assert "beaucoup" in wrong.text
    values = {f"fixed_cents-{FUNCTIONING}": "", "fixed_cents-acces": "80 000", "achieved-acces": "75 %"}
    assert as_coordinator.post(f"{page}/annees/1", data=values).status_code == 303
    dates = {"started_on-acces": "2024-07-01", "deployed_on-acces": "2024-06-01"}
    assert as_coordinator.post(f"{page}/missions", data=dates).status_code == 422
    assert as_coordinator.post(f"{page}/missions", data=dates | {"deployed_on-acces": ""}).status_code == 303
    shown = text_of(as_coordinator.get(page).text)
    assert "fait le 1er juillet 2024" in shown
    file = as_coordinator.get(f"{page}/montants.csv")
    assert "80000" in file.text
    assert "26250" in file.text


def test_a_missing_contract_and_a_missing_year_are_not_found(as_coordinator, contract):
    for path in ("/gestion/contrat/999", "/gestion/contrat/999/modifier", f"/gestion/contrat/{contract.id}/annees/6"):
        assert as_coordinator.get(path).status_code == 404


def test_the_indicators_read_the_contract_year_of_their_last_day(contract):
    counts = {each.key: each.count for each in indicators}
    assert counts["contract.fixed"](date(2024, 3, 1), date(2024, 12, 31)) == 75_000 + 90_000 + 45_000 + 17_500 + 45_000
    assert counts["contract.fixed"](date(2023, 3, 1), date(2023, 12, 31)) == 0
    rules.value_year(contract.id, 1, {"acces": {"achieved": 100}})
    assert counts["contract.earned"](date(2024, 3, 1), date(2024, 12, 31)) == 35_000


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "?habitants=79%20999&mission=acces&annee=2",
        "?habitants=abc&crise=1",
        "?habitants=" + "9" * 40,
        "?mission=voyages&annee=x",
    ],
)
def test_the_simulator_answers_anything_and_its_part_is_a_piece_of_the_page(client, asked):
    whole = client.get(f"/simulateur-aci{asked}")
    part = client.get(f"/simulateur-aci{asked}", headers={"HX-Request": "true"})
    assert whole.status_code == part.status_code == 200
    assert part.text.strip() in whole.text
    assert "<html" not in part.text
    if "79" in asked:
        assert "taille 2" in text_of(whole.text)


def test_a_form_opened_and_sent_back_untouched_changes_nothing(as_coordinator, contract):
    page = f"/gestion/contrat/{contract.id}/annees/1"
    before = year(contract, 1)
    names = re.findall(
        r'<input[^>]* name="((?:fixed|variable|achieved|source)[^"]*)"[^>]* value="([^"]*)"',
        as_coordinator.get(page).text,
    )
    assert len(names) >= 4 * len(CORE)
    assert as_coordinator.post(page, data=dict(names)).status_code == 303
    assert year(contract, 1) == before
    assert not YearLine.select().exists()
