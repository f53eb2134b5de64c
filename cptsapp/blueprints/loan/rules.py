"""Pairs made, started and ended; equipment registered, lent and given back."""

from datetime import date

from peewee import IntegrityError

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.person.rules import one_line
from cptsapp.blueprints.territory import reference
from cptsapp.kernel import journal
from cptsapp.kernel.dates import add_months, date_fr, today
from cptsapp.kernel.db import db, locked
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import fold

from .models import End, Equipment, Loan, Pair

GP, NURSES = "10-MG", "infirmiers"
KEPT_MONTHS = 36
DEAREST_CENTS = 100_000_00
for _action, _sentence in {
    "loan.paired": "Binôme de téléconsultation formé",
    "loan.protocol": "Protocole d’un binôme daté",
    "loan.activated": "Binôme de téléconsultation actif",
    "loan.pair_ended": "Binôme de téléconsultation terminé",
    "loan.pair_resumed": "Binôme de téléconsultation repris",
    "loan.equipment_saved": "Matériel enregistré",
    "loan.equipment_retired": "Matériel sorti du registre",
    "loan.equipment_restored": "Matériel remis au registre",
    "loan.lent": "Matériel prêté",
    "loan.returned": "Matériel rendu",
    "loan.reopened": "Retour de matériel annulé",
}.items():
    journal.declare(_action, _sentence)


def is_gp(person_id: int) -> bool:
    return Practice.of(person_id).profession == GP


def is_nurse(person_id: int) -> bool:
    known = reference.professions().get(Practice.of(person_id).profession)
    return known is not None and known.family == NURSES


@db.atomic()
def pair(doctor_id: int, nurse_id: int, *, protocol_on: date | None = None) -> Pair:
    """Make a pair of a GP and a nurse; either may be in others."""
    _present(doctor_id, "doctor"), _present(nurse_id, "nurse")
    if not is_gp(doctor_id):
        raise RuleError("Un binôme réunit un médecin généraliste et un infirmier : choisissez un médecin.", "doctor")
    if not is_nurse(nurse_id):
        raise RuleError("Un binôme réunit un médecin généraliste et un infirmier : choisissez un infirmier.", "nurse")
    _not_later(protocol_on, "protocol_on")
    if Pair.select().where(Pair.doctor == doctor_id, Pair.nurse == nurse_id, Pair.ended_on.is_null()).exists():
        raise RuleError("Ce binôme existe déjà.", "nurse")
    made = Pair.create(doctor=doctor_id, nurse=nurse_id, protocol_on=protocol_on)
    journal.write("loan.paired", "pair", made.id)
    return made


@db.atomic()
def sign(pair_id: int, *, on: date) -> Pair:
    """Keep the day on which the protocol was signed."""
    found = _pair(pair_id)
    _not_later(on, "on")
    if found.active_on and on > found.active_on:
        raise RuleError(f"Ce binôme est actif depuis le {date_fr(found.active_on)} : le protocole le précède.", "on")
    found.protocol_on = on
    found.save()
    journal.write("loan.protocol", "pair", found.id)
    return found


@db.atomic()
def activate(pair_id: int, *, on: date) -> Pair:
    """Say that a pair works, from a day on. Asked again, the first day stays."""
    found = _pair(pair_id)
    if found.active_on:
        return found
    if not found.protocol_on:
        raise RuleError("Donnez d’abord la date du protocole : sans lui, un binôme n’est pas actif.", "on")
    _not_later(on, "on")
    if on < found.protocol_on:
        raise RuleError(f"Le protocole est du {date_fr(found.protocol_on)} : le binôme commence après.", "on")
    found.active_on = on
    found.save()
    journal.write("loan.activated", "pair", found.id)
    return found


@db.atomic()
def end_pair(pair_id: int, *, on: date, reason: str) -> Pair:
    found = _pair(pair_id)
    if reason not in set(End):
        raise RuleError("Dites pourquoi ce binôme se termine.", "reason")
    _not_later(on, "on")
    if found.active_on and on < found.active_on:
        raise RuleError(f"Ce binôme a commencé le {date_fr(found.active_on)} : il finit après.", "on")
    found.ended_on, found.end_reason = on, reason
    found.save()
    journal.write("loan.pair_ended", "pair", found.id, reason=reason)
    return found


