"""Whatever people do and in whatever order: never one too many, the order kept, nobody lost, each told once."""

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cptsapp.blueprints.event import booking, seats
from cptsapp.blueprints.event.models import Event, Question, QuestionKind
from cptsapp.blueprints.event.people import Place, Registration
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.mail import OutgoingMail
from tests.event.test_booking import make_event, person

_numbers = itertools.count()
WHO = st.integers(0, 9)
ACTS = st.one_of(
    st.tuples(st.just("register"), WHO, st.integers(0, 2)),
    st.tuples(st.just("register"), WHO, st.integers(0, 2)),
    st.tuples(st.just("cancel"), WHO),
    st.tuples(st.just("cancel"), WHO),
    st.tuples(st.just("change"), WHO, st.integers(0, 2)),
    st.tuples(st.just("transfer"), WHO, WHO),
    st.tuples(st.just("remove"), WHO),
    st.tuples(st.just("move_up"), WHO),
    st.tuples(st.just("confirm"), WHO),
    st.tuples(st.just("capacity"), st.integers(1, 8), st.sampled_from(["", "wait"])),
    st.sampled_from([("close",), ("open",), ("let_in",)]),
)


def living(event, who):
    places = [str(Place.CONFIRMED), str(Place.WAITING)]
    mine = (Registration.event == event.id) & (Registration.email == f"p{who}@exemple.fr")
    return Registration.select().where(mine, Registration.state.in_(places)).first()


def do(event, act):
    """Do one act as its page does; a refusal is a sentence and changes nothing."""
    name, *given = act
    event = Event.get_by_id(event.id)
    if name == "register":
        values = person(f"P{given[0]}")
        booking.register(event, f"k{next(_numbers)}", values=values, guests=given[1])
    elif name == "capacity":
        booking.set_capacity(event.id, given[0], over=given[1])
    elif name == "close":
        Event.update(closes_at=now()).where(Event.id == event.id).execute()
    elif name == "open":
        Event.update(closes_at=None).where(Event.id == event.id).execute()
    elif name == "let_in":
        booking.let_in(event.id)
    elif entry := living(event, given[0]):
        {
            "cancel": lambda: booking.cancel(entry.id),
            "change": lambda: booking.change(entry, values=person(f"P{given[0]}"), guests=given[-1]),
            "transfer": lambda: booking.transfer(entry, values=person(f"P{given[-1]}")),
            "remove": lambda: booking.remove(entry.id, "Motif"),
            "move_up": lambda: booking.move_up(entry.id, "Motif"),
            "confirm": lambda: booking.confirm(entry.id, "Motif"),
        }[name]()


def check(event, known):
    event = Event.get_by_id(event.id)
    rows = {row.id: row for row in Registration.select().where(Registration.event == event.id)}
    assert known <= rows.keys(), "a registration was lost"
    taken = booking.seats_taken(event.id)
    assert taken <= event.capacity, "oversold"
    waiting = list(seats.waiting_list(event.id))
    assert [seats.rank(row) for row in waiting] == list(range(1, len(waiting) + 1))
    addresses = [row.email for row in rows.values() if row.place in (Place.CONFIRMED, Place.WAITING)]
    assert len(addresses) == len(set(addresses)), "registered twice"
    for id in rows:
        key = f"event-{event.id}-promoted-{id}"
        told = (OutgoingMail.key == key) | OutgoingMail.key.startswith(f"{key}-")
        entered = (JournalEntry.action == seats.PROMOTED) & (JournalEntry.subject_id == str(id))
        count = JournalEntry.select().where(entered).count()
        assert OutgoingMail.select().where(told).count() == count, "a seat was not told, or told twice"
    return set(rows)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    crowd=st.lists(st.integers(0, 2), min_size=4, max_size=9),
    acts=st.lists(ACTS, min_size=4, max_size=20),
    capacity=st.integers(2, 6),
)
def test_any_sequence_of_acts_keeps_the_seats_the_order_and_everybody(app, crowd, acts, capacity):
    with db.atomic() as transaction:  # each example starts from an empty event
        event = make_event(capacity=capacity)
        Question.create(event=event, kind=QuestionKind.GUESTS, label="Accompagnants", most=2)
        known, first = set(), [("register", who, guests) for who, guests in enumerate(crowd)]
        for act in [*first, *acts]:
            before, there = [row.id for row in seats.waiting_list(event.id)], known
            try:
                do(event, act)
            except RuleError:
                assert [row.id for row in seats.waiting_list(event.id)] == before
            known = check(event, known)
            if act[0] not in ("move_up", "confirm", "capacity", "transfer"):
                check_order(event, before, there)
        check_full(event)
        transaction.rollback()


def check_order(event, before, there):
    """Those let in by themselves are the first of who waited; nobody who comes after them is in while one waits."""
    rows = {row.id: row for row in Registration.select().where(Registration.event == event.id)}
    still = [rows[id].place for id in before if rows[id].place in (Place.WAITING, Place.CONFIRMED)]
    assert still == sorted(still), "somebody passed before another"  # « confirmed » comes before « waiting »
    if Place.WAITING in still:
        newer = [row.place for row in rows.values() if row.id not in there]
        assert Place.CONFIRMED not in newer, "a newcomer passed before those who wait"


def check_full(event):
    """Once registration is open again and one act has been done, nobody who fits and is first is left waiting."""
    Event.update(closes_at=None).where(Event.id == event.id).execute()
    booking.let_in(event.id)
    head = seats.waiting_list(event.id).first()
    left = booking.seats_left(Event.get_by_id(event.id))
    assert head is None or head.seats > left
