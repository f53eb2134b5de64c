"""The prospects of the demonstration."""

from datetime import timedelta

from cptsapp.kernel.dates import today
from cptsapp.kernel.registry import demo_data

from . import rules
from .models import Means

PEOPLE = [
    ("Iris", "Prétexte", "10-MG", "77053", "Cabinet du Modèle"),
    ("Joachim", "Simulacre", "60", "77114", ""),
    ("Karim", "Ébauche", "70", "77053", "Cabinet des Exemples"),
    ("Lou", "Brouillon", "50", "77464", ""),
    ("Maëlle", "Croquis", "21", "77390", "Pharmacie fictive"),
]


@demo_data(order=50)
def fill():
    for rank, (given_name, family_name, profession, commune, organisation) in enumerate(PEOPLE):
        prospect = rules.create(
            given_name=given_name,
            family_name=family_name,
            profession=profession,
            commune=commune,
            organisation=organisation,
            email=f"prospect{rank}@exemple.fr",
            phone=f"01 99 00 30 {rank:02}",
            source="Annuaire public des professionnels de santé (exemple)",
        )
        if rank % 2:
            day = today() - timedelta(days=20 * rank)
            rules.note_approach(
                prospect.id, means=Means.PHONE, on=day, text="Rappeler après les congés.", informed=rank == 1
            )
        if family_name == "Croquis":
            rules.stop(prospect.id)
