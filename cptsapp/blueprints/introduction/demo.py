"""Introductions of the demonstration: one that waits, one that both agreed to."""

from cptsapp.kernel.db import db
from cptsapp.kernel.mail import OutgoingMail
from cptsapp.kernel.registry import demo_data

from . import matching, rules
from .models import SEEKERS, Side


@demo_data(order=80)
def fill():
    for demand in matching.demands():
        for suggestion in matching.suggested(demand)[:1]:
            found = rules.propose(demand.id, suggestion.entry.id)
            if demand.directory == SEEKERS:
                for side in Side:
                    rules.agree(found.id, side, link_version=found.link_version)
    with db.atomic():  # nobody of this story is to be written to
        OutgoingMail.delete().where(OutgoingMail.template.startswith("introduction/")).execute()
