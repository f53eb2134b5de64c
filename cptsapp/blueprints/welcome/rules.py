"""What is noted of a welcome: met, needless, to do again; or asked for somebody by hand."""

from datetime import date

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError

from .models import GP, Welcome

LONGEST_NOTE = 1000
MET = journal.declare("welcome.met", "Nouveau médecin rencontré")
NEEDLESS = journal.declare("welcome.needless", "Accueil d’un nouveau médecin sans objet")
REOPENED = journal.declare("welcome.reopened", "Accueil d’un nouveau médecin remis à faire")
ASKED = journal.declare("welcome.asked", "Accueil d’un médecin demandé")


@db.atomic()
def meet(person_id: int, *, on: date, note: str = "", by: int | None = None) -> Welcome:
    """Note that somebody of the association met a GP on a day; noted again, it is corrected."""
    if on > today():
        raise RuleError("Cette rencontre est à venir : notez-la une fois qu’elle a eu lieu.", "met_on")
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise RuleError(f"La note est trop longue : {LONGEST_NOTE} caractères au plus.", "note")
    return _write(person_id, MET, met_on=on, note=note, is_needless=False, done_at=now(), done_by=by)


@db.atomic()
def skip(person_id: int, *, by: int | None = None) -> Welcome:
    """Note that there is nobody to meet: they are known already."""
    return _write(person_id, NEEDLESS, met_on=None, is_needless=True, done_at=now(), done_by=by)


@db.atomic()
def reopen(person_id: int) -> None:
    """Take back what was noted: the welcome is to do again, since the same day."""
    row = locked(Welcome.select().where(Welcome.person == person_id)).first()
    if row is None or row.done_at is None:
        raise RuleError("Cet accueil est déjà à faire. Rechargez la page.")
    if row.asked_on is None:
        Welcome.delete().where(Welcome.id == row.id).execute()  # it is read from the membership again
    else:
        row.met_on, row.is_needless, row.done_at, row.done_by = None, False, None, None
        row.save()
    journal.write(REOPENED, "person", person_id)


@db.atomic()
def ask(person_id: int) -> None:
    """Ask for the welcome of a GP who is no newcomer among members, whatever the reason."""
    _refuse_others(person_id)
    locked(Person.select(Person.id).where(Person.id == person_id)).first()
    if not Welcome.select().where(Welcome.person == person_id).exists():
        Welcome.create(person=person_id, asked_on=today(), done_at=None)
        journal.write(ASKED, "person", person_id)


def _write(person_id: int, action: str, **values) -> Welcome:
    _refuse_others(person_id)
    Welcome.insert(person=person_id, done_at=now()).on_conflict_ignore().execute()
    row = locked(Welcome.select().where(Welcome.person == person_id)).get()
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    journal.write(action, "person", person_id)
    return row


def _refuse_others(person_id: int):
    doctor = Practice.select().join(Person).where(Practice.person == person_id, Practice.profession == GP)
    if not doctor.where(Person.deleted_at.is_null()).exists():
        raise RuleError("Cette personne n’est pas, ou n’est plus, médecin généraliste dans les fiches.")
