"""Every write of a consultation: opened, changed, closed; a comment written, corrected, withdrawn, answered."""

from datetime import date, timedelta

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal, mail
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.db import db, locked, now, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.settings import settings
from cptsapp.kernel.text import fold

from . import audience
from .consultation import Comment, Consultation
from .models import Fiche

LONGEST_COMMENT = 5_000
MOST_COMMENTS = 20  # of one person in one consultation
LONGEST = timedelta(days=366)
for _action, _sentence in {
    "consultation.opened": "Consultation ouverte sur une fiche-action",
    "consultation.changed": "Consultation modifiée",
    "consultation.closed": "Consultation close",
    "consultation.commented": "Remarque déposée dans une consultation",
    "consultation.corrected": "Remarque corrigée par son auteur",
    "consultation.withdrawn": "Remarque retirée par son auteur",
    "consultation.answered": "Réponse donnée à une remarque",
}.items():
    journal.declare(_action, _sentence)


@db.atomic()
def open_on(fiche_id: int, *, until: date, words: str = "", tell: bool = False) -> Consultation:
    """Ask the members what they think of a fiche, until a day included; `tell` them by mail, in one transaction."""
    fiche = locked(Fiche.select().where(Fiche.id == fiche_id, Fiche.deleted_at.is_null())).get_or_none()
    if fiche is None:
        raise RuleError("Choisissez une fiche de la liste.", "fiche")
    _check_until(until)
    running = Consultation.get_or_none(Consultation.fiche == fiche, Consultation.closed_at.is_null())
    if running and running.is_open:
        raise RuleError(
            f"Une consultation est déjà ouverte sur cette fiche, jusqu’au {date_fr(running.until)}. Prolongez-la, ou "
            "fermez-la d’abord.",
            "fiche",
        )
    Consultation.update(closed_at=now()).where(
        Consultation.fiche == fiche, Consultation.closed_at.is_null()
    ).execute()  # over since its day
    made = Consultation.create(fiche=fiche, until=until, words=words.strip(), opened_by=journal.actor())
    mails = _announce(made) if tell else 0
    journal.write("consultation.opened", "fiche", fiche.id, consultation=made.id, mails=mails)
    revision.bump()
    return made


def _announce(made: Consultation) -> int:
    values = {
        "fiche": made.fiche.full_title,
        "summary": made.fiche.summary,
        "words": made.words,
        "until": date_fr(made.until),
        "link": f"{settings.base_url}/espace/projet/{made.fiche.slug}",
    }
    return audience.tell(audience.Audience.ADHERENTS, "project/consulted", f"consultation-{made.id}", lambda _: values)


@db.atomic()
def change(consultation_id: int, *, until: date, words: str = "") -> Consultation:
    """Give an open consultation another last day, or other words."""
    found = _open(consultation_id, "Cette consultation est close. Ouvrez-en une autre.")
    _check_until(until)
    found.until, found.words = until, words.strip()
    found.save()
    journal.write("consultation.changed", "fiche", found.fiche_id, consultation=found.id)
    return found


@db.atomic()
def close(consultation_id: int) -> None:
    """Close a consultation before its day; closed already, it stays as it was."""
    found = locked(Consultation.select().where(Consultation.id == consultation_id)).get()
    if found.is_open:
        Consultation.update(closed_at=now()).where(Consultation.id == found.id).execute()
        journal.write("consultation.closed", "fiche", found.fiche_id, consultation=found.id)
        revision.bump()


def _check_until(until: date):
    if not today() <= until <= today() + LONGEST:
        raise RuleError("Choisissez un jour à venir, dans l’année.", "until")


def _open(consultation_id: int, refusal: str) -> Consultation:
    found = locked(Consultation.select().where(Consultation.id == consultation_id)).get()
    if not found.is_open or Fiche.get_by_id(found.fiche_id).deleted_at:
        raise RuleError(refusal)
    return found


@db.atomic()
def comment(consultation_id: int, person_id: int, *, text: str) -> Comment:
    """Write a comment. The same one sent twice is one."""
    consultation = _open(
        consultation_id, "Cette consultation est close : votre remarque n’a pas été enregistrée. Copiez-la si besoin."
    )
    text = _checked(text, "Écrivez votre remarque.")
    mine = (Comment.consultation == consultation) & (Comment.author == person_id)
    same = Comment.get_or_none(mine, Comment.text == text)
    if same:
        return same
    if Comment.select().where(mine).count() >= MOST_COMMENTS:
        raise RuleError(f"{MOST_COMMENTS} remarques au plus par personne : complétez plutôt l’une des vôtres.", "text")
    made = Comment.create(consultation=consultation, author=person_id, text=text, folded=fold(text))
    journal.write("consultation.commented", "fiche", consultation.fiche_id, comment=made.id)
    revision.bump()
    return made


