"""Jobs run once when they must, late when they could not, and correctly on the nights when the clock changes."""

import itertools
import os
import signal
import subprocess
import sys
import time as clock
from datetime import date, datetime, time, timedelta

import pytest

from cptsapp.kernel import jobs
from cptsapp.kernel.db import db, now
from cptsapp.kernel.jobs import Job, JobClock, JobRun, due_jobs, last_due_day, run_due, run_scheduled


@pytest.fixture
def done():
    return []


@pytest.fixture
def declare(app, monkeypatch, done):
    """Declare a job for this test alone; it writes in `done`."""
    monkeypatch.setattr(jobs, "JOBS", {})

    def make(**when):
        def tick(*args):
            done.append(args)

        return Job(tick, **when)

    return make


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29), date(2026, 12, 31)])
@pytest.mark.parametrize("at", [time(0, 0), time(2, 30), time(3, 0), time(5, 30), time(23, 59)])
def test_a_daily_job_is_due_once_a_day_even_when_the_clock_changes(day, at):
    start = datetime(day.year, day.month, day.day) - timedelta(days=1)
    seen = []
    for minute in range(3 * 24 * 60):
        due = last_due_day(at, start + timedelta(minutes=minute))
        if not seen or seen[-1] != due:
            seen.append(due)
    assert seen == sorted(set(seen)), "a day came back"
    assert day in seen
    assert all(later - earlier == timedelta(days=1) for earlier, later in itertools.pairwise(seen))


def test_the_hour_that_march_skips_strikes_an_hour_later():
    assert last_due_day(time(2, 30), datetime(2026, 3, 29, 1, 29)) == date(2026, 3, 28)
    assert last_due_day(time(2, 30), datetime(2026, 3, 29, 1, 30)) == date(2026, 3, 29)


def test_the_hour_that_october_repeats_strikes_once():
    assert last_due_day(time(2, 30), datetime(2026, 10, 25, 0, 30)) == date(2026, 10, 25)
    assert last_due_day(time(2, 30), datetime(2026, 10, 25, 1, 30)) == date(2026, 10, 25)


def test_a_daily_job_runs_once_and_catches_up_when_late(declare, done):
    declare(at=time(5, 30))
    run_due()
    run_due()
    assert len(done) == 1
    JobRun.update(due_on=JobRun.get().due_on - timedelta(days=4)).execute()  # the machine was off for days
    run_due()
    assert len(done) == 2
    assert JobRun.select().where(JobRun.finished_at.is_null(False)).count() == 2


def test_two_workers_at_the_same_moment_run_a_daily_job_once(declare, done):
    each = declare(at=time(5, 30))
    [(_, due)] = due_jobs(now())
    assert run_scheduled(each, due)
    assert not run_scheduled(each, due)
    assert len(done) == 1


def test_a_job_of_every_ten_minutes_runs_once_in_ten_minutes(declare, done):
    each = declare(minutes=10)
    assert run_scheduled(each, None)
    assert not run_scheduled(each, None)
    assert due_jobs(now()) == [] or len(done) == 1
    JobClock.update(ran_at=now() - timedelta(minutes=10)).where(JobClock.name == each.name).execute()
    assert [job for job, _ in due_jobs(now())] == [each]
    assert run_scheduled(each, None)


def test_a_job_that_fails_is_tried_again_and_says_why(app, monkeypatch, caplog):
    monkeypatch.setattr(jobs, "JOBS", {})

    def fail():
        raise OSError("disque plein")

    Job(fail, at=time(5, 30))
    assert run_due() == []
    run = JobRun.get()
    assert (run.finished_at, run.error, run.tries) == (None, "OSError: disque plein", 1)
    run_due()
    assert JobRun.get().tries == 1  # not at once
    JobRun.update(started_at=now() - timedelta(hours=2)).execute()
    run_due()
    assert JobRun.get().tries == 2


def test_a_job_takes_the_day_it_is_due_for(app, monkeypatch):
    monkeypatch.setattr(jobs, "JOBS", {})
    seen = []

    def purge(day):
        seen.append(day)

    Job(purge, at=time(0, 0))
    run_due()
    assert seen == [JobRun.get().due_on]


def test_a_job_has_a_connection_and_no_transaction(declare, monkeypatch):
    seen = []

    def look():
        seen.append((db.is_closed(), db.in_transaction()))

    Job(look)()
    assert seen == [(False, False)]


def test_a_job_handed_over_in_a_transaction_waits_for_the_commit(declare, done):
    each = declare()
    with db.atomic():
        each.later(1)
        assert done == []
    assert done == [(1,)]
    with pytest.raises(RuntimeError), db.atomic():
        each.later(2)
        raise RuntimeError
    assert done == [(1,)]


def test_the_worker_is_well_while_it_beats(app):
    assert not jobs.worker_is_well()
    jobs.beat("worker")
    assert jobs.worker_is_well()
    JobClock.update(ran_at=now() - timedelta(minutes=4)).execute()
    assert not jobs.worker_is_well()


def test_one_purge_that_fails_stops_no_other(app, monkeypatch, caplog):
    seen = []

    def fail(today):
        raise OSError

    monkeypatch.setattr(jobs.registry, "purges", [])
    jobs.registry.purge("a")(fail)
    jobs.registry.purge("b")(lambda today: seen.append(today))
    jobs.purge_all(date(2026, 11, 1))
    assert seen == [date(2026, 11, 1)]


WORKER = """
import sys
from cptsapp import create_app
from cptsapp.kernel import jobs
jobs.run_worker(create_app(sys.argv[1], secret_key=sys.argv[2], second_factor_required=False))
"""


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_the_worker_beats_and_ends_cleanly_when_asked(app, instance, signum):
    process = subprocess.Popen([sys.executable, "-c", WORKER, str(instance), app.secret_key], stderr=subprocess.PIPE)
    deadline = clock.monotonic() + 20
    while not jobs.worker_is_well() and clock.monotonic() < deadline:
        clock.sleep(0.05)
    assert jobs.worker_is_well()
    assert oct(os.stat(instance / "jobs.db").st_mode & 0o777) == "0o600"
    process.send_signal(signum)
    _, said = process.communicate(timeout=15)
    assert process.returncode == 0, said.decode()
    assert b"Traceback" not in said
