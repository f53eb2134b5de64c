"""The questions asked of who registers."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from peewee import fn

from cptsapp.kernel import journal
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import fold, plural

from . import rules
from .models import MOST_QUESTIONS, Event, Question, QuestionKind
from .people import Answer, Registration

journal.declare("event.asked", "Questions d’un événement changées")

MOST_CHOICES = 30
MOST_GUESTS = 20
LONGEST_CHOICE = 120
APART = 1000  # positions given while the others are being moved


class Asked(NamedTuple):
    """A question as it is asked for; `id` is that of the question it changes."""

    id: int | None
    kind: str
    label: str
    choices: tuple[str, ...] = ()
    is_required: bool = False
    most: int = 5


@db.atomic()
def set_questions(event_id: int, asked: Iterable[Asked], *, forget_answers: bool = False) -> None:
    """Make the questions of an event those asked for, in their order.

    Raises RuleError when there are too many, when one makes no sense, or when one that has been answered would go:
    with `forget_answers`, it goes with its answers.
    """
    event = rules.editable(event_id)
    wanted = [_checked(each) for each in asked]
    _refuse_many(wanted)
    known = {each.id: each for each in event.questions}
    if missing := {each.id for each in wanted if each.id} - known.keys():
        raise RuleError(f"La question n° {min(missing)} a été retirée entre-temps. Rechargez la page.", "questions")
    gone = [each for id, each in known.items() if id not in {one.id for one in wanted}]
    changed = [known[each.id] for each in wanted if each.id and known[each.id].kind != each.kind]
    _refuse_answered(event, gone, changed, forget_answers)
    Question.delete().where(Question.id.in_([each.id for each in gone])).execute()
    Question.update(position=Question.position + APART).where(Question.event == event).execute()
    for position, each in enumerate(wanted):
        _write(event, known.get(each.id), each, position)
    journal.write("event.asked", "event", event.id, count=len(wanted))


def _checked(each: Asked) -> Asked:
    label = " ".join(each.label.split())
    if not label:
        raise RuleError("Écrivez chaque question, ou retirez celle qui est vide.", "questions")
    if len(label) > Question.label.max_length:
        raise RuleError(f"Une question compte 160 caractères au plus : raccourcissez « {label[:40]}… ».", "questions")
    if each.kind not in set(QuestionKind):
        raise RuleError("Choisissez une réponse de la liste.", "questions")
    choices = tuple(dict.fromkeys(" ".join(choice.split()) for choice in each.choices if choice.strip()))
    if each.kind == QuestionKind.CHOICE and not 2 <= len(choices) <= MOST_CHOICES:
        raise RuleError(f"« {label} » : écrivez de 2 à {MOST_CHOICES} réponses, une par ligne.", "questions")
    if any(len(choice) > LONGEST_CHOICE for choice in choices):
        raise RuleError(f"« {label} » : une réponse compte {LONGEST_CHOICE} caractères au plus.", "questions")
    if each.kind == QuestionKind.GUESTS and not 1 <= each.most <= MOST_GUESTS:
        raise RuleError(f"« {label} » : écrivez un nombre d’accompagnants entre 1 et {MOST_GUESTS}.", "questions")
    is_choice = each.kind == QuestionKind.CHOICE
    return each._replace(label=label, choices=choices if is_choice else (), most=each.most if each.most > 0 else 5)


def _refuse_many(wanted: list[Asked]) -> None:
    if len(wanted) > MOST_QUESTIONS:
        raise RuleError(f"Huit questions au plus : retirez-en {len(wanted) - MOST_QUESTIONS}.", "questions")
    if sum(each.kind == QuestionKind.GUESTS for each in wanted) > 1:
        raise RuleError("Une seule question porte sur le nombre d’accompagnants. Retirez l’autre.", "questions")
    labels = [fold(each.label) for each in wanted]
    if len(set(labels)) < len(labels):
        raise RuleError("Deux questions sont identiques. Changez l’une des deux.", "questions")


def _refuse_answered(event: Event, gone: list[Question], changed: list[Question], forget_answers: bool) -> None:
    counts = answers_of(event)
    for each in changed:
        if counts.get(each.id):
            raise RuleError(
                f"On a déjà répondu à « {each.label} » : sa sorte ne change plus. Ajoutez plutôt une question.",
                "questions",
            )
    answered = [(each, counts[each.id]) for each in gone if counts.get(each.id)]
    if answered and not forget_answers:
        each, count = answered[0]
        raise RuleError(
            f"{plural(count, 'personne a', 'personnes ont')} déjà répondu à « {each.label} ». Pour la retirer, "
            "confirmez que ces réponses sont effacées.",
            "forget_answers",
        )


def answers_of(event: Event) -> dict[int, int]:
    """Return how many people answered each question of an event; guests are counted on the registration."""
    query = Answer.select(Answer.question, fn.COUNT(1)).join(Question).where(Question.event == event)
    counts = dict(query.group_by(Answer.question).tuples())
    guests = Registration.select().where(Registration.event == event, Registration.guests > 0).count()
    if guests:
        of_guests = Question.select(Question.id).where(Question.event == event, Question.kind == QuestionKind.GUESTS)
        counts |= {id: guests for (id,) in of_guests.tuples()}
    return counts


def _write(event: Event, row: Question | None, each: Asked, position: int) -> None:
    row = row or Question(event=event)
    row.kind, row.label, row.is_required, row.most = each.kind, each.label, each.is_required, each.most
    row.choices_json, row.position = json.dumps(each.choices, ensure_ascii=False), position
    row.save()
