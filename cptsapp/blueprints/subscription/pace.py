"""How often an address may be sent a confirmation: once an hour, three times a day, whoever asks for it."""

import json
from datetime import date, datetime, timedelta

from cptsapp.kernel.dates import start_of
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.mail import holds
from cptsapp.kernel.registry import purge

from .models import AddressPace

BETWEEN, A_DAY, PER_DAY = timedelta(hours=1), timedelta(days=1), 3


@db.atomic()
def allows(address: str) -> bool:
    """Tell whether a confirmation may leave for an address now, and count it; of two at once, one may."""
    hash, moment = holds.hash_of(address), now()
    AddressPace.insert(address_hash=hash).on_conflict_ignore().execute()
    row = locked(AddressPace.select().where(AddressPace.address_hash == hash)).get()
    times = [at for at in map(datetime.fromisoformat, json.loads(row.times_json)) if at > moment - A_DAY]
    if len(times) >= PER_DAY or (times and max(times) > moment - BETWEEN):
        return False
    row.times_json, row.last_at = json.dumps([at.isoformat() for at in (*times, moment)]), moment
    row.save()
    return True


@purge("subscription.pace", "Compteurs de confirmations")
def forget_quiet(today: date) -> int:
    return AddressPace.delete().where(AddressPace.last_at < start_of(today) - A_DAY).execute()
