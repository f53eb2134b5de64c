"""Whom a sending is for: steps of « ou », « et », « sauf » over the segments that features register.

Steps are kept, not people: they are read again at each count and at the start. `[{"op": "or", "segment": "…",
"value": "…"}, …]`, evaluated from left to right.
"""

import json
from dataclasses import dataclass, field
from datetime import date, datetime

from peewee import fn

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import registry
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.kept import kept
from cptsapp.kernel.mail import Kind, OutgoingMail, State, headers, holds
from cptsapp.kernel.mail.queue import CLOSED, NO_ADDRESS
from cptsapp.kernel.text import plural

from .letters import values_for
from .models import SavedAudience

PERSONS = "persons"  # people chosen one by one: their ids, between commas
SAVED = "saved"  # an audience with a name
MOST_STEPS = 12
MOST_CHOSEN = 5000
SAMPLE = 8
WRONG_ADDRESS = "Adresse que le serveur n’accepte pas : à corriger sur la fiche."


class Op(Choice):
    OR = "or", "et aussi"
    AND = "and", "seulement parmi"
    EXCEPT = "except", "sauf"


@dataclass(frozen=True)
class Step:
    op: str
    segment: str
    value: str


def steps_of(stored: list[dict]) -> list[Step]:
    return [Step(each["op"], each["segment"], each["value"]) for each in stored]


def stored(steps: list[Step]) -> str:
    return json.dumps([{"op": str(each.op), "segment": each.segment, "value": each.value} for each in steps])


def chosen(person_ids) -> list[Step]:
    """Return the audience of people chosen one by one. Raises RuleError when there are none, or too many."""
    ids = sorted({int(each) for each in person_ids})
    if not ids:
        raise RuleError("Choisissez au moins une personne.")
    if len(ids) > MOST_CHOSEN:
        raise RuleError(f"Choisissez {MOST_CHOSEN} personnes au plus, ou un critère qui les réunit.")
    return [Step(Op.OR, PERSONS, ",".join(map(str, ids)))]


# What is offered


