"""The placements of the demonstration: four semesters, no trainee named."""

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.registry import demo_data

from . import rules
from .models import Level, semester_of

SITES = "Lundi et mardi au cabinet, jeudi matin à la PMI, vendredi à la maison de santé."


@demo_data(order=72)
def fill():
    query = Practice.select(Practice.person).where(Practice.profession == "10-MG").order_by(Practice.person)
    doctors = [id for (id,) in query.tuples()][:2]
    for rank, doctor in enumerate(doctors):
        for back in range(4 - rank):
            start = add_months(semester_of(today()), -6 * back)
            level = Level.SASPAS if rank else Level.FIRST
            rules.save(starts_on=start, host_id=doctor, level=level, number=2 - back // 2, sites="" if back else SITES)
