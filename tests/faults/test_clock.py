"""The clock of the machine set back and forward an hour, and the two nights of the year when the hour changes.

`now()` is moved for the whole product; the passes are those that cron makes. `CPTS_FAULTS=long` walks minute by minute.
"""

import datetime as real
import os
import re
import time
from collections import Counter
from datetime import timedelta

import pytest

from cptsapp.blueprints.account import rules as accounts
from cptsapp.kernel import db as database
from cptsapp.kernel import forms, jobs, mail, tokens
from cptsapp.kernel.dates import to_paris
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.jobs import Job, run_due
from cptsapp.kernel.mail import OutgoingMail, State

STEP = timedelta(minutes=1 if os.environ.get("CPTS_FAULTS") == "long" else 15)
HOUR = timedelta(hours=1)
MARCH, OCTOBER = real.datetime(2026, 3, 29), real.datetime(2026, 10, 25)


class Clock:
    """The clock of the product: `at` is what it says, in UTC."""

    def __init__(self):
        self.at = now()

    def now(self, tz=None):
        return self.at.replace(tzinfo=tz)

    def time(self):
        return self.at.replace(tzinfo=real.UTC).timestamp()


@pytest.fixture
def clock(app, monkeypatch):
    made = Clock()
    monkeypatch.setattr(database, "datetime", made)
    monkeypatch.setattr(time, "time", made.time)
    return made


@pytest.fixture
def ran(app, monkeypatch):
    """The jobs of this test alone write down the Paris hour at which they ran."""
    monkeypatch.setattr(jobs, "JOBS", {})
    found = []
    for hour in ("00:00", "02:00", "02:30", "03:00", "03:50"):

        def daily(day, hour=hour):
            found.append((hour, day))

        daily.__qualname__ = f"daily at {hour}"
        Job(daily, at=real.time.fromisoformat(hour))

    def often():
        found.append(("often", to_paris(now()).strftime("%d %H:%M %z")))

    Job(often, minutes=5)
    return found


@pytest.mark.parametrize("night", [MARCH, OCTOBER], ids=["march", "october"])
def test_each_daily_job_runs_once_a_day_on_the_nights_when_the_hour_changes(clock, ran, night):
    clock.at = night - timedelta(hours=30)
    while clock.at < night + timedelta(hours=30):
        run_due()
        clock.at += STEP
    daily = Counter(each for each in ran if each[0] != "often")
    assert set(daily.values()) == {1}
    for hour in {hour for hour, _ in daily}:
        assert (hour, night.date()) in daily
    often = [moment for hour, moment in ran if hour == "often"]
    assert len(often) == len(set(often)) == timedelta(hours=60) // max(STEP, timedelta(minutes=5))


def test_a_clock_set_back_an_hour_repeats_no_daily_job_and_stops_none_of_the_others(clock, ran):
    clock.at = real.datetime(2026, 6, 9, 2, 0)  # 4 o'clock in Paris: everything daily has struck
    run_due()
    clock.at += timedelta(days=1)
    run_due()
    daily = [each for each in ran if each[0] != "often"]
    assert len(daily) == 10
    clock.at -= HOUR
    passes = 1
    while clock.at < real.datetime(2026, 6, 10, 2, 30):
        run_due()
        passes += 1
        clock.at += timedelta(minutes=5)
    assert [each for each in ran if each[0] != "often"] == daily
    assert sum(each[0] == "often" for each in ran) == passes + 1  # what sends the mails waits for no hour to come again


def test_a_clock_set_forward_an_hour_skips_no_daily_job(clock, ran):
    clock.at = real.datetime(2026, 6, 10, 0, 20)  # 2:20 in Paris
    run_due()
    clock.at += HOUR
    run_due()
    assert {hour for hour, day in ran if hour != "often" and day == real.date(2026, 6, 10)} == {
        "00:00", "02:00", "02:30", "03:00",
    }  # fmt: skip


def test_links_close_at_the_hour_that_the_clock_says_and_open_once_whatever_it_does(clock, adherent):
    link = tokens.issue("essai", adherent.id, HOUR)
    clock.at -= HOUR
    assert tokens.peek("essai", link) == str(adherent.id)
    tokens.consume("essai", link)
    clock.at -= HOUR
    with pytest.raises(RuleError, match="déjà servi"):
        tokens.consume("essai", link)
    late = tokens.issue("essai", adherent.id, timedelta(minutes=50))
    clock.at += HOUR
    assert tokens.peek("essai", late) is None


@pytest.mark.parametrize("shift", [-HOUR, HOUR], ids=["back", "forward"])
def test_a_person_who_is_logged_in_stays_so_and_logs_in_again(clock, as_adherent, adherent, client, shift):
    clock.at += shift
    assert as_adherent.get("/espace/").status_code == 200
    path = re.sub(r"^https?://[^/]+", "", accounts.one_time_link(adherent.email))
    assert client.post(path).status_code == 303
    assert client.get("/espace/").status_code == 200


@pytest.mark.parametrize("shift", [-HOUR, HOUR], ids=["back", "forward"])
def test_a_form_that_is_open_meanwhile_is_not_taken_for_a_robot(clock, app, client, shift):
    app.config["FORM_MINIMUM_SECONDS"] = forms.MINIMUM_SECONDS
    key = re.search(r'name="form_key"[^>]*value="([^"]+)"', client.get("/contact").text)[1]
    clock.at += shift
    typed = {"name": "Sacha Fictif", "email": "sacha@exemple.fr", "topic": "professional", "subject": "Bonjour"}
    answer = client.post("/contact", data=typed | {"body": "Un message.", "website": "", "form_key": key})
    assert answer.status_code == 303


@pytest.mark.parametrize("shift", [-HOUR, HOUR], ids=["back", "forward"])
def test_a_mail_that_waits_leaves_once_an_hour_late_at_most(clock, app, mailbox, shift):
    app.jinja_loader.searchpath.append("tests/faults/templates")
    try:
        mail.queue("essai/panne", to="sacha@exemple.fr", values={"qui": "Sacha", "lien": "http://127.0.0.1/1"})
        clock.at += shift
        for _ in range(13):
            mailbox.deliver()
            clock.at += timedelta(minutes=5)
    finally:
        app.jinja_loader.searchpath.pop()
    assert len(mailbox.letters) == 1
    assert OutgoingMail.get().state == State.SENT
