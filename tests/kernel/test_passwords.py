import threading
import time

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cptsapp.kernel import passwords
from cptsapp.kernel.errors import RuleError

SITE = ["CPTS de la Brie", "Brie-Comte-Robert", "Tournan-en-Brie", "camille.exemple"]
GOOD = "cheval trombone lavande octet"


@pytest.mark.parametrize("password", [GOOD, " deux espaces autour ", "é€漢字🙂" * 4, "x" * 128, "a\0b" * 5])
def test_a_password_is_verified_exactly_as_typed(password):
    stored = passwords.hash(password)
    assert passwords.verify(stored, password)
    assert not passwords.verify(stored, password + " ")
    assert not passwords.verify(stored, password.strip() if password != password.strip() else password.upper() + "x")


def test_a_lone_surrogate_is_a_wrong_password_and_no_breakdown():
    assert not passwords.verify(passwords.hash(GOOD), "\ud800")


def test_nothing_is_stored_nothing_opens():
    assert not passwords.verify(None, "")
    assert not passwords.verify("", GOOD)
    assert not passwords.verify("pas une empreinte", GOOD)


def test_the_hash_is_argon2id_of_about_19_mebibytes():
    parameters = extract_parameters(passwords.hash(GOOD))
    assert parameters.type.name == "ID"
    assert 18 * 1024 <= parameters.memory_cost <= 20 * 1024


def test_the_hash_verified_for_nobody_costs_what_the_others_cost():
    assert extract_parameters(passwords._NOBODY) == extract_parameters(passwords.hash(GOOD))


def test_an_older_hash_asks_to_be_upgraded():
    older = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    assert passwords.verify(older, GOOD)
    assert passwords.needs_upgrade(older)
    assert not passwords.needs_upgrade(passwords.hash(GOOD))


def test_two_hashes_at_most_are_made_at_once():
    started = [passwords._turn.acquire(), passwords._turn.acquire()]
    done = threading.Event()
    waiting = threading.Thread(target=lambda: (passwords.hash(GOOD), done.set()))
    waiting.start()
    assert started == [True, True]
    assert not done.wait(0.3)
    passwords._turn.release()
    assert done.wait(5)
    passwords._turn.release()
    waiting.join()


@pytest.mark.parametrize(
    "password",
    [GOOD, "pédiatre-wagon-ficelle-74", "xK9#mPq2vLw8", "brie cheval trombone octet lavande", "éôùàçzqwxkj%µ"],
)
def test_a_password_hard_to_guess_is_accepted(password):
    passwords.refuse_weak(password, SITE)


@pytest.mark.parametrize(
    "password",
    [
        "motdepasse123",
        "MotDePasse1234",
        "azertyuiop123",
        "medecinmedecin",
        "infirmiereliberale",
        "soleilsoleil1",
        "securitesociale",
        "liberteegalitefraternite",
        "CPTSdelaBrie2026!",
        "brie-comte-robert",
        "Tournan-en-Brie77",
        "cptscptscpts1",
        "Camille.Exemple1",
        "aaaaaaaaaaaaaaaaaaaa",
        "123412341234",
        "            ",
    ],
)
def test_what_a_stranger_would_try_first_is_refused(password):
    with pytest.raises(RuleError) as refusal:
        passwords.refuse_weak(password, SITE)
    assert refusal.value.field == "password"


def test_eleven_characters_are_too_few_and_129_too_many():
    with pytest.raises(RuleError, match="au moins 12"):
        passwords.refuse_weak("xK9#mPq2vLw")
    with pytest.raises(RuleError, match="au plus 128"):
        passwords.refuse_weak((GOOD * 5)[:129])
    passwords.refuse_weak((GOOD * 5)[:128])


def test_no_composition_is_asked():
    passwords.refuse_weak("tramway bigorneau facture")


def test_the_words_of_one_site_do_not_count_on_another():
    assert passwords.score("Gretz-Armainvilliers-9", ["Gretz-Armainvilliers"]) < passwords.score(
        "Gretz-Armainvilliers-9"
    )


@given(st.text(min_size=0, max_size=128))
@hypothesis_settings(deadline=None, max_examples=60)
def test_the_estimate_takes_anything(password):
    assert 0 <= passwords.score(password, SITE) <= 4


@pytest.mark.parametrize("text", ["4@8({[<369!1|70$5+%2" * 6, "({[<!|$+%@" * 12, "1/2/3.4.5 6 7 8 9 10 11 12 13 " * 4])
def test_no_password_takes_the_estimator_long(text):
    start = time.process_time()
    passwords.score(text, SITE)
    assert time.process_time() - start < 2
