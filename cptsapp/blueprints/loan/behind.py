"""What is behind the figures of teleconsultation: the pairs, those who are in one, those who hold equipment."""

from collections.abc import Iterator
from datetime import date

from flask import url_for

from cptsapp.kernel.registry import Behind, indicator, rows_behind

from .models import Loan, Pair

READERS = ("bureau", "coordination")


def _people(day: date) -> dict[int, tuple[str, Pair]]:
    """Return {person id: (name, pair)} of those who were in a pair that worked on a day."""
    found = {}
    for pair in Pair.joined().where(Pair.worked_on(day)).order_by(Pair.active_on):
        for id, label in ((pair.doctor_id, pair.doctor_label), (pair.nurse_id, pair.nurse_label)):
            if id:
                found[id] = (label, pair)
    return found


@indicator("loan.users", "Professionnels d’un binôme de téléconsultation actif", unit="professionnels")
def users(start: date, end: date) -> int:
    """Count once each of those who were in a pair that worked on the last day."""
    return len(_people(end))


@rows_behind("loan.users", access=READERS)
def who_uses(start: date, end: date) -> Iterator[Behind]:
    for label, pair in sorted(_people(end).values(), key=lambda each: each[0]):
        yield Behind(label, pair.active_on, url_for("loan_gestion.pair", id=pair.id))


@rows_behind("loan.pairs", access=READERS)
def pairs(start: date, end: date) -> Iterator[Behind]:
    for each in Pair.joined().where(Pair.worked_on(end)).order_by(Pair.active_on):
        words = f"{each.doctor_label} et {each.nurse_label}"
        yield Behind(words, each.active_on, url_for("loan_gestion.pair", id=each.id))


@rows_behind("loan.equipped", access=READERS)
def equipped(start: date, end: date) -> Iterator[Behind]:
    held = Loan.joined().where(Loan.was_out(end), Loan.holder.is_null(False)).order_by(Loan.out_on)
    for each in {loan.holder_id: loan for loan in held}.values():
        words = f"{each.holder_label} : {each.equipment.full_label}"
        yield Behind(words, each.out_on, url_for("loan_gestion.equipment", id=each.equipment_id))
