"""What is written of an indicator: definitions that make sense, frozen for good; values that nothing overwrites."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peewee import IntegrityError

from cptsapp.blueprints.indicator import recording, rules, series
from cptsapp.blueprints.indicator.checking import Definition
from cptsapp.blueprints.indicator.models import Level, MeasureTerm, MeasureValue
from cptsapp.blueprints.indicator.numbers import parse, with_unit, written
from cptsapp.blueprints.indicator.reading import readings
from cptsapp.blueprints.indicator.rules import Given
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.errors import RuleError

PLAIN = Definition("Ateliers tenus", unit="ateliers", initial=Decimal(2), target=Decimal(10))


def told(**values):
    return replace(PLAIN, **values)


def value(number, **values):
    return Given(**{"on": today(), "number": Decimal(number), "source": "CPAM 77"} | values)


def levels(*pairs):
    return [Level(Decimal(at), euros * 100) for at, euros in pairs]


@pytest.fixture
def measure(contract, fiche):
    return rules.create(told(), fiche_id=fiche.id)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"label": "  "}, "Donnez un nom"),
        ({"target": Decimal(1)}, "sous la valeur initiale"),
        ({"direction": "down"}, "dépasse la valeur initiale"),
        ({"direction": "sideways"}, "monter ou baisser"),
        ({"kind": "wish"}, "nature"),
        ({"unit": "%", "target": Decimal(101)}, "0 à 100"),
        ({"weight": 0}, "poids"),
        ({"origin": "computed"}, "définition est vide"),
        ({"origin": "computed", "key": "rien.de.tel"}, "pas un calcul connu"),
        ({"origin": "computed", "key": "event.held", "parameters": {"kind": "fête"}}, "pas dans la liste"),
        ({"origin": "computed", "key": "event.held", "kind": "rate"}, "divise un chiffre"),
        ({"origin": "computed", "key": "measure", "parameters": {"measure": "99"}}, "Choisissez l’indicateur"),
        ({"origin": "unwired"}, "pourquoi"),
        ({"kind": "levels"}, "au moins un palier"),
        ({"kind": "levels", "levels": levels((5, 10), (5, 20))}, "même seuil"),
        ({"kind": "levels", "levels": levels((5, 20), (8, 10))}, "se recouvrent"),
        ({"kind": "levels", "direction": "down", "levels": levels((5, 10), (8, 20))}, "se recouvrent"),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused_with_a_sentence(contract, measure, wrong, sentence):
    with pytest.raises(RuleError, match=sentence):
        rules.define(measure.id, told(**wrong), contract_id=contract.id, year=2)
    assert MeasureTerm.select().count() == 1


def test_a_measure_cannot_stand_on_itself_even_through_another(contract, measure):
    on = lambda one: told(origin="computed", key="measure", parameters={"measure": str(one.id)})  # noqa: E731
    other = rules.create(on(measure))
    for wrong in (measure, other):
        with pytest.raises(RuleError, match="lui-même"):
            rules.define(measure.id, on(wrong), contract_id=contract.id, year=2)


def test_a_year_has_its_own_definition_and_the_years_before_keep_theirs(contract, measure):
    rules.define(measure.id, told(target=Decimal(12)), contract_id=contract.id, year=2)
    assert [readings(contract, year)[0].target for year in (1, 2, 3)] == [10, 12, 12]
    rules.define(measure.id, told(target=Decimal(14)), contract_id=contract.id, year=2)
    assert MeasureTerm.select().count() == 2


def test_a_frozen_year_never_changes_again_whatever_is_written_around_it(contract, measure):
    rules.freeze(measure.id, contract_id=contract.id, year=2)
    with pytest.raises(RuleError, match="figée depuis"):
        rules.define(measure.id, told(target=Decimal(99)), contract_id=contract.id, year=2)
    rules.define(measure.id, told(target=Decimal(50)), contract_id=contract.id, year=1)
    assert [readings(contract, year)[0].target for year in (1, 2, 3)] == [50, 10, 10]
    with pytest.raises(RuleError, match="déjà figée"):
        rules.freeze(measure.id, contract_id=contract.id, year=2)


def test_a_whole_year_is_frozen_at_once_and_says_how_many(contract, measure, fiche):
    rules.create(told(label="Autre"), fiche_id=fiche.id)
    rules.freeze(measure.id, contract_id=contract.id, year=2)
    assert rules.freeze_year(contract_id=contract.id, year=2) == 1
    with pytest.raises(RuleError, match="Aucune définition"):
        rules.freeze_year(contract_id=contract.id, year=2)
    with pytest.raises(RuleError, match="année du contrat"):
        rules.freeze_year(contract_id=contract.id, year=9)


def test_the_base_refuses_two_definitions_of_one_year(contract, measure):
    with pytest.raises(IntegrityError):
        MeasureTerm.create(measure=measure, label="Deux fois avant le contrat")


def test_a_typed_value_never_takes_the_place_of_another(measure):
    rules.note_value(measure.id, value(3))
    with pytest.raises(RuleError, match="déjà enregistrée"):
        rules.note_value(measure.id, value(4))
    rules.note_value(measure.id, value(5, on=today() - timedelta(days=1)))
    assert MeasureValue.select().count() == 2


def test_a_correction_keeps_what_it_corrects_and_happens_once(contract, measure):
    wrong = rules.note_value(measure.id, value(30))
    with pytest.raises(RuleError, match="même valeur"):
        rules.correct_value(wrong.id, value(30))
    rules.correct_value(wrong.id, value(3, note="Zéro de trop"))
    assert (readings(contract, 2)[0].value, MeasureValue.select().count()) == (3, 2)
    with pytest.raises(RuleError, match="déjà été corrigée"):
        rules.correct_value(wrong.id, value(4))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"source": " "}, "d’où vient"),
        ({"on": today() + timedelta(days=1)}, "aujourd’hui"),
        ({"number": Decimal(-1)}, "0 à un milliard"),
        ({"over": Decimal(5)}, "Seul un taux"),
    ],
)
def test_a_value_without_a_source_or_out_of_bounds_is_refused(measure, wrong, sentence):
    with pytest.raises(RuleError, match=sentence):
        rules.note_value(measure.id, replace(value(3), **wrong))


def test_a_computed_measure_takes_no_typed_value(contract):
    computed = rules.create(told(origin="computed", key="event.held"))
    with pytest.raises(RuleError, match="calculé"):
        rules.note_value(computed.id, value(3))


def test_the_end_of_a_month_is_noted_once_for_the_trend_and_is_no_value_that_somebody_gave(contract):
    rules.create(told(origin="computed", key="event.held"))
    day = today().replace(day=1) - timedelta(days=1)
    assert [recording.record_day(day), recording.record_day(day)] == [1, 0]
    [reading] = readings(contract, 2)
    assert [each[0] for each in reading.trend] == [day, today()]
    assert recording.record_day(add_months(contract.signed_on, -1)) == 0


def test_what_was_noted_of_another_computation_leaves_the_trend(contract):
    made = rules.create(told(origin="computed", key="event.held"))
    day = today().replace(day=1) - timedelta(days=1)
    recording.record_day(day)
    recording.record_day(contract.bounds(1)[1])
    rules.define(made.id, told(origin="computed", key="event.held", target=None), contract_id=contract.id, year=2)
    assert MeasureValue.select().count() == 2
    rules.define(made.id, told(origin="computed", key="event.trained"), contract_id=contract.id, year=2)
    assert [each.on for each in MeasureValue.select()] == [contract.bounds(1)[1]]


# Series


TABLE = "Date;Tranche d’âge;Patients;Source\n31/12/2025;16-69 ans;1 204;CPAM\n2025-12-31;70 ans et plus;86,5;CPAM\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("sign", [";", "\t"])
def test_a_series_is_read_whatever_its_separator_and_its_encoding(encoding, sign):
    rows = series.read(TABLE.replace(";", sign).encode(encoding))
    assert [(number, str(each.number), each.band) for number, each in rows] == [
        (2, "1204", "16-69 ans"),
        (3, "86.5", "70 ans et plus"),
    ]
    assert series.read(series.as_text(rows).encode()) == rows


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("31/02/2025;a;3;x", "Ligne 2, colonne « Date » : « 31/02/2025 » n’est pas une date"),
        ("31/01/2025;a;trois;x", "Ligne 2, colonne « Valeur » : « trois » n’est pas un nombre"),
        (";a;3;x", "Ligne 2, colonne « Date » : elle est vide"),
        ("31/01/2025;a;3;x\n2025-01-31;a;4;x", "Ligne 3 : la ligne 2 a déjà cette date"),
    ],
)
def test_a_wrong_cell_is_told_by_its_row_its_column_and_the_reason(line, sentence):
    with pytest.raises(RuleError, match=sentence):
        series.read(f"Date;Tranche;Valeur;Source\n{line}\n".encode())


def test_the_same_file_twice_adds_nothing_and_one_wrong_row_writes_nothing(contract):
    measure = rules.create(told(kind="series", unit="patients"))
    rows = series.read(TABLE.encode())
    assert [rules.import_values(measure.id, rows), rules.import_values(measure.id, rows)] == [2, 0]
    other = series.read(TABLE.replace("2025", "2024").replace("86,5", "90").encode())
    other.append((4, replace(rows[0][1], number=Decimal(7))))
    with pytest.raises(RuleError, match="Ligne 4 : une autre valeur"):
        rules.import_values(measure.id, other)
    assert MeasureValue.select().count() == 2


@settings(max_examples=150)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=120).map(lambda x: f"Date;Valeur\n{x}".encode())))
def test_any_bytes_are_a_series_or_a_sentence(content):
    try:
        rows = series.read(content, "Source")
    except RuleError:
        return
    assert rows
    assert all(each.number >= 0 and each.source for _, each in rows)


@given(st.decimals(min_value=0, max_value=10**9, places=3))
def test_a_number_is_read_again_as_it_was_written(number):
    assert parse(written(number)) == number


def test_a_unit_is_in_the_singular_below_two():
    assert [with_unit(Decimal(x), "mises en relation") for x in ("0", "1.5", "2")] == [
        "0 mise en relation",
        "1,5 mise en relation",
        "2 mises en relation",
    ]
    assert with_unit(Decimal("66.26"), "%") == "66,26\u00a0%"
