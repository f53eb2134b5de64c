"""Events made from another, and those that come back, on the clock of Paris."""

from datetime import date, datetime, time

import pytest

from cptsapp.blueprints.event import asking, copies, inviting, mail_words, materials, moves, rules, timetable
from cptsapp.blueprints.event.asking import Asked
from cptsapp.blueprints.event.models import Event, Series, Session, Status
from cptsapp.blueprints.event.people import Interest, Invitation, Registration
from cptsapp.blueprints.event.timetable import Every, days_of
from cptsapp.kernel.dates import to_paris, to_utc
from cptsapp.kernel.errors import RuleError


def evening(day, start=time(20), end=time(22)):
    return to_utc(datetime.combine(day, start)), to_utc(datetime.combine(day, end)), "Soirée"


@pytest.fixture
def meeting(app):
    """A published meeting on the second Thursday of February 2027, at 8 p.m."""
    event = rules.create(title="Réunion de coordination", kind="group", sessions=[evening(date(2027, 2, 11))])
    return rules.publish(event.id)


def local(events):
    return [to_paris(each.starts_at).strftime("%d/%m/%Y %H:%M") for each in events]


# The days


@pytest.mark.parametrize(
    ("first", "every", "until", "days"),
    [
        (date(2026, 12, 24), Every.WEEK, date(2027, 1, 7), ["2026-12-31", "2027-01-07"]),
        (date(2026, 12, 24), Every.TWO_WEEKS, date(2027, 1, 21), ["2027-01-07", "2027-01-21"]),
        (date(2026, 11, 30), Every.MONTH_DAY, date(2027, 3, 30), ["2026-12-30", "2027-01-30", "2027-03-30"]),
        (date(2026, 12, 31), Every.MONTH_DAY, date(2027, 5, 31), ["2027-01-31", "2027-03-31", "2027-05-31"]),
        (date(2026, 11, 12), Every.MONTH_RANK, date(2027, 1, 31), ["2026-12-10", "2027-01-14"]),
        (date(2026, 10, 30), Every.MONTH_RANK, date(2027, 4, 30), ["2027-01-29", "2027-04-30"]),
        (date(2026, 12, 1), Every.MONTH_RANK, date(2027, 1, 31), ["2027-01-05"]),
    ],
    ids=[
        "weekly",
        "every two weeks",
        "the 30th without February",
        "the 31st",
        "second Thursday",
        "fifth Friday",
        "new year",
    ],
)
def test_days_come_back_as_a_calendar_says(first, every, until, days):
    assert [each.isoformat() for each in days_of(first, every, until)] == days


@pytest.mark.parametrize("until", [date(2026, 12, 30), date(2026, 1, 1)])
def test_an_end_before_the_first_return_is_refused(until):
    with pytest.raises(RuleError, match="Aucune date"):
        days_of(date(2026, 12, 24), Every.WEEK, until)


@pytest.mark.parametrize("every", list(Every))
def test_a_recurrence_without_an_end_in_sight_is_refused(every):
    with pytest.raises(RuleError, match="plus de 60 dates"):
        days_of(date(2026, 12, 24), every, date(2099, 1, 1))


# The events


def test_the_hour_stays_the_same_on_the_clock_across_the_change_of_hour(meeting):
    made = copies.repeat(meeting.id, Every.MONTH_RANK, date(2027, 4, 30))
    assert local(made) == ["11/03/2027 20:00", "08/04/2027 20:00"]
    assert [each.starts_at.hour for each in made] == [19, 18]


def test_each_time_is_its_own_published_event_of_one_series(meeting):
    made = copies.repeat(meeting.id, Every.TWO_WEEKS, date(2027, 3, 31))
    meeting = Event.get_by_id(meeting.id)
    assert {each.series_id for each in made} == {meeting.series_id}
    assert Series.get().title == "Réunion de coordination"
    assert {each.status for each in made} == {Status.PUBLISHED}
    assert len({each.slug for each in made} | {meeting.slug}) == len(made) + 1
    assert len({each.uid for each in Event.select()}) == Event.select().count()
    assert Session.select().where(Session.event == made[0]).get().label == "Soirée"


def test_exceptions_are_passed_over_and_a_second_run_adds_only_what_lacks(meeting):
    def run(*passed):
        return local(copies.repeat(meeting.id, Every.MONTH_RANK, date(2027, 5, 31), passed))

    assert run(date(2027, 4, 8)) == ["11/03/2027 20:00", "13/05/2027 20:00"]
    assert run() == ["08/04/2027 20:00"]
    with pytest.raises(RuleError, match="rien à créer"):
        run()


