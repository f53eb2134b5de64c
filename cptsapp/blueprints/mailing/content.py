"""The bytes of each mail of a sending, when the sender asks for them."""

from weakref import WeakKeyDictionary

from cptsapp.blueprints.subscription import links
from cptsapp.kernel.db import connection, db, now
from cptsapp.kernel.mail import campaigns, headers

from . import progress, rules
from .compiling import Compiled
from .letters import Recipient
from .models import MailingText

KEPT = 8  # compiled letters at hand: a frozen one never changes
_compiled = WeakKeyDictionary()  # of each open database: {mailing: Compiled}


def compiled_of(mailing_id: int) -> Compiled:
    """Return the frozen letter of a sending."""
    kept = _compiled.setdefault(db.obj, {})
    found = kept.get(mailing_id)
    if found is None:
        with connection():  # the thread that asks may have none
            text = MailingText.get(MailingText.mailing == mailing_id).compiled_json
        if len(kept) >= KEPT:
            kept.clear()
        found = kept[mailing_id] = Compiled.from_json(text)
    return found


def recipient(address: str, values: dict, *, is_trial: bool = False) -> Recipient:
    """Return a recipient with the links of its address; those of a trial sending end nobody's subscription."""
    to = headers.envelope_address(address) or address
    unsubscribe = links.unsubscribe_url(address, is_trial=is_trial)
    return Recipient(to, values, unsubscribe, links.preferences_url(address))


def ready(mailing_id: int) -> None:
    """Read now what `content` will need: it is called by threads that do not talk to the database."""
    compiled_of(mailing_id)
    links.ready()


def content(row, message_id: str) -> bytes:
    """Return the bytes of a row: the same at each try, its Date apart."""
    whom = recipient(row.to_address, row.values)
    return compiled_of(row.campaign_id).message_for(whom, message_id=message_id, at=now(), subject=row.subject)


campaigns.provide(
    campaigns.Campaigns(
        content=content,
        running=rules.running,
        woken=rules.woken,
        passed=rules.tidy,
        forgetting=progress.keep_counts,
        ready=ready,
    )
)
