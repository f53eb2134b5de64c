import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from cptsapp.kernel import db as database
from cptsapp.kernel import limits
from cptsapp.kernel.dates import today
from cptsapp.kernel.limits import TooManyTries, Tries
from cptsapp.kernel.text import NBSP

QUARTER = timedelta(minutes=15)


def hit(who="quelqu’un", limit=5):
    limits.hit("essai", who, limit=limit, per=QUARTER)


def spend(times, **kwargs):
    for _ in range(times):
        hit(**kwargs)


def wait(**duration):
    """Move the clock forward, by moving what was counted backward."""
    Tries.update(next_at=Tries.get().next_at - timedelta(**duration)).execute()


def refused(**kwargs) -> timedelta:
    with pytest.raises(TooManyTries) as refusal:
        hit(**kwargs)
    return refusal.value.wait


def test_the_limit_is_reached_after_as_many_tries(app):
    spend(5)
    assert timedelta(minutes=2) < refused() <= timedelta(minutes=3)


def test_waiting_gives_one_try_then_a_longer_wait(app):
    spend(5)
    waits = []
    for _ in range(6):
        waits.append(refused())
        wait(seconds=waits[-1].total_seconds() + 1)
        hit()
    assert [round(each / timedelta(minutes=1)) for each in waits] == [3, 6, 12, 24, 48, 60]


def test_being_refused_does_not_lengthen_the_wait(app):
    spend(5)
    first = refused()
    assert all(refused() <= first for _ in range(20))


def test_quiet_time_gives_the_tries_back(app):
    spend(5)
    wait(minutes=3 + 15 + 1)
    spend(5)
    assert refused() <= timedelta(minutes=3)


def test_slow_use_never_meets_the_limit(app):
    for _ in range(40):
        hit()
        wait(minutes=4)


def test_each_person_and_each_kind_has_a_count(app):
    spend(5)
    hit(who="une autre personne")
    limits.hit("autre", "quelqu’un", limit=5, per=QUARTER)


def test_success_forgets_the_tries(app):
    spend(5)
    limits.clear("essai", "quelqu’un")
    spend(5)


def test_a_good_try_is_given_back_to_a_shared_address(app):
    for _ in range(50):
        hit()
        limits.give_back("essai", "quelqu’un")


def test_the_database_does_not_hold_who_tried(app):
    hit(who="192.0.2.7")
    assert "192.0.2.7" not in Tries.get().who


def test_the_count_is_shared_by_all_the_workers(app):
    outcomes, start = [], threading.Barrier(4, timeout=10)

    def try_some():
        with app.app_context(), database.connection():
            start.wait()
            for _ in range(5):
                try:
                    hit(limit=10)
                    outcomes.append(True)
                except TooManyTries:
                    outcomes.append(False)

    threads = [threading.Thread(target=try_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(True) == 10
    assert outcomes.count(False) == 10


def test_a_try_is_counted_while_others_are_forgotten(app):
    def try_and_forget(_):
        with app.app_context(), database.connection():
            for _ in range(60):
                hit(limit=10_000)
                limits.clear("essai", "quelqu’un")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(try_and_forget, range(4)))
    assert Tries.select().count() == 0


def test_the_answer_says_in_french_how_long_to_wait(app):
    @app.get("/essai-limite")
    def limited():
        spend(6)

    limited.access = ("public",)
    app.view_functions["limited"].access = ("public",)
    answer = app.test_client().get("/essai-limite")
    assert answer.status_code == 429
    assert f"réessayer dans 3{NBSP}minutes" in answer.text
    assert 170 < int(answer.headers["Retry-After"]) <= 180


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(milliseconds=10), "1 seconde"),
        (timedelta(seconds=40), "40 secondes"),
        (timedelta(seconds=61), "2 minutes"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(hours=3, seconds=1), "4 heures"),
    ],
)
def test_a_wait_is_said_as_people_say_it_and_never_too_short(duration, words):
    assert limits.in_words(duration).replace(NBSP, " ") == words


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        (None, "unknown"),
        ("n’importe quoi", "unknown"),
    ],
)
def test_a_household_counts_as_one_address(address, counted):
    assert limits.network(address) == counted


def test_the_purge_forgets_quiet_counts_only(app):
    hit()
    assert limits.forget_quiet(today()) == 0
    assert limits.forget_quiet(today() + timedelta(days=3)) == 1
