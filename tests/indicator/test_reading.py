"""What a measure says of a year: its value, its state, its gap, what it earns, and what it cannot say."""

from datetime import timedelta
from decimal import Decimal

import pytest
from playhouse.test_utils import count_queries

from cptsapp.blueprints.indicator import showing, values
from cptsapp.blueprints.indicator.models import Level, Measure, MeasureTerm, MeasureValue
from cptsapp.blueprints.indicator.reading import State, read_years, readings
from cptsapp.blueprints.project import rules as project_rules
from cptsapp.kernel import registry
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.db import now


def measure(fiche=None, **values):
    made = Measure.create(fiche=fiche)
    MeasureTerm.create(measure=made, **{"label": "Ateliers tenus"} | values)
    return made


def note(measure, number, on=None, band="", over=None, **values):
    thousandths = None if over is None else over * 1000
    return MeasureValue.create(
        measure=measure,
        on=on or today(),
        band=band,
        number_thousandths=int(Decimal(str(number)) * 1000),
        over_thousandths=thousandths,
        source="CPAM 77",
        **values,
    )


def read(contract, year=2, **when):
    [found] = readings(contract, year, **when)
    return found


@pytest.fixture
def counted():
    """A registered indicator whose figure the test chooses: `counted.figure = 3`; it remembers what it was asked."""

    class Counted:
        figure, asked = 0, []

        def __call__(self, start, end, kind=""):
            self.asked.append((start, end, kind))
            return self.figure

    made = Counted()
    parameter = registry.Parameter("kind", "Nature", lambda: [("a", "Atelier")])
    new = [registry.Indicator("essai.compte", "Choses comptées", "choses", made, (parameter,))]
    registry.indicators.extend(new)
    yield made
    registry.indicators.remove(new[0])


def computed(fiche=None, **values):
    return measure(fiche, **{"origin": "computed", "key": "essai.compte"} | values)


def test_a_value_typed_in_the_year_is_read_and_one_of_the_year_before_is_not(contract):
    made = measure(target_thousandths=10_000)
    note(made, 7, on=add_months(today(), -6))
    assert read(contract).state == State.MISSING
    note(made, 4, on=today() - timedelta(days=1))
    found = read(contract)
    assert (found.value, found.gap, found.progress, found.source) == (4, 6, 40, "CPAM 77")
    assert read(contract, 1).value == 7
    assert read(contract, 3).state == State.AHEAD


def test_a_thing_written_once_stays_written_the_years_after(contract):
    made = measure(kind="yes_no", direction="binary", amount_cents=500_000)
    assert read(contract).state == State.MISSING
    note(made, 1, on=add_months(today(), -6))
    found = read(contract)
    assert (found.value, found.state, found.earned_cents, found.possible_cents) == (1, State.REACHED, 500_000, 500_000)


def test_a_computed_yes_keeps_its_number_and_counts_from_the_signature_or_from_the_year(contract, counted):
    computed(kind="yes_no", direction="binary", since="contract", parameters_json='{"kind": "a"}')
    counted.figure = 3
    found = read(contract)
    assert (found.value, found.count, found.source) == (1, 3, "Choses comptées (Nature : Atelier)")
    assert counted.asked[-1] == (contract.signed_on, today(), "a")
    MeasureTerm.update(since="year").execute()
    read(contract)
    assert counted.asked[-1] == (contract.bounds(2)[0], today(), "a")


def test_a_rate_without_a_denominator_is_a_dash_never_zero(contract, counted):
    computed(kind="rate", unit="%", over_key="essai.compte")
    found = read(contract)
    assert (found.value, found.state) == (None, State.UNDIVIDED)
    typed = measure(kind="rate", unit="%")
    note(typed, 0, over=0)
    assert {each.state for each in readings(contract, 2)} == {State.UNDIVIDED}
    counted.figure = 3
    assert readings(contract, 2)[0].value == 100


def test_the_whole_of_a_series_is_what_was_given_else_the_sum_of_its_bands(contract):
    made = measure(kind="series", direction="down", unit="patients")
    note(made, 100, band="16-29 ans")
    note(made, "20.5", band="70 ans et plus")
    assert read(contract).value == Decimal("120.5")
    note(made, 130)
    assert read(contract).value == 130


def test_a_rate_given_by_bands_divides_the_sums(contract):
    made = measure(kind="rate", unit="%")
    note(made, 1, band="a", over=4)
    note(made, 2, band="b", over=5)
    found = read(contract)
    assert (found.value, found.count, found.over) == (Decimal("33.333"), 3, 9)


@pytest.mark.parametrize(("value", "earned"), [(219, 0), (218, 3000), (100, 6000), (51, 6000), (50, 9000), (0, 9000)])
def test_a_level_is_earned_once_its_threshold_is_reached_whatever_the_direction(contract, value, earned):
    made = measure(
        kind="levels",
        direction="down",
        initial_thousandths=219_000,
        levels_json=_levels((218, 3000), (100, 6000), (50, 9000)),
    )
    note(made, value)
    found = read(contract)
    assert (found.earned_cents, found.possible_cents, found.target) == (earned * 100, 900_000, 50)
    assert found.gap == max(0, value - 50)


def _levels(*pairs):
    term = MeasureTerm()
    term.levels = [Level(Decimal(at), euros * 100) for at, euros in pairs]
    return term.levels_json


def test_a_measure_whose_function_is_gone_or_fails_says_so_and_the_others_stand(contract, counted, monkeypatch):
    computed(key="rien.du.tout")
    computed()
    assert [each.state for each in readings(contract, 2)] == [State.GONE, State.KNOWN]
    monkeypatch.setattr(type(counted), "__call__", lambda *_: 1 / 0)
    assert [each.state for each in readings(contract, 2)] == [State.GONE, State.FAILED]


