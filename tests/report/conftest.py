"""A contract in its second year, an action under way, a measure of it, and the two kinds of reports on that year."""

from decimal import Decimal

import pytest

from cptsapp.blueprints.contract import rules as contract_rules
from cptsapp.blueprints.indicator.models import Measure, MeasureTerm
from cptsapp.blueprints.project import rules as project_rules
from cptsapp.blueprints.project.models import FicheState
from cptsapp.blueprints.report import rules
from cptsapp.blueprints.report.models import ReportKind
from cptsapp.kernel.dates import add_months, today


@pytest.fixture
def contract(app):
    return contract_rules.sign(signed_on=add_months(today(), -18), size=3, years=5, missions=("acces", "prevention"))


@pytest.fixture
def fiche(contract):
    made = project_rules.create(title="Prévenir les chutes", code="A1", mission="prevention", summary="Bouger | mieux")
    for state in (FicheState.VALIDATED, FicheState.PRESENTED, FicheState.ACTIVE):
        project_rules.move(made.id, state, is_bureau=True)
    project_rules.evaluate(made.id, contract_id=contract.id, year=2, text="Trois ateliers ont été tenus.", progress=40)
    return made


@pytest.fixture
def measure(contract, fiche):
    made = Measure.create(code="M1", fiche=fiche)
    term = MeasureTerm(
        measure=made, contract=contract, year=2, label="Personnes formées", origin="typed", unit="personnes"
    )
    term.initial, term.target, term.unit = Decimal(10), Decimal(60), "personnes"
    term.save()
    return made


@pytest.fixture
def report(contract, fiche):
    return rules.create(ReportKind.ACTIVITY, contract_id=contract.id, year=2)


@pytest.fixture
def dossier(contract, fiche):
    return rules.create(ReportKind.DOSSIER, contract_id=contract.id, year=2)
