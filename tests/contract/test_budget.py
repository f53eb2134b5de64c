"""The budget of a contract year: typed in cents, warned of over nine tenths, told by the report, exported."""

from datetime import timedelta

import pytest
from peewee import IntegrityError

from cptsapp.blueprints.contract import rules
from cptsapp.blueprints.contract.budget import budgets
from cptsapp.blueprints.contract.models import Contract, Envelope
from cptsapp.blueprints.report import rules as report_rules
from cptsapp.blueprints.report.models import ReportKind, Section
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.errors import RuleError
from tests.conftest import text_of


@pytest.fixture
def contract(app):
    signed_on = add_months(today(), -15) - timedelta(days=1)
    return rules.sign(signed_on=signed_on, size=3, years=5, missions=("acces", "prevention"))


def page(contract, year=2):
    return f"/gestion/contrat/{contract.id}/annees/{year}/budget"


def line(contract, code, year=2):
    found = budgets(Contract.get_by_id(contract.id))[year - 1]
    return next(each for each in found.lines if each.line.code == code)


def plan(contract, planned, spent, code="acces"):
    rules.plan_year(contract.id, 2, {code: {"planned_cents": planned, "spent_cents": spent}})
    return line(contract, code)


def test_a_budget_is_typed_in_euros_kept_in_cents_and_read_on_the_contract(as_coordinator, contract):
    typed = {"planned_cents-acces": "45 000", "spent_cents-acces": "42300,5", "note-acces": "Remplacements"}
    assert as_coordinator.post(page(contract), data=typed).status_code == 303
    acces = line(contract, "acces")
    assert (acces.planned, acces.spent, acces.left, acces.share) == (4_500_000, 4_230_050, 269_950, 94)
    assert not line(contract, "acces", year=3).is_typed
    read = text_of(as_coordinator.get(f"/gestion/contrat/{contract.id}").text)
    assert "94 % consommés" in read.replace("\u202f", " ").replace("\xa0", " ")
    assert "1 enveloppe consommée" in text_of(as_coordinator.get("/gestion/").text).replace("\xa0", " ")


@pytest.mark.parametrize(
    ("planned", "spent", "warned", "overrun"),
    [
        (10_000, 9_000, False, False),
        (10_000, 9_001, True, False),
        (10_000, 10_001, True, True),
        (0, 0, False, False),
        (0, 1, True, True),
        (None, 5_000, False, False),
        (5_000, None, False, False),
    ],
)
def test_over_nine_tenths_it_is_said_and_never_refused(contract, planned, spent, warned, overrun):
    found = plan(contract, planned, spent)
    assert (found.is_nearly_spent, found.is_overrun) == (warned, overrun)


def test_a_refused_budget_keeps_what_was_typed(as_coordinator, contract):
    typed = {"planned_cents-acces": "beaucoup", "spent_cents-acces": "12,50", "note-prevention": "Seule"}
    refused = as_coordinator.post(page(contract), data=typed)
    assert refused.status_code == 422
    assert 'value="beaucoup"' in refused.text
    assert not Envelope.select().exists()
    alone = as_coordinator.post(page(contract), data={"note-prevention": "Seule"})
    assert alone.status_code == 422
    assert "Donnez un montant" in alone.text


def test_a_line_emptied_is_forgotten_and_an_unknown_one_refused(contract):
    plan(contract, 10_000, None)
    assert not plan(contract, None, None).is_typed
    assert not Envelope.select().exists()
    with pytest.raises(RuleError, match="pas dans le contrat"):
        plan(contract, 10_000, None, code="crise")
    with pytest.raises(RuleError, match="année"):
        rules.plan_year(contract.id, 6, {})
    with pytest.raises(RuleError, match="1 000 000"):
        plan(contract, rules.MOST_CENTS + 1, None)


def test_a_contract_is_not_shortened_under_its_budget(contract):
    rules.plan_year(contract.id, 5, {"acces": {"planned_cents": 1}})
    values = {"signed_on": contract.signed_on, "size": 3, "missions": ("acces", "prevention")}
    with pytest.raises(RuleError, match="Effacez-les"):
        rules.update(contract.id, years=4, **values)


@pytest.mark.parametrize("wrong", [{"planned_cents": -1}, {"spent_cents": -1}, {"planned_cents": None}, {"year": 0}])
def test_the_database_refuses_what_makes_no_sense(contract, wrong):
    plan(contract, 10_000, None)
    with pytest.raises(IntegrityError):
        Envelope.update(wrong).execute()


def test_the_file_has_a_decimal_comma(as_coordinator, contract):
    plan(contract, 4_500_000, 4_230_050)
    rows = as_coordinator.get(f"/gestion/contrat/{contract.id}/budget.csv").get_data(as_text=True).splitlines()
    assert rows[1].endswith("45000,0;42300,5;94;2699,5;")
    assert len(rows) == 2


@pytest.mark.parametrize("kind", list(ReportKind))
def test_the_report_tells_the_budget_once_it_is_typed(contract, kind):
    report = report_rules.create(kind, contract_id=contract.id, year=2)
    funds = Section.get(Section.report == report, Section.key == "fonds")
    assert "À compléter : les dépenses par poste" in funds.text
    plan(contract, 4_500_000, 4_230_050)
    report_rules.regenerate(report.id)
    funds = Section.get_by_id(funds.id)
    assert "À compléter" not in funds.text
    assert "| 94 % |" in funds.text
    plan(contract, 1_000_000, None, code="prevention")
    report_rules.regenerate(report.id)
    assert "À compléter : ce qui a été dépensé pour" in Section.get_by_id(funds.id).text


def test_the_bureau_reads_the_budget_and_types_none(as_bureau, contract):
    assert as_bureau.get(f"/gestion/contrat/{contract.id}/budget.csv").status_code == 200
    assert as_bureau.get(page(contract)).status_code == 403
