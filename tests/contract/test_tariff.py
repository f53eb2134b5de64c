"""What the ACI pays: the sums that the texts and the contracts print come out of the amounts."""

import pytest

from cptsapp.blueprints.contract import tariff
from cptsapp.blueprints.contract.tariff import FUNCTIONING, Source, simulate
from cptsapp.blueprints.territory import reference

ALL = tuple(reference.missions())


def euros(cents):
    return cents // 100


@pytest.mark.parametrize(("size", "printed"), [(1, 185_000), (2, 242_000), (3, 315_000), (4, 380_000)])
def test_the_totals_of_the_agreement_of_2019_are_the_sums_of_its_lines(size, printed):
    missions = [row["origine_2019"][size - 1] for row in reference.aci()["mission"] if "origine_2019" in row]
    assert euros(tariff.amount(size, FUNCTIONING, 1).fixed) + sum(missions) == printed


@pytest.mark.parametrize(("size", "printed"), [(1, 220_000), (2, 287_000), (3, 370_000), (4, 450_000)])
def test_with_unscheduled_care_they_are_the_totals_that_were_announced(size, printed):
    rows = [row for row in reference.aci()["mission"] if "origine_2019" in row]
    missions = sum(row["origine_2019"][size - 1] + row.get("supplement_2019", [0] * 4)[size - 1] for row in rows)
    assert euros(tariff.amount(size, FUNCTIONING, 1).fixed) + missions == printed


def test_a_contract_of_size_3_with_every_mission_and_a_crisis_is_worth_487_500_euros():
    assert euros(simulate(3, ALL, crisis=True).total) == 487_500


def test_without_a_crisis_a_later_year_of_size_3_is_worth_397_500_euros():
    assert euros(simulate(3, ALL, year=5).total) == 397_500


@pytest.mark.parametrize("size", tariff.SIZES)
def test_a_simulated_total_is_the_sum_of_its_lines(size):
    found = simulate(size, ALL, crisis=True)
    assert found.total == sum((each.fixed or 0) + (each.variable or 0) for _, each in found.amounts)
    assert found.total == found.fixed + found.variable


def test_an_amount_that_no_text_says_is_asked_for_and_never_invented():
    assert tariff.amount(1, "crise", 1).source == Source.MISSING
    assert [line.code for line in simulate(1, ALL).missing] == ["crise"]
    assert simulate(1, ALL).total == simulate(1, [code for code in ALL if code != "crise"]).total


def test_a_derived_amount_says_what_it_was_derived_from():
    for size in tariff.SIZES:
        for code in ALL:
            found = tariff.amount(size, code, 1)
            assert (found.source == Source.DERIVED) == bool(found.how)
