"""The mails of events, as those who get them read them; the reminders, on the clock of Paris."""

import re
from datetime import datetime, timedelta

import pytest

from cptsapp.blueprints.event import booking, letters, links, reminders, rules
from cptsapp.blueprints.event.models import Event, Material, MaterialReaders, Series, Session, Status
from cptsapp.blueprints.event.people import Attendance, Interest, Invitation, Registration
from cptsapp.kernel.dates import to_paris, to_utc
from cptsapp.kernel.db import db, now
from cptsapp.kernel.mail import OutgoingMail
from tests.event.test_booking import mails, make_event, register

LINK = "https://visio.exemple.fr/salle(1)"
SHOWN = "https://visio.exemple.fr/salle%281%29"


def letter_to(mailbox, name):
    return mailbox.to(f"{name.lower()}@exemple.fr")[-1]


def at(text):
    """Return a moment of Paris as it is stored."""
    return to_utc(datetime.fromisoformat(text))


def event_at(text, **values):
    start = at(text)
    return make_event(starts_at=start, ends_at=start + timedelta(hours=2), **values)


def confirmed(event, name, moment):
    entry = register(event, name).registration
    Registration.update(confirmed_at=moment, registered_at=moment).where(Registration.id == entry.id).execute()
    return entry


# What they say


def test_the_confirmation_says_when_and_where_with_the_personal_link_and_the_calendar(app, mailbox):
    event = make_event(title="Soirée *plaies* [été]")
    entry = register(event, "Ada").registration
    letter = letter_to(mailbox, "Ada")
    assert letter.message["Subject"] == "Inscription confirmée\u00a0: Soirée *plaies* [été]"
    assert "Salle des fêtes" in letter.text
    assert links.personal_link(entry) in letter.text
    assert letter.message.get_content_type() == "multipart/mixed"
    [file] = [part for part in letter.message.walk() if part.get_content_type() == "text/calendar"]
    assert event.uid in file.get_payload(decode=True).decode()


def test_the_personal_link_is_wiped_once_the_mail_has_left(app, mailbox):
    entry = register(make_event(), "Ada").registration
    mailbox.deliver()
    assert links.personal_token(entry) not in OutgoingMail.get().values_json


def test_the_webinar_s_link_is_in_the_mails_of_confirmed_registrants_alone(app, mailbox):
    event = make_event(capacity=1, online_url=LINK, online_note="Code 1234", place="", kind="webinar")
    register(event, "Ada")
    register(event, "Bob")
    assert SHOWN in letter_to(mailbox, "Ada").text
    assert "Code 1234" in letter_to(mailbox, "Ada").text
    waiting = letter_to(mailbox, "Bob")
    assert "visio.exemple.fr" not in waiting.content.decode()
    assert "Code 1234" not in waiting.text


def test_who_asks_for_the_mail_again_reads_the_rank_they_have_now(app, mailbox):
    event = make_event(capacity=1)
    *_, cleo, dan = (register(event, name).registration for name in ("Ada", "Bob", "Cleo", "Dan"))
    booking.cancel(cleo.id)
    booking.resend(event, dan.email, "encore")
    texts = "".join(letter.text for letter in mailbox.to(dan.email))
    assert sorted(re.findall(r"au rang \d", texts)) == ["au rang 2", "au rang 3"]


def test_before_its_time_the_mail_says_where_the_link_will_be(app, mailbox):
    event = make_event(online_url=LINK, online_minutes=30)
    register(event, "Ada")
    letter = letter_to(mailbox, "Ada")
    assert "visio.exemple.fr" not in letter.text
    assert "30\u00a0minutes avant le début" in letter.text


def test_a_mail_holds_nothing_of_the_others(app, mailbox):
    event = make_event(capacity=2)
    for name in ("Ada", "Bob", "Cleo"):
        register(event, name)
    booking.cancel(Registration.get(Registration.given_name == "Ada").id)
    mailbox.deliver()
    for letter in mailbox.letters:
        own = letter.to[0].split("@")[0]
        others = {"ada", "bob", "cleo"} - {own}
        assert not [name for name in others if name in letter.text.lower()]


def test_words_typed_by_a_colleague_act_as_no_markup(app, mailbox):
    register(make_event(), "Ada", by=("**Bob** [ici](x)", ""))
    assert "<strong>Bob" not in letter_to(mailbox, "Ada").html


