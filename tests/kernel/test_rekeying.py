"""The secret key of the instance is changed, and nothing that it protects is lost."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from cptsapp.blueprints.account import factor, rules
from cptsapp.blueprints.account.models import Account, RecoveryCode
from cptsapp.kernel import crypto, lasting, rekeying, tokens
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.lasting import LastingKey
from tests.conftest import SECRET

ROOT = Path(__file__).parents[2]
CHOSEN = 'base_url = "http://127.0.0.1:8000"  # le mien'


@pytest.fixture
def keys(app, instance, settings):
    """An instance whose key is in its cpts.toml, with a second factor and a lasting key encrypted under it."""
    written = [CHOSEN, f'secret_key = "{SECRET}"', '# old_secret_keys = ""', ""]
    with (instance / "cpts.toml").open("a", encoding="utf-8") as file:
        file.write("\n".join(written))
    account = rules.create("claire@exemple.fr", by=None, name="Claire Martin", roles=("coordination",))
    sealed = crypto.encrypt("JBSWY3DPEHPK3PXP", f"account.totp_secret {account.id}")
    Account.update(totp_secret=sealed).where(Account.id == account.id).execute()
    lasting.key("mail.holds")
    yield settings
    settings.secret_key, settings.old_secret_keys = SECRET, ""


def is_all_current() -> bool:
    texts = [Account.get().totp_secret, LastingKey.get().encrypted]
    return all(map(crypto.is_current, texts))


def secret_of_account() -> str:
    account = Account.get()
    return crypto.decrypt(account.totp_secret, f"account.totp_secret {account.id}")


def test_a_new_key_encrypts_everything_again_and_links_that_were_sent_still_open(keys, instance):
    held, link = lasting.key("mail.holds"), tokens.issue("essai", 1, timedelta(hours=1))
    saved, done = rekeying.change()
    assert saved.is_file()
    assert done == 2
    assert is_all_current()
    assert keys.secret_key != SECRET
    assert keys.old_secret_keys == SECRET
    assert secret_of_account() == "JBSWY3DPEHPK3PXP"
    assert lasting._read("mail.holds", {}) == held
    assert tokens.peek("essai", link)
    text = (instance / "cpts.toml").read_text()
    assert CHOSEN in text
    assert f'secret_key = "{keys.secret_key}"' in text
    assert (instance / "cpts.toml").stat().st_mode & 0o777 == 0o600


def test_a_change_that_was_cut_works_as_it_is_and_is_finished_before_another(keys):
    rekeying.write_keys("une-autre-cle-assez-longue-pour-convenir", [SECRET])
    assert secret_of_account() == "JBSWY3DPEHPK3PXP"
    assert not is_all_current()
    with pytest.raises(RuleError, match="pas terminé"):
        rekeying.forget()
    assert rekeying.change() == (None, 2)
    assert keys.secret_key == "une-autre-cle-assez-longue-pour-convenir"
    assert is_all_current()


def test_a_recovery_code_serves_until_the_old_key_is_forgotten(keys):
    account = Account.get()
    code = factor._new_codes(account.id)[0].replace("-", "")

    def is_known():
        return RecoveryCode.hash.in_(crypto.keyed_hashes(f"{account.id} {code}", "recovery code"))

    rekeying.change()
    assert RecoveryCode.select().where(is_known()).count() == 1
    rekeying.forget()
    assert RecoveryCode.select().where(is_known()).count() == 0
    with pytest.raises(RuleError, match="pas d’ancienne clé"):
        rekeying.forget()


def test_a_key_that_is_written_elsewhere_is_changed_there(keys, monkeypatch):
    monkeypatch.setenv("CPTS_SECRET_KEY", SECRET)
    with pytest.raises(RuleError, match="CPTS_OLD_SECRET_KEYS"):
        rekeying.change()


def test_whoever_encrypts_a_column_registers_it():
    for path in (ROOT / "cptsapp").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if re.search(r"crypto\.encrypt\(", text):
            assert "rekeying.sealed(" in text or path.name == "rekeying.py", path
