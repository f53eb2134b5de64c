"""Every write of the idea box: proposed, corrected, withdrawn, supported, decided, made an action, hidden."""

from datetime import timedelta

from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.person.rules import one_line
from cptsapp.blueprints.project import rules as project
from cptsapp.blueprints.project.models import Fiche
from cptsapp.blueprints.territory import reference
from cptsapp.kernel import journal, mail
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.settings import settings

from .models import CHANGES, Idea, IdeaState, Support

LONGEST = 4_000  # of a text
MOST_A_DAY = 10  # ideas of one person
ANSWERED = "Cette idée est déjà étudiée par la coordination : elle ne change plus. Écrivez-lui pour la compléter."
for _action, _sentence in {
    "idea.proposed": "Idée proposée",
    "idea.corrected": "Idée corrigée par son auteur",
    "idea.withdrawn": "Idée retirée par son auteur",
    "idea.supported": "Idée soutenue",
    "idea.unsupported": "Soutien à une idée retiré",
    "idea.decided": "Idée : suite donnée",
    "idea.became_action": "Idée devenue une fiche-action",
    "idea.hidden": "Idée masquée aux adhérents",
    "idea.shown": "Idée montrée de nouveau aux adhérents",
}.items():
    journal.declare(_action, _sentence)


@db.atomic()
def propose(person_id: int, *, title: str, problem: str, proposal: str, mission: str = "", is_signed=False) -> Idea:
    """Put an idea in the box. The same one sent twice is one."""
    idea = Idea(author=person_id, is_signed=is_signed)
    _fill(idea, title, problem, proposal, mission)
    locked(Person.select(Person.id).where(Person.id == person_id)).first()  # their ideas are counted one at a time
    mine = Idea.select().where(Idea.author == person_id)
    same = mine.where(Idea.title == idea.title, Idea.proposal == idea.proposal).first()
    if same:
        return same
    if mine.where(Idea.proposed_at > now() - timedelta(days=1)).count() >= MOST_A_DAY:
        raise RuleError(f"{MOST_A_DAY} idées au plus par jour et par personne : revenez demain avec la suite.")
    idea.save(force_insert=True)
    journal.write("idea.proposed", "idea", idea.id)
    return idea


@db.atomic()
def correct(
    idea_id: int, person_id: int, *, title: str, problem: str, proposal: str, mission: str = "", is_signed=False
) -> Idea:
    """Let an author write an idea again while nothing was decided on it."""
    idea = _own(idea_id, person_id)
    _fill(idea, title, problem, proposal, mission)
    idea.is_signed, idea.edited_at = is_signed, now()
    idea.save()
    journal.write("idea.corrected", "idea", idea.id)
    return idea


@db.atomic()
def withdraw(idea_id: int, person_id: int) -> None:
    """Let an author take an idea back, with its supports, while nothing was decided on it."""
    idea = _own(idea_id, person_id)
    idea.delete_instance()
    journal.write("idea.withdrawn", "idea", idea_id)


def _own(idea_id: int, person_id: int) -> Idea:
    idea = locked(Idea.select().where(Idea.id == idea_id, Idea.author == person_id)).get_or_none()
    if idea is None:
        raise RuleError("Cette idée n’existe plus. Rechargez la page.")
    if idea.state != IdeaState.NEW:
        raise RuleError(ANSWERED)
    return idea


def _fill(idea: Idea, title: str, problem: str, proposal: str, mission: str):
    idea.title, idea.problem, idea.proposal, idea.mission = one_line(title), problem.strip(), proposal.strip(), mission
    if not idea.title or len(idea.title) > Idea.title.max_length:
        raise RuleError(f"Donnez un titre à votre idée, en {Idea.title.max_length} caractères au plus.", "title")
    for name, sentence in (
        ("problem", "Dites le problème que vous rencontrez."),
        ("proposal", "Dites ce que vous proposez."),
    ):
        if not getattr(idea, name):
            raise RuleError(sentence, name)
        if len(getattr(idea, name)) > LONGEST:
            raise RuleError("Ce texte dépasse 4 000 caractères. Allez à l’essentiel.", name)
    if mission and mission not in reference.missions():
        raise RuleError("Choisissez un thème de la liste.", "mission")
    idea.refresh_copies()