@db.atomic()
def resume_pair(pair_id: int) -> Pair:
    """Undo the end of a pair."""
    found = locked(Pair.select().where(Pair.id == pair_id)).first()
    if found is None or not (found.doctor_id and found.nurse_id):
        raise RuleError("Ce binôme n’existe plus.")
    if not found.ended_on:
        return found
    same = (Pair.doctor == found.doctor_id) & (Pair.nurse == found.nurse_id) & Pair.ended_on.is_null()
    if Pair.select().where(same).exists():
        raise RuleError("Ces deux personnes forment de nouveau un binôme : rien à reprendre.")
    found.ended_on, found.end_reason = None, ""
    found.save()
    journal.write("loan.pair_resumed", "pair", found.id)
    return found


def _pair(pair_id: int) -> Pair:
    found = locked(Pair.select().where(Pair.id == pair_id)).first()
    if found is None:
        raise RuleError("Ce binôme n’existe plus. Revenez à la liste.")
    if found.ended_on:
        raise RuleError("Ce binôme est terminé. Reprenez-le d’abord.")
    return found


@db.atomic()
def save_equipment(
    equipment_id: int | None = None,
    *,
    label: str,
    serial: str,
    cost_cents: int = 0,
    bought_on: date | None = None,
    note: str = "",
) -> Equipment:
    """Register something to lend, or correct it. A serial number is there once."""
    row = _equipment(equipment_id) if equipment_id else Equipment()
    label, serial, note = (one_line(each or "") for each in (label, serial, note))
    if not label:
        raise RuleError("Dites de quel matériel il s’agit.", "label")
    if not serial:
        raise RuleError("Donnez le numéro de série, ou celui que vous avez collé dessus.", "serial")
    if not 0 <= cost_cents <= DEAREST_CENTS:
        raise RuleError("Le coût va de 0 à 100 000 €.", "cost_cents")
    _not_later(bought_on, "bought_on")
    others = Equipment.select().where(Equipment.id != (equipment_id or 0), Equipment.retired_on.is_null())
    if others.where(Equipment.serial == serial).exists():
        raise RuleError("Un matériel porte déjà ce numéro.", "serial")
    row.label, row.serial, row.note = label[:120], serial[:80], note[:300]
    row.cost_cents, row.bought_on = cost_cents, bought_on
    row.folded = fold(f"{row.label} {row.serial} {row.note}")[:240]
    row.save()
    journal.write("loan.equipment_saved", "equipment", row.id)
    return row


@db.atomic()
def retire(equipment_id: int) -> None:
    """Take equipment off the register: broken, sold, given. Its history and its cost stay."""
    row = _equipment(equipment_id)
    if _out(row.id):
        raise RuleError("Ce matériel est prêté : notez d’abord son retour.")
    if not row.retired_on:
        Equipment.update(retired_on=today()).where(Equipment.id == row.id).execute()
        journal.write("loan.equipment_retired", "equipment", row.id)


@db.atomic()
def restore(equipment_id: int) -> None:
    row = _equipment(equipment_id)
    if Equipment.select().where(
        Equipment.serial == row.serial, Equipment.retired_on.is_null(), Equipment.id != row.id
    ).exists():  # fmt: skip
        raise RuleError("Un autre matériel porte maintenant ce numéro.")
    Equipment.update(retired_on=None).where(Equipment.id == row.id).execute()
    journal.write("loan.equipment_restored", "equipment", row.id)


@db.atomic()
def lend(equipment_id: int, holder_id: int, *, out_on: date, due_on: date | None = None) -> Loan:
    """Lend equipment to somebody; of two people at once, the first has it."""
    row = _equipment(equipment_id)
    if row.retired_on:
        raise RuleError("Ce matériel est sorti du registre.")
    _present(holder_id, "holder")
    _not_later(out_on, "out_on")
    if due_on and due_on < out_on:
        raise RuleError("Le retour prévu est avant la sortie.", "due_on")
    if _out(row.id):
        raise RuleError("Ce matériel est déjà prêté. Notez d’abord son retour.", "holder")
    later = Loan.select().where(Loan.equipment == row, Loan.returned_on > out_on).order_by(Loan.returned_on.desc())
    if last := later.first():
        raise RuleError(f"Ce matériel était prêté jusqu’au {date_fr(last.returned_on)}.", "out_on")
    try:
        with db.atomic():
            loan = Loan.create(equipment=row, holder=holder_id, out_on=out_on, due_on=due_on)
    except IntegrityError as error:
        raise RuleError("Ce matériel vient d’être prêté à quelqu’un d’autre. Rechargez la page.", "holder") from error
    journal.write("loan.lent", "equipment", row.id, loan=loan.id, person=holder_id)
    return loan


