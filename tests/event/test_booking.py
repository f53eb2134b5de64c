"""Places at events: given in order, never one too many, and nobody lost."""

from datetime import timedelta

import pytest

from cptsapp.blueprints.event import booking, letters, links, seats
from cptsapp.blueprints.event.models import Audience, Booking, Event, MailWords, Question, QuestionKind, Session, Status
from cptsapp.blueprints.event.people import PLACE_CHANGES, Answer, Attendance, Invitation, Place, Registration
from cptsapp.blueprints.event.seats import move
from cptsapp.kernel.db import db, now, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import OutgoingMail


def make_event(title="Soirée plaies et cicatrisation", days=10, **values):
    start = now().replace(second=0, microsecond=0) + timedelta(days=days)
    values = {
        "slug": f"soiree-{Event.select().count()}", "title": title, "uid": f"uid-{Event.select().count()}",
        "status": Status.PUBLISHED, "published_at": now(), "starts_at": start, "ends_at": start + timedelta(hours=2),
        "place": "Salle des fêtes",
    } | values  # fmt: skip
    event = Event.create(**values)
    Session.create(event=event, starts_at=event.starts_at, ends_at=event.ends_at)
    return event


def person(name, **values):
    return {"given_name": name, "family_name": "Fictif", "email": f"{name.lower()}@exemple.fr"} | values


def register(event, name, **options):
    values = person(name, **options.pop("values", {}))
    return booking.register(event, options.pop("form_key", f"form-{name}"), values=values, **options)


def states(event):
    rows = Registration.select().where(Registration.event == event.id).order_by(Registration.id)
    return {row.given_name: row.state for row in rows}


def mails(template, to=None):
    rows = OutgoingMail.select().where(OutgoingMail.template == f"event/{template}").order_by(OutgoingMail.id)
    return [row.to_address for row in rows if to in (None, row.to_address)]


@pytest.fixture
def event(app):
    return make_event(capacity=2)


# Places


def test_the_first_are_confirmed_and_the_others_wait_in_order(event):
    for name in ("Ada", "Bob", "Cleo", "Dan"):
        register(event, name)
    assert states(event) == {"Ada": "confirmed", "Bob": "confirmed", "Cleo": "waiting", "Dan": "waiting"}
    assert [each.given_name for each in seats.waiting_list(event.id)] == ["Cleo", "Dan"]
    assert (mails("confirmed"), mails("waiting")) == (
        ["ada@exemple.fr", "bob@exemple.fr"],
        ["cleo@exemple.fr", "dan@exemple.fr"],
    )


def test_seats_count_the_guests(app):
    event = make_event(capacity=4)
    Question.create(event=event, kind=QuestionKind.GUESTS, label="Accompagnants", most=3)
    register(event, "Ada", guests=2)
    assert (booking.seats_taken(event.id), booking.seats_left(event)) == (3, 1)
    register(event, "Bob", guests=1)
    assert states(event)["Bob"] == "waiting"


def test_the_head_that_does_not_fit_keeps_the_others_behind(app):
    event = make_event(capacity=3)
    Question.create(event=event, kind=QuestionKind.GUESTS, label="Accompagnants", most=3)
    first = register(event, "Ada").registration
    register(event, "Bob", guests=1)
    register(event, "Cleo", guests=2)
    register(event, "Dan")
    booking.cancel(first.id)
    assert states(event) == {"Ada": "cancelled", "Bob": "confirmed", "Cleo": "waiting", "Dan": "waiting"}
    register(event, "Eve")
    assert states(event)["Eve"] == "waiting"


def test_a_freed_seat_goes_to_the_next_in_order_once_and_by_mail(event):
    ada, _bob, _cleo, _dan = (register(event, name).registration for name in ("Ada", "Bob", "Cleo", "Dan"))
    booking.cancel(ada.id)
    booking.cancel(ada.id)
    assert states(event) == {"Ada": "cancelled", "Bob": "confirmed", "Cleo": "confirmed", "Dan": "waiting"}
    assert mails("promoted") == ["cleo@exemple.fr"]
    assert mails("left") == ["ada@exemple.fr"]


