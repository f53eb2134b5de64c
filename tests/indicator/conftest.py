"""A contract in its second year, a fiche, and a way to make indicators."""

from datetime import timedelta

import pytest

from cptsapp.blueprints.contract import rules as contract_rules
from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.project import rules as project_rules
from cptsapp.kernel.dates import add_months, today


@pytest.fixture
def contract(app) -> Contract:
    """Signed fifteen months ago: it is in its second year."""
    signed_on = add_months(today(), -15) - timedelta(days=1)
    return contract_rules.sign(signed_on=signed_on, size=3, years=5, missions=("acces", "parcours", "prevention"))


@pytest.fixture
def fiche(app):
    return project_rules.create(title="Un médecin traitant pour tous", code="A1", mission="acces")
