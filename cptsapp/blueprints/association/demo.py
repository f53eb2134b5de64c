"""A fictitious CPTS on the real communes of the Brie, online, with figures said by its contract."""

from datetime import date

from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel.registry import demo_data

from . import rules

COMMUNES = (
    "77004 77007 77029 77031 77053 77082 77091 77104 77107 77114 77127 77136 77138 77175 77177 77180 77192 77215 "
    "77217 77222 77249 77252 77253 77254 77264 77277 77336 77352 77377 77393 77450 77455 77457 77470 77493 77534"
)
HEADCOUNTS = {
    "": 409,
    "60": 82,
    "70": 66,
    "10-MG": 57,
    "10-AUTRE": 47,
    "40": 38,
    "21": 23,
    "80": 22,
    "91": 16,
    "10-BIO": 6,
    "92": 5,
    "50": 4,
    "40-ODF": 2,
}


@demo_data(order=0)
def fill():
    territory.add_communes(COMMUNES.split())
    territory.set_contract(
        population=97_247,
        population_on=date(2022, 1, 1),
        population_source="Contrat ACI de la démonstration",
        size=None,
    )
    territory.count_professionals(date(2024, 1, 1), HEADCOUNTS, source="Projet de santé de la démonstration")
    rules.default_identity(name="CPTS Brie-Démonstration", email="bonjour@exemple.fr")
    rules.set_identity(
        name="CPTS Brie-Démonstration",
        short_name="CPTS de la Brie (démo)",
        subtitle="",
        address="1 place de l’Exemple\n77170 Brie-Comte-Robert",
        phone="01 99 00 12 34",
        email="bonjour@exemple.fr",
        opening_hours="Du lundi au jeudi, de 9 h à 17 h",
        founded_on=date(2020, 3, 12),
        missions=("acces", "parcours", "prevention", "crise", "qualite"),
        links="Annuaire santé : https://exemple.fr/annuaire",
    )
    rules.set_legal(
        rna="W770000000",
        publication_director="Dominique Exemple",
        host_name="Hébergeur fictif",
        host_address="2 rue du Modèle, 75000 Paris",
        host_phone="01 99 00 56 78",
    )
    rules.set_mail(
        sender_name="CPTS de la Brie (démo)",
        sender_email="bonjour@exemple.fr",
        collective_sender_name="La lettre de la CPTS",
        collective_sender_email="lettre@exemple.fr",
    )
    rules.set_membership(
        month=1,
        fee_cents=2000,
        payment="Par virement : IBAN FR76 0000 0000 0000 0000 0000 000\n"
        "Ou par chèque à l’ordre de « CPTS Brie-Démonstration », 1 place de l’Exemple, 77170 Brie-Comte-Robert",
    )
    rules.put_online()
