"""The day of an event: who is there is ticked, on a phone without a network too, keyed in, or counted without names."""

import itertools
import re
from datetime import UTC, timedelta

import pytest

from cptsapp.blueprints.event import attendance, moves, sheets
from cptsapp.blueprints.event.attendance import Tick
from cptsapp.blueprints.event.models import HeadCount, Session, Status
from cptsapp.blueprints.event.people import Attendance, Place, Registration
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from tests.event.test_booking import make_event, register
from tests.pdftext import texts
from tests.postgresql import counts_what_is_kept

DESK = "/gestion/evenements"


@pytest.fixture
def event(app):
    made = make_event(days=0, closes_at=now() + timedelta(hours=1))
    for name in ("Ada", "Bob", "Cléo"):
        register(made, name, values={"email": f"{name[:2].lower()}@exemple.fr"})
    return made


@pytest.fixture
def session(event):
    return attendance.sessions_of(event)[0]


def entry(name):
    return Registration.get(Registration.given_name == name)


def present(session):
    return {row.given_name for row in Registration.select().where(Registration.id.in_(attendance.present_at(session)))}


def tick(event, session, name, is_present=True, seconds=0):
    one = Tick(entry(name).id, session.id, is_present, now() - timedelta(minutes=10) + timedelta(seconds=seconds))
    return attendance.record(event.id, [one], None)


# Ticks


def test_a_tick_says_who_is_there_and_another_takes_it_back(event, session):
    tick(event, session, "Ada", seconds=1)
    assert present(session) == {"Ada"}
    tick(event, session, "Ada", False, seconds=2)
    assert present(session) == set()


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_of_several_ticks_the_last_on_the_phone_holds_in_whatever_order_they_come(event, session, order):
    ticks = [(True, 1), (False, 2), (True, 3)]
    for rank in order:
        tick(event, session, "Ada", *ticks[rank])
    assert present(session) == {"Ada"}


def test_the_same_ticks_sent_twice_change_nothing(event, session):
    sent = [Tick(entry(name).id, session.id, True, now()) for name in ("Ada", "Bob")]
    for _ in range(2):
        assert attendance.record(event.id, sent, None) == 2
    assert (Attendance.select().count(), present(session)) == (2, {"Ada", "Bob"})


def test_a_phone_whose_clock_is_fast_does_not_hold_the_list_for_ever(event, session):
    tick(event, session, "Ada", True, seconds=10**6)
    assert Attendance.get().ticked_at <= now()
    attendance.record(event.id, [Tick(entry("Ada").id, session.id, False, now())], None)
    assert present(session) == set()


def test_a_tick_of_another_event_is_left_aside(event, session):
    other = make_event("Une autre soirée")
    register(other, "Zoé", values={"email": "zoe@exemple.fr"})
    sent = [Tick(entry("Zoé").id, session.id, True, now()), Tick(entry("Ada").id, session.id, True, now())]
    assert attendance.record(event.id, sent, None) == 1
    assert present(session) == {"Ada"}


def test_a_phone_that_comes_late_learns_what_another_said_since(as_coordinator, event, session):
    tick(event, session, "Ada", False, seconds=9)
    old = int((now() - timedelta(minutes=30)).replace(tzinfo=UTC).timestamp() * 1000)
    answer = post_ticks(as_coordinator, event, {"r": entry("Ada").id, "s": session.id, "p": True, "t": old})
    assert answer.json["present"] == {str(session.id): []}


def test_somebody_who_left_the_list_is_not_ticked(event, session):
    moves.remove(entry("Ada").id, notify=False)
    assert tick(event, session, "Ada") == 0
    assert Attendance.select().count() == 0


@pytest.mark.parametrize("status", [Status.DRAFT, Status.CANCELLED])
def test_nobody_is_ticked_at_an_event_that_does_not_take_place(event, session, status):
    event.status, event.cancelled_at = status, now() if status == Status.CANCELLED else None
    event.save()
    with pytest.raises(RuleError, match="publié ou tenu"):
        tick(event, session, "Ada")


def test_present_is_not_registered(event, session):
    tick(event, session, "Ada")
    assert entry("Ada").place == Place.CONFIRMED
    assert Registration.select().where(Registration.state == Place.CONFIRMED).count() == 3


def test_the_session_at_hand_is_the_one_under_way_or_the_next(event, session):
    later = Session.create(
        event=event, starts_at=session.ends_at + timedelta(days=1), ends_at=session.ends_at + timedelta(days=1, hours=2)
    )
    both = attendance.sessions_of(event)
    assert attendance.at_hand(both, session.starts_at) == session
    assert attendance.at_hand(both, session.ends_at + timedelta(hours=5)) == later
    assert attendance.at_hand(both, later.ends_at + timedelta(days=9)) == later


# On the pages


def post_ticks(browser, event, *ticks):
    return browser.post(f"{DESK}/{event.id}/presence/pointages", json={"ticks": list(ticks)})


