"""One process that takes places as fast as it can: `place_taker.py <instance> <tries>`.

It reads « locked 12 » on its input, so that many start at the same moment, takes places of the entry 12, and prints how
many it had; then the next line. « unlocked » is the negative control: places are counted, then taken, and nothing holds
the entry in between.
"""

import sys
import time

from cptsapp import create_app
from cptsapp.blueprints.directory import catalogue, places
from cptsapp.blueprints.directory.models import Entry, EntryUse
from cptsapp.kernel import db as database
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError


def without_lock(entry_id):
    entry = Entry.get_by_id(entry_id)
    definition = catalogue.of(entry)
    if places.taken(definition, [entry_id]).get(entry_id, 0) >= entry.values[definition.capacity.field]:
        raise RuleError("C’est complet.")
    time.sleep(0.2)  # the others count meanwhile
    EntryUse.create(entry=entry_id, used_on=today())


def main(instance, tries):
    app = create_app(instance)
    with app.app_context(), database.connection():
        print("ready", flush=True)
        for line in sys.stdin:
            mode, entry_id = line.split()
            take = without_lock if mode == "unlocked" else places.take
            print(sum(had(take, int(entry_id)) for _ in range(int(tries))), flush=True)


def had(take, entry_id) -> bool:
    try:
        take(entry_id)
    except RuleError:
        return False
    return True


if __name__ == "__main__":
    main(*sys.argv[1:])
