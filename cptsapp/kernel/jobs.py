"""Work that runs without a request: after a commit, every few minutes, or once a day in Paris.

What must happen is written in tables by whoever causes it; huey only wakes the worker, so that a killed worker loses
nothing. The same passes can be made by cron (`cptsapp jobs run-due`).
"""

import inspect
import logging
import os
import signal
import threading
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

import click
from flask import current_app, has_app_context
from flask.cli import with_appcontext
from huey import Huey, crontab
from huey.consumer import Consumer
from huey.serializer import SignedSerializer
from huey.storage import MemoryStorage, PriorityRedisStorage, SqliteStorage
from peewee import CharField, DateField, DateTimeField, IntegerField, TextField

from . import journal, registry
from .dates import PARIS, to_paris
from .db import Table, connection, db, is_sqlite, now
from .frenchcli import FrenchCommand, FrenchGroup
from .settings import settings

log = logging.getLogger("cptsapp.jobs")

WELL_FOR = {"worker": timedelta(minutes=3), "cron": timedelta(minutes=16)}
RETRY_AFTER = timedelta(hours=1)  # a daily job that failed or was killed is tried again
MOST_TRIES = 5
CLOCK_SLACK = timedelta(minutes=5)  # a run that is later than this is of a clock that was set back since
RUNS_KEPT = timedelta(days=90)
WORKERS = 3  # a long sending leaves two threads for the rest
STOP_WITHIN_SECONDS = 60

stopping = threading.Event()  # set when the worker is asked to stop: long jobs end at their next safe point
huey = Huey("cptsapp", results=False, storage_class=MemoryStorage)
cli = FrenchGroup("jobs", help="Les tâches de fond : rappels, purges, envois.")
JOBS: dict[str, "Job"] = {}
_place = {"app": None, "queue": None}
journal.declare("jobs.purged", "Données arrivées en fin de conservation effacées")


class JobRun(Table):
    """One run of a daily job: the day it was due, once."""

    name = CharField(max_length=120)
    due_on = DateField()
    started_at = DateTimeField(default=now)
    finished_at = DateTimeField(null=True)
    tries = IntegerField(default=1)
    error = TextField(default="")

    class Meta:
        indexes = ((("name", "due_on"), True),)


class JobClock(Table):
    """When something that comes back was last done: a job of every few minutes, or the beat of the worker."""

    name = CharField(max_length=120, unique=True)
    ran_at = DateTimeField()


class Job:
    """A function that may run in the worker. Called, it runs here; `later(…)`: in the worker, after the commit."""

    def __init__(self, function, *, minutes: int | None = None, at: time | None = None):
        self.function, self.minutes, self.at = function, minutes, at
        self.name = f"{function.__module__}.{function.__qualname__}".removeprefix("cptsapp.")
        self.__doc__ = function.__doc__
        self.takes_day = bool(at and inspect.signature(function).parameters)
        JOBS[self.name] = self

    def __call__(self, *args, **kwargs):
        with standing():
            return self.function(*args, **kwargs)

    def later(self, *args, **kwargs):
        """Hand the job to the worker once the current transaction is committed; arguments are ids and plain values."""
        db.after_commit(lambda: _hand_over(self, args, kwargs))


def job(function) -> Job:
    """Make a function a job: a connection is opened for it, and never a transaction around it."""
    return Job(function)


def every(*, minutes: int):
    """Run a function every `minutes`; it must be safe to run twice or late."""
    return lambda function: Job(function, minutes=minutes)


def daily(at: str):
    """Run a function once a day at `at` (« 05:30 », Paris), even when late. It may take the day as argument."""
    hour, minute = at.split(":")
    return lambda function: Job(function, at=time(int(hour), int(minute)))


@contextmanager
def standing():
    """Give a job its application and its connection, or leave it those that are there already."""
    if has_app_context():
        with connection():
            yield
    else:
        with _place["app"].app_context(), connection():
            yield


def init_app(app):
    _place["app"] = app


# Handing over


