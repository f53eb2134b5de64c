"""Three new general practitioners of the demonstration: one met, one to meet, one for whom it is late."""

from datetime import timedelta

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.adherent import rules as adherents
from cptsapp.blueprints.adherent.models import Membership, Practice
from cptsapp.blueprints.person import rules as persons
from cptsapp.blueprints.person.models import Kind
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel.dates import today
from cptsapp.kernel.registry import demo_data

from . import rules
from .models import GP

NEWCOMERS = [("Ambre", "Ébène", "77053", 12), ("Bastien", "Crayon", "77450", 40), ("Cléo", "Fusain", "77122", 95)]


@demo_data(order=72)
def fill():
    desk = Account.with_email("coordinatrice@exemple.fr")
    ids = [_newcomer(*each) for each in NEWCOMERS]
    rules.skip(Account.with_email("bureau@exemple.fr").person_id, by=desk.id)  # known for long
    note = "Cherche un remplaçant pour l’été. Intéressé par la maîtrise de stage."
    rules.meet(ids[1], on=today() - timedelta(days=9), note=note, by=desk.id)


def _newcomer(given_name: str, family_name: str, insee: str, days: int) -> int:
    person = persons.create(kind=Kind.PERSON, given_name=given_name, family_name=family_name)
    Practice.create(person=person, profession=GP, commune=territory.use(insee))
    adherents.admit(person.id)
    joined = today() - timedelta(days=days)
    Membership.update(started_on=joined).where(Membership.person == person).execute()
    return person.id
