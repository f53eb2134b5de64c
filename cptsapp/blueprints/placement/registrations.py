"""What placements tell the floors below: figures, a host's record, what is handed over and erased."""

from datetime import date

from flask import url_for
from peewee import fn

from cptsapp.kernel import journal
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.registry import breakdown, indicator, person_panel, personal_data, personal_eraser

from . import rules
from .models import Placement, semester_label


@journal.subject("placement", "Stage")
def names(ids):
    rows = Placement.select().where(Placement.id.in_([int(id) for id in ids if id.isdigit()]))
    return {str(each.id): (each.semester, url_for("placement_gestion.edit", id=each.id)) for each in rows}


@person_panel("Stages", template="placement/_panel.html", access=("bureau", "coordination"), order=56)
def panel(person):
    found = _of.all(person.id)
    return {"placements": found} if found else None


@prepared
def _of(person):
    return Placement.select().where(Placement.host == person).order_by(Placement.starts_on.desc(), Placement.id.desc())


@indicator("placement.count", "Stages effectués sur le territoire", unit="stages")
def count(start: date, end: date) -> int:
    """Count the trainees whose semester began in the period."""
    return Placement.total(start, end)


@indicator("placement.hosts", "Maîtres de stage ayant accueilli", unit="professionnels")
def hosts(start: date, end: date) -> int:
    return Placement.select(fn.COUNT(Placement.host.distinct())).where(Placement.begun(start, end)).scalar()


def _told_apart(start: date, end: date, label) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in Placement.joined().where(Placement.begun(start, end)).order_by(Placement.starts_on):
        found[label(each)] = found.get(label(each), 0) + each.number
    return found


@breakdown("placement.count", "semester", "Par semestre")
def by_semester(start: date, end: date) -> dict[str, int]:
    return _told_apart(start, end, lambda each: semester_label(each.starts_on))


@breakdown("placement.count", "level", "Par niveau")
def by_level(start: date, end: date) -> dict[str, int]:
    return _told_apart(start, end, lambda each: each.level_label)


@breakdown("placement.count", "commune", "Par commune")
def by_commune(start: date, end: date) -> dict[str, int]:
    return _told_apart(start, end, lambda each: each.commune_name or "Non précisée")


@personal_data("placement", "Stages accueillis")
def exported(person_id: int) -> dict:
    return {
        "stages": [
            {"semestre": each.semester, "niveau": each.level_label, "nombre": each.number, "lieux": each.sites}
            for each in _of.all(person_id)
        ]
    }


@personal_eraser()
def erase(person_id: int) -> None:
    rules.forget_person(person_id)
