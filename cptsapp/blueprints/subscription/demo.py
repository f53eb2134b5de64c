"""The subscribers, the partners and the topics of the demonstration."""

from datetime import timedelta

from cptsapp.blueprints.person import rules as person_rules
from cptsapp.kernel.db import now
from cptsapp.kernel.mail import Kind
from cptsapp.kernel.registry import demo_data

from . import partners, refusals, subscribing, tallies, topics
from .models import Counted, Partner, Subscription

TOPICS = [
    ("Prévention et dépistages", "Les campagnes près de chez vous"),
    ("Accès aux soins", "Trouver un médecin, les soins non programmés"),
    ("Formations et soirées", "Pour les professionnels du territoire"),
    ("Vie de l’association", "Assemblées, groupes de travail, recrutements"),
]
SUBSCRIBERS = [
    ("Adèle", "Fabulette", 240, (0, 1)),
    ("Bastien", "Songe", 190, (0,)),
    ("Chloé", "Mirage", 120, (1, 3)),
    ("Driss", "Chimère", 64, ()),
    ("Elsa", "Rêverie", 31, (0, 2)),
    ("Félix", "Conte", 12, (1,)),
    ("", "", 3, ()),
]
PARTNERS = [
    ("cpam", "CPAM fictive de la Brie", "Hélène", "Accord", "Déléguée au partenariat"),
    ("ars", "ARS d’exemple, délégation départementale", "Igor", "Tutelle", "Référent territorial"),
    ("collectivite", "Mairie de Modèleville", "Jeanne", "Écharpe", "Adjointe à la santé"),
    ("collectivite", "Communauté de communes d’exemple", "", "", ""),
    ("establishment", "Hôpital du Modèle", "Karl", "Garde", "Directeur des relations avec la ville"),
    ("medico_social", "Résidence Les Exemples", "Lina", "Soleil", "Cadre de santé"),
    ("association", "Association Bouger en Brie", "Mathis", "Foulée", "Président"),
    ("cpts", "CPTS voisine (exemple)", "Nora", "Passerelle", "Coordinatrice"),
    ("press", "Le Journal d’exemple", "", "", ""),
]


@demo_data(order=55)
def fill():
    ids = [topics.save(name, description).id for name, description in TOPICS]
    for rank, (given_name, family_name, days, chosen) in enumerate(SUBSCRIBERS):
        _subscribe(f"abonne{rank}@exemple.fr", given_name, family_name, days, [ids[each] for each in chosen])
    for rank, (kind, organisation, given_name, family_name, function) in enumerate(PARTNERS):
        partner = partners.create(
            kind=kind,
            organisation=organisation,
            given_name=given_name,
            family_name=family_name,
            function=function,
            email=f"partenaire{rank}@exemple.fr",
            phone=f"01 99 00 40 {rank:02}",
            source="Réunion de présentation (exemple)",
        )
        if rank % 3:
            Partner.update(informed_at=now() - timedelta(days=90)).where(Partner.id == partner.id).execute()
    refusals.refuse("abonne3@exemple.fr", [Kind.COLLECTIVE])
    refusals.refuse("partenaire8@exemple.fr", [Kind.COLLECTIVE], reason=refusals.Reason.OPPOSED)


def _subscribe(email, given_name, family_name, days, chosen):
    person = person_rules.create(given_name=given_name, family_name=family_name or email, email=email)
    moment = now() - timedelta(days=days)
    Subscription.create(
        person=person,
        email=email,
        wording=subscribing.wording(),
        page="/lettre/",
        asked_at=moment - timedelta(minutes=7),
        confirmed_at=moment,
        alive_at=moment,
    )
    subscribing.choose(person.id, chosen)
    for what in (Counted.ASKED, Counted.CONFIRMED):
        tallies.count(what, day=moment.date())