def test_a_phone_sends_what_it_kept(as_coordinator, event, session):
    moment = int((now() - timedelta(minutes=3)).timestamp() * 1000)
    sent = [{"r": entry(name).id, "s": session.id, "p": True, "t": moment} for name in ("Ada", "Cléo")]
    answer = post_ticks(as_coordinator, event, *sent)
    truth = {str(session.id): [entry("Ada").id, entry("Cléo").id]}
    assert (answer.status_code, answer.json) == (200, {"kept": 2, "ignored": 0, "present": truth})
    assert present(session) == {"Ada", "Cléo"}


@pytest.mark.parametrize(
    "row",
    [None, 3, "x", {}, {"r": "1", "s": 1, "t": 1}, {"r": 0, "s": 1, "t": 1}, {"r": 1, "s": 1, "t": -4},
     {"r": True, "s": 1, "t": 1}, {"r": 1.5, "s": 1, "t": 1}, {"r": 1, "s": 10**40, "t": 1}],
)  # fmt: skip
def test_what_a_phone_could_not_have_kept_is_refused_with_a_sentence(as_coordinator, event, row):
    answer = post_ticks(as_coordinator, event, row)
    assert answer.status_code == 422
    assert "ne se lit pas" in answer.json["error"]


@pytest.mark.parametrize("body", ["", "[]", "{", '{"ticks": 3}', '{"ticks": null}', "\x00"])
def test_a_body_that_is_no_list_of_ticks_is_refused_with_a_sentence(as_coordinator, event, body):
    answer = as_coordinator.post(f"{DESK}/{event.id}/presence/pointages", data=body, content_type="application/json")
    assert (answer.status_code, bool(answer.json["error"])) == (422, True)


@pytest.mark.parametrize("moment", [1, 10**15])
def test_a_phone_that_does_not_know_the_date_ticks_now(as_coordinator, event, session, moment):
    post_ticks(as_coordinator, event, {"r": entry("Ada").id, "s": session.id, "p": True, "t": moment})
    assert now() - Attendance.get().ticked_at < timedelta(minutes=1)


def test_one_tap_needs_no_javascript(as_coordinator, event, session):
    tap = {"inscription": entry("Bob").id, "seance": session.id, "present": "oui"}
    assert as_coordinator.post(f"{DESK}/{event.id}/presence/pointer", data=tap).status_code == 303
    page = as_coordinator.get(f"{DESK}/{event.id}/presence").text
    assert page.count('aria-pressed="true"') == 1
    as_coordinator.post(f"{DESK}/{event.id}/presence/pointer", data=tap | {"present": "non"})
    assert present(session) == set()


def test_a_name_is_found_in_any_order_and_without_accents(as_coordinator, event):
    page = as_coordinator.get(f"{DESK}/{event.id}/presence?q=fictif+cleo").text
    assert ("FICTIF Cléo" in page, "FICTIF Ada" in page) == (True, False)


def test_somebody_who_came_unannounced_is_added_in_two_fields(as_coordinator, event, session):
    form = {"name": "Zoé DURAND", "profession": "60", "form_key": "cle", "seance": session.id}
    for _ in range(2):
        assert as_coordinator.post(f"{DESK}/{event.id}/presence/sans-inscription", data=form).status_code == 303
    added = entry("Zoé")
    assert (added.place, added.family_name, added.is_professional) == (Place.WALK_IN, "DURAND", True)
    assert Registration.select().count() == 4
    assert present(session) == {"Zoé"}


def test_a_refused_walk_in_keeps_what_was_typed(as_coordinator, event, session):
    form = {"name": "Zoé Durand", "email": "pas une adresse", "form_key": "cle", "seance": session.id}
    answer = as_coordinator.post(f"{DESK}/{event.id}/presence/sans-inscription", data=form)
    assert answer.status_code == 422
    assert 'value="Zoé Durand"' in answer.text


@pytest.mark.parametrize(
    ("typed", "parts"),
    [("Zoé", ("Zoé", "")), ("Zoé Durand", ("Zoé", "Durand")), ("DURAND Zoé", ("Zoé", "DURAND")),
     ("Anne Marie DE LA TOUR", ("Anne Marie", "DE LA TOUR")), ("  ", ("", "")), ("ZOÉ DURAND", ("ZOÉ", "DURAND"))],
)  # fmt: skip
def test_a_name_typed_at_the_door_is_cut_where_it_should_be(typed, parts):
    assert attendance.split_name(typed) == parts


def test_a_signed_sheet_is_keyed_in_whole(as_coordinator, event, session):
    tick(event, session, "Ada")
    form = {"seance": session.id, "present": [entry("Bob").id, entry("Cléo").id]}
    assert as_coordinator.post(f"{DESK}/{event.id}/presence/feuille", data=form).status_code == 303
    assert present(session) == {"Bob", "Cléo"}


@pytest.mark.parametrize(
    ("page", "tab"),
    [("", ""), ("/presence", "/presence"), ("/presence/feuille", "/presence"), ("/presence/compter", "/presence")],
)
def test_a_page_under_a_tab_leaves_this_tab_marked(as_coordinator, event, session, page, tab):
    html = as_coordinator.get(f"{DESK}/{event.id}{page}").text
    tabs = re.search(r'<nav class="tabs" aria-label="Pages de l.*?</nav>', html, re.S)[0]
    assert re.findall(r'href="([^"]+)" aria-current="page"', tabs) == [f"{DESK}/{event.id}{tab}"]