def test_the_seat_and_the_mail_come_together_or_not_at_all(event, monkeypatch):
    ada, *_ = (register(event, name).registration for name in ("Ada", "Bob", "Cleo"))

    def broken(registration):
        raise OSError("full disk")

    monkeypatch.setattr(letters, "promoted", broken)
    with pytest.raises(OSError, match="full disk"):
        booking.cancel(ada.id)
    assert states(event) == {"Ada": "confirmed", "Bob": "confirmed", "Cleo": "waiting"}


def test_once_registration_is_closed_a_freed_seat_waits_for_the_organiser(event):
    ada, _bob, _cleo = (register(event, name).registration for name in ("Ada", "Bob", "Cleo"))
    Event.update(closes_at=now() - timedelta(minutes=1)).where(Event.id == event.id).execute()
    booking.cancel(ada.id)
    assert states(event)["Cleo"] == "waiting"
    assert booking.let_in(event.id) == 1
    assert states(event)["Cleo"] == "confirmed"
    assert booking.let_in(event.id) == 0
    assert mails("promoted") == ["cleo@exemple.fr"]


def test_without_a_waiting_list_a_full_event_says_so_and_keeps_nothing(app):
    event = make_event(capacity=1, has_waiting_list=False)
    register(event, "Ada")
    with pytest.raises(RuleError, match="complet"):
        register(event, "Bob")
    assert states(event) == {"Ada": "confirmed"}


def test_an_event_without_a_limit_confirms_everybody(app):
    event = make_event()
    for number in range(30):
        register(event, f"P{number}")
    assert set(states(event).values()) == {"confirmed"}
    assert booking.seats_left(event) is None


def test_more_guests_than_the_event_has_seats_is_refused(app):
    event = make_event(capacity=2)
    Question.create(event=event, kind=QuestionKind.GUESTS, label="Accompagnants", most=5)
    with pytest.raises(RuleError, match="2\u00a0places"):
        register(event, "Ada", guests=3)
    with pytest.raises(RuleError, match="5\u00a0personnes au plus"):
        register(event, "Ada", guests=6)
    assert states(event) == {}


# The table of changes


@pytest.mark.parametrize("before", list(Place))
@pytest.mark.parametrize("after", list(Place))
def test_a_place_changes_only_as_the_table_says(event, before, after):
    entry = register(event, "Ada").registration
    Registration.update(state=before).where(Registration.id == entry.id).execute()
    entry = Registration.get_by_id(entry.id)
    if after in PLACE_CHANGES[before]:
        move(entry, after)
        assert Registration.get_by_id(entry.id).place == after
    else:
        with pytest.raises(RuleError, match="ne peut pas devenir"):
            move(entry, after)
        assert Registration.get_by_id(entry.id).place == before


# Once


def test_the_same_form_twice_is_one_registration_and_one_mail(event):
    first = register(event, "Ada")
    again = register(event, "Ada")
    assert (first.is_new, again.is_new) == (True, False)
    assert first.registration == again.registration
    assert mails("confirmed") == ["ada@exemple.fr"]


def test_registering_again_changes_nothing_and_sends_the_mail_once_more(event):
    register(event, "Ada")
    again = register(event, "Ada", form_key="other", values={"given_name": "Adèle", "email": " ADA@exemple.fr "})
    assert not again.is_new
    assert states(event) == {"Ada": "confirmed"}
    assert mails("confirmed") == ["ada@exemple.fr"] * 2
    register(event, "Ada", form_key="other", values={"given_name": "Adèle", "email": " ADA@exemple.fr "})
    assert mails("confirmed") == ["ada@exemple.fr"] * 2


def test_two_events_each_take_the_same_address(app):
    one, other = make_event(), make_event()
    assert register(one, "Ada", form_key="a").is_new
    assert register(other, "Ada", form_key="b").is_new