def test_another_date_and_place_are_told_before_and_after_with_a_newer_calendar(app, mailbox):
    event = make_event(capacity=1)
    for name in ("Ada", "Bob"):
        register(event, name)
    mailbox.deliver()
    moved = event.starts_at + timedelta(days=1)
    rules.edit(event.id, sessions=[(moved, moved + timedelta(hours=2))], place="Mairie")
    letter = letter_to(mailbox, "Ada")
    assert letter.message["Subject"].startswith("Changement")
    for said in ("Salle des fêtes", "Mairie", *letters.facts(Event.get_by_id(event.id))["when"]):
        assert said in letter.text
    assert any(part.get_content_type() == "text/calendar" for part in letter.message.walk())
    assert Event.get_by_id(event.id).sequence == event.sequence + 1
    assert "liste d’attente change" in letter_to(mailbox, "Bob").text
    assert len(mails("changed")) == 2


def test_a_new_webinar_link_is_told_to_those_confirmed_alone(app):
    event = make_event(capacity=1, online_url=LINK)
    for name in ("Ada", "Bob"):
        register(event, name)
    rules.edit(event.id, online_url="https://visio.exemple.fr/autre")
    assert mails("changed") == ["ada@exemple.fr"]


def test_a_cancellation_reaches_everybody_once(app, mailbox):
    event = make_event(capacity=1)
    for name in ("Ada", "Bob", "Cleo"):
        register(event, name)
    booking.cancel(Registration.get(Registration.given_name == "Cleo").id)
    rules.cancel(event.id, "Intervenante souffrante")
    assert mails("cancelled") == ["ada@exemple.fr", "bob@exemple.fr"]
    assert "Intervenante souffrante" in letter_to(mailbox, "Ada").text


def test_thanks_go_to_those_who_were_there_with_what_is_left(app, mailbox):
    event = make_event(satisfaction_url="https://exemple.fr/avis")
    ada, _bob = (register(event, name).registration for name in ("Ada", "Bob"))
    Attendance.create(registration=ada, session=event.sessions.get())
    Material.create(event=event, title="Diaporama", url="https://exemple.fr/d", readers=MaterialReaders.PRESENT)
    Material.create(event=event, title="Secret", url="https://exemple.fr/s", readers=MaterialReaders.ADHERENTS)
    for _ in range(2):
        with db.atomic():
            letters.thanks(Event.get_by_id(event.id))
    assert mails("thanks") == ["ada@exemple.fr"]
    text = letter_to(mailbox, "Ada").text
    assert "Diaporama" in text
    assert "https://exemple.fr/avis" in text
    assert "Secret" not in text
    assert Event.get_by_id(event.id).thanked_at


def test_a_published_event_tells_its_invited_people_then_those_who_asked(app, mailbox):
    series = Series.create(title="Hémato")
    past = make_event(series=series, days=-30)
    event = make_event(series=series, title="Suite")
    for name in ("Ada", "Bob"):
        Interest.create(event=past, email=f"{name}@exemple.fr", email_normalised=f"{name.lower()}@exemple.fr")
    invited = Invitation.create(event=event, name="Ada", email="ada@exemple.fr", email_normalised="ada@exemple.fr")
    for _ in range(2):
        with db.atomic():
            letters.announce(event)
    assert (mails("invitation"), mails("next_session")) == (["ada@exemple.fr"], ["Bob@exemple.fr"])
    assert Interest.select().where(Interest.told_at.is_null()).count() == 0
    assert links.invitation_link(invited) in letter_to(mailbox, "Ada").text


def test_a_draft_tells_nobody(app):
    event = make_event(status=Status.DRAFT)
    Invitation.create(event=event, email="ada@exemple.fr", email_normalised="ada@exemple.fr")
    with db.atomic():
        assert letters.announce(event) == 0


# Reminders


@pytest.mark.parametrize(
    ("start", "code", "leaves"),
    [
        ("2026-12-10T20:00", "1d", "2026-12-09T20:00"),
        ("2026-12-10T20:00", "7d", "2026-12-03T20:00"),
        ("2026-12-10T20:00", "1h", "2026-12-10T19:00"),
        ("2026-10-25T20:00", "1d", "2026-10-24T20:00"),  # 25 hours before, on the clock of Paris a day
        ("2027-03-28T20:00", "1d", "2027-03-27T20:00"),  # 23 hours before
        ("2027-04-01T20:00", "7d", "2027-03-25T20:00"),
    ],
)
def test_a_reminder_leaves_at_the_same_hour_of_paris(start, code, leaves):
    moment = reminders.moment(at(start), code)
    assert f"{to_paris(moment):%Y-%m-%dT%H:%M}" == leaves


def test_a_reminder_in_the_hour_that_is_skipped_leaves_at_the_next(app):
    assert f"{to_paris(reminders.moment(at('2027-03-29T02:30'), '1d')):%d %H:%M}" == "28 03:30"


