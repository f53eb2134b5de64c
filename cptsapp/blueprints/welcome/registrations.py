"""What the welcomes tell the floors below: a panel of the record, figures, a person's data and its end."""

from datetime import date

from cptsapp.blueprints.adherent.models import Membership, Practice
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.registry import indicator, person_panel, personal_data, personal_eraser

from .models import GP, Welcome, arrived_on, row_of, since, state_of, welcomes


@person_panel("Accueil", template="welcome/_panel.html", access=("coordination",), order=22)
def panel(person):
    """Show where the welcome of a GP stands, or offer one; nothing for others."""
    practice = Practice.find(person.id)
    if practice is None or practice.profession != GP or person.deleted_at:
        return None
    found = welcomes().where(Person.id == person.id).first()
    if found is None:
        return {"welcome": None}
    return {"welcome": found, "state": state_of(found), "since": arrived_on(found), "row": row_of(found)}


@indicator("welcome.new", "Nouveaux médecins généralistes adhérents", unit="médecins")
def newcomers(start: date, end: date) -> int:
    """Count the GPs whose first membership began in the period."""
    doctors = (
        Person.select(Person.id).join(Practice, on=(Practice.person == Person.id)).where(Practice.profession == GP)
    )
    members = Membership.select(Membership.person)
    return doctors.where(Person.id.in_(members), since() >= start, since() <= end).count()


@indicator("welcome.met", "Nouveaux médecins généralistes rencontrés", unit="médecins")
def met(start: date, end: date) -> int:
    return Welcome.select().where(Welcome.met_on.between(start, end)).count()


@personal_data("welcome", "Accueil par l’association")
def exported(person_id: int) -> dict:
    row = Welcome.get_or_none(Welcome.person == person_id)
    return {"rencontre_le": row.met_on, "note": row.note} if row else {}


@personal_eraser()
def erase(person_id: int) -> None:
    Welcome.delete().where(Welcome.person == person_id).execute()