def test_a_registration_that_comes_in_between_is_found_again(event, monkeypatch):
    """What two processes do at once: the second finds the row when it writes, and answers as for a known address."""
    known, real = register(event, "Ada").registration, booking.known_by
    blind = iter([lambda *_: None, real])
    monkeypatch.setattr(booking, "known_by", lambda *given: next(blind, real)(*given))
    outcome = register(event, "Ada", form_key="other")
    assert (outcome.is_new, outcome.registration) == (False, known)
    assert states(event) == {"Ada": "confirmed"}


def test_who_cancelled_may_come_back_at_the_end(event):
    ada, _bob, _cleo = (register(event, name).registration for name in ("Ada", "Bob", "Cleo"))
    booking.cancel(ada.id)
    back = register(event, "Ada", form_key="back")
    assert back.is_new
    assert back.registration.place == Place.WAITING
    assert [each.given_name for each in seats.waiting_list(event.id)] == ["Ada"]


def test_whom_the_organiser_removed_hears_it_again_and_gets_no_seat(event):
    ada = register(event, "Ada").registration
    booking.remove(ada.id, "Doublon")
    outcome = register(event, "Ada", form_key="again")
    assert not outcome.is_new
    assert states(event) == {"Ada": "removed"}
    assert mails("removed") == ["ada@exemple.fr"] * 2


# When


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"closes_at": now() - timedelta(seconds=1)}, "closes"),
        ({"opens_at": now() + timedelta(hours=1)}, "pas encore ouvertes"),
        ({"status": Status.DRAFT}, "pas ouvertes"),
        ({"status": Status.CANCELLED, "cancelled_at": now()}, "annulé"),
        ({"booking": Booking.ELSEWHERE}, "ne demande pas d’inscription"),
        ({"counts_heads": True}, "ne demande pas d’inscription"),
        ({"days": -1}, "closes"),
    ],
)
def test_outside_its_time_registration_is_refused_with_a_sentence(app, values, words):
    event = make_event(**values)
    with pytest.raises(RuleError, match=words):
        register(event, "Ada")
    assert states(event) == {}


def test_registration_ends_a_second_after_its_last_moment(event):
    Event.update(closes_at=event.starts_at - timedelta(hours=1)).where(Event.id == event.id).execute()
    event = Event.get_by_id(event.id)
    assert booking.is_open(event, event.closes_at)
    assert not booking.is_open(event, event.closes_at + timedelta(seconds=1))
    assert booking.is_open(make_event(opens_at=now()), now())


# Changes by the registrant


def test_a_registrant_changes_what_they_said(event):
    entry = register(event, "Ada").registration
    booking.change(entry, values=person("Adèle", organisation="MSP des Lilas", email="autre@exemple.fr"))
    entry = Registration.get_by_id(entry.id)
    assert (entry.given_name, entry.organisation, entry.email) == ("Adèle", "MSP des Lilas", "ada@exemple.fr")
    assert "adele" in entry.folded


def test_more_guests_need_free_seats_and_fewer_let_the_next_in(app):
    event = make_event(capacity=3)
    Question.create(event=event, kind=QuestionKind.GUESTS, label="Accompagnants", most=3)
    ada = register(event, "Ada", guests=1).registration
    booking.change(ada, values=person("Ada"), guests=2)
    assert booking.seats_taken(event.id) == 3
    bob = register(event, "Bob").registration
    with pytest.raises(RuleError, match="Il ne reste pas assez"):
        booking.change(ada, values=person("Ada"), guests=3)
    booking.change(ada, values=person("Ada"), guests=1)
    assert Registration.get_by_id(bob.id).place == Place.CONFIRMED
    assert booking.seats_taken(event.id) == 3


def test_a_cancelled_registration_no_longer_changes(event):
    entry = register(event, "Ada").registration
    booking.cancel(entry.id)
    with pytest.raises(RuleError, match="annulée"):
        booking.change(Registration.get_by_id(entry.id), values=person("Ada"))