def test_each_reminder_leaves_once_however_often_it_is_asked(app, mailbox):
    event = event_at("2026-12-10T20:00", reminders="7d,1d,1h")
    confirmed(event, "Ada", at("2026-11-01T10:00"))
    for moment, count in (
        ("2026-12-03T19:59", 0), ("2026-12-03T20:00", 1), ("2026-12-03T20:05", 0), ("2026-12-09T19:00", 0),
        ("2026-12-09T20:01", 1), ("2026-12-10T10:00", 0), ("2026-12-10T19:02", 1), ("2026-12-10T19:10", 0),
        ("2026-12-10T20:00", 0),
    ):  # fmt: skip
        assert reminders.send_due(at(moment)) == count, moment
    left = OutgoingMail.select().where(OutgoingMail.kind == "reminder").order_by(OutgoingMail.id)
    subjects = [row.subject.split("\u00a0: ")[0] for row in left]
    assert subjects == ["Dans une semaine", "Demain", "Dans une heure"]


def test_a_late_reminder_says_how_far_the_event_is_and_leaves_no_more_when_it_is_of_no_use(app):
    event = event_at("2026-12-10T20:00", reminders="1d,1h")
    confirmed(event, "Ada", at("2026-11-01T10:00"))
    assert reminders.send_due(at("2026-12-10T09:00")) == 1
    assert OutgoingMail.get(OutgoingMail.kind == "reminder").subject.startswith("Aujourd’hui")
    assert reminders.send_due(at("2026-12-10T19:55")) == 0


def test_who_registers_after_its_moment_gets_no_reminder(app):
    event = event_at("2026-12-10T20:00", reminders="1d")
    confirmed(event, "Ada", at("2026-12-09T20:30"))
    assert reminders.send_due(at("2026-12-09T21:00")) == 0


def test_only_those_confirmed_are_reminded(app):
    event = event_at("2026-12-10T20:00", reminders="1d", capacity=1)
    for name in ("Ada", "Bob"):
        confirmed(event, name, at("2026-11-01T10:00"))
    confirmed_one = Registration.get(Registration.given_name == "Ada")
    assert reminders.send_due(at("2026-12-09T20:01")) == 1
    assert mails("reminder") == [confirmed_one.email]


@pytest.mark.parametrize(
    "values", [{"status": Status.CANCELLED, "cancelled_at": now()}, {"status": Status.DRAFT}, {"deleted_at": now()}]
)
def test_an_event_that_does_not_take_place_reminds_nobody(app, values):
    event = event_at("2026-12-10T20:00", reminders="1d")
    confirmed(event, "Ada", at("2026-11-01T10:00"))
    Event.update(**values).execute()
    assert reminders.send_due(at("2026-12-09T20:01")) == 0


def test_an_event_cancelled_while_another_is_reminded_of_reminds_nobody(app, monkeypatch):
    first, second = (event_at("2026-12-10T20:00", reminders="1d", title=title) for title in ("Un", "Deux"))
    for event, name in ((first, "Ada"), (second, "Bob")):
        confirmed(event, name, at("2026-11-01T10:00"))
    write = letters.reminder

    def then_cancelled(*args, **kwargs):
        Event.update(status=Status.CANCELLED, cancelled_at=now()).where(Event.id == second.id).execute()
        return write(*args, **kwargs)

    monkeypatch.setattr(letters, "reminder", then_cancelled)
    assert reminders.send_due(at("2026-12-09T20:01")) == 1


def test_an_event_that_moves_reminds_anew(app):
    event = event_at("2026-12-10T20:00", reminders="1d")
    confirmed(event, "Ada", at("2026-11-01T10:00"))
    assert reminders.send_due(at("2026-12-09T20:01")) == 1
    rules.edit(event.id, sessions=[(at("2026-12-17T20:00"), at("2026-12-17T22:00"))])
    assert reminders.send_due(at("2026-12-09T20:06")) == 0
    assert reminders.send_due(at("2026-12-16T20:01")) == 1


def test_each_day_of_an_event_of_several_is_reminded_once(app):
    event = event_at("2026-12-10T09:00", reminders="1d")
    for start, end in (("2026-12-10T14:00", "2026-12-10T17:00"), ("2026-12-17T09:00", "2026-12-17T12:00")):
        Session.create(event=event, starts_at=at(start), ends_at=at(end))
    Event.update(ends_at=at("2026-12-17T12:00")).execute()
    confirmed(event, "Ada", at("2026-11-01T10:00"))
    assert reminders.send_due(at("2026-12-09T14:30")) == 1
    assert reminders.send_due(at("2026-12-16T09:30")) == 1
    assert reminders.send_due(at("2026-12-16T14:30")) == 0
