"""Passkeys, beside the codes of the authenticator application: added, used as second factor, taken away.

A challenge is stored nowhere: it comes from the session and from what the account's keys have already signed, so that
it is new after each use and a page that is only read writes nothing.
"""

from peewee import fn

from cptsapp.kernel import crypto, journal, webauthn
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.webauthn import Place, Registered, decoded, encoded

from .models import Account, Passkey
from .rules import tell

MOST = 10
LONGEST_NAME = 60

journal.declare("account.passkey_added", "Clé d’accès ajoutée")
journal.declare("account.passkey_removed", "Clé d’accès retirée")


def of(account_id: int) -> list[Passkey]:
    return list(Passkey.select().where(Passkey.account == account_id).order_by(Passkey.created_at))


def challenge(account_id: int, session_key: str) -> str:
    """Return what a key must sign in this session: another one as soon as a key was added or has served."""
    mine = Passkey.select(fn.COUNT(Passkey.id), fn.SUM(Passkey.uses)).where(Passkey.account == account_id)
    keys, uses = mine.tuples().get()
    return encoded(bytes.fromhex(crypto.keyed_hash(f"{account_id} {keys} {uses} {session_key}", "passkey challenge")))


def creation_options(account: Account, session_key: str, place: Place, site: str) -> dict:
    """Return what the browser needs to make a key for this account."""
    handle = bytes.fromhex(crypto.keyed_hash(str(account.id), "passkey handle"))
    return {
        "challenge": challenge(account.id, session_key),
        "rp": {"id": place.name, "name": site},
        "user": {"id": encoded(handle), "name": account.email, "displayName": account.label},
        "algorithms": list(webauthn.ALGORITHMS),
        "known": [each.credential for each in of(account.id)],
    }


def use_options(account_id: int, session_key: str, place: Place) -> dict | None:
    """Return what the browser needs to use a key of this account; None when there is none."""
    known = [each.credential for each in of(account_id)]
    return {"challenge": challenge(account_id, session_key), "rp": place.name, "known": known} if known else None


def add(account_id: int, name: str, answer: dict[str, str], *, session_key: str, place: Place) -> Passkey:
    """Keep a new key; it comes beside the codes of the application, which stay. The person is told.

    Raises RuleError for a key that was not made here and now, or is known already.
    """
    with db.atomic():
        account = locked(Account.select().where(Account.id == account_id)).get()
        if not account.has_factor:
            raise RuleError("Activez d’abord le second facteur : ses codes de secours servent si la clé est perdue.")
        if Passkey.select().where(Passkey.account == account_id).count() >= MOST:
            raise RuleError(f"Vous avez déjà {MOST} clés d’accès. Retirez-en une, puis recommencez.")
        made = webauthn.register(
            decoded(answer.get("client_data")),
            decoded(answer.get("authenticator")),
            decoded(answer.get("public_key")),
            challenge=challenge(account_id, session_key),
            place=place,
        )
        credential = encoded(made.credential)
        if Passkey.select().where(Passkey.credential == credential).exists():
            raise RuleError("Cette clé d’accès est déjà enregistrée.")
        row = Passkey.create(
            account=account_id,
            name=" ".join(name.split())[:LONGEST_NAME] or "Clé d’accès",
            credential=credential,
            public_key=encoded(made.public_key),
            count=made.count,
        )
        tell(account, "passkey_added", key=row.name)
        journal.write("account.passkey_added", "account", account_id)
        return row


@db.atomic()
def accept(account_id: int, answer: dict[str, str], *, session_key: str, place: Place) -> None:
    """Use a key as second factor; of two answers to one challenge, one wins. Raises RuleError otherwise."""
    account = locked(Account.select().where(Account.id == account_id)).get()
    row = Passkey.get_or_none(Passkey.account == account_id, Passkey.credential == (answer.get("credential") or ""))
    if row is None or not account.is_usable:
        raise RuleError(webauthn.REFUSED)
    row.count = webauthn.verify(
        decoded(answer.get("client_data")),
        decoded(answer.get("authenticator")),
        decoded(answer.get("signature")),
        key=Registered(decoded(row.credential), decoded(row.public_key), row.count),
        challenge=challenge(account_id, session_key),
        place=place,
    )
    row.uses, row.used_at = row.uses + 1, now()
    row.save()


@db.atomic()
def remove(account_id: int, key_id: int) -> None:
    """Forget one of an account's keys. Raises RuleError when it has no such key."""
    row = Passkey.get_or_none(Passkey.id == key_id, Passkey.account == account_id)
    if row is None:
        raise RuleError("Cette clé d’accès est déjà retirée.")
    row.delete_instance()
    tell(Account.with_id(account_id), "passkey_removed", key=row.name)
    journal.write("account.passkey_removed", "account", account_id)