def test_after_the_event_nothing_changes(event):
    entry = register(event, "Ada").registration
    past = now() - timedelta(days=1)
    Event.update(starts_at=past - timedelta(hours=1), ends_at=past).where(Event.id == event.id).execute()
    for act in (
        lambda: booking.cancel(entry.id),
        lambda: booking.change(entry, values=person("Ada")),
        lambda: booking.transfer(entry, values=person("Bob")),
    ):
        with pytest.raises(RuleError, match="déjà eu lieu"):
            act()


@pytest.mark.parametrize("state", [Place.CANCELLED, Place.REMOVED])
def test_cancelling_what_is_over_does_nothing(event, state):
    entry = register(event, "Ada").registration
    Registration.update(state=state).where(Registration.id == entry.id).execute()
    assert booking.cancel(entry.id).place == state
    assert mails("left") == []


# Handing over


def test_a_colleague_takes_the_place_over_with_their_own_link(event):
    ada = register(event, "Ada").registration
    former = links.personal_token(ada)
    booking.transfer(ada, values=person("Bob"))
    taken = Registration.get_by_id(ada.id)
    assert (taken.given_name, taken.email, taken.place, taken.by_name) == (
        "Bob",
        "bob@exemple.fr",
        "confirmed",
        "Ada Fictif",
    )
    assert taken.code != ada.code
    assert mails("transferred") == ["bob@exemple.fr"]
    assert links.registration_of(former) is None
    assert links.opened(former).is_current is False
    assert links.registration_of(links.personal_token(taken)) == taken
    for act in (
        lambda: booking.cancel(ada.id, link_version=ada.link_version),
        lambda: booking.change(ada, values=person("Ada")),
        lambda: booking.transfer(ada, values=person("Cleo")),
    ):
        with pytest.raises(RuleError, match="changé de main"):
            act()


def test_answers_do_not_go_to_the_colleague(event):
    question = Question.create(event=event, label="Régime ?")
    ada = register(event, "Ada", answers={question.id: "Sans gluten"}).registration
    booking.transfer(ada, values=person("Bob"))
    assert Answer.select().count() == 0


def test_a_colleague_who_waits_gets_the_seat_and_leaves_the_list(event):
    ada, _bob, _cleo, _dan = (register(event, name).registration for name in ("Ada", "Bob", "Cleo", "Dan"))
    booking.transfer(ada, values=person("Dan"))
    assert sorted(row.given_name for row in Registration.select().where(Registration.state == "confirmed")) == [
        "Bob",
        "Dan",
    ]
    assert [each.given_name for each in seats.waiting_list(event.id)] == ["Cleo"]


def test_a_colleague_who_is_confirmed_keeps_their_place_and_the_next_comes_in(event):
    ada, _bob, _cleo = (register(event, name).registration for name in ("Ada", "Bob", "Cleo"))
    booking.transfer(ada, values=person("Bob"))
    assert states(event) == {"Ada": "cancelled", "Bob": "confirmed", "Cleo": "confirmed"}


def test_a_place_is_not_handed_to_oneself(event):
    ada = register(event, "Ada").registration
    with pytest.raises(RuleError, match="déjà la vôtre"):
        booking.transfer(ada, values=person("Ada"))


def test_a_colleague_registers_another_and_the_mail_reaches_who_comes(event):
    outcome = register(event, "Bob", by=("Ada Fictif", "ada@exemple.fr"))
    assert outcome.registration.by_name == "Ada Fictif"
    assert mails("confirmed") == ["bob@exemple.fr"]


# The organiser's hand


def test_moving_somebody_up_takes_a_reason_and_passes_before_the_others(event):
    ada, _bob, _cleo, dan = (register(event, name).registration for name in ("Ada", "Bob", "Cleo", "Dan"))
    with pytest.raises(RuleError, match="pourquoi"):
        booking.move_up(dan.id, "  ")
    booking.move_up(dan.id, "Intervenant")
    assert [each.given_name for each in seats.waiting_list(event.id)] == ["Dan", "Cleo"]
    booking.cancel(ada.id)
    assert states(event)["Dan"] == "confirmed"
    assert Registration.get_by_id(dan.id).priority_reason == "Intervenant"