@db.atomic()
def correct(comment_id: int, person_id: int, *, text: str) -> Comment:
    """Let an author write a comment again while it has no answer and its consultation is open."""
    found = _own(comment_id, person_id)
    text = _checked(text, "Écrivez votre remarque, ou retirez-la.")
    if text != found.text:
        found.text, found.folded, found.edited_at = text, fold(text), now()
        found.save()
        journal.write("consultation.corrected", "fiche", found.consultation.fiche_id, comment=found.id)
    return found


@db.atomic()
def withdraw(comment_id: int, person_id: int) -> None:
    """Let an author take a comment back while it has no answer and its consultation is open."""
    found = _own(comment_id, person_id)
    found.delete_instance()
    journal.write("consultation.withdrawn", "fiche", found.consultation.fiche_id, comment=found.id)
    revision.bump()


def _own(comment_id: int, person_id: int) -> Comment:
    found = locked(Comment.select().where(Comment.id == comment_id, Comment.author == person_id)).get_or_none()
    if found is None:
        raise RuleError("Cette remarque n’existe plus. Rechargez la page.")
    if found.is_answered:
        raise RuleError("Cette remarque a reçu une réponse : elle ne change plus. Écrivez-en une autre.", "text")
    found.consultation = _open(found.consultation_id, "Cette consultation est close : les remarques ne changent plus.")
    return found


def _checked(text: str, refusal: str) -> str:
    text = text.strip()
    if not text:
        raise RuleError(refusal, "text")
    if len(text) > LONGEST_COMMENT:
        raise RuleError("Ce texte dépasse 5 000 caractères. Allez à l’essentiel.", "text")
    return text


def may_answer(fiche: Fiche, person_id: int | None, roles) -> bool:
    """Tell whether somebody answers the comments on a fiche: the coordination, and who leads the action."""
    return "coordination" in roles or (fiche.pilot_id is not None and fiche.pilot_id == person_id)


@db.atomic()
def answer(comment_id: int, *, text: str, answers_read: int) -> Comment:
    """Answer a comment, or correct the answer that was read; its author is told by mail, in the same transaction.

    Raises RuleError when somebody else answered meanwhile.
    """
    found = locked(Comment.select().where(Comment.id == comment_id)).get_or_none()
    if found is None:
        raise RuleError("Cette remarque vient d’être retirée par son auteur.")
    text = _checked(text, "Écrivez la réponse.")
    if text == found.answer:
        return found
    if found.answers != answers_read:
        raise RuleError(
            "Quelqu’un a répondu pendant que vous écriviez : sa réponse est juste au-dessus. Rien n’est perdu ; "
            "enregistrez de nouveau pour mettre la vôtre à sa place.",
            "text",
        )
    found.answer, found.answers = text, found.answers + 1
    found.answered_at, found.answered_by = now(), journal.actor()
    found.save()
    _tell(found)
    fiche_id = Consultation.get_by_id(found.consultation_id).fiche_id
    journal.write("consultation.answered", "fiche", fiche_id, comment=found.id)
    revision.bump()
    return found


def _tell(found: Comment):
    person = Person.get_or_none(Person.id == found.author_id)
    if person is None or not person.email:
        return
    fiche = Consultation.get_by_id(found.consultation_id).fiche
    mail.queue(
        "project/answered",
        to=person.email,
        key=f"project-answered-{found.id}-{found.answers}",
        person_id=person.id,
        values={
            "name": person.label,
            "fiche": fiche.title,
            "comment": found.text,
            "answer": found.answer,
            "again": found.answers > 1,
            "link": f"{settings.base_url}/espace/projet/{fiche.slug}#remarque-{found.id}",
        },
    )


@db.atomic()
def forget_person(person_id: int) -> None:
    """Erase what a person said and was answered; that there was a comment, and an answer, still counts."""
    blank = {Comment.text: "", Comment.folded: "", Comment.answer: "", Comment.author: None}
    Comment.update(blank).where(Comment.author == person_id).execute()
