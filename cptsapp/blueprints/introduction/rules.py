"""Introductions proposed, answered by each side, withdrawn, ended; lists handed to training bodies."""

from datetime import date, timedelta

from cptsapp.blueprints.directory import letters as reaching
from cptsapp.blueprints.directory.models import Entry
from cptsapp.blueprints.person.rules import one_line
from cptsapp.kernel import journal
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError

from . import letters, showing
from .models import HOSTS, IPA, SEEKERS, Introduction, Outcome, Side, State, TrainingList, TrainingListEntry

ANSWER_WITHIN, REMIND_BEFORE = timedelta(days=21), timedelta(days=7)
GIVEN_BY_HAND = (Outcome.SUCCESS, Outcome.NO_FOLLOW)
for _action, _sentence in {
    "introduction.proposed": "Mise en relation proposée",
    "introduction.answered": "Réponse à une mise en relation",
    "introduction.agreed": "Mise en relation acceptée par les deux",
    "introduction.reminded": "Rappel d’une mise en relation sans réponse",
    "introduction.closed": "Mise en relation terminée",
    "introduction.reopened": "Mise en relation rouverte",
    "introduction.list": "Liste transmise à un organisme de formation",
}.items():
    journal.declare(_action, _sentence)


@db.atomic()
def propose(demand_id: int, offer_id: int, *, by: int | None = None) -> Introduction:
    """Ask both sides; each gets a mail that names nobody. Raises RuleError when one cannot be asked."""
    demand, offer = _live(demand_id, (SEEKERS, HOSTS), "demand"), _live(offer_id, (IPA,), "offer")
    if demand.person_id and demand.person_id == offer.person_id:
        raise RuleError("C’est la même personne des deux côtés.", "offer")
    for entry in (demand, offer):
        if not reaching.reached_at(entry)[0]:
            raise RuleError(f"{entry.label} n’a pas d’adresse e-mail : complétez sa fiche d’abord.", "offer")
    same = (Introduction.demand == demand) & (Introduction.offer == offer)
    if Introduction.select().where(same, Introduction.closed_at.is_null()).exists():
        raise RuleError("Cette mise en relation est déjà en cours.", "offer")
    found = Introduction.create(
        demand=demand, offer=offer, directory=demand.directory, expires_on=today() + ANSWER_WITHIN, proposed_by=by
    )
    for side in Side:
        letters.proposed(found, side)
    journal.write("introduction.proposed", "introduction", found.id, demand=demand.id, offer=offer.id)
    return found


def _live(entry_id: int, directories: tuple[str, ...], field: str) -> Entry:
    """Return an entry that readers find today, held until the end of the transaction."""
    locked(Entry.select(Entry.id).where(Entry.id == entry_id)).first()
    entry = Entry.joined().where(Entry.id == entry_id, Entry.directory.in_(directories)).first()
    if entry is None or not entry.is_live or not showing.is_there(entry):
        raise RuleError("Cette fiche n’est plus dans son répertoire. Choisissez-en une autre.", field)
    return entry


@db.atomic()
def agree(introduction_id: int, side: Side, *, link_version: int) -> Introduction:
    """Say yes for a side; when both have, each is told how to reach the other. Asked again, nothing more."""
    found = _open(introduction_id, link_version)
    if found.agreed(side):
        return found
    if found.expires_on < today():
        raise RuleError("La date est passée. Écrivez à la coordination pour qu’elle propose de nouveau.")
    if not showing.still_stands(found):
        raise RuleError("L’autre fiche n’est plus dans son répertoire : cette mise en relation n’a plus lieu d’être.")
    setattr(found, f"{side}_agreed_at", now())
    if found.demand_agreed_at and found.offer_agreed_at:
        found.agreed_at = now()
    found.save()
    journal.write("introduction.answered", "introduction", found.id, side=str(side), yes=True)
    if found.agreed_at:
        journal.write("introduction.agreed", "introduction", found.id)
        for each in Side:
            letters.agreed(found, each)
    return found


@db.atomic()
def refuse(introduction_id: int, side: Side, *, link_version: int) -> Introduction:
    """Say no, or take a yes back: it ends there. The other side is told so, and not who refused nor why."""
    found = _row(introduction_id)
    if found is None or found.link_version != link_version:
        raise RuleError("Ce lien ne sert plus.")
    if found.closed_at:
        return found
    journal.write("introduction.answered", "introduction", found.id, side=str(side), yes=False)
    return _close(found, Outcome.WITHDRAWN if found.agreed(side) else Outcome.DECLINED)


@db.atomic()
def withdraw(introduction_id: int) -> Introduction:
    """Take a proposal back, for the coordination. Asked again, nothing more."""
    found = _known(introduction_id)
    return found if found.closed_at else _close(found, Outcome.WITHDRAWN)


@db.atomic()
def conclude(introduction_id: int, outcome: str) -> Introduction:
    """Keep what became of an introduction that both agreed to."""
    found = _known(introduction_id)
    if outcome not in GIVEN_BY_HAND:
        raise RuleError("Dites si cette mise en relation a abouti.", "outcome")
    if not found.agreed_at:
        raise RuleError("Les deux n’ont pas accepté : il n’y a pas encore de résultat.", "outcome")
    if found.closed_at and found.outcome not in GIVEN_BY_HAND:
        raise RuleError("L’un des deux s’est retiré : cette mise en relation est terminée.", "outcome")
    found.closed_at, found.outcome = found.closed_at or now(), outcome
    found.save()
    journal.write("introduction.closed", "introduction", found.id, outcome=outcome)
    return found