def test_moving_up_who_fits_where_the_head_does_not_lets_them_in(app):
    event = make_event(capacity=3)
    Question.create(event=event, kind=QuestionKind.GUESTS, label="Accompagnants", most=3)
    register(event, "Ada", guests=1)
    register(event, "Bob", guests=2)
    cleo = register(event, "Cleo").registration
    assert states(event)["Cleo"] == "waiting"
    booking.move_up(cleo.id, "Vient seule")
    assert states(event) == {"Ada": "confirmed", "Bob": "waiting", "Cleo": "confirmed"}


def test_confirming_by_hand_takes_a_free_seat_and_a_reason_to_pass(event):
    ada, _bob, cleo, dan = (register(event, name).registration for name in ("Ada", "Bob", "Cleo", "Dan"))
    with pytest.raises(RuleError, match="Augmentez d’abord"):
        booking.confirm(cleo.id)
    Event.update(closes_at=now() - timedelta(minutes=1)).where(Event.id == event.id).execute()
    booking.cancel(ada.id)
    with pytest.raises(RuleError, match="pourquoi"):
        booking.confirm(dan.id)
    booking.confirm(dan.id, "Tirage au sort")
    assert states(event) == {"Ada": "cancelled", "Bob": "confirmed", "Cleo": "waiting", "Dan": "confirmed"}
    assert mails("promoted") == ["dan@exemple.fr"]


def test_removing_tells_the_person_why_and_lets_the_next_in(event):
    ada, _bob, _cleo = (register(event, name).registration for name in ("Ada", "Bob", "Cleo"))
    booking.remove(ada.id, "Inscription en double")
    assert states(event) == {"Ada": "removed", "Bob": "confirmed", "Cleo": "confirmed"}
    assert mails("removed") == ["ada@exemple.fr"]


def test_more_seats_let_in_those_who_wait_in_order(event):
    for name in ("Ada", "Bob", "Cleo", "Dan", "Eve"):
        register(event, name)
    booking.set_capacity(event.id, 4)
    assert list(states(event).values()) == ["confirmed"] * 4 + ["waiting"]
    assert mails("promoted") == ["cleo@exemple.fr", "dan@exemple.fr"]


def test_somebody_sent_back_and_let_in_again_is_told_each_time(app):
    event = make_event(capacity=2)
    for name in ("Ada", "Bob"):
        register(event, name)
    for _ in range(2):
        booking.set_capacity(event.id, 1, over="wait")
        assert states(event) == {"Ada": "confirmed", "Bob": "waiting"}
        booking.set_capacity(event.id, 2)
        assert states(event) == {"Ada": "confirmed", "Bob": "confirmed"}
    assert len(mails("waiting", "bob@exemple.fr")) == 2
    assert len(mails("promoted", "bob@exemple.fr")) == 2


def test_fewer_seats_than_registered_asks_what_to_do(app):
    event = make_event(capacity=4)
    for name in ("Ada", "Bob", "Cleo", "Dan", "Eve"):
        register(event, name)
    with pytest.raises(RuleError, match="4\u00a0places sont prises") as refused:
        booking.set_capacity(event.id, 2)
    assert refused.value.field == "over"
    assert Event.get_by_id(event.id).capacity == 4
    booking.set_capacity(event.id, 2, over="wait")
    assert states(event) == {
        "Ada": "confirmed",
        "Bob": "confirmed",
        "Cleo": "waiting",
        "Dan": "waiting",
        "Eve": "waiting",
    }
    assert [each.given_name for each in seats.waiting_list(event.id)] == ["Cleo", "Dan", "Eve"]
    assert mails("waiting") == ["eve@exemple.fr", "dan@exemple.fr", "cleo@exemple.fr"]


