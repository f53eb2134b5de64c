"""Mailings, as the sender knows them: what the feature that holds them says when it is asked.

A mail of a mailing is a row of the delivery table with its `campaign_id`; whether it may leave now, and its bytes, are
the mailing's business.
"""

from collections.abc import Callable
from dataclasses import dataclass


def _none() -> list[int]:
    return []


def _nothing(*args) -> None:
    return None


@dataclass(frozen=True)
class Campaigns:
    """content(row, message_id): the bytes of a row, the same at each call for one Message-ID, its Date apart; it is
    called by threads that do not talk to the database, after ready(id), called by the one that does;
    running(): the mailings whose rows may leave now; woken(id): a person sends a row of this mailing again, in the
    transaction that says so, and it may refuse with a RuleError; passed(): a pass of the sender has ended;
    forgetting(rows): rows of mailings are about to be deleted, in that transaction."""

    content: Callable[[object, str], bytes]
    running: Callable[[], list[int]] = _none
    woken: Callable[[int], None] = _nothing
    passed: Callable[[], None] = _nothing
    forgetting: Callable[[list], None] = _nothing
    ready: Callable[[int], None] = _nothing


_provider: list[Campaigns] = []


def provide(campaigns: Campaigns) -> Campaigns:
    """Register who holds the mailings. The last one registered wins."""
    _provider[:] = [campaigns]
    return campaigns


def forget() -> None:
    _provider.clear()


def running() -> list[int]:
    return _provider[0].running() if _provider else []


def ready(campaign_id: int) -> None:
    if _provider:
        _provider[0].ready(campaign_id)


def content(row, message_id: str) -> bytes:
    if not _provider:
        raise LookupError("no feature holds the mailings")
    return _provider[0].content(row, message_id)


def woken(campaign_id: int) -> None:
    if _provider:
        _provider[0].woken(campaign_id)


def passed() -> None:
    if _provider:
        _provider[0].passed()


def forgetting(rows: list) -> None:
    mine = [row for row in rows if row.campaign_id is not None]
    if _provider and mine:
        _provider[0].forgetting(mine)
