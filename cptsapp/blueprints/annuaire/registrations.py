"""What the directory tells the floors below: figures, a person's data."""

from datetime import date

from cptsapp.kernel.registry import indicator, personal_data, personal_eraser

from . import rules
from .cards import CHOSEN, Readers
from .listing import Listed
from .models import Portrait, PublicChoice


@indicator("annuaire.listed", "Adhérents dans l’annuaire des membres", unit="fiches")
def listed(start: date, end: date) -> int:
    """Count those listed today: the directory keeps no past."""
    return Listed(Readers.MEMBERS).count_all()


@indicator("annuaire.public", "Adhérents dans l’annuaire public", unit="fiches")
def in_public(start: date, end: date) -> int:
    return Listed(Readers.PUBLIC).count_all()


@personal_data("annuaire", "Annuaire")
def exported(person_id: int) -> dict:
    portrait = Portrait.of(person_id)
    return {
        "montre_au_public": [label for name, label in CHOSEN.items() if name in PublicChoice.of(person_id)],
        "photo": portrait.file if portrait else None,
        "photo_donnee_le": portrait.at if portrait else None,
    }


@personal_eraser()
def erase(person_id: int) -> None:
    rules.forget_person(person_id)
