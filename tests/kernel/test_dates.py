from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cptsapp.kernel import dates
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import NBSP

moments = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1))


@given(moments)
def test_a_moment_shown_in_paris_and_typed_again_is_the_same(moment):
    local = dates.to_paris(moment)
    if local.fold:  # the second of two equal hours cannot be typed
        return
    assert dates.to_utc(local.replace(tzinfo=None)) == moment


@given(moments)
def test_what_is_typed_is_shown_back_or_refused(local):
    try:
        stored = dates.to_utc(local)
    except RuleError:
        return
    assert dates.to_paris(stored).replace(tzinfo=None) == local


def test_the_hour_skipped_in_march_is_refused_in_words():
    with pytest.raises(RuleError, match="n’existe pas"):
        dates.to_utc(datetime(2026, 3, 29, 2, 30))


def test_the_hour_that_happens_twice_in_october_is_the_first():
    assert dates.to_utc(datetime(2026, 10, 25, 2, 30)) == datetime(2026, 10, 25, 0, 30)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_a_paris_day_lasts_as_long_as_it_does(day, hours):
    start, end = dates.span(day, day)
    assert end - start == timedelta(hours=hours)


@given(st.dates(min_value=date(1900, 1, 31), max_value=date(2100, 1, 1)), st.integers(-600, 600))
def test_adding_months_stays_in_the_month_meant(day, months):
    moved = dates.add_months(day, months)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day == day.day or (moved + timedelta(days=1)).day == 1


def test_dates_are_written_as_in_french():
    moment = datetime(2026, 11, 18, 13, 30)
    assert dates.date_fr(moment).replace(NBSP, " ") == "18 novembre 2026"
    assert dates.datetime_fr(moment).replace(NBSP, " ") == "18 novembre 2026 à 14 h 30"
    assert dates.date_fr(date(2026, 8, 1)).replace(NBSP, " ") == "1er août 2026"
    assert dates.day_fr(date(2026, 11, 18)).replace(NBSP, " ") == "mercredi 18 novembre 2026"
    assert dates.date_fr(datetime(2026, 12, 31, 23, 30)).replace(NBSP, " ") == "1er janvier 2027"
    assert dates.date_fr(None) == dates.datetime_fr(None) == dates.ago(None) == ""


@pytest.mark.parametrize(
    ("delta", "words"),
    [
        (timedelta(seconds=20), "à l’instant"),
        (timedelta(minutes=3), "il y a 3 minutes"),
        (timedelta(hours=1), "il y a 1 heure"),
        (timedelta(days=2), "il y a 2 jours"),
        (timedelta(days=70), "il y a 2 mois"),
        (timedelta(days=800), "il y a 2 ans"),
        (timedelta(days=-2), "dans 2 jours"),
    ],
)
def test_how_long_ago(delta, words):
    at = datetime(2026, 11, 18)
    assert dates.ago(at - delta, at=at).replace(NBSP, " ") == words


def test_the_machine_s_form_carries_the_offset():
    assert dates.iso(datetime(2026, 7, 1, 10)) == "2026-07-01T12:00:00+02:00"
    assert dates.iso(date(2026, 7, 1)) == "2026-07-01"
