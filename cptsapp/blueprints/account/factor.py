"""The second factor: codes of an authenticator application, and recovery codes for the day the phone is lost."""

import secrets
import time
from base64 import b32encode

import pyotp

from cptsapp.kernel import crypto, journal, rekeying
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError

from .models import Account, Passkey, RecoveryCode
from .rules import end_everything, tell

STEP_SECONDS = 30
DRIFT_STEPS = 1  # a phone's clock may be half a minute early or late
RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that reads like something else
CODE_LENGTH = 12  # 59 bits each

journal.declare("account.factor_set", "Second facteur activé")
journal.declare("account.factor_removed", "Second facteur retiré")
journal.declare("account.recovery_codes_made", "Codes de secours renouvelés")
journal.declare("account.recovery_code_used", "Code de secours utilisé")

WRONG = "Ce code n’est pas le bon, ou il a déjà servi. Attendez le code suivant de l’application."
WRONG_RECOVERY = "Ce code de secours n’est pas le bon, ou il a déjà servi. Relisez-le, ou essayez-en un autre."


def proposed_secret(account: Account, session_key: str) -> str:
    """Return the secret (base32) that a set-up page shows: the same while the session lasts, stored nowhere."""
    seed = f"{account.id} {account.totp_last_step} {account.factor_set_at} {session_key}"
    return b32encode(bytes.fromhex(crypto.keyed_hash(seed, "totp set-up"))[:20]).decode()


def address_of(account: Account, secret: str, issuer: str) -> str:
    """Return the otpauth address that the QR code holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name=issuer.replace(":", " "))


def set_up(account_id: int, *, secret: str, code: str, keep_session: int | None = None) -> list[str]:
    """Turn the second factor on (or move it to a new phone) once `code` proves it works; return the recovery codes.

    The other sessions and the links of the account die, and the person is told.
    """
    with db.atomic():
        account = locked(Account.joined().where(Account.id == account_id)).get()
        step = matching_step(secret, code)
        if step is None or step <= account.totp_last_step:
            raise RuleError(WRONG, field="code")
        account.totp_secret = crypto.encrypt(secret, _context(account_id))
        account.totp_last_step, account.factor_set_at = step, now()
        account.save()
        codes = _new_codes(account_id)
        end_everything(account_id, keep_session=keep_session)
        tell(account, "factor_changed", is_on=True)
        journal.write("account.factor_set", "account", account_id)
        return codes


@db.atomic()
def remove(account_id: int, *, keep_session: int | None = None) -> None:
    """Turn the second factor off; the recovery codes and the passkeys die with it."""
    account = Account.with_id(account_id)
    if not account.has_factor:
        return
    Account.update(totp_secret=None, factor_set_at=None).where(Account.id == account_id).execute()
    RecoveryCode.delete().where(RecoveryCode.account == account_id).execute()
    Passkey.delete().where(Passkey.account == account_id).execute()
    end_everything(account_id, keep_session=keep_session)
    tell(account, "factor_changed", is_on=False)
    journal.write("account.factor_removed", "account", account_id)


@db.atomic()
def renew_codes(account_id: int) -> list[str]:
    """Replace the recovery codes; return the new ones, to be shown once."""
    if not Account.with_id(account_id).has_factor:
        raise RuleError("Activez d’abord le second facteur.")
    codes = _new_codes(account_id)
    journal.write("account.recovery_codes_made", "account", account_id)
    return codes


def _bare(code: str) -> str:
    return "".join(char for char in code.lower() if char.isalnum())


def is_recovery_code(code: str) -> bool:
    """Tell by its length whether a code is one of those kept for the day the phone is lost, even mistyped."""
    return len(_bare(code)) > CODE_LENGTH // 2 + 2


@db.atomic()
def accept(account_id: int, code: str) -> bool:
    """Use up a code of the application or a recovery code; of two at once, one wins."""
    account = Account.with_id(account_id)
    if account is None or not account.is_usable or not account.has_factor:
        return False
    typed = _bare(code)
    if len(typed) == CODE_LENGTH:
        return _accept_recovery_code(account_id, typed)
    step = matching_step(crypto.decrypt(account.totp_secret, _context(account_id)), typed)
    if step is None:
        return False
    later = Account.update(totp_last_step=step).where(Account.id == account_id, Account.totp_last_step < step)
    return bool(later.execute())


def _accept_recovery_code(account_id, typed) -> bool:
    mine = RecoveryCode.hash.in_(crypto.keyed_hashes(f"{account_id} {typed}", "recovery code"))
    unused = RecoveryCode.used_at.is_null()
    if not RecoveryCode.update(used_at=now()).where(mine, unused, RecoveryCode.account == account_id).execute():
        return False
    left = RecoveryCode.select().where(unused, RecoveryCode.account == account_id).count()
    tell(Account.with_id(account_id), "recovery_code_used", left=left)
    journal.write("account.recovery_code_used", "account", account_id, left=left)
    return True


def matching_step(secret: str, code: str) -> int | None:
    """Return the 30-second step whose code this is, the clock's own or a neighbour; compare in constant time."""
    typed = "".join(char for char in code if char.isascii() and char.isdigit())
    current = int(time.time()) // STEP_SECONDS
    found = None
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if secrets.compare_digest(pyotp.HOTP(secret).at(step), typed):
            found = step
    return found


def _new_codes(account_id) -> list[str]:
    RecoveryCode.delete().where(RecoveryCode.account == account_id).execute()
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(RECOVERY_CODES)]
    for code in codes:
        RecoveryCode.create(account=account_id, hash=crypto.keyed_hash(f"{account_id} {code}", "recovery code"))
    return ["-".join((code[:4], code[4:8], code[8:])) for code in codes]


def _context(account_id) -> str:
    return f"account.totp_secret {account_id}"


rekeying.sealed(Account.totp_secret, lambda account: _context(account.id))