def _hand_over(each: Job, args, kwargs):
    if current_app.testing if has_app_context() else _place["app"].testing:
        each(*args, **kwargs)
        return
    try:
        open_queue()
        _run_one(each.name, list(args), kwargs)
    except Exception:  # what had to be done is in a table: the worker will find it by itself
        log.exception("the worker could not be woken for %s", each.name)


def open_queue():
    """Bind huey to this instance's queue: Redis when there is one, else its own SQLite file, for this user alone."""
    place = settings.redis_url or str(settings.instance / "jobs.db")
    if _place["queue"] == place:
        return
    huey.serializer = SignedSerializer(secret=settings.secret_key)
    if settings.redis_url:
        huey.storage = PriorityRedisStorage("cptsapp", url=settings.redis_url)  # the tick has a priority
    else:
        os.close(os.open(place, os.O_CREAT | os.O_RDWR, 0o600))
        # Losing this file loses nothing: it waits for no disk. No WAL: huey uses Python's own, older library.
        huey.storage = SqliteStorage("cptsapp", place, journal_mode="truncate", fsync=False, cache_mb=1)
    _place["queue"] = place


@huey.task()
def _run_one(name, args, kwargs):
    JOBS[name](*args, **kwargs)


@huey.task(expires=50)
def _run_scheduled(name, due):
    with standing():
        run_scheduled(JOBS[name], due and date.fromisoformat(due))


@huey.periodic_task(crontab(), priority=100, expires=50)
def _tick():
    with standing():
        beat("worker")
        for each, due in due_jobs(now()):
            _run_scheduled(each.name, due and due.isoformat())


# What is due


def due_jobs(moment: datetime) -> list[tuple[Job, date | None]]:
    """Return the jobs due at `moment` (naive UTC), each with the day it is due for, or None when it is not daily."""
    clocks = dict(JobClock.select(JobClock.name, JobClock.ran_at).tuples())
    runs = {(run.name, run.due_on): run for run in JobRun.select().where(JobRun.due_on >= moment.date() - timedelta(2))}
    found = []
    for each in JOBS.values():
        if each.minutes and _slot_is_free(clocks.get(each.name), each.minutes, moment):
            found.append((each, None))
        elif each.at:
            day = last_due_day(each.at, moment)
            if _may_start(runs.get((each.name, day)), moment):
                found.append((each, day))
    return found


def last_due_day(at: time, moment: datetime) -> date:
    """Return the Paris day of the last time that `at` struck, at `moment` (naive UTC)."""
    local = to_paris(moment)
    # An aware comparison: an hour skipped in March strikes an hour later, one that comes twice in October strikes once.
    struck = datetime.combine(local.date(), at, tzinfo=PARIS).timestamp() <= local.timestamp()
    return local.date() if struck else local.date() - timedelta(days=1)


def _slot_is_free(ran_at: datetime | None, minutes: int, moment: datetime) -> bool:
    return ran_at is None or ran_at > moment + CLOCK_SLACK or _slot(ran_at, minutes) < _slot(moment, minutes)


