"""Votes of the demonstration: one of the bureau, counted and applied; one of the members, open."""

from datetime import timedelta

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.project.audience import Audience
from cptsapp.blueprints.project.models import Fiche
from cptsapp.kernel.dates import today
from cptsapp.kernel.registry import demo_data

from . import rules


@demo_data(order=58)
def fill():
    fiches = [each.id for each in Fiche.present().where(Fiche.code != "").order_by(Fiche.id)]
    if len(fiches) < 4 or Account.with_email("adherent@exemple.fr") is None:
        return
    voters = list(Audience.ADHERENTS.people())
    soon = today() + timedelta(days=21)
    asked = {"who": Audience.ADHERENTS, "choices": 3, "fiches": fiches}
    counted = rules.open_round(title="Les urgences de l’année passée", until=today(), **asked)
    for rank, person in enumerate(voters[:12]):
        rules.vote(counted.id, person.id, {fiches[(rank * step) % len(fiches)] for step in (1, 2, 5)} if rank else ())
    rules.close(counted.id)
    words = "Trois actions au plus, celles qui ne peuvent pas attendre."
    running = rules.open_round(title="Nos priorités pour l’année à venir", words=words, until=soon, **asked)
    for rank, person in enumerate(voters[3:8]):
        rules.vote(running.id, person.id, {fiches[rank % 3], fiches[-1 - rank % 3]})
