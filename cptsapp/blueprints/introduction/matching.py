"""Who might suit whom: the nurses of the directory, ordered by what they share with a demand."""

from dataclasses import dataclass

from cptsapp.blueprints.directory import catalogue, finding
from cptsapp.blueprints.directory.models import Entry

from .models import HOSTS, IPA, SEEKERS, Introduction, Outcome

TRAINED, IN_TRAINING = ("diplomee",), ("formation_1", "formation_2")
MOST = 30


@dataclass(frozen=True)
class Suggestion:
    """`reasons` are said to the coordination: « mention commune », « même commune »."""

    entry: Entry
    rank: int
    reasons: tuple[str, ...]


def demands() -> list[Entry]:
    """Return the live entries of those who look for a nurse or host a student."""
    query = Entry.joined().where(Entry.directory.in_([SEEKERS, HOSTS]), Entry.live())
    return [each for each in query.order_by(Entry.directory, Entry.sort_name) if _is_present(each)]


def _is_present(entry: Entry) -> bool:
    return entry.person_id is None or entry.person.deleted_at is None


def suggested(demand: Entry) -> list[Suggestion]:
    """Return the nurses to propose for a demand, the likeliest first.

    Those proposed to it before are left out, unless nobody answered.
    """
    mine = (Introduction.demand == demand.id) & Introduction.offer.is_null(False)
    before = Introduction.select(Introduction.offer).where(mine, Introduction.outcome != Outcome.EXPIRED)
    query = Entry.joined().where(Entry.directory == IPA, Entry.live(), Entry.id.not_in(before))
    found = [_compared(demand, each) for each in query.order_by(Entry.sort_name) if _is_present(each)]
    return sorted((each for each in found if each), key=lambda each: -each.rank)[:MOST]


def _compared(demand: Entry, offer: Entry) -> Suggestion | None:
    wanted, said = demand.values, offer.values
    situation = IN_TRAINING if demand.directory == HOSTS else TRAINED
    if said.get("situation") not in situation or offer.person_id == demand.person_id:
        return None
    mentions = set(wanted.get("mentions") or [])
    shared = mentions & set(said.get("mentions") or [])
    if mentions and said.get("mentions") and not shared:
        return None
    reasons, rank = [], 0
    if shared:
        names = catalogue.of(offer).field("mentions").labels
        reasons.append(f"mention : {', '.join(names[each] for each in sorted(shared) if each in names)}")
        rank += 4
    place = _near(demand, offer)
    if place:
        reasons.append(place[0])
        rank += place[1]
    return Suggestion(offer, rank, tuple(reasons))


def _near(demand: Entry, offer: Entry) -> tuple[str, int] | None:
    """Return how near the two are, in words, and what it weighs."""
    here = demand.commune_id
    if not here:
        return None
    if offer.commune_id == here:
        return "même commune", 3
    if here in (offer.values.get("communes") or []):
        return "couvre cette commune", 3
    if offer.commune_id in finding.neighbours(here, around=True):
        return "commune voisine", 1
    return None
