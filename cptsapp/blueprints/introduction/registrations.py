"""What introductions tell the floors below: figures, what waits for a result, a person's data, what is erased."""

from datetime import date, timedelta

from flask import url_for

from cptsapp.blueprints.directory.models import Entry
from cptsapp.kernel import journal
from cptsapp.kernel.dates import span
from cptsapp.kernel.db import now
from cptsapp.kernel.registry import Waiting, breakdown, indicator, personal_data, personal_eraser, waiting
from cptsapp.kernel.text import plural

from . import rules
from .models import Introduction, Outcome, Side, State, TrainingList, TrainingListEntry

RESULT_AFTER = timedelta(days=60)
journal.name_values(Outcome, Side)


@journal.subject("introduction", "Mise en relation")
def names(ids):
    rows = Introduction.joined().where(Introduction.id.in_(ids))
    return {
        str(each.id): (f"{each.demand_label} et {each.offer_label}", url_for("introduction_gestion.show", id=each.id))
        for each in rows
    }


@journal.subject("training_list", "Liste transmise")
def list_names(ids):
    rows = TrainingList.select().where(TrainingList.id.in_(ids))
    return {str(each.id): (each.recipient, url_for("introduction_gestion.lists")) for each in rows}


@waiting("introduction.result", access=("coordination",))
def without_result():
    """Introductions that both agreed to two months ago, and of which nobody has said what they became."""
    old = Introduction.agreed_at < now() - RESULT_AFTER
    count = Introduction.select().where(Introduction.in_state(State.AGREED), old).count()
    words = plural(count, "mise en relation à conclure", "mises en relation à conclure")
    yield Waiting(words, url_for("introduction_gestion.index", etat=State.AGREED.value), count)


def _count(column, start: date, end: date, *conditions) -> int:
    since, until = span(start, end)
    return Introduction.select().where(column >= since, column < until, *conditions).count()


@indicator("introduction.proposed", "Mises en relation proposées (IPA)", unit="mises en relation")
def proposed(start: date, end: date) -> int:
    return _count(Introduction.proposed_at, start, end)


@indicator("introduction.agreed", "Mises en relation acceptées par les deux (IPA)", unit="mises en relation")
def agreed(start: date, end: date) -> int:
    return _count(Introduction.agreed_at, start, end)


@indicator("introduction.success", "Mises en relation abouties (IPA)", unit="mises en relation")
def successes(start: date, end: date) -> int:
    return _count(Introduction.closed_at, start, end, Introduction.outcome == Outcome.SUCCESS)


@breakdown("introduction.proposed", "outcome", "Par résultat")
def by_outcome(start: date, end: date) -> dict[str, int]:
    since, until = span(start, end)
    found: dict[str, int] = {}
    for each in Introduction.select().where(Introduction.proposed_at >= since, Introduction.proposed_at < until):
        label = each.outcome_label or each.state.label
        found[label] = found.get(label, 0) + 1
    return found


@indicator("introduction.lists", "Listes transmises aux organismes de formation", unit="listes")
def lists(start: date, end: date) -> int:
    since, until = span(start, end)
    return TrainingList.select().where(TrainingList.sent_at >= since, TrainingList.sent_at < until).count()


def _mine(person_id: int):
    return Entry.select(Entry.id).where((Entry.person == person_id) | (Entry.declared_by == person_id))


@personal_data("introduction", "Mises en relation")
def exported(person_id: int) -> dict:
    """Return a person's introductions, never with the other side; and who received their entry."""
    mine = _mine(person_id)
    concerned = Introduction.demand.in_(mine) | Introduction.offer.in_(mine)
    handed = TrainingListEntry.select(TrainingListEntry, TrainingList).join(TrainingList)
    return {
        "mises_en_relation": [
            {"objet": each.kind_label, "proposee_le": each.proposed_at, "etat": each.outcome_label or each.state.label}
            for each in Introduction.select().where(concerned).order_by(Introduction.id)
        ],
        "transmise_a": [
            {"organisme": each.list.recipient, "le": each.list.sent_at}
            for each in handed.where(TrainingListEntry.entry.in_(mine)).order_by(TrainingListEntry.id)
        ],
    }


@personal_eraser(order=40)  # before the directories, whose entries it reads
def erase(person_id: int) -> None:
    rules.forget_person(person_id)
