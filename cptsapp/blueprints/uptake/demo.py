"""More headcounts for the demonstration: fictitious, and plainly so."""

from datetime import timedelta

from cptsapp.blueprints.territory import rules as territory_rules
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.dates import today
from cptsapp.kernel.registry import demo_data

from . import rules

SOURCE = "Chiffres de la démonstration"
LATER = {"": 418, "10-MG": 54, "60": 88, "50": 5}
INHABITANTS_PER_PROFESSIONAL = 230


@demo_data(order=45)
def fill():
    day = today() - timedelta(days=60)
    territory_rules.count_professionals(day, LATER, source=SOURCE)
    numbers = {each.insee: each.population // INHABITANTS_PER_PROFESSIONAL for each in Commune.of_territory()}
    rules.count_communes(day, numbers, source=SOURCE)