def offered() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return (segment, label, choices) of all that may be chosen, saved audiences first."""
    found = [(SAVED, "Groupes enregistrés", [(str(each.id), each.name) for each in _saved()])]
    for each in sorted(registry.segments, key=lambda segment: (segment.order, segment.label)):
        found.append((each.key, each.label, each.choices()))
    return [each for each in found if each[2]]


def _saved():
    return SavedAudience.select().order_by(SavedAudience.name)


def refuse_unknown(steps: list[Step], known: list | None = None):
    """Refuse steps that choose what is not offered. Raises RuleError."""
    if len(steps) > MOST_STEPS:
        raise RuleError(f"Un envoi compte {MOST_STEPS} critères au plus.")
    choices = {segment: {value for value, _ in values} for segment, _, values in known or offered()}
    for each in steps:
        is_known = each.segment == PERSONS or each.value in choices.get(each.segment, ())
        if not is_known or each.op not in list(Op):
            raise RuleError("Un des critères choisis n’existe plus. Choisissez-en un autre.")


def describe(steps: list[Step], known: list | None = None) -> list[tuple[str, str]]:
    """Return (« et aussi », « Profession : infirmière ») of each step; the first one has no word before it."""
    labels = {segment: (label, dict(values)) for segment, label, values in known or offered()} if steps else {}
    return [("" if rank == 0 else Op(each.op).label, _words(each, labels)) for rank, each in enumerate(steps)]


def _words(step: Step, labels) -> str:
    if step.segment == PERSONS:
        return plural(len(_ids(step.value)), "personne choisie une à une", "personnes choisies une à une")
    label, values = labels.get(step.segment, ("", {}))
    value = values.get(step.value)
    if value is None:
        return "un critère qui n’existe plus"
    return value if step.segment == SAVED or value == label else f"{label} : {value}"


def _ids(value: str) -> list[int]:
    return [int(each) for each in value.split(",") if each.isascii() and each.isdecimal()]


# Who it is


def condition(steps: list[Step]):
    """Return the condition on Person that steps make, or None when there are none."""
    found = None
    for each in steps:
        one = _condition_of(each)
        if found is None:
            found = one
        elif each.op == Op.AND:
            found = found & one
        else:
            found = found & ~one if each.op == Op.EXCEPT else found | one
    return found


def _condition_of(step: Step):
    if step.segment == PERSONS:
        return Person.id.in_(_ids(step.value))
    if step.segment == SAVED:
        saved = SavedAudience.get_or_none(SavedAudience.id == int(step.value)) if step.value.isdecimal() else None
        inside = steps_of(saved.steps) if saved else []
        return condition([each for each in inside if each.segment != SAVED]) or NOBODY
    segment = next((each for each in registry.segments if each.key == step.segment), None)
    return Person.id.in_(segment.people(step.value)) if segment else NOBODY


NOBODY = Person.id < 0


@dataclass
class Candidate:
    """One address and the people who share it, or one person without an address; `reason`: why nothing leaves."""

    address: str
    key: str
    reason: str = ""
    ids: list[int] = field(default_factory=list)
    given_names: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    @property
    def values(self) -> dict[str, str]:
        return values_for(self.given_names, self.names)

    @property
    def label(self) -> str:
        return ", ".join(self.names)


def candidates(steps: list[Step]) -> list[Candidate]:
    """Return everybody that steps name, one by address whatever its case, in the order of a list."""
    where = condition(steps)
    if where is None:
        return []
    found: dict[str, Candidate] = {}
    columns = (Person.id, Person.given_name, Person.family_name, Person.name, Person.email, Person.email_normalised)
    query = Person.select(*columns).where(where, Person.deleted_at.is_null()).order_by(Person.folded, Person.id)
    for id, given, family, name, email, normalised in query.tuples():
        key = normalised or f"#{id}"
        each = found.get(key)
        if each is None:
            each = found[key] = Candidate((email or "").strip() if normalised else "", key)
        each.ids.append(id)
        each.given_names.append(given)
        each.names.append(name or f"{given} {family}".strip())
    _say_why_not(list(found.values()))
    return list(found.values())


def _say_why_not(people: list[Candidate]):
    held = holds.reasons([each.address for each in people if each.address], Kind.COLLECTIVE)
    for each in people:
        if not each.address:
            each.reason = NO_ADDRESS
        elif headers.is_closed_network(each.address):
            each.reason = CLOSED
        elif headers.envelope_address(each.address) is None:
            each.reason = WRONG_ADDRESS
        elif each.address in held:
            each.reason = holds.SKIPPED[held[each.address]]


@dataclass(frozen=True)
class Count:
    """What is shown before sending: how many addresses, some of the names, and who is left out, by reason."""

    addresses: int
    persons: int
    sample: list[str]
    skipped: list[tuple[str, int, list[str]]]

    @property
    def left_out(self) -> int:
        return sum(number for _, number, _ in self.skipped)


def count(steps: list[Step]) -> Count:
    """Count whom steps name, as they stand today."""
    return _count_on(stored(steps), today())


@kept
def _count_on(text: str, day: date) -> Count:
    people = candidates(steps_of(json.loads(text)))
    kept = [each for each in people if not each.reason]
    reasons: dict[str, list[Candidate]] = {}
    for each in people:
        if each.reason:
            reasons.setdefault(each.reason, []).append(each)
    spread = kept[:: max(1, len(kept) // SAMPLE)][:SAMPLE]
    return Count(
        addresses=len(kept),
        persons=sum(len(each.ids) for each in kept),
        sample=[each.label for each in spread],
        skipped=[
            (reason, len(each), [one.label for one in each[:SAMPLE]])
            for reason, each in sorted(reasons.items(), key=lambda pair: -len(pair[1]))
        ],
    )


def told_lately(people: list[Candidate], since: datetime) -> int:
    """Return how many of these addresses have had a collective mail since a moment."""
    addresses = {each.address for each in people if not each.reason}
    query = OutgoingMail.select(fn.DISTINCT(OutgoingMail.to_address)).where(
        OutgoingMail.kind == Kind.COLLECTIVE, OutgoingMail.state == State.SENT, OutgoingMail.done_at >= since
    )
    return len(addresses & {address for (address,) in query.tuples()})
