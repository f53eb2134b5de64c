"""What whoever holds equipment reads and says of it: since when, until when, that it is given back; the reminder.

held_by(person_id)                  the loans that run, theirs and those of the structures they speak for
say_returned(loan_id, person_id, on=…)      the coordination checks, and notes the return itself
remind_late(day)                    one mail for each loan that is late, and never another
"""

from datetime import date

from cptsapp.blueprints.directory import eligibility
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.person.rules import one_line
from cptsapp.kernel import journal, mail
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.db import db, locked
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.settings import settings

from .models import Loan

SAID = journal.declare("loan.said_returned", "Matériel dit rendu par qui le détient")
UNSAID = journal.declare("loan.unsaid_returned", "Matériel dit rendu, puis gardé")
REMINDED = journal.declare("loan.reminded", "Rappel d’un matériel en retard")


def held_by(person_id: int) -> list[Loan]:
    holders = [person_id, *(each.id for each in eligibility.represented(person_id))]
    mine = Loan.joined().where(Loan.holder.in_(holders), Loan.returned_on.is_null())
    return list(mine.order_by(Loan.out_on, Loan.id))


def _held(loan_id: int, person_id: int) -> Loan:
    """Return a loan that this person answers for, held until the end of the transaction."""
    loan = locked(Loan.select().where(Loan.id == loan_id)).first()
    if loan is None or loan.id not in {each.id for each in held_by(person_id)}:
        raise RuleError("Ce matériel n’est plus noté comme étant chez vous.")
    return loan


@db.atomic()
def say_returned(loan_id: int, person_id: int, *, on: date, note: str = "") -> Loan:
    """Keep that its holder says that it is given back; said again, it is corrected."""
    loan = _held(loan_id, person_id)
    if not loan.out_on <= on <= today():
        raise RuleError(f"Donnez un jour entre le {date_fr(loan.out_on)} et aujourd’hui.", "on")
    loan.said_on, loan.said_note = on, one_line(note)[:200]
    loan.save()
    journal.write(SAID, "equipment", loan.equipment_id, loan=loan.id)
    return loan


@db.atomic()
def unsay_returned(loan_id: int, person_id: int) -> Loan:
    loan = _held(loan_id, person_id)
    if loan.said_on:
        loan.said_on, loan.said_note = None, ""
        loan.save()
        journal.write(UNSAID, "equipment", loan.equipment_id, loan=loan.id)
    return loan


def to_remind(day: date | None = None):
    """Return the late loans whose holder has not been told, has an address and does not say that it is given back."""
    fresh = Loan.reminded_on.is_null() & Loan.said_on.is_null()
    reached = Person.deleted_at.is_null() & Person.email.is_null(False) & (Person.email != "")
    return Loan.joined().where(Loan.overdue(day), fresh, reached).order_by(Loan.id)


def remind_late(day: date | None = None) -> int:
    """Write once to each holder of late equipment; return how many mails. Safe to run twice."""
    return sum(_remind_one(loan.id, day or today()) for loan in list(to_remind(day)))


@db.atomic()
def _remind_one(loan_id: int, day: date) -> int:
    locked(Loan.select(Loan.id).where(Loan.id == loan_id)).first()
    loan = to_remind(day).where(Loan.id == loan_id).first()
    if loan is None:
        return 0  # given back, or told, meanwhile
    values = {"name": loan.holder.label, "what": loan.equipment.full_label, "since": date_fr(loan.out_on)}
    values |= {"due": date_fr(loan.due_on), "link": f"{settings.base_url}/espace/materiel"}
    mail.queue("loan/late", to=loan.holder.email, values=values, person_id=loan.holder_id, key=f"loan-late-{loan.id}")
    Loan.update(reminded_on=day).where(Loan.id == loan_id).execute()
    journal.write(REMINDED, "equipment", loan.equipment_id, loan=loan.id)
    return 1