@db.atomic()
def give_back(loan_id: int, *, on: date, state: str = "") -> Loan:
    """Note a return. Asked again, the first stays."""
    loan = _loan(loan_id)
    if loan.returned_on:
        return loan
    _not_later(on, "on")
    if on < loan.out_on:
        raise RuleError(f"Ce matériel est sorti le {date_fr(loan.out_on)} : il revient après.", "on")
    loan.returned_on, loan.state = on, one_line(state or "")[:200]
    loan.save()
    journal.write("loan.returned", "equipment", loan.equipment_id, loan=loan.id)
    return loan


@db.atomic()
def reopen(loan_id: int) -> Loan:
    """Undo a return noted by mistake, while nobody else has had the equipment since."""
    loan = _loan(loan_id)
    row = _equipment(loan.equipment_id)
    if not loan.returned_on:
        return loan
    if loan.holder_id is None:
        raise RuleError("La personne de ce prêt a été effacée.")
    later = Loan.select().where(Loan.equipment == row, Loan.id != loan.id, Loan.out_on >= loan.returned_on)
    if _out(row.id) or later.exists() or row.retired_on:
        raise RuleError("Ce matériel a été prêté de nouveau, ou est sorti du registre : ce retour reste noté.")
    loan.returned_on, loan.state = None, ""
    loan.save()
    journal.write("loan.reopened", "equipment", row.id, loan=loan.id)
    return loan


def _out(equipment_id: int) -> bool:
    return Loan.select().where(Loan.equipment == equipment_id, Loan.returned_on.is_null()).exists()


def _equipment(equipment_id: int) -> Equipment:
    row = locked(Equipment.select().where(Equipment.id == equipment_id)).first()
    if row is None:
        raise RuleError("Ce matériel n’existe plus. Revenez à la liste.")
    return row


def _loan(loan_id: int) -> Loan:
    loan = locked(Loan.select().where(Loan.id == loan_id)).first()
    if loan is None:
        raise RuleError("Ce prêt n’existe plus. Revenez à la liste.")
    return loan


def _present(person_id: int, field: str) -> None:
    if not Person.select().where(Person.id == person_id, Person.deleted_at.is_null()).exists():
        raise RuleError("Choisissez une personne de la liste.", field)


def _not_later(day: date | None, field: str) -> None:
    if day and not date(2000, 1, 1) <= day <= today():
        raise RuleError("Donnez un jour passé, ou aujourd’hui.", field)


@db.atomic()
def forget_person(person_id: int) -> None:
    """Take a person's name off; refused while they still hold equipment of the association."""
    if Loan.select().where(Loan.holder == person_id, Loan.returned_on.is_null()).exists():
        raise RuleError("Cette personne détient du matériel de l’association : notez d’abord son retour.")
    for column in (Pair.doctor, Pair.nurse):
        mine = column == person_id
        Pair.update(ended_on=today(), end_reason=End.DEPARTURE).where(mine, Pair.ended_on.is_null()).execute()
        Pair.update({column: None}).where(mine).execute()
    Loan.update(holder=None, said_note="").where(Loan.holder == person_id).execute()


@db.atomic()
def forget_old(day: date) -> int:
    """Take the names off pairs and loans that ended three years ago; the figures stay."""
    limit = add_months(day, -KEPT_MONTHS)
    named = Pair.doctor.is_null(False) | Pair.nurse.is_null(False)
    count = Pair.update(doctor=None, nurse=None).where(Pair.ended_on < limit, named).execute()
    ended = (Loan.returned_on < limit) & Loan.holder.is_null(False)
    return count + Loan.update(holder=None, said_note="").where(ended).execute()
