"""Every write of a vote: opened, changed, cast, closed and counted, applied to the fiches, cancelled."""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from peewee import fn

from cptsapp.blueprints.person.rules import one_line
from cptsapp.blueprints.project import audience
from cptsapp.blueprints.project import rules as project
from cptsapp.blueprints.project.audience import Audience
from cptsapp.blueprints.project.models import Fiche, FicheState
from cptsapp.kernel import journal, lasting
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.db import db, insert_rows, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.settings import settings

from .models import FEWEST_VOTERS, MOST_CHOICES, Ballot, Mark, Option, Round

LONGEST = timedelta(days=366)
MOST_OPTIONS = 60
CLOSED = "Ce vote est clos : votre choix n’a pas été enregistré."
for _action, _sentence in {
    "priority.opened": "Vote des priorités ouvert",
    "priority.changed": "Vote des priorités modifié",
    "priority.voted": "Vote des priorités : bulletin déposé ou modifié",
    "priority.closed": "Vote des priorités clos et dépouillé",
    "priority.applied": "Priorités reportées sur les fiches-actions",
    "priority.cancelled": "Vote des priorités annulé",
}.items():
    journal.declare(_action, _sentence)


@db.atomic()
def open_round(
    *, title: str, who: Audience, choices: int, until: date, fiches: Iterable[int], words: str = "", tell: bool = False
) -> Round:
    """Put fiches to the vote of the bureau or of the members, and tell them by mail if wanted."""
    found = Round(audience=who, choices=choices)
    _fill(found, title, until, words)
    wanted = sorted(set(fiches))
    eligible = Fiche.present().where(Fiche.id.in_(wanted), Fiche.state != FicheState.CLOSED)
    if len(wanted) < 2 or len(wanted) > MOST_OPTIONS or eligible.count() != len(wanted):
        raise RuleError(f"Choisissez de 2 à {MOST_OPTIONS} fiches de la liste.", "fiches")
    if not 1 <= choices <= min(MOST_CHOICES, len(wanted) - 1):
        most = min(MOST_CHOICES, len(wanted) - 1)
        raise RuleError(f"De 1 à {most} choix : un de moins que le nombre de fiches, au plus.", "choices")
    found.opened_by = journal.actor()
    found.save(force_insert=True)
    Option.insert_many([{"round": found, "fiche": fiche} for fiche in wanted]).execute()
    mails = _tell(found) if tell else 0
    journal.write("priority.opened", "priority_round", found.id, mails=mails)
    return found


def _fill(found: Round, title: str, until: date, words: str):
    found.title, found.until, found.words = one_line(title), until, words.strip()
    if not found.title:
        raise RuleError("Donnez un titre au vote.", "title")
    if not today() <= until <= today() + LONGEST:
        raise RuleError("Choisissez un jour à venir, dans l’année.", "until")
    found.refresh_copies()


def _tell(found: Round) -> int:
    values = {
        "title": found.title,
        "words": found.words,
        "choices": found.choices,
        "until": date_fr(found.until),
        "link": f"{settings.base_url}/espace/projet/priorites/{found.id}",
    }
    return audience.tell(found.who, "priority/opened", f"priority-{found.id}", lambda person: values)


@db.atomic()
def change(round_id: int, *, title: str, until: date, words: str = "") -> Round:
    """Give an open vote another title, last day or words; what is put to it no longer changes."""
    found = _open(round_id, "Ce vote est clos : il ne change plus.")
    _fill(found, title, until, words)
    found.save()
    journal.write("priority.changed", "priority_round", found.id)
    return found


def _held(round_id: int) -> Round:
    found = locked(Round.select().where(Round.id == round_id)).get_or_none()
    if found is None:
        raise RuleError("Ce vote n’existe plus. Rechargez la page.")
    return found


def _open(round_id: int, refusal: str) -> Round:
    found = _held(round_id)
    if not found.is_open:
        raise RuleError(refusal)
    return found


# Voting


def voter_key(round_id: int, person_id: int) -> str:
    """Return what stands for a voter in a round: always the same, and telling nothing to whoever reads the base."""
    return hmac.digest(lasting.key("priority"), f"{round_id}:{person_id}".encode(), "sha256").hex()


def chosen_by(round_id: int, person_id: int) -> set[int]:
    """Return the ids of the fiches that somebody has chosen, while the round is open."""
    mine = Mark.select(Option.fiche).join(Option).where(Option.round == round_id)
    return {id for (id,) in mine.where(Mark.key == voter_key(round_id, person_id)).tuples()}


