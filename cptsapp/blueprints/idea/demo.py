"""The idea box of the demonstration: an idea to read, one at work, one that became an action, one declined."""

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.adherent.models import Membership
from cptsapp.blueprints.person.models import Kind, Person
from cptsapp.kernel.db import db
from cptsapp.kernel.mail import OutgoingMail
from cptsapp.kernel.registry import demo_data

from . import rules
from .models import IdeaState

IDEAS = (
    (
        "Un numéro de ligne directe entre soignants",
        "Joindre un confrère passe par le standard du cabinet : dix minutes d’attente pour un avis d’une minute.",
        "Chacun indique, dans l’annuaire réservé aux adhérents, une ligne directe et ses heures.",
        "parcours",
    ),
    (
        "Un créneau commun de dépistage bucco-dentaire en EHPAD",
        "Les résidents ne se déplacent plus, et personne ne vient.",
        "Deux demi-journées par trimestre, un chirurgien-dentiste et une infirmière, un matériel prêté par la CPTS.",
        "prevention",
    ),
    (
        "Une fiche de liaison unique à la sortie d’hospitalisation",
        "Chaque service a la sienne ; les infirmiers libéraux découvrent les pansements le jour même.",
        "Un modèle d’une page, adopté avec l’hôpital, envoyé par messagerie sécurisée la veille.",
        "parcours",
    ),
    (
        "Un car de consultation itinérant",
        "Trois communes n’ont plus ni médecin ni transport.",
        "Acheter un véhicule aménagé et le faire tourner chaque semaine.",
        "acces",
    ),
)
REASON = "L’achat dépasse notre enveloppe. Le groupe « accès aux soins » étudie un partenariat avec le département."


@demo_data(order=57)
def fill():
    account = Account.with_email("adherent@exemple.fr")
    if account is None:
        return
    members = Membership.current().select(Membership.person)
    others = Person.present().where(Person.id.in_(members), Person.kind == Kind.PERSON, Person.id != account.person_id)
    first, second, *others = others.limit(11)
    authors = (account.person_id, first.id, second.id, account.person_id)
    names = ("title", "problem", "proposal", "mission")
    told = [dict(zip(names, each, strict=True)) for each in IDEAS]
    box = [
        rules.propose(author, **each, is_signed=author == second.id) for author, each in zip(authors, told, strict=True)
    ]
    new, studied, turned, declined = (each.id for each in box)
    for rank, person in enumerate(others):
        rules.support(turned, person.id, wanted=True)
        if rank % 3 == 0:
            rules.support(studied, person.id, wanted=True)
        if rank % 4 == 0:
            rules.support(new, person.id, wanted=True)
    rules.decide(studied, IdeaState.STUDIED, words="Le groupe prévention en parle à sa prochaine réunion.")
    rules.make_fiche(turned)
    rules.decide(declined, IdeaState.DECLINED, words=REASON)
    with db.atomic():  # nobody of this story is to be written to
        OutgoingMail.delete().where(OutgoingMail.template == "idea/decided").execute()
