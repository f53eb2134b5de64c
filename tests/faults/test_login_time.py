"""A known and an unknown address take the same time: 15 pairs, 1,000 in the long run, compared by their medians."""

import os
import statistics
import time

import pytest

from cptsapp.blueprints.account.models import Account
from cptsapp.kernel import passwords
from cptsapp.kernel.limits import Tries

LONG = os.environ.get("CPTS_FAULTS") == "long"
PAIRS = 1000 if LONG else 15
WITHIN = 0.05 if LONG else 0.5  # a short run on a busy machine only sees what is gross

# Beside other tests on the same cores only the work done can be compared; the long run, alone, compares time itself.
CLOCK = time.perf_counter if LONG else time.process_time

CASES = {
    "login": ("/connexion", {"password": "un mauvais mot de passe"}),
    "link": ("/connexion/lien", {}),
    "reset": ("/mot-de-passe-oublie", {}),
}


@pytest.mark.parametrize("case", CASES)
def test_known_and_unknown_addresses_take_the_same_time(app, client, adherent, case):
    Account.update(password_hash=passwords.hash("cheval trombone lavande octet")).execute()
    app.testing = False  # mails are the worker's business
    path, data = CASES[case]
    times = {adherent.email: [], "inconnu@exemple.fr": []}
    for pair in range(PAIRS):
        for email in sorted(times, reverse=pair % 2):
            Tries.delete().execute()
            start = CLOCK()
            client.post(path, data=data | {"email": email})
            times[email].append(CLOCK() - start)
    known, unknown = (statistics.median(each) for each in times.values())
    print(f"{case}: known {known * 1000:.2f} ms, unknown {unknown * 1000:.2f} ms, ratio {known / unknown:.3f}")
    assert abs(known / unknown - 1) < WITHIN
