import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cptsapp.kernel import crypto
from cptsapp.kernel.crypto import DecryptionError

NEW_KEY = "une-nouvelle-cle-de-test-assez-longue-aussi"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.fixture
def keys(settings):
    """The settings, whose keys a test may turn."""
    return settings


@given(TEXTS, TEXTS)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_encrypted_comes_back_in_its_context(keys, text, context):
    assert crypto.decrypt(crypto.encrypt(text, context), context) == text


def test_the_same_text_never_looks_the_same_twice(keys):
    assert crypto.encrypt("secret", "a") != crypto.encrypt("secret", "a")
    assert "secret" not in crypto.encrypt("secret", "a")


def test_a_text_moved_elsewhere_does_not_open(keys):
    with pytest.raises(DecryptionError):
        crypto.decrypt(crypto.encrypt("secret", "account 1"), "account 2")


def test_a_changed_text_does_not_open(keys):
    sealed = crypto.encrypt("secret", "a")
    for place in range(0, len(sealed), 7):
        changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(DecryptionError):
            crypto.decrypt(changed, "a")


@pytest.mark.parametrize("junk", ["", "x", "é", "AAAA", "A" * 200])
def test_junk_does_not_open(keys, junk):
    with pytest.raises(DecryptionError):
        crypto.decrypt(junk, "a")


def test_after_a_change_of_key_the_old_texts_still_open_and_ask_to_be_encrypted_again(keys):
    sealed = crypto.encrypt("secret", "a")
    assert crypto.is_current(sealed)
    keys.old_secret_keys, keys.secret_key = keys.secret_key, NEW_KEY
    assert crypto.decrypt(sealed, "a") == "secret"
    assert not crypto.is_current(sealed)
    assert crypto.is_current(crypto.encrypt("secret", "a"))


def test_without_its_key_a_text_stays_closed(keys):
    sealed = crypto.encrypt("secret", "a")
    keys.secret_key = NEW_KEY
    with pytest.raises(DecryptionError, match="old_secret_keys"):
        crypto.decrypt(sealed, "a")


def test_a_keyed_hash_differs_with_the_purpose_and_with_the_key(keys):
    one = crypto.keyed_hash("x", "a")
    assert one == crypto.keyed_hash("x", "a")
    assert one != crypto.keyed_hash("x", "b")
    keys.old_secret_keys, keys.secret_key = keys.secret_key, NEW_KEY
    assert crypto.keyed_hash("x", "a") != one
    assert one in crypto.keyed_hashes("x", "a")