def test_a_measure_may_stand_on_others_and_never_on_itself(contract, counted):
    one = measure(label="Présents")
    note(one, 3)
    two = measure(label="Inscrits")
    note(two, 4)
    rate = measure(
        label="Présence",
        kind="rate",
        unit="%",
        origin="computed",
        key="measure",
        over_key="measure",
        parameters_json=f'{{"measure": "{one.id}"}}',
        over_parameters_json=f'{{"measure": "{two.id}"}}',
    )
    found = readings(contract, 2)[-1]
    assert (found.value, found.source) == (75, "Indicateur « Présents » / Indicateur « Inscrits »")
    MeasureTerm.update(parameters_json=f'{{"measure": "{rate.id}"}}').where(MeasureTerm.measure == rate).execute()
    assert readings(contract, 2)[-1].state == State.GONE


def test_a_year_without_a_definition_of_its_own_is_counted_as_the_year_before(contract):
    made = measure(label="Avant le contrat")
    MeasureTerm.create(measure=made, contract=contract, year=2, label="Autrement", unit="séances")
    told = [(each.label, each.changes_of_definition) for year in (1, 2, 3) for each in readings(contract, year)]
    assert told == [("Avant le contrat", False), ("Autrement", True), ("Autrement", True)]


def test_a_value_that_was_corrected_is_read_no_more_and_stays_in_the_history(contract):
    made = measure()
    wrong = note(made, 40)
    note(made, 4, replaces=wrong)
    assert read(contract).value == 4
    assert made.values.count() == 2


def test_the_figures_of_a_day_leave_out_what_came_after(contract):
    made = measure()
    note(made, 1, on=today() - timedelta(days=3))
    note(made, 2, on=today())
    assert read(contract, on=today() - timedelta(days=1)).value == 1


def test_archived_measures_and_those_of_a_fiche_in_the_bin_are_not_read(contract, fiche):
    measure(fiche)
    gone = measure()
    Measure.update(archived_at=now()).where(Measure.id == gone.id).execute()
    assert [each.fiche for each in readings(contract, 2)] == [fiche]
    project_rules.trash(fiche.id)
    assert readings(contract, 2) == []


# By band, and outside


def test_each_band_has_its_own_line_in_the_order_of_ages(contract):
    made = measure(kind="series", origin="imported", origin_note="CPAM", unit="patients")
    before = today() - timedelta(days=90)
    for band, first, last in (("70 ans et plus", 20, 9), ("16-29 ans", 100, None), ("5-15 ans", None, 7)):
        for on, number in ((before, first), (today(), last)):
            if number is not None:
                note(made, number, on=on, band=band)
    term, rows = MeasureTerm.get(MeasureTerm.measure == made), list(made.values.order_by(MeasureValue.on))
    found = values.history(term, rows)
    assert (found.days, found.has_bands) == ([before, today()], True)
    assert found.drawn == [("5-15 ans", [None, 7]), ("16-29 ans", [100, None]), ("70 ans et plus", [20, 9])]
    assert found.told[-1] == ("Ensemble", ["120", "16"])
    assert found.told[1] == ("16-29 ans", ["100", "–"])


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ({"a": 50, "b": 20, "c": 9}, {"a": "50", "b": "20", "c": "9", "Ensemble": "79"}),
        ({"a": 50, "b": 20, "c": 4}, {"a": "50", "b": "non montré", "c": "non montré", "Ensemble": "74"}),
        ({"a": 50, "b": 3, "c": 4}, {"a": "50", "b": "non montré", "c": "non montré", "Ensemble": "57"}),
        ({"a": 0, "c": 4}, {"a": "0", "c": "non montré", "Ensemble": "non montré"}),
    ],
)
def test_outside_no_small_number_is_told_nor_can_be_worked_out(app, numbers, shown):
    made = measure(kind="series", origin="imported", origin_note="CPAM", unit="patients")
    for band, number in numbers.items():
        note(made, number, band=band)
    (found,) = showing.observed([made])
    assert {band: words[0] for band, words in found.history.told} == shown
    assert all(value is None or value == 0 or value >= 5 for _, row in found.history.drawn for value in row)


def test_outside_a_measure_is_known_without_a_contract_with_its_day_and_its_source(app):
    made = measure(kind="rate", unit="%", origin="imported", origin_note="CPAM")
    note(made, 40, over=100, on=today() - timedelta(days=800))
    nothing = measure(label="Rien", origin="typed")
    (found,) = showing.observed([made, nothing])
    assert (found.words, found.on) == ("40\xa0%", today() - timedelta(days=800))
    note(made, 97, over=100)
    (found,) = showing.observed([made])
    assert found.words == "effectif trop petit"
    assert found.history.told == [("Ensemble", ["40", "non montré"])]


def test_the_years_of_a_measure_read_at_once_say_what_each_says_alone(contract, fiche):
    typed = measure(fiche, kind="series", origin="typed", target_thousandths=50_000, initial_thousandths=0)
    for year, number in ((1, 12), (1, 20), (2, 31)):
        note(typed, number, on=contract.bounds(year)[0] + timedelta(days=number))
    with count_queries() as together:
        found = read_years(typed, contract)
    assert [each.value for each in found.values() if each.value is not None] == [20, 31]
    assert found == {year: read(contract, year) for year in range(1, contract.years + 1)}
    assert together.count == 2  # its definitions and its values, however many years