def test_what_is_for_invited_people_is_repeated_as_drafts_with_its_list(app):
    event = rules.create(title="Staff", audience="invited", sessions=[evening(date(2027, 2, 11))])
    inviting.invite(event.id, [("alix@exemple.fr", "Alix")])
    rules.publish(event.id)
    made = copies.repeat(event.id, Every.WEEK, date(2027, 2, 20))
    assert [each.status for each in made] == [Status.DRAFT]
    assert Invitation.get(Invitation.event == made[0]).sent_at is None


def test_an_hour_skipped_in_march_stops_all_of_it_with_a_sentence(app):
    event = rules.create(title="Nuit", sessions=[evening(date(2027, 3, 21), time(2, 30), time(3, 30))])
    with pytest.raises(RuleError, match="n’existe pas"):
        copies.repeat(event.id, Every.WEEK, date(2027, 4, 30))
    assert (Event.select().count(), Series.select().count()) == (1, 0)


def test_registration_opens_and_closes_as_long_before_each_time(app):
    day = date(2027, 3, 25)
    start, end, _ = evening(day)
    closes = to_utc(datetime(2027, 3, 24, 12))
    event = rules.create(title="Atelier", sessions=[(start, end, "")], closes_at=closes)
    made = copies.repeat(event.id, Every.WEEK, date(2027, 4, 2))
    assert to_paris(made[0].closes_at).strftime("%d/%m %H:%M") == "31/03 12:00"


def test_what_has_no_date_or_is_cancelled_does_not_come_back(meeting):
    event = rules.create(title="Sans date")
    with pytest.raises(RuleError, match="Donnez d’abord une date"):
        copies.repeat(event.id, Every.WEEK, date(2027, 4, 30))
    rules.cancel(meeting.id, "Neige")
    with pytest.raises(RuleError, match="annulé"):
        copies.repeat(meeting.id, Every.WEEK, date(2027, 4, 30))


# Copies


def test_a_copy_is_a_draft_without_dates_nor_people_nor_materials(meeting):
    asking.set_questions(meeting.id, [Asked(None, "choice", "Repas ?", ("Oui", "Non"), True)])
    materials.set_partners(meeting.id, [("CRCDC", "", None)])
    materials.add(meeting.id, title="Support", kind="link", readers="public", url="https://exemple.fr")
    mail_words.write(meeting.id, "confirmed", "Entrée par la cour.")
    moves.add_by_hand(meeting.id, "form", values={"given_name": "Alix", "family_name": "Fictif"})
    copy = copies.duplicate(meeting.id)
    assert (copy.status, copy.starts_at, copy.title, copy.sequence) == (Status.DRAFT, None, meeting.title, 0)
    assert [each.choices for each in copy.questions] == [["Oui", "Non"]]
    assert [each.name for each in copy.co_organisers] == ["CRCDC"]
    assert mail_words.of(copy, "confirmed") == "Entrée par la cour."
    assert (copy.materials.count(), copy.registrations.count(), copy.invitations.count()) == (0, 0, 0)
    assert meeting.questions.count() == 1


def test_a_copy_some_weeks_later_keeps_its_hours(meeting):
    assert local([copies.duplicate(meeting.id, weeks=10)]) == ["22/04/2027 20:00"]
    for weeks in (0, -1, 521):
        with pytest.raises(RuleError, match="entre 1 et 520"):
            copies.duplicate(meeting.id, weeks=weeks)


def test_a_copy_invites_first_those_who_came_and_those_who_asked_each_once(meeting):
    for name in ("Alix", "Sacha"):
        values = {"given_name": name, "family_name": "Fictif", "email": f"{name.lower()}@exemple.fr"}
        moves.add_by_hand(meeting.id, name, values=values)
    moves.remove(Registration.get(Registration.given_name == "Sacha").id, notify=False)
    for email in ("alix@exemple.fr", "camille@exemple.fr"):
        Interest.create(event=meeting, email=email, email_normalised=email, name="")
    copy = copies.duplicate(meeting.id, with_people=True)
    assert sorted(each.email for each in copy.invitations) == ["alix@exemple.fr", "camille@exemple.fr"]


def test_a_copy_may_join_the_series_of_its_model(meeting):
    assert copies.duplicate(meeting.id).series_id is None
    copy = copies.duplicate(meeting.id, in_series=True)
    assert copy.series_id == Event.get_by_id(meeting.id).series_id is not None


def test_a_cancelled_event_can_be_copied(meeting):
    rules.cancel(meeting.id, "Neige")
    assert (copies.duplicate(meeting.id).cancelled_at, Event.select().count()) == (None, 2)


def test_a_year_that_nobody_lives_in_is_refused():
    for year in (1, 1989, 9999):
        with pytest.raises(RuleError, match="Vérifiez l’année"):
            timetable.typed(datetime(year, 5, 3, 20))
