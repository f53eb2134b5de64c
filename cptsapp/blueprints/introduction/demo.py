"""Introductions of the demonstration: one that waits, one that both agreed to."""

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.directory import rules as directory_rules
from cptsapp.blueprints.directory.models import Means
from cptsapp.blueprints.directory.rules import Agreement, Typed
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel.db import db
from cptsapp.kernel.mail import OutgoingMail
from cptsapp.kernel.registry import demo_data

from . import matching, rules
from .models import IPA, SEEKERS, Side

STUDENT = "nina.apparence@exemple.fr"


@demo_data(order=80)
def fill():
    _student()
    for demand in matching.demands():
        for suggestion in matching.suggested(demand)[:1]:
            found = rules.propose(demand.id, suggestion.entry.id)
            if demand.directory == SEEKERS:
                for side in Side:
                    rules.agree(found.id, side, link_version=found.link_version)
    with db.atomic():  # nobody of this story is to be written to
        mails = OutgoingMail.template.startswith("introduction/") | (OutgoingMail.to_address == STUDENT)
        OutgoingMail.delete().where(mails).execute()


def _student():
    """One more student, so that there is still somebody to propose."""
    person = person_rules.create(given_name="Nina", family_name="Apparence", email=STUDENT)
    Practice.create(person=person, profession="60", commune=territory.use("77053"))
    said = {"situation": "formation_2", "mentions": ["si01"], "partage_formation": True}
    typed = Typed(commune="77053", email=STUDENT, phone="01 99 00 35 01", values=said)
    directory_rules.declare(IPA, person.id, typed, Agreement(means=Means.PAPER), keyed=True)
