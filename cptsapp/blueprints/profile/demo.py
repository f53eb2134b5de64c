"""What the demonstration’s members tell their colleagues; one has just moved, one has a record to confirm."""

import json

from cptsapp.blueprints.adherent.models import Membership, Practice
from cptsapp.blueprints.annuaire import rules as annuaire_rules
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.registry import demo_data

from . import rules

COMPETENCES = {
    "10-MG": "Maître de stage, suivi des jeunes enfants.",
    "21": "Vaccination, entretiens pharmaceutiques.",
    "50": "Entretien prénatal précoce, rééducation.",
    "60": "Plaies et cicatrisation, soins à domicile.",
    "70": "Kinésithérapie respiratoire.",
    "91": "Troubles de la déglutition.",
}
AREAS = ["77053", "77114", "77445"]
HOURS = "Du lundi au vendredi, sur rendez-vous."


@demo_data(order=55)
def fill():
    practices = list(Practice.select(Practice, Person).join(Person).where(Practice.profession != ""))
    for rank, practice in enumerate(practices):
        practice.competences = COMPETENCES.get(practice.profession, "")
        practice.area_json = json.dumps(AREAS if rank % 2 else [])
        practice.hours, practice.show_hours = HOURS, bool(rank % 2)
        practice.public_listing = rank % 3 == 0
        practice.save()
        if practice.public_listing:
            annuaire_rules.set_public_fields(practice.person_id, ["phone"] if practice.show_phone else [])
    annuaire_rules.set_directory(public_on=True, introduction="Les membres qui ont choisi de paraître ici.")
    if practices:
        move(practices[-1])
        Membership.update(confirmed_on=add_months(today(), -15)).where(
            Membership.person == practices[0].person_id, Membership.left_at.is_null()
        ).execute()


def move(practice):
    """Have a member correct their commune, as they would from their own page."""
    person = practice.person
    rules.update(
        person.id,
        names={"given_name": person.given_name, "family_name": person.family_name},
        email=person.email,
        phone=person.phone,
        profession=practice.profession,
        commune="77114",
        areas=[],
        organisation="Cabinet du Modèle",
        hours=HOURS,
    )
