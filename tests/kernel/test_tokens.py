import threading
from datetime import timedelta

import pytest

from cptsapp.kernel import db as database
from cptsapp.kernel import tokens
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.tokens import Token

HOUR = timedelta(hours=1)


@pytest.fixture
def token(app):
    return tokens.issue("reset", 7, HOUR)


def test_a_link_gives_its_subject_once(token):
    assert tokens.consume("reset", token) == "7"
    with pytest.raises(RuleError, match="déjà servi"):
        tokens.consume("reset", token)


def test_looking_at_a_link_uses_nothing_up(token):
    assert tokens.peek("reset", token) == tokens.peek("reset", token) == "7"
    assert tokens.consume("reset", token) == "7"


def test_a_link_serves_one_purpose(token):
    assert tokens.peek("login", token) is None
    with pytest.raises(RuleError):
        tokens.consume("login", token)
    assert tokens.peek("reset", token) == "7"


def test_a_link_expires(token):
    Token.update(expires_at=now() - timedelta(seconds=1)).execute()
    assert tokens.peek("reset", token) is None
    with pytest.raises(RuleError, match="plus valable"):
        tokens.consume("reset", token)


def test_revoking_closes_the_links_of_one_subject_only(token):
    other = tokens.issue("reset", 8, HOUR)
    tokens.revoke("reset", 7)
    assert tokens.peek("reset", token) is None
    assert tokens.peek("reset", other) == "8"


@pytest.mark.parametrize("wrong", ["", "x", "a.b", "é", "\0", "A" * 5000])
def test_anything_else_opens_nothing(token, wrong):
    assert tokens.peek("reset", wrong) is None
    assert tokens.peek("reset", token[:9] + wrong[:1] + token[10:]) is None


def test_the_database_holds_nothing_that_opens(token):
    assert Token.get().hash not in token
    assert tokens.peek("reset", Token.get().hash) is None


def test_a_refusal_after_the_consumption_leaves_the_link_good(token):
    with pytest.raises(RuleError, match="autre"), db.atomic():
        tokens.consume("reset", token)
        raise RuleError("autre chose")
    assert tokens.peek("reset", token) == "7"


def test_a_link_signed_before_a_change_of_key_still_opens(token, settings):
    settings.old_secret_keys, settings.secret_key = settings.secret_key, "une-nouvelle-cle-de-test-assez-longue"
    assert tokens.consume("reset", token) == "7"


def test_of_many_who_use_a_link_at_once_one_wins(app, token):
    outcomes, start = [], threading.Barrier(4, timeout=10)

    def use():
        with app.app_context(), database.connection():
            start.wait()
            try:
                outcomes.append(tokens.consume("reset", token))
            except RuleError:
                outcomes.append(None)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == ["7"] + [None] * 3


def test_the_purge_forgets_expired_links_only(token):
    tokens.issue("reset", 8, timedelta(days=-3))
    assert tokens.forget_expired(today()) == 1
    assert tokens.peek("reset", token) == "7"