def test_keeping_everybody_over_the_new_capacity_lets_nobody_else_in(app):
    event = make_event(capacity=3)
    ada, bob, cleo, _dan = (register(event, name).registration for name in ("Ada", "Bob", "Cleo", "Dan"))
    booking.set_capacity(event.id, 1, over="keep")
    booking.cancel(ada.id)
    booking.cancel(bob.id)
    assert states(event)["Dan"] == "waiting"
    booking.cancel(cleo.id)
    assert states(event)["Dan"] == "confirmed"


@pytest.mark.parametrize("capacity", [0, -3])
def test_no_seat_at_all_is_not_a_capacity(event, capacity):
    with pytest.raises(RuleError, match="au moins 1"):
        booking.set_capacity(event.id, capacity)


def test_an_organiser_adds_somebody_even_once_it_is_closed_but_never_one_too_many(app):
    event = make_event(capacity=1, closes_at=now() - timedelta(hours=1))
    values = {"given_name": "Ada", "family_name": "Fictif"}
    first = booking.add_by_hand(event.id, "k1", values=values)
    assert first == booking.add_by_hand(event.id, "k1", values=values)
    booking.add_by_hand(event.id, "k2", values=person("Bob"))
    assert states(event) == {"Ada": "confirmed", "Bob": "waiting"}
    with pytest.raises(RuleError, match="déjà inscrite"):
        booking.add_by_hand(event.id, "k3", values=person("Bob"))


def test_who_came_unannounced_is_present_and_takes_no_confirmed_seat(event):
    sitting = event.sessions.get()
    first = booking.walk_in(event.id, sitting.id, "tap-1", given_name="Ada", profession="")
    assert first == booking.walk_in(event.id, sitting.id, "tap-1", given_name="Ada")
    assert first.place == Place.WALK_IN
    assert Attendance.select().where(Attendance.is_present).count() == 1
    assert booking.seats_taken(event.id) == 0


# What is written


def test_no_more_is_kept_of_who_comes_to_a_light_event(app):
    event = make_event(is_light=True)
    entry = booking.register(
        event, "k", values=person("Ada", organisation="MSP", profession="10-MG", email="")
    ).registration
    assert (entry.given_name, entry.family_name, entry.organisation, entry.profession) == ("Ada", "", "", "")
    assert OutgoingMail.select().count() == 0
    other = booking.register(event, "k", values={"given_name": "Bob"})
    assert other.is_new


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"given_name": ""}, "given_name"),
        ({"family_name": " \0 "}, "family_name"),
        ({"email": ""}, "email"),
        ({"email": "ada@exemple.fr\nBcc: tous@exemple.fr"}, "email"),
        ({"email": "ada@medecin.mssante.fr"}, "email"),
        ({"given_name": "x" * 81}, "given_name"),
        ({"organisation": "x" * 100_000}, "organisation"),
        ({"given_name": "Gagnez http://exemple.fr"}, "given_name"),
        ({"family_name": "www.exemple.fr"}, "family_name"),
    ],
)
def test_what_cannot_be_kept_is_refused_beside_its_field(event, values, field):
    with pytest.raises(RuleError) as refused:
        register(event, "Ada", values=values)
    assert refused.value.field == field
    assert states(event) == {}
    assert OutgoingMail.select().count() == 0


def test_odd_letters_are_kept_and_found_without_their_accents(event):
    entry = register(event, "Ada", values={"given_name": "Zoë\u200d🩺", "family_name": "N’Guyễn\r\nX"}).registration
    assert entry.family_name == "N’Guyễn X"
    assert "nguyen" in entry.folded.replace("'", "")


def test_required_questions_and_lists_are_checked(event):
    free = Question.create(event=event, label="Vos attentes", is_required=True)
    listed = Question.create(
        event=event, label="Repas", kind=QuestionKind.CHOICE, choices_json='["Oui", "Non"]', position=1
    )
    with pytest.raises(RuleError, match="Répondez"):
        register(event, "Ada")
    with pytest.raises(RuleError, match="Choisissez"):
        register(event, "Ada", answers={free.id: "Rien", listed.id: "Peut-être"})
    register(event, "Ada", answers={free.id: "Rien", listed.id: "Oui"})
    assert sorted(row.text for row in Answer.select()) == ["Oui", "Rien"]


