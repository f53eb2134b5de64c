"""Tries counted in the database: one count for all the workers, kept across restarts.

Each pair of a kind and a person (an account, an address) has a level that every try raises and that time lowers.
At the limit, tries are spaced by a wait that doubles each time; nobody is ever refused for good.
"""

from datetime import date, timedelta
from ipaddress import ip_address, ip_network

from peewee import CharField, DateTimeField, FloatField, IntegerField
from werkzeug.exceptions import TooManyRequests

from .crypto import keyed_hash
from .dates import start_of
from .db import Table, db, is_sqlite, now
from .registry import Personal, purge
from .text import plural

LONGEST_WAIT = 4  # times the period of the limit


class Tries(Table):
    """What one person has tried of one kind. `next_at` is when the following try is accepted."""

    kind = CharField(max_length=40)
    who = CharField(max_length=64)
    level = FloatField(default=0)
    strikes = IntegerField(default=0)
    next_at = DateTimeField(default=now, index=True)

    class Meta:
        indexes = ((("kind", "who"), True),)
        personal = Personal(
            purpose="Protection contre les essais répétés et les envois en masse",
            basis="Intérêt légitime : sécurité",
            kept="2 jours",
            categories="Empreinte chiffrée d’une adresse de connexion ou d’un compte, nombre d’essais",
            recipients="Personne : comptage automatique",
        )


class TooManyTries(TooManyRequests):
    """The 429 answer; `wait` is how long until the next try is accepted."""

    def __init__(self, wait: timedelta):
        super().__init__(f"Trop d’essais. Vous pourrez réessayer dans {in_words(wait)}.", retry_after=seconds(wait))
        self.wait = wait


def hit(kind: str, who: str, *, limit: int, per: timedelta) -> None:
    """Count one try; `limit` in a row are accepted, then the wait grows until `per` has passed quietly.

    Call it outside a transaction, whose failure would forget the try. Raises TooManyTries.
    """
    wait = _count(kind, keyed_hash(who, "limits"), limit, per)
    if wait:
        raise TooManyTries(wait)


def hit_each(*tries: tuple[str, str, int, timedelta]) -> None:
    """Count one try of each (kind, who, limit, per) in one transaction, as `hit` does; the longest wait is raised."""
    with db.atomic():
        waits = [_count(kind, keyed_hash(who, "limits"), limit, per) for kind, who, limit, per in tries]
    if wait := max(filter(None, waits), default=None):
        raise TooManyTries(wait)


@db.atomic()
def _count(kind, who, limit, per) -> timedelta | None:
    """Count one try; return the wait it must make, or None. Plain statements: every public form passes here."""
    mark = db.obj.param
    # PostgreSQL holds the row so: `clear` may not take it away before it is read. SQLite's transaction holds all.
    then = "NOTHING" if is_sqlite() else "UPDATE SET who = excluded.who"
    insert = (
        f"INSERT INTO tries (kind, who, level, strikes, next_at) VALUES ({mark}, {mark}, 0, 0, {mark}) "  # noqa: S608
        f"ON CONFLICT (kind, who) DO {then}"
    )
    db.execute_sql(insert, (kind, who, now()))
    read = f"SELECT id, level, strikes, next_at FROM tries WHERE kind = {mark} AND who = {mark}"  # noqa: S608
    id, level, strikes, next_at = db.execute_sql(read, (kind, who)).fetchone()
    next_at, moment = Tries.next_at.python_value(next_at), now()  # once the row is held: never before another's
    if next_at > moment:
        return next_at - moment
    level = max(0.0, level - (moment - next_at) / per * limit)
    strikes = strikes if level else 0
    level, next_at = min(level + 1, limit), moment
    if round(level) >= limit:
        next_at += min(per / limit * 2 ** min(strikes, 30), LONGEST_WAIT * per)
        strikes += 1
    write = f"UPDATE tries SET level = {mark}, strikes = {mark}, next_at = {mark} WHERE id = {mark}"  # noqa: S608
    db.execute_sql(write, (level, strikes, next_at, id))
    return None


@db.atomic()
def give_back(kind: str, who: str) -> None:
    """Take one try back: it was a good one, and an address that many people share must not pay for it."""
    mine = (Tries.kind == kind) & (Tries.who == keyed_hash(who, "limits"))
    Tries.update(level=Tries.level - 1, next_at=now()).where(mine & (Tries.level >= 1)).execute()


def clear(kind: str, who: str) -> None:
    """Forget the tries of a person who has just shown to be the right one."""
    Tries.delete().where(Tries.kind == kind, Tries.who == keyed_hash(who, "limits")).execute()


def network(address: str | None) -> str:
    """Return what counts as one address: an IPv4 address, or the /64 that one household or one machine gets."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return "unknown"
    if found.version == 6 and found.ipv4_mapped:  # how a server that listens to both sees an IPv4 address
        found = found.ipv4_mapped
    return str(found if found.version == 4 else ip_network((int(found), 64), strict=False))


def seconds(wait: timedelta) -> int:
    return max(1, -(-wait // timedelta(seconds=1)))


def in_words(wait: timedelta) -> str:
    """Return a wait as people say it: « 40 secondes », « 3 minutes », « 2 heures », never shorter than it is."""
    count = seconds(wait)
    if count < 60:
        return plural(count, "seconde")
    if count <= 90 * 60:
        return plural(-(-count // 60), "minute")
    return plural(-(-count // 3600), "heure")


@purge("limits", "Compteurs d’essais")
def forget_quiet(today: date) -> int:
    """Delete the counts whose last wait ended more than a day before `today`."""
    return Tries.delete().where(Tries.next_at < start_of(today) - timedelta(days=1)).execute()