@db.atomic()
def support(idea_id: int, person_id: int, *, wanted: bool) -> None:
    """Add or take back somebody's support; asked twice, nothing more."""
    idea = locked(Idea.select().where(Idea.id == idea_id, Idea.hidden_at.is_null())).get_or_none()
    if idea is None:
        raise RuleError("Cette idée n’existe plus. Rechargez la page.")
    if not idea.is_open:
        raise RuleError("Cette idée a reçu sa réponse : elle ne se soutient plus.")
    if idea.author_id == person_id:
        raise RuleError("C’est votre idée : ce sont les autres qui la soutiennent.")
    mine = (Support.idea == idea) & (Support.person == person_id)
    if wanted:
        row = Support.insert(idea=idea, person=person_id)
        changed = bool(row.on_conflict_ignore().returning(Support.id).tuples().execute())
    else:
        changed = bool(Support.delete().where(mine).execute())
    if changed:
        journal.write("idea.supported" if wanted else "idea.unsupported", "idea", idea.id)


@db.atomic()
def decide(idea_id: int, state: IdeaState, *, words: str = "") -> Idea:
    """Say what becomes of an idea; its author is told by mail, in the same transaction.

    Raises RuleError when that decision cannot be taken, or when an idea is declined without a reason.
    """
    idea = _held(idea_id)
    words = words.strip()
    if idea.state == state and idea.reason == words:
        return idea
    if state not in CHANGES[idea.standing]:
        raise RuleError(f"Cette idée est « {idea.standing.label} » : elle ne peut pas devenir « {state.label} ».")
    if state == IdeaState.DECLINED and not words:
        raise RuleError("Dites pourquoi : son auteur lira votre raison.", "words")
    if len(words) > LONGEST:
        raise RuleError("Ce texte dépasse 4 000 caractères. Allez à l’essentiel.", "words")
    idea.state, idea.reason, idea.decided_at, idea.decided_by = state, words, now(), journal.actor()
    idea.save()
    journal.write("idea.decided", "idea", idea.id, state=state)
    _tell(idea)
    return idea


@db.atomic()
def make_fiche(idea_id: int) -> Fiche:
    """Begin the fiche-action of an idea: a draft, with what the idea says. Asked twice, the fiche is the first one."""
    idea = _held(idea_id)
    if idea.fiche_id:
        return idea.fiche
    if not idea.is_open:
        raise RuleError("Cette idée n’a pas été retenue. Remettez-la d’abord à l’étude.")
    fiche = project.create(title=idea.title, mission=idea.mission, context=idea.problem, actions=idea.proposal)
    idea.state, idea.fiche, idea.decided_at, idea.decided_by = IdeaState.ACTION, fiche, now(), journal.actor()
    idea.save()
    journal.write("idea.became_action", "idea", idea.id, fiche=fiche.id)
    _tell(idea)
    return fiche


def _held(idea_id: int) -> Idea:
    idea = locked(Idea.select().where(Idea.id == idea_id)).get_or_none()
    if idea is None:
        raise RuleError("Cette idée vient d’être retirée par son auteur.")
    return idea


def _tell(idea: Idea):
    person = Person.get_or_none(Person.id == idea.author_id)
    if person is None or not person.email:
        return
    mail.queue(
        "idea/decided",
        to=person.email,
        person_id=person.id,
        key=f"idea-{idea.id}-{idea.state}-{idea.decided_at:%Y%m%d%H%M%S%f}",
        values={
            "name": person.label,
            "title": idea.title,
            "state": idea.state,
            "words": idea.reason if idea.state != IdeaState.ACTION else "",
            "link": f"{settings.base_url}/espace/idees/{idea.id}",
        },
    )


@db.atomic()
def show(idea_id: int, *, shown: bool) -> None:
    """Hide an idea from members (it names a patient, it hurts somebody), or show it again; nothing of it is lost."""
    idea = _held(idea_id)
    if (idea.hidden_at is None) != shown:
        idea.hidden_at = None if shown else now()
        idea.save()
        journal.write("idea.shown" if shown else "idea.hidden", "idea", idea.id)


@db.atomic()
def forget_person(person_id: int) -> None:
    """Erase the ideas of a person, and their supports. One that was kept stays without a name: others work on it."""
    mine = Idea.author == person_id
    kept = Idea.state.in_([IdeaState.KEPT, IdeaState.ACTION])
    Idea.delete().where(mine, ~kept).execute()
    Idea.update(author=None, is_signed=False).where(mine).execute()
    Support.delete().where(Support.person == person_id).execute()