@db.atomic()
def reopen(introduction_id: int) -> Introduction:
    """Undo an outcome that the coordination noted; what a side refused stays refused."""
    found = _known(introduction_id)
    if found.outcome not in GIVEN_BY_HAND:
        raise RuleError("Seul un résultat que vous avez noté se reprend.")
    same = (Introduction.demand == found.demand_id) & (Introduction.offer == found.offer_id)
    if Introduction.select().where(same, Introduction.closed_at.is_null()).exists():
        raise RuleError("Une autre mise en relation des deux mêmes fiches est en cours.")
    found.closed_at, found.outcome = None, ""
    found.save()
    journal.write("introduction.reopened", "introduction", found.id)
    return found


def _close(found: Introduction, outcome: Outcome) -> Introduction:
    """End an introduction; whoever had said yes is told, in words that name nobody."""
    waited = [side for side in Side if found.agreed(side)]
    found.closed_at, found.outcome = now(), outcome
    found.save()
    journal.write("introduction.closed", "introduction", found.id, outcome=str(outcome))
    for side in waited:
        letters.ended(found, side)
    return found


def _row(introduction_id: int) -> Introduction | None:
    """Return an introduction, its row held until the end of the transaction."""
    locked(Introduction.select(Introduction.id).where(Introduction.id == introduction_id)).first()
    return Introduction.joined().where(Introduction.id == introduction_id).first()


def _known(introduction_id: int) -> Introduction:
    found = _row(introduction_id)
    if found is None:
        raise RuleError("Cette mise en relation n’existe plus. Revenez à la liste.")
    return found


def _open(introduction_id: int, link_version: int) -> Introduction:
    found = _row(introduction_id)
    if found is None or found.link_version != link_version:
        raise RuleError("Ce lien ne sert plus.")
    if found.closed_at:
        raise RuleError("Cette mise en relation est terminée.")
    return found


def remind(day: date | None = None) -> int:
    """Remind, a week before the end and once, the sides that have not answered; return how many were written to."""
    day = day or today()
    due = Introduction.in_state(State.WAITING) & Introduction.reminded_on.is_null()
    soon = (Introduction.expires_on >= day) & (Introduction.expires_on <= day + REMIND_BEFORE)
    return sum(_remind_one(each.id, day) for each in list(Introduction.select(Introduction.id).where(due, soon)))


@db.atomic()
def _remind_one(introduction_id: int, day: date) -> int:
    found = _row(introduction_id)
    if found.state != State.WAITING or found.reminded_on or not showing.still_stands(found):
        return 0  # answered, reminded or ended meanwhile
    silent = [side for side in Side if not found.agreed(side)]
    for side in silent:
        letters.reminder(found, side)
    Introduction.update(reminded_on=day).where(Introduction.id == introduction_id).execute()
    journal.write("introduction.reminded", "introduction", introduction_id, mails=len(silent))
    return len(silent)


def close_dead(day: date | None = None) -> int:
    """End what nobody answered in time, and what has lost one of its two entries; return how many."""
    count = 0
    for found in list(Introduction.joined().where(Introduction.closed_at.is_null())):
        late = found.state == State.WAITING and found.expires_on < (day or today())
        if late or not showing.still_stands(found):
            count += _close_one(found.id, Outcome.EXPIRED if late else Outcome.WITHDRAWN)
    return count


@db.atomic()
def _close_one(introduction_id: int, outcome: Outcome) -> int:
    found = _row(introduction_id)
    if found is None or found.closed_at or (outcome == Outcome.EXPIRED and found.agreed_at):
        return 0
    _close(found, outcome)
    return 1


@db.atomic()
def forget_person(person_id: int) -> None:
    """End the introductions of a person who is erased, before their entries are."""
    mine = Entry.select(Entry.id).where((Entry.person == person_id) | (Entry.declared_by == person_id))
    concerned = Introduction.demand.in_(mine) | Introduction.offer.in_(mine)
    for (id,) in list(Introduction.select(Introduction.id).where(concerned, Introduction.closed_at.is_null()).tuples()):
        _close_one(id, Outcome.WITHDRAWN)


def shareable() -> list[Entry]:
    """Return the live entries whose owners agreed that training bodies receive them: that answer, and no other."""
    query = Entry.joined().where(Entry.directory.in_([IPA, HOSTS]), Entry.live()).order_by(Entry.sort_name)
    return [each for each in query if each.values.get(showing.SHARE) is True and showing.is_there(each)]


@db.atomic()
def hand_over(recipient: str, *, by: int | None = None) -> tuple[TrainingList, list[Entry]]:
    """Keep that today's list goes to a training body; return it with the entries that are in it."""
    recipient = one_line(recipient or "")
    if not recipient:
        raise RuleError("Dites à quel organisme cette liste est transmise.", "recipient")
    entries = shareable()
    if not entries:
        raise RuleError("Personne n’a accepté que sa fiche soit transmise : la liste serait vide.")
    row = TrainingList.create(recipient=recipient[:160], sent_by=by, number=len(entries))
    for entry in entries:
        TrainingListEntry.create(list=row, entry=entry)
    journal.write("introduction.list", "training_list", row.id, rows=len(entries))
    return row, entries