# Who


def test_professions_outside_the_list_are_refused_politely(app):
    event = make_event(audience=Audience.PROFESSIONS, professions=",10-MG,")
    with pytest.raises(RuleError, match="s’adresse à ces professions") as refused:
        register(event, "Ada", values={"profession": "10-CARDIO"})
    assert refused.value.field == "profession"
    assert register(event, "Ada", values={"profession": "10-MG"}).is_new


def test_an_event_for_professionals_refuses_the_others(app):
    event = make_event(audience=Audience.PROFESSIONALS)
    for profession in ("", "X-AUTRE", "inconnue"):
        with pytest.raises(RuleError, match="professionnels de santé"):
            register(event, "Ada", values={"profession": profession})
    entry = register(event, "Ada", values={"profession": "10-MG"}).registration
    assert entry.is_professional


def test_an_event_for_adherents_takes_the_one_who_is_logged_in(app, adherent, make_account):
    event = make_event(audience=Audience.ADHERENTS)
    address = adherent.email
    for someone in (None, make_account("simple@exemple.fr").person):
        with pytest.raises(RuleError, match="réservé aux adhérents"):
            register(
                event, "Ada", person=someone, values={"email": address, "family_name": "Fictif", "given_name": "Sacha"}
            )
    entry = register(event, "Sacha", person=adherent.person).registration
    assert entry.person == adherent.person


def test_an_address_alone_does_not_tell_who_is_a_member(app, adherent):
    event = make_event(audience=Audience.ADHERENTS)
    with pytest.raises(RuleError, match="réservé aux adhérents"):
        register(event, "Sacha", values={"email": adherent.email}, by=("Curieux", "curieux@exemple.fr"))


def test_an_event_on_invitation_takes_those_invited(app):
    event = make_event(audience=Audience.INVITED)
    Invitation.create(event=event, email="ada@exemple.fr", email_normalised="ada@exemple.fr")
    assert register(event, "Ada").is_new
    with pytest.raises(RuleError, match="personnes invitées"):
        register(event, "Bob")


def test_a_member_s_record_says_what_was_not_typed(app, adherent):
    from cptsapp.blueprints.adherent.models import Practice
    from cptsapp.blueprints.territory import rules as territory

    practice = Practice.of(adherent.person_id)
    practice.profession, practice.commune = "10-MG", territory.use("77215")
    practice.save(force_insert=not Practice.select().where(Practice.person == adherent.person_id).exists())
    event = make_event(audience=Audience.PROFESSIONALS)
    entry = register(event, "Sacha", person=adherent.person).registration
    assert (entry.profession, entry.insee, entry.is_professional) == ("10-MG", "77215", True)


# What the public sees


def test_public_pages_are_told_when_the_words_about_seats_change(app):
    event = make_event(capacity=8)
    before = revision.read()
    register(event, "Ada")
    assert revision.read() == before  # « Places disponibles » still
    for name in ("Bob", "Cleo"):
        register(event, name)
    assert revision.read() > before
    assert seats.standing(Event.get_by_id(event.id)).words == "Plus que 5 places"


def test_the_organiser_s_own_words_are_in_the_mail(event, mailbox):
    MailWords.create(event=event, mail="confirmed", words="Apportez votre **badge**.\n\nÀ bientôt !")
    register(event, "Ada")
    [letter] = mailbox.to("ada@exemple.fr")
    assert "Apportez votre **badge**." in letter.text
    assert "<strong>badge" not in letter.html


@pytest.mark.parametrize("key", [key for key, _ in letters.PREVIEWS])
def test_each_mail_can_be_previewed(event, key):
    MailWords.create(event=event, mail=key, words="Un mot de nous.")
    with db.atomic():
        subject, text = letters.preview(event, key)
    assert event.title in subject
    assert "Un mot de nous." in text
    assert OutgoingMail.select().count() == 0
