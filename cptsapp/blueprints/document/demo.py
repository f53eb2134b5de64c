"""The documents of the demonstration: short, fictitious, and complete enough to be read."""

from datetime import date

from werkzeug.datastructures import FileStorage

from cptsapp.kernel import files, instance
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.registry import demo_data

from . import rules
from .models import Kind

STATUTES = """
*Document fictif, pour la démonstration.*

## Article 1. Nom et objet

Il est fondé entre les adhérents une association régie par la loi du 1er juillet 1901. Elle réunit des professionnels de
santé, des établissements et des usagers d’un même territoire, afin d’améliorer l’accès aux soins, les parcours et la
prévention.

## Article 2. Membres

L’association compte trois collèges : professionnels libéraux, établissements et structures, population et usagers.
Toute personne qui approuve les statuts et la charte peut demander à adhérer ; le bureau se prononce.

## Article 3. Assemblée générale

Elle se tient une fois par an. Chaque membre y dispose d’une voix et peut porter {pouvoirs}.

## Article 4. Conseil d’administration

Quinze administrateurs sont élus pour trois ans, par collège. Le conseil choisit en son sein un bureau : présidence,
vice-présidence, trésorerie, secrétariat.

## Article 5. Ressources

L’association vit des financements de son contrat avec l’assurance maladie et l’agence régionale de santé, et de
subventions publiques. Elle ne reçoit rien des entreprises du médicament ou du matériel.
"""

CHARTER = """
*Document fictif, pour la démonstration.*

En rejoignant la communauté, je m’engage à :

1. **répondre** aux confrères qui me sollicitent pour un patient, même pour dire que je ne peux pas ;
2. **partager** ce qui est utile au soin, avec l’accord du patient, et rien de plus ;
3. **respecter** le choix du patient : aucun soignant ne lui est imposé ;
4. **dire** mes liens d’intérêts quand ils touchent au sujet dont nous parlons ;
5. **tenir à jour** ma fiche dans l’annuaire ;
6. **protéger** les identifiants de mon espace, qui sont personnels.

La communauté s’engage en retour à m’écouter, à m’informer sans m’encombrer, et à indemniser le temps que je lui donne.
"""

MINUTES = """
*Document fictif, pour la démonstration.*

**Présents ou représentés** : onze administrateurs sur quinze. Le quorum est atteint.

## 1. Barème des indemnités

Le barème 2026 est reconduit pour 2027. *Adopté à l’unanimité.*

## 2. Téléconsultation accompagnée

Deux mallettes seront achetées et prêtées à des duos volontaires, après écriture de leur protocole. *Adopté, une
abstention.*

## 3. Agenda partagé

Le choix de l’outil est reporté à la réunion de janvier, lorsque le cahier des charges sera connu.

## 4. Annuaire

Une consultation des adhérents aura lieu en novembre sur l’ouverture d’une partie de l’annuaire au public.

La séance est levée à 22 h 05.
"""

SHEET = """
*Modèle à recopier. N’y écrivez jamais le nom d’un patient avant de l’avoir imprimé ou chiffré.*

| À remplir la veille de la sortie | |
|---|---|
| Date et heure de sortie | |
| Service et numéro direct | |
| Résumé de l’état de santé, en cinq lignes | |
| Ordonnances jointes (traitement, soins, matériel) | |
| Ce qui a changé pendant le séjour | |
| Rendez-vous déjà pris | |
| Personne de confiance | |
"""


@demo_data(order=40)
def fill():
    statutes = rules.create(
        title="Statuts de l’association",
        kind=Kind.STATUTES,
        summary="Le texte fondateur : objet, membres, assemblée, conseil d’administration.",
        visibility=Visibility.PUBLIC,
        label="Version de la création",
        dated_on=date(2019, 11, 19),
        text=STATUTES.format(pouvoirs="un pouvoir"),
    )
    rules.add_version(
        statutes.id,
        label="Version adoptée en assemblée générale",
        dated_on=date(2026, 3, 26),
        text=STATUTES.format(pouvoirs="deux pouvoirs de son collège"),
    )
    rules.create(
        title="Charte des adhérents",
        kind=Kind.CHARTER,
        summary="Six engagements, que chacun accepte en rejoignant la communauté.",
        visibility=Visibility.PUBLIC,
        label="Version 2",
        dated_on=date(2026, 3, 26),
        text=CHARTER,
    )
    rules.create(
        title="Conseil d’administration du 13 octobre 2026",
        kind=Kind.MINUTES,
        visibility=Visibility.ADHERENTS,
        label="Compte rendu validé",
        dated_on=date(2026, 10, 19),
        text=MINUTES,
    )
    rules.create(
        title="Fiche de sortie d’hôpital",
        kind=Kind.FORM,
        summary="Une seule page, pour que la ville sache la veille ce que l’hôpital sait.",
        visibility=Visibility.ADHERENTS,
        label="Version 3, relue par deux services",
        dated_on=date(2026, 6, 11),
        text=SHEET,
    )
    rules.create(
        title="Affiche du dépistage du diabète",
        kind=Kind.COMMUNICATION,
        summary="À imprimer en A4 pour la vitrine ou la salle d’attente.",
        visibility=Visibility.PUBLIC,
        label="Automne 2026",
        dated_on=date(2026, 11, 2),
        file_id=_poster(),
    )


def _poster() -> int:
    path = instance.MODEL_CONTENT / "fichiers" / "affiche-depistage-diabete.pdf"
    with path.open("rb") as stream:
        return files.store_attachment(FileStorage(stream, filename=path.name)).id