def _slot(moment: datetime, minutes: int) -> int:
    return int((moment - datetime(1970, 1, 1)).total_seconds() // (60 * minutes))


def _may_start(run: JobRun | None, moment: datetime) -> bool:
    if run is None:
        return True
    return run.finished_at is None and run.tries < MOST_TRIES and run.started_at + RETRY_AFTER <= moment


def run_scheduled(each: Job, due: date | None) -> bool:
    """Run a due job unless another process has just taken it; tell whether it ran here."""
    moment = now()
    if due is None:
        if not _take_slot(each, moment):
            return False
        each()
        return True
    run = _take_day(each, due, moment)
    if run is None:
        return False
    try:
        each(*([due] if each.takes_day else []))
    except Exception as error:
        JobRun.update(error=f"{type(error).__name__}: {error}"[:500]).where(JobRun.id == run).execute()
        raise
    JobRun.update(finished_at=now(), error="").where(JobRun.id == run).execute()
    return True


@db.atomic()
def _take_slot(each: Job, moment: datetime) -> bool:
    start = datetime(1970, 1, 1) + timedelta(minutes=_slot(moment, each.minutes) * each.minutes)
    free = (JobClock.ran_at < start) | (JobClock.ran_at > moment + CLOCK_SLACK)
    mine = JobClock.update(ran_at=moment).where(JobClock.name == each.name, free).execute()
    if mine:
        return True
    added = JobClock.insert(name=each.name, ran_at=moment).on_conflict_ignore()
    return _is_added(added)


@db.atomic()
def _take_day(each: Job, due: date, moment: datetime) -> int | None:
    """Return the id of the run that this process may make, or None when it is made or being made elsewhere."""
    if _is_added(JobRun.insert(name=each.name, due_on=due, started_at=moment).on_conflict_ignore()):
        return JobRun.get(JobRun.name == each.name, JobRun.due_on == due).id
    run = JobRun.get(JobRun.name == each.name, JobRun.due_on == due)
    again = JobRun.update(started_at=moment, tries=JobRun.tries + 1).where(
        JobRun.id == run.id,
        JobRun.finished_at.is_null(),
        JobRun.tries < MOST_TRIES,
        JobRun.started_at <= moment - RETRY_AFTER,
    )
    return run.id if again.execute() else None


def _is_added(insert) -> bool:
    """Run an insertion that ignores conflicts; tell whether a row was made."""
    return len(list(insert.returning(insert.model.id).execute())) == 1


# The worker


def beat(name: str):
    """Say that the worker (or the cron that stands for it) is alive."""
    JobClock.insert(name=name, ran_at=now()).on_conflict(
        conflict_target=[JobClock.name], update={JobClock.ran_at: now()}
    ).execute()


def worker_is_well() -> bool:
    """Tell whether the worker has beaten in the last 3 minutes, or a cron in the last 16."""
    beats = dict(JobClock.select(JobClock.name, JobClock.ran_at).where(JobClock.name.in_(list(WELL_FOR))).tuples())
    return any(beats[name] + WELL_FOR[name] >= now() for name in beats)


@registry.check("Tâches de fond", order=20)
def _check_worker():
    if worker_is_well():
        return True, "Le programme des tâches de fond répond."
    return False, "Le programme des tâches de fond ne répond pas. Lancez « cptsapp worker » ou relancez le service."


class Worker(Consumer):
    """Huey's consumer, which ends cleanly on SIGTERM as on SIGINT."""

    def _handle_signal(self, signum, frame):
        stopping.set()
        self._signum, self._restart, self._graceful = signum, False, True
        signal.signal(signum, signal.default_int_handler)  # asked a second time, it stops at once


def run_worker(app):
    """Run jobs until SIGTERM or SIGINT; give the service at least 60 seconds to stop."""
    init_app(app)
    stopping.clear()
    open_queue()
    Worker(
        huey,
        workers=WORKERS,
        max_delay=1.0,
        scheduler_interval=10,
        shutdown_timeout=STOP_WITHIN_SECONDS,
    ).run()


def run_due() -> list[str]:
    """Make one pass over what is due, here and now; return the names of the jobs that ran."""
    done = []
    with standing():
        beat("cron")
        for each, due in due_jobs(now()):
            try:
                if run_scheduled(each, due):
                    done.append(each.name)
            except Exception:
                log.exception("job %s failed", each.name)
    return done


@daily("03:50")
def purge_all(day: date):
    """Apply every retention period, each on its own, so that one that fails stops no other."""
    counts = {}
    for each in registry.purges:
        try:
            counts[each.key] = each.call(day)
        except Exception:
            log.exception("purge %s failed", each.key)
    done = {key: count for key, count in counts.items() if count}
    if done:
        with db.atomic():
            journal.write("jobs.purged", "purge", day, purges=done)
    if is_sqlite():
        db.execute_sql("PRAGMA optimize")


@registry.purge("jobs", "Passages anciens des tâches de fond")
def _purge_runs(today: date) -> int:
    return JobRun.delete().where(JobRun.due_on < today - RUNS_KEPT).execute()


@cli.command("run-due", cls=FrenchCommand)
@with_appcontext
def run_due_command():
    """Fait une fois les tâches qui sont dues ; peut remplacer le worker, par cron."""
    done = run_due()
    click.echo(f"Tâches faites : {', '.join(done)}." if done else "Rien n’était dû.")
