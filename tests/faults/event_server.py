"""The site in several real processes, for the race to the seats: `event_server.py <instance> <port> <mode>`.

Mode « locked » is the product as it is. Mode « unlocked » is the negative control: seats are counted outside any
transaction and nothing holds the event's row; threads wait for one another between the count and the writing.
"""

import contextlib
import sys
import threading

from cptsapp import create_app
from cptsapp.blueprints.event import booking, moves, seats
from cptsapp.blueprints.event.models import Event
from cptsapp.kernel.db import db
from cptsapp.kernel.serving import Web
from cptsapp.kernel.settings import settings

THREADS = 8
TOGETHER_SECONDS = 10  # the longest wait for the other threads


def without_lock():
    """Take the lock away from every verb, and let several requests count before any of them writes."""
    together = threading.Barrier(THREADS // 2)

    @contextlib.contextmanager
    def writing(event_id):
        event = Event.get_by_id(event_id)
        before = seats.standing(event)
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(TOGETHER_SECONDS)
        with db.atomic():
            yield event, before

    booking.writing = moves.writing = writing


def main(instance, port, mode):
    app = create_app(instance)
    app.config["FORM_MINIMUM_SECONDS"] = 0
    settings.web_threads = THREADS
    if mode == "unlocked":
        without_lock()
    db.close_all()  # none may be open when the server forks
    Web(app, "127.0.0.1", int(port)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
