"""What teleconsultation tells the floors below: late returns, a person's pairs and loans, figures, what is erased."""

from datetime import date

from flask import url_for

from cptsapp.kernel import journal
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.registry import (
    Waiting,
    indicator,
    person_panel,
    personal_data,
    personal_eraser,
    purge,
    waiting,
)
from cptsapp.kernel.text import plural

from . import behind as behind  # registers the rows of the figures
from . import rules
from .models import End, Equipment, Loan, Pair

journal.name_values(End)


@journal.subject("pair", "Binôme de téléconsultation")
def pair_names(ids):
    rows = Pair.joined().where(Pair.id.in_(ids))
    return {
        str(each.id): (f"{each.doctor_label} et {each.nurse_label}", url_for("loan_gestion.pair", id=each.id))
        for each in rows
    }


@journal.subject("equipment", "Matériel prêté")
def equipment_names(ids):
    rows = Equipment.select().where(Equipment.id.in_(ids))
    return {str(each.id): (each.full_label, url_for("loan_gestion.equipment", id=each.id)) for each in rows}


@waiting("loan.overdue", access=("coordination",))
def overdue():
    count = Loan.select().where(Loan.overdue()).count()
    words = plural(count, "matériel prêté à réclamer", "matériels prêtés à réclamer")
    yield Waiting(words, url_for("loan_gestion.equipments", etat="retard"), count)


@waiting("loan.said_returned", access=("coordination",))
def said_returned():
    said = Loan.select(Loan.id).where(Loan.returned_on.is_null(), Loan.said_on.is_null(False))
    count = said.count()
    words = plural(count, "matériel dit rendu, à vérifier", "matériels dits rendus, à vérifier")
    yield Waiting(words, url_for("loan_gestion.equipments", etat="dits-rendus"), count)


@person_panel("Téléconsultation", template="loan/_panel.html", access=("bureau", "coordination"), order=55)
def panel(person):
    pairs, loans = _pairs_of.all(person.id), _loans_of.all(person.id)
    return {"pairs": pairs, "loans": loans} if pairs or loans else None


@prepared
def _pairs_of(person):
    return Pair.of_person(person)


@prepared
def _loans_of(person):
    return Loan.joined().where(Loan.holder == person).order_by(Loan.out_on.desc(), Loan.id.desc())


@indicator("loan.pairs", "Binômes de téléconsultation actifs", unit="binômes")
def active_pairs(start: date, end: date) -> int:
    """Count the pairs that worked on the last day."""
    return Pair.active_at(end)


@indicator("loan.equipped", "Professionnels équipés à la téléconsultation assistée", unit="professionnels")
def equipped(start: date, end: date) -> int:
    """Count those who held equipment of the association on the last day."""
    return Loan.holders_at(end)


@indicator("loan.cost", "Matériel de téléconsultation acheté", unit="€")
def cost(start: date, end: date) -> int:
    """Return what was spent in the period, in whole euros."""
    return round(Equipment.cost_between(start, end) / 100)


@personal_data("loan", "Téléconsultation : binômes et matériel prêté")
def exported(person_id: int) -> dict:
    return {
        "binomes": [
            {
                "role": "médecin" if each.doctor_id == person_id else "infirmier",
                "protocole_du": each.protocol_on,
                "actif_depuis": each.active_on,
                "termine_le": each.ended_on,
            }
            for each in Pair.of_person(person_id)
        ],
        "prets": [
            {
                "materiel": each.equipment.full_label,
                "sorti_le": each.out_on,
                "retour_prevu": each.due_on,
                "rendu_le": each.returned_on,
                "etat": each.state,
                "dit_rendu_le": each.said_on,
                "dit_rendu_note": each.said_note,
                "rappel_le": each.reminded_on,
            }
            for each in _loans_of.all(person_id)
        ],
    }


@personal_eraser()
def erase(person_id: int) -> None:
    rules.forget_person(person_id)


@purge("loan", "Noms des binômes et des prêts terminés depuis 3 ans")
def forget_old(today: date) -> int:
    return rules.forget_old(today)