def test_people_are_counted_without_names(as_coordinator, event, session):
    form = {"seance": session.id, "band-60-74": "12", "band-75": "8", "professionals": "3"}
    assert as_coordinator.post(f"{DESK}/{event.id}/presence/compter", data=form).status_code == 303
    counted = {row.band: (row.count, row.professionals) for row in HeadCount.select()}
    assert (counted["60-74"][0], counted["75"][0], sum(pros for _, pros in counted.values())) == (12, 8, 3)
    as_coordinator.post(f"{DESK}/{event.id}/presence/compter", data=form | {"band-75": "", "professionals": ""})
    assert {row.band: row.count for row in HeadCount.select()} == {"60-74": 12}


@pytest.mark.parametrize("change", [{"professionals": "30"}, {"band-": "-1"}, {"band-": "abc"}, {"band-": "999999"}])
def test_a_count_that_cannot_be_is_refused_and_writes_nothing(as_coordinator, event, session, change):
    form = {"seance": session.id, "band-": "12"} | change
    assert as_coordinator.post(f"{DESK}/{event.id}/presence/compter", data=form).status_code == 422
    assert HeadCount.select().count() == 0


# At the door


def test_the_code_of_a_registrant_opens_their_name_and_one_button(as_coordinator, event, session):
    path = f"{DESK}/entree/{entry('Ada').code}"
    assert "Ada Fictif" in as_coordinator.get(path).text
    assert as_coordinator.post(path, data={"seance": session.id}).status_code == 303
    assert present(session) == {"Ada"}
    assert "Déjà noté présent" in as_coordinator.get(path).text


def test_a_stranger_with_the_code_learns_nothing(client, as_adherent, event):
    path = f"{DESK}/entree/{entry('Ada').code}"
    assert "Ada" not in client.get(path).text
    assert (client.get(path).status_code, as_adherent.get(path).status_code) == (302, 403)
    assert as_adherent.post(path).status_code == 403


@pytest.mark.parametrize("code", ["INCONNU", "x" * 300, "%00", "é"])
def test_an_unknown_code_is_said_to_be_one(as_coordinator, event, code):
    assert as_coordinator.get(f"{DESK}/entree/{code}").status_code == 404


def test_a_code_can_be_typed(as_coordinator, event):
    code = entry("Ada").code
    answer = as_coordinator.get(f"{DESK}/entree/?code={code[:4].lower()}-{code[4:]}")
    assert answer.location.endswith(code)


def test_somebody_who_gave_up_their_place_is_not_ticked_in_silence(as_coordinator, event):
    moves.remove(entry("Ada").id, notify=False)
    page = as_coordinator.get(f"{DESK}/entree/{entry('Ada').code}").text
    assert "n’est plus inscrite" in page
    assert "> Présent</button>" not in page


# The sheet


def test_the_sheet_names_who_is_expected_then_leaves_blank_lines(event, session):
    words = texts(sheets.signature_sheet(event, session, list(attendance.expected(event)), blanks=3))
    assert "Feuille d’émargement : Soirée plaies et cicatrisation" in words
    assert [each for each in words if each in ("Ada", "Bob", "Cléo")] == ["Ada", "Bob", "Cléo"]
    assert "Signature" in words


def test_a_long_list_runs_over_pages_that_say_their_number(event, session):
    long = [
        Registration(event=event, given_name=f"Prénom {n}", family_name="Nom très long " * 6, code="x")
        for n in range(200)
    ]
    words = texts(sheets.signature_sheet(event, session, long, blanks=20))
    assert {f"Prénom {n}" for n in range(200)} <= set(words)
    pages = [each for each in words if " · page " in each]
    assert len(pages) > 5
    assert pages[-1].endswith(f"page {len(pages)} sur ")
    assert words[words.index(pages[-1]) + 1] == str(len(pages))


@pytest.mark.parametrize("blanks", ["-3", "999999", "abc", ""])
def test_any_number_of_blank_lines_gives_a_sheet(as_coordinator, event, blanks):
    answer = as_coordinator.get(f"{DESK}/{event.id}/presence/emargement.pdf?lignes={blanks}")
    assert (answer.status_code, answer.data[:5]) == (200, b"%PDF-")


@counts_what_is_kept
def test_the_list_at_the_door_costs_as_much_with_two_hundred_names(as_coordinator, event):
    def queries():
        seen, execute = [], db.obj.execute_sql
        db.obj.execute_sql = lambda sql, params=None: (seen.append(sql), execute(sql, params))[1]
        try:
            assert as_coordinator.get(f"{DESK}/{event.id}/presence").status_code == 200
        finally:
            db.obj.execute_sql = execute
        return len(seen)

    queries()
    few = queries()
    for n in range(60):
        register(event, f"Invite{n}")
    queries()  # what was kept is read again once something has been written
    assert queries() == few
