"""Who must not be written to: addresses that refuse a kind of mail, or that no longer take any.

Only a keyed hash of the address is kept, so that a refusal outlives the erasure of the person. Personal mails always
leave: they answer what somebody has just done.
"""

import hmac
from collections.abc import Iterable

from peewee import CharField, Check, DateTimeField, fn

from .. import lasting
from ..choices import Choice
from ..db import Table, db, now
from ..prepared import prepared
from ..registry import Personal
from ..sources import counted
from ..text import normalise_email
from .models import Kind

HELD_KINDS = (Kind.REMINDER, Kind.COLLECTIVE)
AT_ONCE = 10_000  # hashes in one query
HASH_LENGTH = 64


class Reason(Choice):
    """Why an address is held; the order is that in which one is named when there are several."""

    COMPLAINED = "complained", "Envoi signalé comme indésirable"
    OPPOSED = "opposed", "Opposition"
    UNSUBSCRIBED = "unsubscribed", "Désabonnement"
    BOUNCED = "bounced", "Adresse qui ne reçoit plus"


REFUSALS = (Reason.COMPLAINED, Reason.OPPOSED, Reason.UNSUBSCRIBED)  # lifted by the person alone
SKIPPED = {
    Reason.COMPLAINED: "La personne a signalé un de nos envois comme indésirable.",
    Reason.OPPOSED: "La personne s’est opposée à ces envois.",
    Reason.UNSUBSCRIBED: "La personne s’est désabonnée de ces envois.",
    Reason.BOUNCED: "Adresse suspendue : nos derniers e-mails en sont revenus.",
}
_RANK = {str(reason): rank for rank, reason in enumerate(Reason)}


class MailHold(Table):
    """One reason not to send one kind of mail to one address."""

    address_hash = CharField(max_length=HASH_LENGTH)
    kind = CharField(max_length=12)
    reason = CharField(max_length=12)
    at = DateTimeField(default=now, index=True)
    detail = CharField(max_length=300, default="")

    class Meta:
        constraints = [
            Check("kind IN ('reminder', 'collective')"),
            Check("reason IN ('complained', 'opposed', 'unsubscribed', 'bounced')"),
            Check("length(address_hash) = 64"),
        ]
        indexes = ((("address_hash", "kind", "reason"), True),)
        personal = Personal(
            purpose="Respecter le refus de recevoir nos envois",
            basis="Obligation légale : droit d’opposition (RGPD, article 21)",
            kept="Sans limite, sous forme d’empreinte : sans elle, le refus serait oublié",
            categories="Empreinte chiffrée de l’adresse e-mail, type d’envoi, motif, date",
            recipients="Personne : comparaison automatique avant chaque envoi",
        )

    @property
    def reason_label(self) -> str:
        return Reason(self.reason).label


def hash_of(address: str) -> str:
    """Return what is kept of an address: the same whatever its case, and after a change of the secret key."""
    return _hash(lasting.key("mail.holds"), address)


def _hash(key: bytes, address: str) -> str:
    return hmac.digest(key, normalise_email(address).encode("utf-8", "surrogatepass"), "sha256").hex()


def _hashed(address_or_hash: str) -> str:
    return hash_of(address_or_hash) if "@" in address_or_hash else address_or_hash


@db.atomic()
def hold(address_or_hash: str, kinds: Iterable[Kind], reason: Reason, detail: str = "") -> int:
    """Stop kinds of mail to an address; return how many were not stopped for this reason yet."""
    made = 0
    for kind in kinds:
        row = MailHold.insert(
            address_hash=_hashed(address_or_hash), kind=Kind(kind), reason=Reason(reason), detail=detail[:300]
        )
        made += len(list(row.on_conflict_ignore().returning(MailHold.id).tuples().execute()))
    return made


def release(address_or_hash: str, kinds: Iterable[Kind] = HELD_KINDS, reasons: Iterable[Reason] = tuple(Reason)) -> int:
    """Let kinds of mail leave again, as far as these reasons go; return how many rows that took away."""
    return (
        MailHold.delete()
        .where(
            MailHold.address_hash == _hashed(address_or_hash),
            MailHold.kind.in_(list(kinds)),
            MailHold.reason.in_(list(reasons)),
        )
        .execute()
    )


@db.atomic()
def keep(rows: Iterable[dict], keys: Iterable[dict] = ()) -> int:
    """Add the holds of another base of this instance, and the keys that it had drawn; return how many were missing."""
    for row in keys:
        lasting.LastingKey.insert(row).on_conflict_ignore().execute()
    made = (MailHold.insert(row).on_conflict_ignore().returning(MailHold.id).tuples().execute() for row in rows)
    return sum(len(list(each)) for each in made)


def of(address_or_hash: str) -> list[MailHold]:
    """Return all that holds an address, the oldest first."""
    return _of_hash.all(_hashed(address_or_hash))


@prepared
def _of_hash(hash):
    return MailHold.select().where(MailHold.address_hash == hash).order_by(MailHold.id)


def count(kind: Kind) -> int:
    """Return how many addresses, known here or not, must not get this kind of mail."""
    return counted(MailHold.select(fn.COUNT(MailHold.address_hash.distinct())).where(MailHold.kind == kind))


def reasons(addresses: Iterable[str], kind: Kind) -> dict[str, Reason]:
    """Return {address: why} of those that must not get this kind of mail; one query for ten thousand."""
    if kind not in HELD_KINDS:
        return {}
    found = _found([(address, kind) for address in addresses])
    return {address: reason for (address, _), reason in found.items()}


def _found(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Reason]:
    """Return {(address, kind): why} of the pairs that are held."""
    by_hash, key = {}, lasting.key("mail.holds")
    for address, kind in dict.fromkeys(pairs):
        by_hash.setdefault((_hash(key, address), str(kind)), []).append((address, kind))
    hashes, found = list(dict.fromkeys(hash for hash, _ in by_hash)), {}
    for start in range(0, len(hashes), AT_ONCE):
        part = hashes[start : start + AT_ONCE]
        marks = ", ".join([db.obj.param] * len(part))
        sql = f"SELECT address_hash, kind, reason FROM mail_hold WHERE address_hash IN ({marks})"  # noqa: S608
        rows = db.execute_sql(sql, part).fetchall()
        for hash, kind, reason in sorted(rows, key=lambda row: _RANK[row[2]], reverse=True):
            for pair in by_hash.get((hash, kind), ()):
                found[pair] = Reason(reason)
    return found


def split(rows: list) -> tuple[list, list[tuple[object, Reason]]]:
    """Tell apart rows of the delivery table: those that may leave, and (row, why) of the others. One query at most."""
    pairs = [(row.to_address, row.kind) for row in rows if row.kind in HELD_KINDS]
    found = _found(pairs) if pairs else {}
    held = [(row, found[row.to_address, row.kind]) for row in rows if (row.to_address, row.kind) in found]
    return [row for row in rows if (row.to_address, row.kind) not in found], held