@db.atomic()
def vote(round_id: int, person_id: int | None, chosen: Iterable[int]) -> None:
    """Cast a vote, or change it: the fiches chosen, none of them for a blank vote."""
    found, chosen = _open(round_id, CLOSED), set(chosen)
    if not found.who.holds(person_id):
        raise RuleError(f"Ce vote est réservé : {found.who.label.lower()}, à titre personnel.")
    options = {each.fiche_id: each.id for each in Option.of(found).where(Fiche.deleted_at.is_null())}
    if not chosen <= options.keys():
        raise RuleError("Choisissez parmi les fiches de la liste.", "fiches")
    if len(chosen) > found.choices:
        raise RuleError(f"Vous avez coché {len(chosen)} fiches : gardez-en {found.choices} au plus.", "fiches")
    Ballot.insert(round=found, person=person_id).on_conflict_ignore().execute()
    key = voter_key(round_id, person_id)
    marks = [(each.option_id, each.key) for each in Mark.of(found.id) if each.key != key]
    _write_marks(found, marks + [(options[each], key) for each in chosen])
    journal.write("priority.voted", "priority_round", found.id)


def _write_marks(found: Round, marks: list[tuple[int, str]]):
    """Write all the marks of a round again, shuffled: the order of their rows must not be that of the ballots."""
    Mark.delete().where(Mark.option.in_(Option.select(Option.id).where(Option.round == found))).execute()
    secrets.SystemRandom().shuffle(marks)
    insert_rows(Mark, [Mark.option, Mark.key], marks)


# Counting


@db.atomic()
def close(round_id: int) -> Round:
    """Count a round, once and for good, and forget who chose what; closed already, it stays as it was."""
    found = _held(round_id)
    if found.is_counted:
        return found
    voters = found.ballots.count()
    found.electors, found.voters, found.closed_at = found.who.people().count(), voters, now()
    found.blanks = voters - Mark.of(found.id).select(fn.COUNT(Mark.key.distinct())).scalar()
    if voters >= FEWEST_VOTERS:
        for option in Option.of(found):
            option.votes = option.marks.count()
            option.save()
    _write_marks(found, [])
    found.save()
    journal.write("priority.closed", "priority_round", found.id, number=voters)
    return found


def close_due(day: date) -> None:
    """Count the rounds whose last day is over."""
    for each in list(Round.to_count(day)):
        close(each.id)


@dataclass(frozen=True)
class Result:
    """What a fiche got: its votes, its rank (equal votes share one), the priority that the rank proposes."""

    id: int
    fiche: Fiche
    votes: int
    rank: int
    priority: int


def results(found: Round) -> list[Result]:
    """Return what a counted round says, the most chosen first; nothing when too few people voted.

    The first fiches, as many as each could choose, are proposed at priority 1, those that nobody chose at 3.
    """
    if not found.has_result:
        return []
    options = sorted(Option.of(found), key=lambda each: (-each.votes, each.fiche.folded))
    rows = []
    for each in options:
        rank = 1 + sum(other.votes > each.votes for other in options)
        priority = 3 if each.votes == 0 else 1 if rank <= found.choices else 2
        rows.append(Result(each.id, each.fiche, each.votes, rank, priority))
    return rows


@db.atomic()
def apply(round_id: int) -> int:
    """Write the priorities that a counted round proposes on its fiches, each as a version; return how many changed."""
    found = _held(round_id)
    rows = results(found)
    if not rows:
        raise RuleError("Ce vote n’a pas de résultat à reporter.")
    changed = 0
    for each in rows:
        fiche = locked(Fiche.select().where(Fiche.id == each.fiche.id, Fiche.deleted_at.is_null())).get_or_none()
        if fiche and fiche.priority != each.priority:
            project.update(fiche.id, revision_read=fiche.revision, priority=each.priority)
            changed += 1
    Round.update(applied_at=now()).where(Round.id == found.id).execute()
    journal.write("priority.applied", "priority_round", found.id, number=changed)
    return changed


@db.atomic()
def cancel(round_id: int) -> None:
    """Take back a vote that was opened by mistake, with the ballots cast; one that was counted stays."""
    found = _held(round_id)
    if found.is_counted:
        raise RuleError("Ce vote est dépouillé : il ne s’annule plus.")
    found.delete_instance()
    journal.write("priority.cancelled", "priority_round", round_id)


@db.atomic()
def forget_person(person_id: int) -> None:
    """Erase that a person voted and, in the rounds that are not counted yet, what they chose."""
    mine = Ballot.select(Ballot.round).where(Ballot.person == person_id)
    list(locked(Round.select(Round.id).where(Round.id.in_(mine)).order_by(Round.id)))  # who votes writes all the marks
    for ballot in Ballot.select(Ballot, Round).join(Round).where(Ballot.person == person_id):
        Mark.delete().where(
            Mark.key == voter_key(ballot.round_id, person_id),
            Mark.option.in_(Option.select(Option.id).where(Option.round == ballot.round_id)),
        ).execute()
    Ballot.delete().where(Ballot.person == person_id).execute()
